/* content_type.h - what a file holds, told by its name. */
#ifndef SAGETOP_MODEL_CONTENT_TYPE_H
#define SAGETOP_MODEL_CONTENT_TYPE_H

#include <stdbool.h>

/* "application/json" of "a.json"; "text/csv" where the name tells nothing. A static string. */
const char *content_type_of_name(const char *path);
/* Whether a line each is a record. */
bool content_type_has_lines(const char *type);

#endif
