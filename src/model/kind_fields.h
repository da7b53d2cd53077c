/* kind_fields.h - the fields of every kind: the tables that kinds.def names.
 * job_fields.c has those of the training job, kind_fields.c all others. */
#ifndef SAGETOP_MODEL_KIND_FIELDS_H
#define SAGETOP_MODEL_KIND_FIELDS_H

#include "model/field.h"

extern const struct field job_fields[];

#endif
