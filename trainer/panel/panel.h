/* panel.h - rows of entities over days, in the one order in which features, baselines,
 * plans and checks walk them: by day, group, entity.
 *
 * A row that counts (backtest_spec.count_if) is history for the rows after it; one that
 * does not is predicted where it is eligible, but never averaged, learnt from or scored.
 * What is known of a row before its slate is what the specification declares, nothing
 * else: the other columns are read from rows of earlier days only. An entity of an
 * earlier season (data.earlier) is another one here, so that no history crosses over.
 */
#ifndef SAGETOP_TRAINER_PANEL_H
#define SAGETOP_TRAINER_PANEL_H

#include "trainer/panel/backtest_spec.h"
#include "trainer/panel/frame.h"

struct panel {
	struct frame *frame; /* the rows in panel order */
	size_t n;
	int32_t *day;		     /* of each row */
	uint32_t *entity;	     /* index into entity_names */
	uint32_t *season;	     /* of each row: 0 and on; the last is the one that is tested */
	uint32_t *earlier;	     /* rows of its entity that count, on days before its own, from train_start on */
	uint8_t *counts;	     /* 1: it happened */
	uint8_t *eligible;	     /* 1: inside the test window and to be predicted */
	double *target;		     /* NaN where it is missing */
	int64_t *previous;	     /* the entity's last row before this one's day that counts, or -1 */
	struct strlist entity_names; /* in order of their first row */
	int32_t *season_start;	     /* first day of each */
	size_t n_seasons;
	struct strlist notes; /* what was left out and why, a line each with counts */
};
void panel_free(struct panel *p);
AUTO_POINTER(panel, struct panel, panel_free)

/* t is the panel's from then on, error or not. */
int panel_new(struct frame *t, const struct backtest_spec *spec, struct panel **ret, struct err *err) NODISCARD;
/* Files of this machine, and those of earlier seasons (a season for each; may be empty), read
 * and put in order. */
int panel_load(const struct backtest_spec *spec, const struct strlist *files, const struct strlist *earlier,
	       struct panel **ret, struct err *err) NODISCARD;

/* The frame alone, with the columns that are names as text; a row's origin is its season. */
int panel_read(const struct backtest_spec *spec, const struct strlist *files, const struct strlist *earlier,
	       struct frame **ret, struct err *err) NODISCARD;

#define DAY_NUMBER_MAX 99999 /* a number up to it is one of days since 1970-01-01, as a made-up season has */
/* The day of each row of a frame, in its own order; *ret is the caller's. ERR_INVALID names the
 * row that has none. */
int panel_days(const struct frame *t, const char *column, int32_t **ret, struct err *err) NODISCARD;

/* A cycle: models that learn from rows before cutoff and predict first_day..last_day. */
struct cycle {
	int32_t cutoff, last_day;
	size_t slates;	 /* days with rows to be predicted */
	size_t rows;	 /* to be predicted: the pool */
	size_t scored;	 /* of these, that happened */
	size_t learnt;	 /* rows that count before the cut-off (and within the rolling window) */
	size_t entities; /* with rows to be predicted */
};
/* All cycles of the test window in order, the empty ones too; *ret is the caller's. */
size_t panel_cycles(const struct panel *p, const struct backtest_spec *spec, struct cycle **ret);
/* Do models with this cut-off learn from the row? */
bool panel_learns(const struct panel *p, const struct backtest_spec *spec, size_t row, int32_t cutoff);
/* The cycle of a day of the test window. */
size_t panel_cycle_of(const struct backtest_spec *spec, int32_t day);
/* The first day of a cycle: its models learn from rows before it. */
static inline int32_t panel_cutoff(const struct backtest_spec *spec, size_t cycle)
{
	return spec->test_start + (int32_t)(cycle * (size_t)spec->recalibrate_days);
}

#endif
