/* logs_goto.c - `:goto` in a log: to a clock time, a time since its first line, or a training round. */
#include "base/clock.h"
#include "base/timefmt.h"
#include "tui/logs_internal.h"

static int64_t day_of(int64_t ms)
{
	return ms / DAY_MS;
}

/* A clock time as it is shown. A log of one day has it on that day; of one that goes past midnight it is the time that
 * is nearest to its lines. */
static int64_t nearest_time(const struct loglines *l, int64_t clock_ms, int64_t offset)
{
	int64_t first = l->lines[0].time_ms, last = l->lines[l->n - 1].time_ms, next = clock_ms + DAY_MS;

	if (day_of(first + offset) == day_of(last + offset))
		return clock_ms + (day_of(first + offset) - day_of(clock_ms + offset)) * DAY_MS;
	return clock_ms < first && next - last < first - clock_ms ? next : clock_ms;
}

static bool time_of(const struct pager *p, const char *text, int64_t *ret)
{
	const struct loglines *l = p->log;
	int64_t first = l->lines[0].time_ms, last = l->lines[l->n - 1].time_ms, offset = pager_offset(p, last), ms;

	if (text[0] == '+' && timefmt_parse_duration(text + 1, &ms)) {
		*ret = first + ms;
		return true;
	}
	if (timefmt_parse_clock(text, last + offset, &ms)) {
		*ret = nearest_time(l, ms - offset, offset);
		return true;
	}
	return timefmt_parse_iso(text, ret);
}

/* When a round was first told of, of the newest run. */
static int64_t time_of_round(const struct series_set *set, int64_t step)
{
	int64_t found = TIME_UNKNOWN;

	for (size_t i = 0; i < set->n; i++) {
		const struct series *x = &set->items[i];
		size_t k = series_segment(x);

		while (k < x->n && x->points[k].step < step)
			k++;
		if (k < x->n && (found == TIME_UNKNOWN || x->points[k].time_ms < found))
			found = x->points[k].time_ms;
	}
	return found;
}

int logs_go_to(struct view *v, const char *text, struct err *err)
{
	struct logs_state *st = v->state;
	const struct feed *f = view_feed(v, v->kind, st->name);
	const struct loglines *l = st->pager.log;
	int64_t when, step;

	if (!l || !l->n)
		return err_set(err, ERR_USAGE, "there is no line yet");
	if (str_starts(text, "round ")) {
		if (!str_to_i64(text + strlen("round "), &step) || step < 0)
			return err_set(err, ERR_USAGE, "which round? :goto round 120");
		when = f ? time_of_round(&f->metrics, step) : TIME_UNKNOWN;
		if (when == TIME_UNKNOWN)
			return err_set(err, ERR_USAGE, "no metric of %s is known at round %lld or later", st->name,
				       (long long)step);
	} else if (!time_of(&st->pager, text, &when)) {
		return err_set(err, ERR_USAGE,
			       "where to? :goto 14:05, :goto +90s, :goto 2026-11-21T05:48, :goto round 120");
	}
	st->zoomed = false;
	if (!pager_go_to(&st->pager, when))
		return err_set(err, ERR_USAGE, "no line is shown: %s lists the filters", KEY_OF(LOGS, FILTERS));
	if (when > l->lines[l->n - 1].time_ms)
		ui_notice(v->ui, NOTICE_INFO, "that is behind the last line");
	else if (when < l->lines[0].time_ms)
		ui_notice(v->ui, NOTICE_INFO, "that is before the first line");
	return 0;
}
