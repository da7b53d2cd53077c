/* jobs_groups.c - sagetop jobs --group: a row for each group of jobs. */
#include "app/jobs_groups.h"

#include "app/output.h"
#include "base/timefmt.h"
#include "model/groups.h"

int jobs_groups_check(const struct app *a, struct err *err)
{
	const char *text = app_value(a, OPT_GROUP), *tag;
	enum spend_by by;

	if (!text)
		return 0;
	if (app_value(a, OPT_COLUMNS) || app_value(a, OPT_SORT))
		return err_set(err, ERR_USAGE, "--group has its own columns and order: leave out --columns and --sort");
	return groups_parse(text, &by, &tag, err);
}

/* --- one row ----------------------------------------------------------------------------- */

static void add_money(const struct app *a, struct strlist *row, int64_t micro, bool estimate, bool at_least)
{
	char text[32] = "";

	if (micro == USD_UNKNOWN)
		strlist_add(row, "");
	else if (output_format(a) == OUTPUT_TABLE)
		strlist_add(row, money_mark_sum(money_text(text, micro), micro, estimate, at_least));
	else
		strlist_take(row, xasprintf("%.6f", (double)micro / 1e6));
}

/* People are told the least as well, for programs it is another member of the JSON. */
static const char *at_least(bool is)
{
	return is ? ">=" : "";
}

static void add_eta(const struct app *a, struct strlist *row, const struct group *g, int64_t now_ms)
{
	bool table = output_format(a) == OUTPUT_TABLE;
	int64_t eta_ms = table ? g->eta_least_ms : g->eta_ms;
	char text[TIMEFMT_LEN] = "";

	if (eta_ms != TIME_UNKNOWN && table)
		timefmt_duration(text, MAX(eta_ms - now_ms, 0));
	else if (eta_ms != TIME_UNKNOWN)
		timefmt_iso_ms(text, eta_ms);
	strlist_take(row, xasprintf("%s%s", at_least(eta_ms != g->eta_ms), text));
}

static void add_projected(const struct app *a, struct strlist *row, const struct group *g)
{
	char text[32];

	if (output_format(a) != OUTPUT_TABLE || g->projected_least_micro == g->projected_micro) {
		add_money(a, row, g->projected_micro, g->running, false);
		return;
	}
	money_mark_sum(money_text(text, g->projected_least_micro), g->projected_least_micro, true, false);
	strlist_take(row, xasprintf("%s%s", at_least(true), text));
}

static void add_row(const struct app *a, const struct group *g, int64_t now_ms, struct strlist *row)
{
	const size_t counts[] = {g->n, g->ok, g->failed, g->stopped, g->running};

	strlist_add(row, g->key);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		strlist_take(row, xasprintf("%zu", counts[i]));
	add_eta(a, row, g, now_ms);
	add_money(a, row, g->spent_micro, g->estimate, g->unpriced);
	add_projected(a, row, g);
	strlist_take(row, xasprintf("%zu", g->unpriced));
}

/* --- all of them ------------------------------------------------------------------------- */

static const char *const titles[] = {"GROUP",	"JOBS", "OK",	 "FAILED",    "STOPPED",
				     "RUNNING", "ETA",	"SPENT", "PROJECTED", "UNPRICED"};

/* CSV has the prices' day in each row, as all CSV of costs; else it stands below. */
static void print_rows(struct app *a, const struct groups *g, size_t n)
{
	AUTO(table) struct table t = {0};
	bool csv = output_format(a) == OUTPUT_CSV;

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i > 0);
	if (csv)
		table_column(&t, "PRICES_AS_OF", false);
	for (size_t i = 0; i < n; i++) {
		AUTO(strlist) struct strlist row = {0};

		add_row(a, &g->items[i], g->spend.opt.now_ms, &row);
		for (size_t k = 0; k < row.n; k++)
			table_cell(&t, row.items[k]);
		if (csv)
			table_cell(&t, app_session(a)->prices_as_of);
	}
	table_print(&t, a);
	if (n && !csv)
		output_prices(a);
}

static void print_json(const struct app *a, const struct groups *g, size_t n)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct group *one = &g->items[i];
		json_t *o = json_object();

		json_object_set_new(o, "group", json_string(one->key));
		json_object_set_new(o, "jobs", json_integer((json_int_t)one->n));
		json_object_set_new(o, "ok", json_integer((json_int_t)one->ok));
		json_object_set_new(o, "failed", json_integer((json_int_t)one->failed));
		json_object_set_new(o, "stopped", json_integer((json_int_t)one->stopped));
		json_object_set_new(o, "running", json_integer((json_int_t)one->running));
		json_put_time(o, "eta", one->eta_ms);
		json_put_time(o, "eta_at_least", one->eta_least_ms);
		json_put_usd(o, "spent_usd", one->spent_micro);
		json_object_set_new(o, "spent_is_estimate", json_boolean(one->estimate));
		json_put_usd(o, "projected_usd", one->projected_micro);
		json_put_usd(o, "projected_at_least_usd", one->projected_least_micro);
		json_object_set_new(o, "unpriced", json_integer((json_int_t)one->unpriced));
		json_put_prices(o, app_session(a));
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

static int by_newest(const void *pa, const void *pb)
{
	const struct group *a = pa, *b = pb;

	if (a->newest_ms != b->newest_ms)
		return a->newest_ms < b->newest_ms ? 1 : -1;
	return strcmp(a->key, b->key);
}

int jobs_groups_print(struct app *a, const struct listing *l, struct err *err)
{
	AUTO(groups) struct groups g = {0};
	struct spend_options opt = {.now_ms = clock_now_ms(), .session = app_session(a)};
	const struct session *s = app_session(a);
	size_t n;

	if (groups_parse(app_value(a, OPT_GROUP), &opt.by, &opt.tag, err) < 0)
		return -err->code;
	if (spend_wants_tuning(opt.by)) {
		opt.tuning = field_find(l->kind, "tuning_job", NULL);
		if (listing_fill_column(a, l, opt.tuning, err) < 0)
			return -err->code;
	}
	struct resource **items = listing_items(a, l, &n, err);

	if (!items)
		return -err->code;
	groups_build(&g, &opt, (const struct resource *const *)items, n, s);
	free(items);
	if (g.n)
		qsort(g.items, g.n, sizeof(*g.items), by_newest);
	n = app_value(a, OPT_LIMIT) ? MIN(g.n, (size_t)a->cli.numbers[OPT_LIMIT]) : g.n;
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, &g, n);
	else
		print_rows(a, &g, n);
	return 0;
}
