/* field_docs.h - the fields of the training jobs and the kinds of things as sections
 * of sagetop(1), made from their tables. */
#ifndef SAGETOP_APP_FIELD_DOCS_H
#define SAGETOP_APP_FIELD_DOCS_H

#include <stdio.h>

void field_docs_man(FILE *out);

#endif
