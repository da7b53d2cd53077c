/* token.h - a position in a list as the opaque token of the paging operations. */
#ifndef SAGETOP_LOCAL_TOKEN_H
#define SAGETOP_LOCAL_TOKEN_H

#include "base/str.h"

/* kind names the operation whose token it is. */
char *token_encode(const char *kind, const char *position) NODISCARD;
/* NULL for a token that this kind did not make. */
char *token_decode(const char *kind, const char *token) NODISCARD;

/* The same of a position that is a number, from 0. Without a token (NULL) it is 0; false for one that this kind did not
 * make. */
char *token_encode_number(const char *kind, int64_t position) NODISCARD;
bool token_decode_number(const char *kind, const char *token, int64_t *ret);

#endif
