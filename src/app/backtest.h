/* backtest.h - what `sagetop backtest` does: its verbs (backtest.def), and a run's result as
 * its reports read it. sagetop-backtest(5) has the files' forms. */
#ifndef SAGETOP_APP_BACKTEST_H
#define SAGETOP_APP_BACKTEST_H

#include "app/app.h"
#include "base/json.h"
#include "model/judge.h"
#include "model/backtest_rows.h"

#define BACKTEST(name, arguments, least, most, fn, help) int fn(struct app *a, struct err *err) NODISCARD;
#include "app/backtest.def"
#undef BACKTEST

#define BACKTEST_HEADLINE "season_mean" /* where nothing names another */
#define BACKTEST_COVERAGE 0.8

/* Predictions with what stands beside them, and what they are worth. */
struct backtest_result {
	char *name; /* the run's, or the path that was given */
	char *path; /* of the predictions */
	struct backtest_rows predictions;
	const double **others; /* the predictions' columns, as the judge takes them; owned, values are not */
	struct judge_input input;
	struct judge judge;
	size_t headline; /* position among the columns */
	char *headline_words;
	int64_t usd_micro; /* USD_UNKNOWN; from cost.json, as are the next two: -1 unknown */
	int64_t jobs, billable_seconds;
	char prices_as_of[16]; /* "" where unknown */
	char *recalibrating;   /* what it takes, as planned: "15 trainings instead of 1, ..."; NULL where unknown */
	json_t *importances;   /* as importances.json has them; NULL where there are none */
};
void backtest_result_done(struct backtest_result *r);
AUTO_EMBEDDED(backtest_result, struct backtest_result, backtest_result_done)

/* Read and judge what `where` names: a predictions file, a run's folder, or a run below
 * $XDG_STATE_HOME/sagetop/backtests. `baseline` (may be NULL) is the headline one where
 * no specification lies beside it, which names it beforehand. */
int backtest_result_load(const char *where, const char *baseline, struct backtest_result *ret,
			 struct err *err) NODISCARD;
/* The predictions alone; *ret_path (may be NULL) is the caller's. */
int backtest_rows_load(const char *where, struct backtest_rows *ret, char **ret_path, struct err *err) NODISCARD;
/* Point the judge at the predictions of r; others must be filled by r->predictions. */
void backtest_result_input(struct backtest_result *r, double coverage);

static inline const struct judge_skill *backtest_skill(const struct backtest_result *r)
{
	return &judge_whole(&r->judge)->skills[r->headline];
}
/* "8.7 % worse than the season mean (95 %: 7.5 to 9.9 % worse): do not use it". Owned by the caller. */
char *backtest_verdict(const struct judge_skill *s, const char *other) NODISCARD;
/* A column as people call it: "the season mean", "model ridge", "never recalibrated". Owned by the caller. */
char *backtest_column_words(const struct backtest_column *c) NODISCARD;
/* The same as short as in the specification: "season_mean", "model ridge". Owned by the caller. */
char *backtest_column_name(const struct backtest_column *c) NODISCARD;
/* What recalibrating was worth and what it takes, of a run that says what never doing it would
 * have predicted; NULL where it does not. Owned by the caller. */
char *backtest_recalibration_words(const struct backtest_result *r) NODISCARD;
/* A group of a grouping: "3", "2018-01-08", "lebronjames". Owned by the caller. */
char *backtest_group_label(const struct backtest_result *r, enum judge_by by, uint32_t id) NODISCARD;
/* A level's bounds: "to 12.4", "12.4 to 18.0", "above 30.1". Owned by the caller. */
char *backtest_level_bounds(const struct judge *j, uint32_t level) NODISCARD;
/* The columns that one model (a member of importances.json) leans on most, with their
 * shares of all its gain: "ewm_5 42 %, lag1 12 %"; "" where it has none. Owned by the caller. */
char *backtest_importance_words(const json_t *model) NODISCARD;
/* Dollars for each slate and for each point (a hundredth) of skill; NAN where unknown, or
 * where no skill was bought. */
double backtest_usd_per_slate(const struct backtest_result *r);
double backtest_usd_per_point(const struct backtest_result *r);

/* "13,839"; buf holds 32 bytes. */
char *backtest_count_text(char *buf, size_t n);
/* With that many decimals, a minus that is one; a dash where v is not known. buf holds 32 bytes. */
char *backtest_number_text(char *buf, double v, int decimals);
/* "-9.9 to -7.5" of fractions as percent; a dash where they are not known. buf holds 64 bytes. */
char *backtest_range_text(char *buf, double low, double high);
/* "<0.001", "0.042". buf holds 32 bytes. */
char *backtest_p_text(char *buf, double p);

/* The report in its forms. The table has a row for each column of each group. */
void backtest_print_text(const struct app *a, const struct backtest_result *r, bool verdict_only);
/* A part of it: by cycle, week and level; `other` is the title of the other's error. */
void backtest_print_group_tables(const struct app *a, const struct backtest_result *r, const char *other);
void backtest_print_json(const struct app *a, const struct backtest_result *r);
void backtest_print_rows(const struct app *a, const struct backtest_result *r, char separator);
/* One self-contained page. ERR_TOOBIG where it is beyond BACKTEST_PAGE_MAX. */
int backtest_write_html(const struct backtest_result *r, const char *path, struct err *err) NODISCARD;
#define BACKTEST_PAGE_MAX ((size_t)64 << 20)

/* Two runs on the rows (date and entity) that both have. */
struct backtest_pair {
	char *name_a, *name_b;
	size_t both, only_a, only_b;
	struct backtest_result joined; /* A's rows that B has too; B's prediction is its first column */
};
void backtest_pair_done(struct backtest_pair *p);
AUTO_EMBEDDED(backtest_pair, struct backtest_pair, backtest_pair_done)
/* ERR_INVALID where no row is in both, or where they do not agree on what happened. */
int backtest_pair_load(const char *a, const char *b, struct backtest_pair *ret, struct err *err) NODISCARD;

/* Members of JSON that reports share; NAN is null. */
void backtest_put_number(json_t *object, const char *name, double v);
json_t *backtest_skill_json(const struct judge_skill *s, const struct judge_test *t) NODISCARD; /* t may be NULL */

/* SPECIFICATION and FEATURES of the manual. */
void backtest_docs_man(FILE *out);

#endif
