/* reply_json.h - JSON of a peer, read as the AWS CLI reads it and further: one bad
 * character must not cost a page of a hundred records.
 *
 * Of members with the same name the last one counts. Bytes that are no UTF-8 and halves
 * of surrogate pairs become U+FFFD, control characters in strings stay what they are,
 * NaN and numbers beyond all bounds are null.
 */
#ifndef SAGETOP_AWS_REPLY_JSON_H
#define SAGETOP_AWS_REPLY_JSON_H

#include "base/json.h"

/* As json_parse. */
int reply_json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *err) NODISCARD;

#endif
