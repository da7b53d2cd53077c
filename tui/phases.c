/* phases.c - the phases of a training job: bars beside each other, as long as their shares of the whole; below them
 * what each is called, when it began, and what is billed of it. */
#include "tui/phases.h"

#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobtext.h"

#define BARS_MAX 120 /* cells */
#define BETWEEN 3    /* labels */

static int64_t transition_ms(const struct job_transition *t, const struct job *j, int64_t now_ms)
{
	int64_t end = t->end_ms != TIME_UNKNOWN ? t->end_ms : job_is_terminal(j) ? j->end_ms : now_ms;

	if (t->start_ms == TIME_UNKNOWN || end == TIME_UNKNOWN || end < t->start_ms)
		return -1;
	return end - t->start_ms;
}

static bool is_final(const char *status)
{
	return str_eq(status, "Completed") || str_eq(status, "Failed") || str_eq(status, "Stopped");
}

static enum style phase_style(const struct job_transition *t, const struct job *j)
{
	if (is_final(t->status))
		return state_style(job_resource(j));
	if (str_eq(t->status, "Training"))
		return ST_RUNNING;
	return str_eq(t->status, "Interrupted") ? ST_WARN : ST_PENDING;
}

static void add_bar(struct doc *d, enum style st, int cells)
{
	AUTO(buf) struct buf bar = BUF_INIT(4096);

	for (int i = 0; i < cells; i++)
		(void)buf_adds(&bar, "█");
	doc_add(d, ST_DIM, "▕");
	doc_add(d, st, buf_str(&bar));
	doc_add(d, ST_DIM, "▏");
}

/* The bars alone: labels would take the room that makes them comparable. */
static void add_bars(struct doc *d, const struct job *j, int width, int64_t now_ms)
{
	const struct job_transition *all = j->cold->transitions;
	int64_t total = 0;
	int n = 0;

	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		if (is_final(all[i].status))
			continue;
		total += MAX(transition_ms(&all[i], j, now_ms), (int64_t)0);
		n++;
	}
	const int bars = MIN(width - 2 - 2 * n, BARS_MAX);

	if (!n || bars < n)
		return;
	doc_line(d);
	doc_at(d, 1);
	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		int64_t ms = transition_ms(&all[i], j, now_ms);
		double share = total > 0 && ms > 0 ? (double)ms / (double)total : 0;

		if (is_final(all[i].status))
			continue;
		add_bar(d, phase_style(&all[i], j), MAX(1, (int)(share * (bars - n) + 0.5)));
	}
}

/* --- what stands below -------------------------------------------------------------------------- */

/* Labels beside each other, and under each of them other lines: they go on below where the width is full. */
struct below {
	struct doc *doc;
	int width, col; /* of the next label */
	struct buf clocks, billed;
	bool told_free, told_billed;
};

static void pad_to(struct buf *b, int col)
{
	while (utf8_width(buf_str(b)) < col)
		(void)buf_addc(b, ' ');
}

static void end_row(struct below *b)
{
	struct buf *const lines[] = {&b->clocks, &b->billed};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i]->len) {
			doc_line(b->doc);
			doc_at(b->doc, 1);
			doc_add(b->doc, ST_DIM, buf_str(lines[i]));
		}
		buf_clear(lines[i]);
	}
	b->col = 0;
}

/* Of the first phase that costs nothing, and of the first that is billed, for which all is said. */
static void add_billed(struct below *b, const struct job_transition *t, const struct job *j, const struct cost *cost)
{
	bool billed = job_state_is_billed(t->status);

	if (is_final(t->status) || (billed ? b->told_billed : b->told_free || b->told_billed))
		return;
	*(billed ? &b->told_billed : &b->told_free) = true;
	AUTO(buf) struct buf text = BUF_INIT(4096);

	if (billed)
		cost_reckoning_add(&text, j, cost);
	else
		(void)buf_adds(&text, "not billed");
	if (!text.len)
		return;
	pad_to(&b->billed, MAX(0, MIN(b->col, b->width - 2 - utf8_width(buf_str(&text)))));
	(void)buf_adds(&b->billed, buf_str(&text));
}

static void add_label(struct below *b, const struct job_transition *t, const struct job *j, const struct cost *cost,
		      int64_t now_ms)
{
	int64_t ms = transition_ms(t, j, now_ms);
	char took[TIMEFMT_LEN] = "", clock[TIMEFMT_LEN] = "";

	if (!is_final(t->status))
		timefmt_duration(took, ms);
	AUTO(str)
	char *label = xasprintf("%s%s%s", t->status, is_final(t->status) ? "" : " ", *took && ms < 0 ? "–" : took);
	int cells = MAX(utf8_width(label), 8);

	if (b->col && b->col + cells > b->width - 2)
		end_row(b);
	if (!b->col)
		doc_line(b->doc);
	doc_at(b->doc, 1 + b->col);
	doc_add(b->doc, phase_style(t, j), label);
	pad_to(&b->clocks, b->col);
	if (t->start_ms != TIME_UNKNOWN)
		(void)buf_adds(&b->clocks, timefmt_clock(clock, t->start_ms));
	add_billed(b, t, j, cost);
	b->col += cells + BETWEEN;
}

void phases_add(struct doc *d, const struct job *j, const struct cost *cost, int width, int64_t now_ms)
{
	struct below b = {.doc = d, .width = width, .clocks = BUF_INIT(4096), .billed = BUF_INIT(4096)};
	const size_t n = j->cold->n_transitions;
	const struct job_transition *last = n ? &j->cold->transitions[n - 1] : NULL;

	if (!last)
		return;
	add_bars(d, j, width, now_ms);
	for (size_t i = 0; i < n; i++)
		add_label(&b, &j->cold->transitions[i], j, cost, now_ms);
	end_row(&b);
	buf_done(&b.clocks);
	buf_done(&b.billed);
	if (!str_empty(last->message) && job_is_active(j))
		doc_wrapped(d, ST_DIM, 1, width - 2, last->message);
	doc_line(d);
}
