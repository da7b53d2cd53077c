/* model_bytes.h - a model file looked at before libxgboost reads it: its readers believe
 * whatever they find, and 1.7 reads what later releases write otherwise without a word.
 */
#ifndef SAGETOP_TRAINER_MODEL_BYTES_H
#define SAGETOP_TRAINER_MODEL_BYTES_H

#include "base/buf.h"
#include "base/err.h"

/* ERR_PARSE where the bytes are no model, are damaged, or hold what this library does
 * not understand (with the release that wrote it). plain: the model as the library
 * understands it, where its bytes had to be changed for that; else left empty. */
int model_bytes_check(const char *p, size_t n, struct buf *plain, struct err *err) NODISCARD;

/* " of XGBoost 3.1.0" where the model says that a later release than ours wrote it, else "". */
void model_bytes_origin(const char *p, size_t n, char ret[48]);

#endif
