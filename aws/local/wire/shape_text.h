/* shape_text.h - a shape written as text, for tables with many of them.
 *
 *   MEMBERS = {NAME[!][:TYPE]}          "ModelName!:name Containers:[{Image:text}]"
 *   TYPE    = {MEMBERS} | [TYPE] | <TYPE> | VALUE|VALUE... | WORD
 *
 * `!` marks a required member; one without a type is accepted unseen and kept.
 * [TYPE] is a list, <TYPE> a map from text, WORD a type of the table in
 * shape_text.c (name, text, count, time, tags ...); a word that it does not know
 * is an enumeration of one. A text that cannot be read is a defect: abort.
 */
#ifndef SAGETOP_LOCAL_SHAPE_TEXT_H
#define SAGETOP_LOCAL_SHAPE_TEXT_H

#include "aws/local/wire/validate.h"

/* The structure with these members; lives as long as the program. */
const struct shape *shape_of_text(const char *members);

/* The members of `first`, and behind them those that only `second` has, of which
 * none is required. */
const struct shape *shape_join(const struct shape *first, const struct shape *second);

/* shape_check that refuses members the shape does not have, for what a user
 * hands over rather than a client. `skip` may be NULL: one more that is known. */
int shape_check_known(const struct shape *shape, const json_t *in, const char *skip, struct fault *f) NODISCARD;

#endif
