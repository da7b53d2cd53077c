/* job_fields.c - what a training job has: one row a field, and how to get it. */
#include "model/kind_fields.h"

const struct field job_fields[] = {{NULL}};
