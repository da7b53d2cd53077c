/* backtest_spec.h - what a backtest is asked to do: its specification as a struct.
 *
 * One row of backtest.def is one member. A specification is read from YAML or JSON; the
 * resolved one (every member, defaults filled in) travels to the jobs as JSON and is
 * what a run is held against when it goes on. Dates are days since 1970-01-01.
 */
#ifndef SAGETOP_TRAINER_BACKTEST_SPEC_H
#define SAGETOP_TRAINER_BACKTEST_SPEC_H

#include "base/yaml.h"

#define DAY_UNKNOWN INT32_MIN

enum backtest_model_type { BACKTEST_RIDGE, BACKTEST_TREES, BACKTEST_OWN };

/* One model of a mixture. */
struct backtest_model {
	char *name;
	enum backtest_model_type type;
	bool per_entity;	       /* one for each entity, on its rows alone; else pooled */
	double alpha;		       /* ridge */
	int64_t min_rows;	       /* trained on rows with so many earlier ones of their entity */
	bool from_mean;		       /* trees start from the mean of the rows they learn from */
	int64_t patience;	       /* trees: rounds without a better one after which they stop; 0: all rounds */
	int64_t validation_days;       /* the last days of what they learn from, by which that is seen */
	struct strmap hyperparameters; /* trees: as of a training job */
};

struct backtest_spec {
#define SPEC_TEXT(member) char *member;
#define SPEC_CHOICE(member) char *member;
#define SPEC_LIST(member) struct strlist member;
#define SPEC_MAP(member) struct strmap member;
#define SPEC_DATE(member) int32_t member;
#define SPEC_COUNT(member) int64_t member;
#define SPEC_SPAN(member) int64_t member;
#define SPEC_NUMBER(member) double member;
#define SPEC_FLAG(member) bool member;
#define SPEC(type, path, member, fallback, limits, help) SPEC_##type(member)
#include "trainer/panel/backtest.def"
#undef SPEC
#undef SPEC_TEXT
#undef SPEC_CHOICE
#undef SPEC_LIST
#undef SPEC_MAP
#undef SPEC_DATE
#undef SPEC_COUNT
#undef SPEC_SPAN
#undef SPEC_NUMBER
#undef SPEC_FLAG
	struct backtest_model *models;
	size_t n_models, cap_models;
};

/* Is the model a program of the user's own (model: own)? Then it is the only one. */
static inline bool backtest_spec_is_own(const struct backtest_spec *s)
{
	return s->n_models && s->models[0].type == BACKTEST_OWN;
}

void backtest_spec_free(struct backtest_spec *s);
AUTO_POINTER(backtest_spec, struct backtest_spec, backtest_spec_free)

/* From a file, JSON or YAML. ERR_INVALID names file, line and member, and what would be
 * right. Relative paths of data are taken from the file's folder. */
int backtest_spec_load(const char *path, struct backtest_spec **ret, struct err *err) NODISCARD;
int backtest_spec_parse(const json_t *doc, const char *what, const struct source_lines *lines,
			struct backtest_spec **ret, struct err *err) NODISCARD;
/* Every member, in the order of the table, those of own where it is the model; new reference. */
json_t *backtest_spec_json(const struct backtest_spec *s) NODISCARD;

/* 20180101, 2018-01-01 (and any time of day behind it): days since 1970; DAY_UNKNOWN. */
int32_t day_parse(const char *text);
/* "2018-01-01"; returns buf. */
char *day_text(char buf[16], int32_t day);

#endif
