/* The jobs: one row each. The root of all screens. */
#include <math.h>

#include "base/map.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobindex.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"
#include "tui/view_jobs.h"

#define WATCHED_MAX 8

static int jobs_open(struct view *v, const char *arg, struct err *err)
{
	struct jobs_state *st = v->state;

	st->sort = SORT_AGE;
	st->stale = true;
	return 0;
}

static uint64_t jobs_generation(struct view *v)
{
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	uint64_t h = session_jobs(s)->generation * 2 + st->stale;

	for (size_t i = 0; i < st->watched.n; i++) {
		const struct feed *f = session_find_feed(s, TRAINING_KIND, st->watched.items[i]);
		h = h * 1000003 + (f ? f->metrics.generation : 0);
	}
	return h;
}

static void find_objective(struct jobs_state *st)
{
	for (size_t i = 0; i < st->index.n && i < 200; i++) {
		const char *name = job_objective_name(st->index.rows[i].job);
		if (name) {
			str_set(&st->objective, name);
			return;
		}
	}
}

/* Build the index again. The selected job stays selected and, where the list is
 * scrolled, on the same line of the screen. */
static void jobs_update(struct view *v)
{
	struct jobs_state *st = v->state;
	size_t line = st->table.selected - st->table.top;
	uint64_t generation = session_jobs(ui_session(v->ui))->generation;

	if (!st->stale && generation == st->built_generation && st->sort != SORT_METRIC)
		return; /* only a curve has grown */
	st->built_generation = generation;
	job_index_build(&st->index, ui_session(v->ui), st->query, st->faults, st->sort, st->reverse, ui_now_ms(v->ui));
	st->table.n = st->index.n;
	st->stale = false;
	for (size_t i = 0; i < st->index.n; i++)
		st->name_widths |= 1ull << MIN(utf8_width(st->index.rows[i].job->name), NAME_CELLS_MAX);
	find_objective(st);
	if (st->awaited && job_index_find(&st->index, st->awaited) >= 0) {
		free(st->selected);
		st->selected = TAKE(st->awaited);
	}
	long at = st->selected ? job_index_find(&st->index, st->selected) : -1;
	if (at >= 0) {
		bool scrolled = st->table.top > 0;
		st->table.selected = (size_t)at;
		if (scrolled)
			st->table.top = (size_t)at > line ? (size_t)at - line : 0;
	} else if (st->table.selected >= st->index.n) { /* keys may come before the next painting */
		st->table.selected = st->index.n ? st->index.n - 1 : 0;
	}
}

static void jobs_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	char shown[32], all[32];
	bool filtered = st->query || st->faults;

	jobtext_count(all, MAX(session_jobs(s)->n, session_jobs(s)->total_hint));
	jobtext_count(shown, filtered ? st->index.n : session_jobs(s)->n);
	if (filtered || session_jobs(s)->n < session_jobs(s)->total_hint)
		(void)buf_addf(left, "jobs %s of %s%s", shown, all, session_jobs(s)->complete ? "" : "+");
	else
		(void)buf_addf(left, "jobs %s%s", shown, session_jobs(s)->complete || !session_jobs(s)->n ? "" : "+");
	if (st->faults)
		(void)buf_adds(left, " · only failed");
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
	(void)buf_addf(left, " · by %s %s", job_sort_name(st->sort), st->reverse ? "↑" : "↓");
	if (st->marks.n)
		(void)buf_addf(right, "%zu marked", st->marks.n);
}

/* --- metrics of what runs --- */

static void unwatch_all(struct view *v)
{
	struct jobs_state *st = v->state;
	const struct ui_host *host = ui_host(v->ui);

	for (size_t i = 0; host->watch && i < st->watched.n; i++)
		host->watch(host->user, st->watched.items[i], false);
	strlist_done(&st->watched);
}

/* The local engine costs nothing to ask: the jobs that run on the screen are
 * watched, so that their objective and its curve are seen in the list. */
static bool jobs_work(struct view *v, int64_t budget_us)
{
	struct jobs_state *st = v->state;
	const struct ui_host *host = ui_host(v->ui);
	AUTO(strlist) struct strlist wanted = {0};
	bool same;

	if (!st->look_again || !ui_session(v->ui)->local || !host->watch)
		return false;
	st->look_again = false;
	for (size_t i = st->table.top; i < st->index.n && i < st->table.top + (size_t)MAX(st->table.page, 1); i++)
		if (job_is_active(st->index.rows[i].job) && wanted.n < WATCHED_MAX)
			strlist_add(&wanted, st->index.rows[i].job->name);
	same = wanted.n == st->watched.n;
	for (size_t i = 0; same && i < wanted.n; i++)
		same = strlist_has(&st->watched, wanted.items[i]);
	if (same)
		return false;
	for (size_t i = 0; i < wanted.n; i++)
		host->watch(host->user, wanted.items[i], true);
	unwatch_all(v);
	st->watched = wanted;
	memset(&wanted, 0, sizeof(wanted));
	return false;
}

