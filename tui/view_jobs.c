/* The jobs: one row each. The root of all screens. */
#include <math.h>

#include "base/map.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobindex.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

enum {
	COL_NAME,
	COL_STATUS,
	COL_INSTANCE,
	COL_AGE,
	COL_TRAIN,
	COL_COST,
	COL_SAVED,
	COL_METRIC,
	COL_BILLED,
	COL_CREATED
};

#define GUTTER 3 /* mark and cursor */
#define GAP 2
#define SPARK_CELLS 8
#define WATCHED_MAX 8
#define NAME_CELLS_MAX 63 /* the service's limit */
#define NAME_CELLS_CALM 40

static const struct table_column columns[] = {
	[COL_NAME] = {"NAME", .min = 20, .max = NAME_CELLS_MAX, .want = 22},
	[COL_STATUS] = {"STATUS", .min = 13, .max = 14, .priority = 1},
	[COL_INSTANCE] = {"INSTANCE", .min = 14, .max = 18, .want = 15, .priority = 5},
	[COL_AGE] = {"AGE", .min = 4, .max = 4, .priority = 2, .right = true},
	[COL_TRAIN] = {"TRAIN", .min = 6, .max = 6, .priority = 4, .right = true},
	[COL_COST] = {"COST", .min = 8, .max = 8, .priority = 3, .right = true},
	[COL_SAVED] = {"SAVED", .min = 5, .max = 5, .priority = 7, .right = true},
	[COL_METRIC] = {"METRIC", .min = 17, .max = 40, .priority = 6},
	[COL_BILLED] = {"BILLED", .min = 6, .max = 6, .priority = 8, .right = true, .wide_only = true},
	[COL_CREATED] = {"CREATED", .min = 16, .max = 16, .priority = 9, .wide_only = true},
};
#define N_COLUMNS ARRAY_LEN(columns)

struct jobs_state {
	struct job_index index;
	struct table_view table;
	char *selected;	 /* the job's name: survives sorting and new rows */
	char *awaited;	 /* just launched: selected as soon as it is in the list */
	char *objective; /* the metric column's heading */
	char *filter;	 /* as typed; NULL: all */
	struct query *query;
	char *filter_before; /* while one is being typed */
	bool faults, reverse, wide;
	enum job_sort sort;
	struct map marks; /* name -> anything */
	char *last_mark;
	bool stale; /* index must be built */
	uint64_t built_generation;
	uint64_t name_widths;	/* a bit for each width among the names; forgotten when the filter changes */
	struct strlist watched; /* running jobs on the screen, for their metrics */
	bool look_again;	/* other rows may be on the screen now */
};

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
	uint64_t h = s->jobs.generation * 2 + st->stale;
	for (size_t i = 0; i < st->watched.n; i++) {
		const struct job_feed *f = session_find_feed(s, st->watched.items[i]);
		h = h * 1000003 + (f ? f->metrics.generation : 0);
	}
	return h;
}

static const struct job *selected_job(const struct jobs_state *st)
{
	return st->table.selected < st->index.n ? st->index.rows[st->table.selected].job : NULL;
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
	uint64_t generation = ui_session(v->ui)->jobs.generation;
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

static void remember_selected(struct jobs_state *st)
{
	const struct job *j = selected_job(st);
	if (j && !str_eq(st->selected, j->name))
		str_set(&st->selected, j->name);
}

static void jobs_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	char shown[32], all[32];
	bool filtered = st->query || st->faults;
	jobtext_count(all, MAX(s->jobs.n, s->jobs_total_hint));
	jobtext_count(shown, filtered ? st->index.n : s->jobs.n);
	if (filtered || s->jobs.n < s->jobs_total_hint)
		(void)buf_addf(left, "jobs %s of %s%s", shown, all, s->jobs_complete ? "" : "+");
	else
		(void)buf_addf(left, "jobs %s%s", shown, s->jobs_complete || !s->jobs.n ? "" : "+");
	if (st->faults)
		(void)buf_adds(left, " · only failed");
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
	(void)buf_addf(left, " · by %s %s", job_sort_name(st->sort), st->reverse ? "↑" : "↓");
	if (st->marks.n)
		(void)buf_addf(right, "%zu marked", st->marks.n);
}

/* --- the empty list --- */

static int put_lines(struct area a, int row, int col, enum style st, const char *const *lines)
{
	for (; *lines && row < a.rows; lines++)
		area_put_cut(a, row++, col, a.cols - col - 1, st, *lines);
	return row;
}

static bool has_problem(const struct session *s)
{
	return !s->jobs.n && s->notice.level == NOTICE_ERROR && s->notice.text[0] && !s->jobs_complete;
}

