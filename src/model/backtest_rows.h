/* backtest_rows.h - a backtest's predictions: what was said of each row of the pool, what
 * happened, and what the baselines said. Read line by line from the CSV file that a
 * run writes (sagetop-backtest(5), PREDICTIONS):
 *
 *   date,entity,group,cycle,scored,actual,prediction,low,high,scale
 *   [,model:NAME]... [,baseline:NAME]... [,never]
 *
 * Rows are those of the pool (eligible rows of the test window, whether they happened or
 * not) in order of date; no entity has two on a date. A slate is a date, a week begins
 * on Monday. A number that is not known is an empty cell there and NAN here; scored rows
 * have an actual, others have none. All numbers are finite and within +-1e100, so that
 * squares and sums of them are finite too. */
#ifndef SAGETOP_MODEL_BACKTEST_ROWS_H
#define SAGETOP_MODEL_BACKTEST_ROWS_H

#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"

/* What one file may hold; more is ERR_TOOBIG. */
enum {
	BACKTEST_ROWS_MAX = 5000000,
	BACKTEST_NUMBERS_MAX = 100000000, /* rows x columns of numbers: 800 MB */
	BACKTEST_COLUMNS_MAX = 64,	  /* of models and baselines */
	BACKTEST_SLATES_MAX = 20000,	  /* 54 years of days */
	BACKTEST_CYCLES_MAX = 20000,
	BACKTEST_ENTITIES_MAX = 200000,
	BACKTEST_NAME_MAX = 256, /* bytes of an entity's or a column's name */
};

enum backtest_fixed { /* the numbers that every row has */
		      BACKTEST_ACTUAL,
		      BACKTEST_PREDICTION,
		      BACKTEST_LOW,
		      BACKTEST_HIGH,
		      BACKTEST_SCALE, /* mean absolute change before the test window; above 0 */
		      BACKTEST_FIXED_COUNT
};

struct backtest_column {
	enum backtest_column_kind { BACKTEST_MODEL, BACKTEST_BASELINE, BACKTEST_NEVER } kind;
	char *name; /* "season_mean", sanitised; "never" for the first cycle's model */
	double *values;
};

struct backtest_rows {
	size_t n, cap;
	uint32_t *slate, *week, *entity, *cycle; /* of each row: positions in the lists below; the cycle itself */
	bool *scored;
	double *fixed[BACKTEST_FIXED_COUNT];

	struct backtest_column *columns;
	size_t n_columns;

	int64_t *slate_days, *week_days; /* days since 1970-01-01, ascending; a week's Monday */
	size_t n_slates, cap_slates, n_weeks, cap_weeks;
	struct strlist entities; /* sanitised; in order of their first row */
	size_t n_cycles;	 /* the highest and one */

	/* private: while lines come in */
	const char *what;
	size_t line;
	char date[16];
	struct map index;     /* entity as it stands there -> position + 1 */
	uint32_t *last_slate; /* of each entity: the slate it was seen in, and 1 */
	size_t cap_last_slate;
	struct buf cell;
};
void backtest_rows_done(struct backtest_rows *p);
AUTO_EMBEDDED(backtest_rows, struct backtest_rows, backtest_rows_done)

/* Begin; `what` names the file in messages and is borrowed while lines come in. */
void backtest_rows_init(struct backtest_rows *p, const char *what);
/* The next line with its newline, the header first; a last line without one is torn.
 * ERR_PARSE ("what:line: reason") or ERR_TOOBIG. */
int backtest_rows_add_line(struct backtest_rows *p, const char *line, size_t n, struct err *err) NODISCARD;
/* No more lines: ERR_PARSE where there was no header or no row. */
int backtest_rows_end(struct backtest_rows *p, struct err *err) NODISCARD;

/* The baseline of that name; NULL where there is none. */
const struct backtest_column *backtest_rows_baseline(const struct backtest_rows *p, const char *name);

/* "2018-01-01"; buf holds 16 bytes. */
char *backtest_rows_day_text(char *buf, int64_t day);

#endif