static void jobs_close(struct view *v)
{
	struct jobs_state *st = v->state;

	unwatch_all(v);
	job_index_done(&st->index);
	query_free(st->query);
	free(st->selected);
	free(st->awaited);
	free(st->objective);
	free(st->filter);
	free(st->filter_before);
	free(st->last_mark);
	map_done(&st->marks);
}

static void marked_cost(struct view *v, struct buf *out)
{
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	int64_t sum = 0;
	size_t unknown = 0;
	const char *name;
	void *value;
	char money[24];

	for (size_t i = 0; map_next(&st->marks, &i, &name, &value);) {
		const struct job *j = jobs_find(session_jobs(s), name);
		if (!j)
			continue;
		struct cost c = cost_of_job(j, &s->prices, s->region, ui_now_ms(v->ui));
		if (c.kind == COST_UNKNOWN || c.usd_micro == USD_UNKNOWN)
			unknown++;
		else
			sum += c.usd_micro;
	}
	(void)buf_addf(out, "%zu marked: %s", st->marks.n, money_text(money, sum));
	if (unknown)
		(void)buf_addf(out, " and %zu unknown", unknown);
}

static void jobs_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);

	if (st->marks.n)
		marked_cost(v, left);
	else if (s->prices_as_of[0])
		(void)buf_addf(left, "* so far; prices of %s", s->prices_as_of);
	else if (session_jobs(s)->n)
		(void)buf_adds(left, "* so far; no price table");
	if (session_jobs(s)->synced_ms != TIME_UNKNOWN) {
		char age[TIMEFMT_LEN];
		int64_t ms = MAX(0, ui_now_ms(v->ui) - session_jobs(s)->synced_ms);
		if (ms < 1000)
			(void)buf_adds(right, "now");
		else
			(void)buf_addf(right, "%s ago", timefmt_age(age, ms));
	} else if (session_jobs(s)->n) {
		(void)buf_adds(right, "as last seen");
	}
	char at[32], of[32];
	if (st->index.n)
		(void)buf_addf(right, " · %s of %s", jobtext_count(at, st->table.selected + 1),
			       jobtext_count(of, st->index.n));
}

/* --- actions --- */

static void rebuild(struct view *v)
{
	struct jobs_state *st = v->state;

	st->stale = true;
	ui_redraw(v->ui);
}

static void set_sort(struct view *v, enum job_sort sort)
{
	struct jobs_state *st = v->state;

	st->reverse = st->sort == sort && !st->reverse;
	st->sort = sort;
	rebuild(v);
}

/* Takes the text over as the filter; a faulty one leaves the old and sets err. */
static int set_filter(struct view *v, const char *text, struct err *err)
{
	struct jobs_state *st = v->state;
	struct query *q = NULL;

	if (!str_empty(text)) {
		int rc = query_parse(&kind_table[KIND_TRAINING_JOB], text, &q, err);
		if (rc < 0)
			return rc;
	}
	query_free(st->query);
	st->query = q;
	str_set(&st->filter, q ? text : NULL);
	st->name_widths = 0;
	rebuild(v);
	return 0;
}

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	(void)!set_filter(v, text, err);
}

static void filter_done(struct view *v, const char *text)
{
	struct jobs_state *st = v->state;
	struct err err = {0};

	if (!text)
		text = str_or(st->filter_before, "");
	if (set_filter(v, text, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_FILTER, filter_changed, filter_done};
	struct jobs_state *st = v->state;

	str_set(&st->filter_before, st->filter);
	ui_prompt(v, &ops, st->filter);
}

static void mark(struct jobs_state *st, const char *name, bool on)
{
	if (on)
		(void)map_put(&st->marks, name, st);
	else
		(void)map_remove(&st->marks, name);
}

static void mark_selected(struct jobs_state *st)
{
	const struct job *j = view_jobs_selected(st);

	if (!j)
		return;
	mark(st, j->name, !map_get(&st->marks, j->name));
	str_set(&st->last_mark, j->name);
	table_action(&st->table, ACT_DOWN);
}

static void mark_range(struct jobs_state *st)
{
	long from = st->last_mark ? job_index_find(&st->index, st->last_mark) : -1;
	size_t to = st->table.selected;

	if (!st->index.n)
		return;
	size_t first = from < 0 ? to : MIN((size_t)from, to), last = from < 0 ? to : MAX((size_t)from, to);
	for (size_t i = first; i <= last; i++)
		mark(st, st->index.rows[i].job->name, true);
	str_set(&st->last_mark, st->index.rows[to].job->name);
}

/* The marked jobs in the order of the list, else the selected one. */
static void chosen(const struct jobs_state *st, struct strlist *out)
{
	for (size_t i = 0; st->marks.n && i < st->index.n; i++)
		if (map_get(&st->marks, st->index.rows[i].job->name))
			strlist_add(out, st->index.rows[i].job->name);
	if (!out->n && view_jobs_selected(st))
		strlist_add(out, view_jobs_selected(st)->name);
}

static void open_metrics(struct view *v)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf arg = BUF_INIT(BUF_MAX_TEXT);

	chosen(v->state, &names);
	for (size_t i = 0; i < names.n; i++)
		(void)buf_addf(&arg, "%s%s", i ? " " : "", names.items[i]);
	if (names.n)
		ui_push(v->ui, "metrics", buf_str(&arg));
}

