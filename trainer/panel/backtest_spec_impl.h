/* backtest_spec_impl.h - what the parts of the specification's parser share. */
#ifndef SAGETOP_TRAINER_BACKTEST_SPEC_IMPL_H
#define SAGETOP_TRAINER_BACKTEST_SPEC_IMPL_H

#include "trainer/panel/backtest_spec.h"

enum spec_type {
	SPEC_TEXT,
	SPEC_CHOICE,
	SPEC_LIST,
	SPEC_MAP,
	SPEC_DATE,
	SPEC_COUNT,
	SPEC_SPAN,
	SPEC_NUMBER,
	SPEC_FLAG
};

struct spec_row {
	enum spec_type type;
	const char *path;
	size_t offset; /* in struct backtest_spec */
	const char *fallback, *limits, *help;
};
extern const struct spec_row spec_rows[];
extern const size_t spec_rows_n;

/* Where a specification comes from, for messages. */
struct spec_source {
	const json_t *doc;
	const char *what;
	const struct source_lines *lines; /* may be NULL */
};
/* Put file, line and path before the message of an error that is set. */
int spec_fail(const struct spec_source *src, const char *path, struct err *err);
int spec_take_map(const json_t *v, struct strmap *ret, struct err *err) NODISCARD;

/* The models: of the recipe that is named, or as they are listed. */
int backtest_models_fill(const struct spec_source *src, struct backtest_spec *s, struct err *err) NODISCARD;
json_t *backtest_models_json(const struct backtest_spec *s) NODISCARD;
void backtest_models_done(struct backtest_spec *s);

#endif
