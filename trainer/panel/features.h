/* features.h - the columns of the matrix that models learn from, made of words such as
 * `mean(dk_fpts, 3 5 10)`: one pass over the rows of a panel, day by day.
 *
 * No word can see what is not known before the slate: the values of a row become history
 * once its whole day is done, and a row's own columns are read where the specification
 * declares them as known. An unknown value is NaN.
 */
#ifndef SAGETOP_TRAINER_FEATURES_H
#define SAGETOP_TRAINER_FEATURES_H

#include "trainer/panel/panel.h"

struct features;
/* The words of the specification for the columns of this panel. ERR_INVALID names the
 * word and what is wrong with it. */
int features_new(const struct backtest_spec *spec, const struct panel *p, struct features **ret,
		 struct err *err) NODISCARD;
void features_free(struct features *f);
AUTO_POINTER(features, struct features, features_free)

size_t features_count(const struct features *f);
const char *features_name(const struct features *f, size_t column); /* "mean(dk_fpts,10)" */
void features_names(const struct features *f, struct strlist *ret); /* all of them, in order */

/* All rows of the panel, row-major, p->n x features_count; the caller's. */
double *features_build(const struct features *f, const struct panel *p) NODISCARD;

/* The words there are, for the manual: name, arguments, help; NULL behind the last. */
const char *feature_word_help(size_t i, const char **arguments, const char **help);

#endif