static bool go_back(struct view *v)
{
	struct jobs_state *st = v->state;

	if (st->query || st->faults) {
		st->faults = false;
		(void)!set_filter(v, "", NULL);
		return true;
	}
	if (st->marks.n) {
		map_clear(&st->marks);
		return true;
	}
	return false;
}

static bool sort_action(struct view *v, enum action a)
{
	struct jobs_state *st = v->state;

	if (a >= ACT_SORT_NAME && a <= ACT_SORT_METRIC)
		set_sort(v, (enum job_sort)(a - ACT_SORT_NAME));
	else if (a == ACT_SORT_NEXT || a == ACT_SORT_PREVIOUS)
		set_sort(v, (enum job_sort)((st->sort + (a == ACT_SORT_NEXT ? 1 : SORT_COUNT - 1)) % SORT_COUNT));
	else if (a == ACT_SORT_REVERSE)
		set_sort(v, st->sort);
	else
		return false;
	return true;
}

static bool job_action(struct view *v, enum action a, const struct job *j)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(str) char *clone = NULL;

	switch (a) {
	case ACT_OPEN:
		ui_push(v->ui, "job", j->name);
		return true;
	case ACT_LOGS:
		ui_push(v->ui, "logs", j->name);
		return true;
	case ACT_RAW:
		ui_push(v->ui, "raw", j->name);
		return true;
	case ACT_METRICS:
		open_metrics(v);
		return true;
	case ACT_CLONE:
		clone = xasprintf("clone:%s", j->name);
		ui_push(v->ui, "launch", clone);
		return true;
	case ACT_STOP:
		chosen(v->state, &names);
		ui_stop_jobs(v, &names);
		return true;
	case ACT_COPY:
		if (ui_host(v->ui)->copy) {
			ui_host(v->ui)->copy(ui_host(v->ui)->user, j->name);
			ui_notice(v->ui, NOTICE_INFO, "copied %s", j->name);
		}
		return true;
	default:
		return false;
	}
}

static bool jobs_action(struct view *v, enum action a)
{
	struct jobs_state *st = v->state;
	const struct job *j = view_jobs_selected(st);

	if (table_action(&st->table, a)) {
		str_set(&st->awaited, NULL); /* the user goes elsewhere */
		view_jobs_remember(st);
		return true;
	}
	if (sort_action(v, a) || (j && job_action(v, a, j)))
		return true;
	switch (a) {
	case ACT_NEW:
		ui_push(v->ui, "launch", NULL);
		return true;
	case ACT_MARK:
		mark_selected(st);
		view_jobs_remember(st);
		return true;
	case ACT_MARK_RANGE:
		mark_range(st);
		return true;
	case ACT_UNMARK:
		map_clear(&st->marks);
		return true;
	case ACT_FILTER:
		ask_filter(v);
		return true;
	case ACT_FAULTS:
		st->faults = !st->faults;
		rebuild(v);
		return true;
	case ACT_WIDE:
		st->wide = !st->wide;
		return true;
	case ACT_BACK:
		return go_back(v);
	default:
		return false;
	}
}

static bool jobs_command(struct view *v, const char *name, const char *arg)
{
	struct jobs_state *st = v->state;
	struct err err = {0};
	enum job_sort sort;

	if (!strcmp(name, "sort")) {
		if (arg && job_sort_parse(arg, &sort))
			set_sort(v, sort);
		else
			ui_notice(v->ui, NOTICE_WARNING, "sort by name, status, instance, age, train, cost or metric");
		return true;
	}
	if (!strcmp(name, "await")) { /* not typed: see ui_await_job */
		str_set(&st->awaited, arg);
		st->stale = true;
		return true;
	}
	if ((!strcmp(name, "jobs") && arg) || !strcmp(name, "filter")) {
		if (set_filter(v, arg ? arg : "", &err) < 0)
			ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
	}
	return true;
}

static const char *jobs_neighbour(struct view *v, const char *name, int by)
{
	struct jobs_state *st = v->state;
	long from = job_index_find(&st->index, name), at = from + by;

	if (from < 0 || at < 0 || (size_t)at >= st->index.n)
		return NULL;
	str_set(&st->selected, st->index.rows[at].job->name);
	st->table.selected = (size_t)at;
	return st->index.rows[at].job->name;
}

const struct view_ops view_jobs_ops = {
	.name = "jobs",
	.argument = "[EXPR]",
	.help = "All training jobs, or those that match a filter",
	.contexts = {CTX_JOBS, CTX_LIST},
	.state_size = sizeof(struct jobs_state),
	.open = jobs_open,
	.close = jobs_close,
	.generation = jobs_generation,
	.update = jobs_update,
	.title = jobs_title,
	.draw = view_jobs_draw,
	.status = jobs_status,
	.action = jobs_action,
	.command = jobs_command,
	.neighbour = jobs_neighbour,
	.work = jobs_work,
};
