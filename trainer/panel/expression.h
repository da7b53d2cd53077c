/* expression.h - small expressions over the columns of a frame: `played = 1`,
 * `dk_salary >= 3500 and dk_pos = "PG"`, `dk_salary / 1000`.
 *
 * Numbers, columns, "words", + - * /, = != < <= > >=, and, or, not, parentheses. True
 * is 1; a comparison with a missing value is false, a sum with one is missing (NaN).
 */
#ifndef SAGETOP_TRAINER_EXPRESSION_H
#define SAGETOP_TRAINER_EXPRESSION_H

#include "trainer/panel/frame.h"

struct expression;
/* The frame stays the caller's and must outlive it. ERR_INVALID names what is wrong and where. */
int expression_new(const char *text, const struct frame *t, struct expression **ret, struct err *err) NODISCARD;
void expression_free(struct expression *e);
AUTO_POINTER(expression, struct expression, expression_free)

double expression_value(const struct expression *e, size_t row); /* NaN where it is not known */
bool expression_holds(const struct expression *e, size_t row);
/* Does it read this column? */
bool expression_reads(const struct expression *e, size_t column);

#endif
