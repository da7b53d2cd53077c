/* schema.h - what a model must carry to read later data the same way (column count,
 * names, categories), as one line of JSON in an attribute, and back as a data set
 * without rows, to be used as `like`.
 */
#ifndef SAGETOP_TRAINER_SCHEMA_H
#define SAGETOP_TRAINER_SCHEMA_H

#include "trainer/read/dataset.h"

#define MODEL_SCHEMA_ATTRIBUTE "sagetop_schema"

char *schema_text(const struct dataset *d) NODISCARD;
int schema_parse(const char *text, struct dataset **ret, struct err *err) NODISCARD;

#endif