static void draw_nothing(struct view *v, struct area a)
{
	static const char *const start_here[] = {
		"",
		"n            launch a job from a specification file (JSON or YAML)",
		":help        all keys and commands",
		NULL,
	};
	static const char *const no_service[] = {
		"",
		"What helps:",
		"  sagetop doctor    checks clock, credentials, region and permissions",
		"  sagetop --local   the local engine on this machine: no account needed",
		"  !                 the requests made so far and how they ended",
		NULL,
	};
	const struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	int row = a.rows > 8 ? 1 : 0;
	if (s->jobs.n) {
		area_putf(a, row, GUTTER, ST_NORMAL, "No job matches%s%s.", st->filter ? " " : "",
			  st->filter ? st->filter : "");
		area_put(a, row + 1, GUTTER, ST_DIM, "Esc shows all again.");
	} else if (has_problem(s)) {
		area_put_cut(a, row++, GUTTER, a.cols - GUTTER - 1, ST_BAD, "No answer from SageMaker yet:");
		row = area_put_wrapped(a, row, GUTTER, a.cols - GUTTER - 1, MAX(a.rows - row - 4, 2), ST_NORMAL,
				       s->notice.text);
		put_lines(a, row, GUTTER, ST_DIM, no_service + (a.rows < 12 ? 2 : 0));
	} else if (s->jobs_complete) {
		area_putf(a, row, GUTTER, ST_NORMAL, "No training jobs in %s%s yet.",
			  s->region ? s->region : "this region", s->local ? " of the local engine" : "");
		put_lines(a, row + 1, GUTTER, ST_DIM, start_here);
	} else {
		area_putf(a, row, GUTTER, ST_DIM, "Asking SageMaker in %s for its training jobs …",
			  s->region ? s->region : "your region");
	}
}

/* --- rows --- */

static void put_metric(struct view *v, struct area a, int row, int col, int width, const struct job *j)
{
	const struct jobs_state *st = v->state;
	char text[JOBTEXT_LEN], spark[SPARK_CELLS * 3 + 1] = "";
	const char *name;
	double value;
	if (j->status == JOB_FAILED && !str_empty(j->failure_reason)) {
		const char *why = j->failure_reason;
		area_put_cut(a, row, col, width, ST_DIM, why + (str_starts(why, "AlgorithmError: ") ? 16 : 0));
		return;
	}
	if (!jobtext_objective(ui_session(v->ui), j, &name, &value))
		return;
	const struct job_feed *feed = session_find_feed(ui_session(v->ui), j->name);
	if (feed)
		jobtext_spark(spark, SPARK_CELLS, series_find(&feed->metrics, name));
	area_put(a, row, col, jobtext_style(j), spark);
	table_put(a, row, col + SPARK_CELLS + 1, 8, true, ST_NORMAL, jobtext_value(text, value));
	if (!str_eq(name, st->objective)) /* not what the heading says */
		area_put_cut(a, row, col + SPARK_CELLS + 11, width - SPARK_CELLS - 11, ST_DIM, name);
}

static void put_created(struct area a, int row, int col, int width, int64_t ms)
{
	char iso[TIMEFMT_LEN];
	if (ms == TIME_UNKNOWN)
		return;
	timefmt_iso(iso, ms);
	iso[10] = ' ';
	iso[16] = '\0';
	area_put_cut(a, row, col, width, ST_DIM, iso);
}

static void put_column(struct view *v, struct area a, int row, int col, int width, size_t i, const struct job *j,
		       const struct cost *cost)
{
	const struct jobs_state *st = v->state;
	char text[JOBTEXT_LEN];
	bool dim = job_is_terminal(j);
	switch (i) {
	case COL_NAME:
		area_put_middle(a, row, col, width, map_get(&st->marks, j->name) ? ST_MARK : ST_NORMAL, j->name);
		return;
	case COL_STATUS:
		area_put(a, row, col, jobtext_style(j), jobtext_symbol(j));
		area_put_cut(a, row, col + 2, width - 2, jobtext_style(j), job_state_text(j));
		return;
	case COL_INSTANCE:
		area_put_cut(a, row, col, width, dim ? ST_DIM : ST_NORMAL, jobtext_instance(text, j));
		return;
	case COL_AGE:
		jobtext_age(text, j, ui_now_ms(v->ui));
		break;
	case COL_TRAIN:
		jobtext_train(text, j, ui_now_ms(v->ui));
		break;
	case COL_COST:
		jobtext_cost(text, j, cost);
		break;
	case COL_SAVED:
		jobtext_saving(text, j);
		break;
	case COL_METRIC:
		put_metric(v, a, row, col, width, j);
		return;
	case COL_BILLED:
		if (j->billable_s < 0)
			str_copy(text, sizeof(text), "–");
		else
			timefmt_duration(text, j->billable_s * 1000);
		break;
	case COL_CREATED:
		put_created(a, row, col, width, j->created_ms);
		return;
	default:
		return;
	}
	table_put(a, row, col, width, true, ST_NORMAL, text);
}

