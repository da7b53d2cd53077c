/* view_histogram.c - the log below over time: how many lines, and how many of them errors and warnings.
 *
 * The lines of a log stand in the order of their times, so how many there are between two times needs no count; of
 * errors, warnings and lines that pass the filters there are sets, which grow in slices as those of the pager do. */
#include "base/timefmt.h"
#include "model/log_histogram.h"
#include "tui/jobtext.h"
#include "tui/logs_internal.h"
#include "base/clock.h"
#include "tui/table.h"

#define BUCKETS_MAX 2000 /* the narrowest ones */

struct histogram_state {
	struct table_view table;
	char of[160];			  /* whose log it is, in words */
	struct line_set errors, warnings; /* of the lines that pass the filters */
	uint64_t choice;		  /* of these lines, as the sets have it */
	int64_t width_ms;		  /* of a bucket, chosen; 0: so that all fit on the screen */
	int64_t cursor_ms;		  /* a time in the bucket under the cursor */
	bool has_cursor;		  /* it was moved, or is where the log stood */
	int rows;			  /* of the last drawing */
};

/* What is drawn: the buckets from the first line's on. */
struct histogram {
	const struct pager *pager;
	const struct histogram_state *state;
	int64_t from_ms, width_ms;
	size_t n, most; /* lines of the fullest */
	bool long_times;
};

static int histogram_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct histogram_state *st = v->state;
	const struct pager *p = ui_pager(v->ui);
	const struct log_line *l = p && p->log ? pager_line_at_hand(p) : NULL;

	if (!p)
		return err_set(err, ERR_USAGE, "a histogram is that of a log: open one, then :histogram");
	logs_name(ui_log(v->ui), st->of, sizeof(st->of));
	st->has_cursor = l != NULL;
	st->cursor_ms = l ? l->time_ms : 0;
	return 0;
}

static void histogram_close(struct view *v)
{
	struct histogram_state *st = v->state;

	line_set_done(&st->errors);
	line_set_done(&st->warnings);
}

static uint64_t histogram_generation(struct view *v)
{
	const struct pager *p = ui_pager(v->ui);

	return p && p->log ? p->log->generation : 0;
}

static bool is_error(void *user, const struct loglines *log, size_t line)
{
	return log->lines[line].level == LINE_ERROR && pager_passes(user, line);
}

static bool is_warning(void *user, const struct loglines *log, size_t line)
{
	return log->lines[line].level == LINE_WARNING && pager_passes(user, line);
}

/* The log's pager with the sets as the log is now; NULL where there is no line. */
static struct pager *up_to_date(struct view *v)
{
	struct histogram_state *st = v->state;
	struct pager *p = ui_pager(v->ui);

	if (!p || !p->log || !p->log->n)
		return NULL;
	if (st->choice == pager_choice(p) && st->errors.seen_dropped <= p->log->n_dropped &&
	    st->errors.seen_before <= p->log->n_before) {
		(void)line_set_follow(&st->errors, p->log);
		(void)line_set_follow(&st->warnings, p->log);
		return p;
	}
	line_set_begin(&st->errors, p->log, 0);
	line_set_begin(&st->warnings, p->log, 0);
	st->choice = pager_choice(p);
	return p;
}

static bool is_complete(const struct pager *p, const struct histogram_state *st)
{
	bool all_known;

	(void)pager_passing(p, &all_known);
	return all_known && line_set_is_complete(&st->errors, p->log) && line_set_is_complete(&st->warnings, p->log);
}

static bool histogram_work(struct view *v, int64_t budget_us)
{
	struct histogram_state *st = v->state;
	struct pager *p = up_to_date(v);
	int64_t until_us = clock_mono_us() + budget_us;

	if (!p || is_complete(p, st))
		return false;
	if (!pager_work(p, budget_us)) {
		line_set_work(&st->errors, p->log, 0, p->log->n, is_error, p, until_us);
		line_set_work(&st->warnings, p->log, 0, p->log->n, is_warning, p, until_us);
	}
	return true;
}

/* --- buckets --- */

static size_t between(const struct line_set *s, size_t from, size_t to)
{
	return line_set_place(s, to) - line_set_place(s, from);
}

static struct log_bucket bucket_at(const struct histogram *h, size_t i)
{
	const struct pager *p = h->pager;
	int64_t from_ms = h->from_ms + (int64_t)i * h->width_ms;
	size_t from = pager_line_at_time(p, from_ms), to = pager_line_at_time(p, from_ms + h->width_ms);

