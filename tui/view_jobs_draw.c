/* How the jobs view looks: columns, rows, and what stands there without any. */
#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobtext.h"
#include "tui/view_jobs.h"

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
#define NAME_CELLS_CALM 40

static const struct table_column columns[] = {
	[COL_NAME] = {"NAME", .min = 20, .max = NAME_CELLS_MAX},
	[COL_STATUS] = {"STATUS", .min = 13, .max = 14, .priority = 1},
	[COL_INSTANCE] = {"INSTANCE", .min = 13, .max = 16, .want = 15, .priority = 5},
	[COL_AGE] = {"AGE", .min = 4, .max = 4, .priority = 2, .right = true},
	[COL_TRAIN] = {"TRAIN", .min = 6, .max = 6, .priority = 4, .right = true},
	[COL_COST] = {"COST", .min = 8, .max = 8, .priority = 3, .right = true},
	[COL_SAVED] = {"SAVED", .min = 5, .max = 5, .priority = 7, .right = true},
	[COL_METRIC] = {"METRIC", .min = 17, .max = 40, .priority = 6},
	[COL_BILLED] = {"BILLED", .min = 6, .max = 6, .priority = 8, .right = true, .wide_only = true},
	[COL_CREATED] = {"CREATED", .min = 16, .max = 16, .priority = 9, .wide_only = true},
};
#define N_COLUMNS ARRAY_LEN(columns)

const struct job *view_jobs_selected(const struct jobs_state *st)
{
	return st->table.selected < st->index.n ? st->index.rows[st->table.selected].job : NULL;
}

void view_jobs_remember(struct jobs_state *st)
{
	const struct job *j = view_jobs_selected(st);

	if (j && !str_eq(st->selected, j->name))
		str_set(&st->selected, j->name);
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
	return !session_jobs(s)->n && s->notice.level == NOTICE_ERROR && s->notice.text[0] &&
	       !session_jobs(s)->complete;
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
	if (session_jobs(s)->n) {
		area_putf(a, row, GUTTER, ST_NORMAL, "No job matches%s%s.", st->filter ? " " : "",
			  st->filter ? st->filter : "");
		area_put(a, row + 1, GUTTER, ST_DIM, "Esc shows all again.");
	} else if (has_problem(s)) {
		area_put_cut(a, row++, GUTTER, a.cols - GUTTER - 1, ST_BAD, "No answer from SageMaker yet:");
		row = area_put_wrapped(a, row, GUTTER, a.cols - GUTTER - 1, MAX(a.rows - row - 4, 2), ST_NORMAL,
				       s->notice.text);
		put_lines(a, row, GUTTER, ST_DIM, no_service + (a.rows < 12 ? 2 : 0));
	} else if (session_jobs(s)->complete) {
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
	const struct feed *feed = session_find_feed(ui_session(v->ui), TRAINING_KIND, j->name);
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
		area_put_middle(a, row, col, width, dim ? ST_DIM : ST_NORMAL, jobtext_instance(text, j));
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
	int width = cols - GUTTER, kept = 0;

	memcpy(c, columns, sizeof(c));
	for (size_t i = COL_STATUS; i <= COL_COST; i++)
		kept += i == COL_INSTANCE ? 0 : c[i].min + GAP;
	c[COL_NAME].min = MAX(c[COL_NAME].min, name_width(st, MIN(width - kept, NAME_CELLS_CALM)));
	c[COL_NAME].max = MAX(name_width(st, NAME_CELLS_MAX), 32);
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

void view_jobs_draw(struct view *v, struct area a)
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
	view_jobs_remember(st);
	for (int line = headings; line < a.rows && st->table.top + (size_t)(line - headings) < st->index.n; line++)
		draw_row(v, a, line, widths, st->table.top + (size_t)(line - headings));
}