static void draw_headings(struct view *v, struct area a, const int *widths)
{
	const struct jobs_state *st = v->state;
	int col = GUTTER;
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!widths[i])
			continue;
		const char *title = i == COL_METRIC && st->objective ? st->objective : columns[i].title;
		table_put(a, 0, col, widths[i], columns[i].right, ST_HEADING, title);
		col += widths[i] + GAP;
	}
}

/* The longest name that is at most `cells` wide. */
static int name_width(const struct jobs_state *st, int cells)
{
	int w = MIN(cells, NAME_CELLS_MAX);
	while (w > 0 && !(st->name_widths >> w & 1))
		w--;
	return w;
}

/* Names come first: their column is as wide as the longest of them, at the cost
 * of all others but state, age, time and money. A name beyond NAME_CELLS_CALM is
 * shown whole only where there is room to spare. */
static void lay_out(const struct jobs_state *st, int cols, int *widths)
{
	struct table_column c[N_COLUMNS];
	int width = cols - GUTTER - 1, kept = 0;
	memcpy(c, columns, sizeof(c));
	for (size_t i = COL_STATUS; i <= COL_COST; i++)
		kept += i == COL_INSTANCE ? 0 : c[i].min + GAP;
	c[COL_NAME].min = MAX(c[COL_NAME].min, name_width(st, MIN(width - kept, NAME_CELLS_CALM)));
	c[COL_NAME].want = name_width(st, NAME_CELLS_MAX);
	c[COL_NAME].max = MAX(c[COL_NAME].want, 32);
	table_layout(c, N_COLUMNS, width, GAP, st->wide, widths);
}

static void draw_row(struct view *v, struct area a, int line, const int *widths, size_t at)
{
	struct jobs_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	const struct job *j = st->index.rows[at].job;
	struct cost cost = cost_of_job(j, &s->prices, s->region, ui_now_ms(v->ui));
	int col = GUTTER;
	if (map_get(&st->marks, j->name))
		area_put(a, line, 0, ST_MARK, "+");
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!widths[i])
			continue;
		put_column(v, a, line, col, widths[i], i, j, &cost);
		col += widths[i] + GAP;
	}
	if (at == st->table.selected) {
		area_put(a, line, 1, ST_STRONG, "▸");
		area_set_attr(a, line, 0, a.cols, ATTR_SELECTED);
	}
}

static void jobs_draw(struct view *v, struct area a)
{
	struct jobs_state *st = v->state;
	int widths[N_COLUMNS];
	st->look_again = true;
	if (!st->index.n) {
		draw_nothing(v, a);
		return;
	}
	lay_out(st, a.cols, widths);
	int headings = a.rows > 2;
	if (headings)
		draw_headings(v, a, widths);
	table_settle(&st->table, a.rows - headings);
	remember_selected(st);
	for (int line = headings; line < a.rows && st->table.top + (size_t)(line - headings) < st->index.n; line++)
		draw_row(v, a, line, widths, st->table.top + (size_t)(line - headings));
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
		const struct job *j = jobs_find(&s->jobs, name);
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
	else if (s->jobs.n)
		(void)buf_adds(left, "* so far; no price table");
	if (s->synced_ms != TIME_UNKNOWN) {
		char age[TIMEFMT_LEN];
		int64_t ms = MAX(0, ui_now_ms(v->ui) - s->synced_ms);
		if (ms < 1000)
			(void)buf_adds(right, "now");
		else
			(void)buf_addf(right, "%s ago", timefmt_age(age, ms));
	} else if (s->jobs.n) {
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
		int rc = query_parse(text, &q, err);
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
	const struct job *j = selected_job(st);
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
	if (!out->n && selected_job(st))
		strlist_add(out, selected_job(st)->name);
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
	const struct job *j = selected_job(st);
	if (table_action(&st->table, a)) {
		str_set(&st->awaited, NULL); /* the user goes elsewhere */
		remember_selected(st);
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
		remember_selected(st);
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
	.draw = jobs_draw,
	.status = jobs_status,
	.action = jobs_action,
	.command = jobs_command,
	.neighbour = jobs_neighbour,
	.work = jobs_work,
};