	return (struct log_bucket){.from_ms = from_ms,
				   .lines = pager_is_filtered(p) ? between(&p->passing, from, to) : to - from,
				   .errors = between(&h->state->errors, from, to),
				   .warnings = between(&h->state->warnings, from, to)};
}

static size_t bucket_of(const struct histogram *h, int64_t time_ms)
{
	return time_ms <= h->from_ms ? 0 : MIN((size_t)((time_ms - h->from_ms) / h->width_ms), h->n - 1);
}

/* All of it in so many rows, or as wide as was chosen. */
static struct histogram lay_out(struct histogram_state *st, const struct pager *p, int rows)
{
	int64_t first = p->log->lines[0].time_ms, span = p->log->lines[p->log->n - 1].time_ms - first;
	struct histogram h = {.pager = p, .state = st, .long_times = span >= DAY_MS};

	h.width_ms = log_bucket_width(span, (size_t)MAX(rows, 2));
	if (st->width_ms)
		h.width_ms = MAX(st->width_ms, log_bucket_width(span, BUCKETS_MAX));
	h.from_ms = p->time == PAGER_SINCE ? first : log_bucket_start(first, h.width_ms, pager_offset(p, first));
	h.n = (size_t)((first + span - h.from_ms) / h.width_ms) + 1;
	for (size_t i = 0; i < h.n; i++)
		h.most = MAX(h.most, bucket_at(&h, i).lines);
	st->table.n = h.n;
	st->table.selected = st->has_cursor ? bucket_of(&h, st->cursor_ms) : MIN(st->table.selected, h.n - 1);
	return h;
}

/* --- drawing --- */

static void put_time(const struct histogram *h, const struct log_bucket *b, struct area a, int line, int col)
{
	const struct pager *p = h->pager;
	int64_t offset = pager_offset(p, b->from_ms);
	char text[TIMEFMT_LEN], age[TIMEFMT_LEN];

	if (p->time == PAGER_SINCE) {
		area_putf(a, line, col, ST_DIM, "+%s", timefmt_duration(age, b->from_ms - h->from_ms));
	} else if (h->long_times) { /* "11-21 05:50" of "2026-11-21T05:50:00Z" */
		timefmt_iso(text, b->from_ms + offset);
		area_putf(a, line, col, ST_DIM, "%.5s %.5s", text + 5, text + 11);
	} else {
		area_putf(a, line, col, ST_DIM, "%.8s", timefmt_clock_at(text, b->from_ms, offset));
	}
}

static void put_bar(const struct histogram *h, const struct log_bucket *b, struct area a, int line, int col, int width)
{
	static const struct {
		const char *sign;
		enum style style;
	} kinds[] = {{LOG_BAR_ERROR, ST_BAD}, {LOG_BAR_WARNING, ST_WARN}, {LOG_BAR_OTHER, ST_NORMAL}};
	int cells[3];

	log_bucket_bar(b, h->most, width, cells);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < cells[k]; i++)
			col = area_put(a, line, col, kinds[k].style, kinds[k].sign);
}

enum { COLUMN_TIME, COLUMN_LINES, COLUMN_ERRORS, COLUMN_WARNINGS, COLUMN_BAR };

static void cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	const struct histogram *h = user;
	struct log_bucket b = bucket_at(h, row);
	size_t n = column == COLUMN_LINES ? b.lines : column == COLUMN_ERRORS ? b.errors : b.warnings;
	enum style st = column == COLUMN_ERRORS ? ST_BAD : column == COLUMN_WARNINGS ? ST_WARN : ST_NORMAL;
	char text[32];

	if (column == COLUMN_TIME)
		put_time(h, &b, a, line, col);
	else if (column == COLUMN_BAR)
		put_bar(h, &b, a, line, col, width);
	else if (n)
		table_put(a, line, col, width, true, st, jobtext_count(text, n));
}

static void histogram_draw(struct view *v, struct area a)
{
	static const struct table_column columns[] = {
		{.title = "FROM", .min = 8, .max = 11, .want = 11},
		{.title = "LINES", .min = 7, .max = 9, .right = true},
		{.title = "ERRORS", .min = 6, .max = 9, .right = true},
		{.title = "WARNINGS", .min = 8, .max = 9, .right = true},
		{.title = "", .min = 4, .max = 400, .want = 400},
	};
	struct histogram_state *st = v->state;
	const struct pager *p = up_to_date(v);

	st->rows = a.rows;
	if (!p) {
		area_put(a, 0, 1, ST_DIM, "No line yet.");
		return;
	}
	struct histogram h = lay_out(st, p, a.rows - 1);
	table_draw(&st->table, a, &(struct table_look){columns, ARRAY_LEN(columns), cell, &h});
}

