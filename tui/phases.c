/* phases.c - the phases of a training job as bars beside each other. */
#include "tui/phases.h"

#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobtext.h"

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

/* Phases beside each other, each bar as long as its share of the whole; clock
 * times below. A row that is full goes on below. */
void phases_add(struct doc *d, const struct job *j, int width, int64_t now_ms)
{
	int64_t total = 0;
	int fixed = 0, bars;

	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		int64_t ms = is_final(j->cold->transitions[i].status)
				     ? 0
				     : transition_ms(&j->cold->transitions[i], j, now_ms);
		total += MAX(ms, 0);
		fixed += utf8_width(j->cold->transitions[i].status) + 13;
	}
	if (!j->cold->n_transitions)
		return;
	bars = MAX(MIN(width - 2 - fixed, 60), (int)j->cold->n_transitions);
	AUTO(buf) struct buf clocks = BUF_INIT(4096);
	int clock_col = 0;
	doc_line(d);
	doc_at(d, 1);
	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		const struct job_transition *t = &j->cold->transitions[i];
		int64_t ms = transition_ms(t, j, now_ms);
		char took[TIMEFMT_LEN], clock[TIMEFMT_LEN];
		int cells = total > 0 && ms > 0 ? MAX(1, (int)((double)bars * (double)ms / (double)total)) : 1;
		bool final = is_final(t->status);
		int need = utf8_width(t->status) + (final ? 0 : cells + 4 + 7);
		if (d->col > 1 && d->col + need > width) {
			doc_line(d);
			doc_at(d, 1);
			doc_add(d, ST_DIM, buf_str(&clocks));
			buf_clear(&clocks);
			clock_col = 0;
			doc_line(d);
			doc_at(d, 1);
		}
		for (; clock_col < d->col - 1; clock_col++)
			(void)buf_addc(&clocks, ' ');
		if (t->start_ms != TIME_UNKNOWN) {
			(void)buf_adds(&clocks, timefmt_clock(clock, t->start_ms));
			clock_col += 8;
		}
		doc_add(d, phase_style(t, j), t->status);
		if (final)
			continue;
		doc_add(d, ST_NORMAL, " ");
		add_bar(d, phase_style(t, j), cells);
		doc_addf(d, ST_NORMAL, " %s", ms < 0 ? "–" : timefmt_duration(took, ms));
		doc_add(d, ST_NORMAL, "   ");
	}
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, buf_str(&clocks));
	if (j->cold->n_transitions && !str_empty(j->cold->transitions[j->cold->n_transitions - 1].message) &&
	    job_is_active(j))
		doc_wrapped(d, ST_DIM, 1, width - 2, j->cold->transitions[j->cold->n_transitions - 1].message);
	doc_line(d);
}