static void histogram_title(struct view *v, struct buf *left, struct buf *right)
{
	struct histogram_state *st = v->state;
	const struct pager *p = up_to_date(v);

	(void)buf_adds(left, "histogram");
	if (st->of[0])
		(void)buf_addf(left, " · %s", st->of);
	if (!p)
		return;
	logs_filters_text(p, left);
	if (!is_complete(p, st))
		(void)buf_adds(right, "counting …");
}

static void histogram_status(struct view *v, struct buf *left, struct buf *right)
{
	struct histogram_state *st = v->state;
	const struct pager *p = up_to_date(v);
	char errors[32], warnings[32], width[TIMEFMT_LEN];

	if (!p)
		return;
	struct histogram h = lay_out(st, p, st->rows - 1);
	(void)buf_addf(left, "%s %s error%s  %s %s warning%s  %s other lines", LOG_BAR_ERROR,
		       jobtext_count(errors, st->errors.n), st->errors.n == 1 ? "" : "s", LOG_BAR_WARNING,
		       jobtext_count(warnings, st->warnings.n), st->warnings.n == 1 ? "" : "s", LOG_BAR_OTHER);
	(void)buf_addf(right, "%zu of %zu, %s each · %s", st->table.selected + 1, h.n,
		       timefmt_duration(width, h.width_ms), pager_time_name(p));
}

/* --- keys --- */

/* The log at the first error of the bucket, else at its first line. */
static void to_log(struct view *v, struct histogram_state *st, struct pager *p)
{
	struct histogram h = lay_out(st, p, st->rows - 1);
	int64_t from_ms = h.from_ms + (int64_t)st->table.selected * h.width_ms;
	size_t line = pager_line_at_time(p, from_ms), end = pager_line_at_time(p, from_ms + h.width_ms);
	size_t at = line_set_place(&st->errors, line);

	if (at < st->errors.n && st->errors.lines[at] < end)
		line = st->errors.lines[at];
	pager_jump(p, line);
	ui_pop(v->ui);
}

/* To the next bucket that has an error, or the one before. */
static void to_error(struct view *v, struct histogram_state *st, struct pager *p, int by)
{
	struct histogram h = lay_out(st, p, st->rows - 1);
	int64_t from_ms = h.from_ms + (int64_t)(st->table.selected + (by > 0)) * h.width_ms;
	size_t at = line_set_place(&st->errors, pager_line_at_time(p, from_ms));

	if (by > 0 ? at == st->errors.n : at == 0) {
		ui_notice(v->ui, NOTICE_INFO, by > 0 ? "no more errors below" : "no more errors above");
		return;
	}
	st->cursor_ms = p->log->lines[st->errors.lines[by > 0 ? at : at - 1]].time_ms;
	st->has_cursor = true;
}

static bool move(struct histogram_state *st, struct pager *p, enum action a)
{
	struct histogram h = lay_out(st, p, st->rows - 1);

	if (!table_action(&st->table, a))
		return false;
	st->cursor_ms = h.from_ms + (int64_t)st->table.selected * h.width_ms;
	st->has_cursor = true;
	return true;
}

static bool histogram_action(struct view *v, enum action a)
{
	struct histogram_state *st = v->state;
	struct pager *p = up_to_date(v);

	if (!p)
		return false;
	switch (a) {
	case ACT_OPEN:
		to_log(v, st, p);
		return true;
	case ACT_ZOOM_IN:
	case ACT_ZOOM_OUT:
		st->width_ms = log_bucket_step(lay_out(st, p, st->rows - 1).width_ms, a == ACT_ZOOM_OUT ? 1 : -1);
		return true;
	case ACT_ZOOM_ALL:
		st->width_ms = 0;
		return true;
	case ACT_ERROR_NEXT:
	case ACT_ERROR_PREVIOUS:
		to_error(v, st, p, a == ACT_ERROR_NEXT ? 1 : -1);
		return true;
	case ACT_MUST:
	case ACT_MUST_NOT:
		ui_ask_filter(v, a == ACT_MUST_NOT);
		return true;
	default:
		return move(st, p, a);
	}
}

const struct view_ops view_histogram_ops = {
	.name = "histogram",
	.argument = "",
	.help = "The log over time: lines, errors and warnings",
	.contexts = {CTX_HISTOGRAM, CTX_LIST},
	.passing = true,
	.state_size = sizeof(struct histogram_state),
	.open = histogram_open,
	.close = histogram_close,
	.generation = histogram_generation,
	.title = histogram_title,
	.draw = histogram_draw,
	.status = histogram_status,
	.action = histogram_action,
	.work = histogram_work,
};
