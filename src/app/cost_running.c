/* cost_running.c - sagetop cost --now: what runs, what it costs an hour and in the end, and
 * what bills while it does no work. */
#include "app/cost.h"
#include "app/output.h"
#include "aws/cloudwatch.h"
#include "model/running.h"

#define DAY_S 86400
#define QUERIES_MAX 100 /* a call */

/* --- how often endpoints were called ------------------------------------------------- */

struct asking {
	struct app_reply base;
	const struct strlist *variants; /* "endpoint/variant" */
	size_t first;			/* of this call */
	struct strmap *calls;
};

static void on_calls(void *user, const struct cw_series *series, size_t n, const char *next_token,
		     const struct err *err)
{
	struct asking *a = user;

	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		int64_t at;

		if (!str_starts(series[i].id, "e") || !str_to_i64(series[i].id + 1, &at) || at < 0 ||
		    (size_t)at >= a->variants->n)
			continue;
		for (size_t k = 0; k < series[i].n; k++)
			sum += series[i].values[k];
		AUTO(str) char *text = xasprintf("%.0f", sum);

		strmap_set(a->calls, a->variants->items[at], text);
	}
	app_reply_done(&a->base, err);
}

/* The service counts calls by endpoint and variant, and answers nothing to less. One
 * request for a hundred; what is denied leaves them unknown. */
static void ask_calls(struct app *app, struct asking *a)
{
	struct cw_query queries[QUERIES_MAX];
	char ids[QUERIES_MAX][24], endpoints[QUERIES_MAX][64];
	size_t n = 0;
	int64_t now_ms = clock_now_ms();
	struct err err = {0};

	for (; n < QUERIES_MAX && a->first + n < a->variants->n; n++) {
		const char *variant = a->variants->items[a->first + n], *slash = strchr(variant, '/');

		snprintf(ids[n], sizeof(ids[n]), "e%zu", a->first + n);
		snprintf(endpoints[n], sizeof(endpoints[n]), "%.*s", (int)(slash - variant), variant);
		queries[n] = (struct cw_query){.id = ids[n],
					       .name_space = "AWS/SageMaker",
					       .metric = "Invocations",
					       .dimension = "EndpointName",
					       .dimension_value = endpoints[n],
					       .stat = "Sum",
					       .period_s = 3600,
					       .dimension2 = "VariantName",
					       .dimension2_value = slash + 1};
	}
	a->base = (struct app_reply){0};
	cw_get_metric_data(sync_client(app->sync), queries, n, now_ms - (int64_t)DAY_S * 1000, now_ms, NULL,
			   AWS_USER_ACTION, on_calls, a);
	if (app_wait(app, &a->base, &err) < 0)
		fprintf(stderr, "sagetop: how often endpoints were called is not known: %s\n", err.msg);
}

static void fetch_calls(struct app *app, const struct usages *usages, struct strmap *ret)
{
	AUTO(strlist) struct strlist variants = {0};
	struct asking a = {.variants = &variants, .calls = ret};

	for (size_t i = 0; i < usages->n; i++) {
		const struct usage *u = &usages->items[i];

		if (u->kind->id == KIND_ENDPOINT && u->until_ms == TIME_UNKNOWN && !str_empty(u->part) &&
		    !usage_is_volume(u))
			strlist_take(&variants, usage_key(u));
	}
	for (; a.first < variants.n && app->sync; a.first += QUERIES_MAX)
		ask_calls(app, &a);
}

/* --- told ---------------------------------------------------------------------------------- */

static char *range_text(char *buf, const struct running *r)
{
	char low[24], high[24];

	buf[0] = '\0';
	if (r->low_micro != USD_UNKNOWN)
		snprintf(buf, 64, "%s to %s", money_text(low, r->low_micro), money_text(high, r->high_micro));
	return buf;
}

static const char *note_of(const struct running *r, char *buf)
{
	char day[24];

	if (r->idle && r->rate_micro != USD_UNKNOWN)
		snprintf(buf, 80, "idle: %s a day", money_text(day, r->rate_micro * 24));
	else if (r->evidence)
		snprintf(buf, 80, "as %zu finished ones", r->evidence);
	else
		snprintf(buf, 80, "%s", r->low_micro != USD_UNKNOWN ? "its limit" : "");
	return buf;
}

/* "SCOPE:KIND/NAME", of jobs and of one scope without the one or the other. The caller's. */
static char *name_of(const struct app *a, const struct running *r)
{
	bool several = a->scopes.n > 1, job = r->kind->class == &job_class;

	return xasprintf("%s%s%s%s%s", several ? session_label(r->session) : "", several ? ":" : "",
			 job ? "" : r->kind->name, job ? "" : "/", r->name);
}

/* lacking: a scope is not in it. */
static void add_total(struct table *table, const char *name, size_t n, const struct running_total *t, bool lacking)
{
	char things[32], so_far[26], rate[26], low[24], high[24], end[64];

	snprintf(things, sizeof(things), "%zu", n);
	snprintf(end, sizeof(end), "%s to %s", money_text(low, t->low_micro), money_text(high, t->high_micro));
	table_cell(table, name);
	table_cell(table, things);
	table_cell(table, money_mark_sum(money_text(so_far, t->so_far_micro), t->so_far_micro, false, lacking));
	table_cell(table, money_mark_sum(money_rate_text(rate, t->rate_micro), t->rate_micro, false, lacking));
	table_cell(table, end);
	snprintf(things, sizeof(things), "%zu without a price", t->unknown);
	table_cell(table, t->unknown ? things : "");
}

static void print_table(struct app *a, const struct runnings *l, const struct running_groups *groups,
			const struct running_total *t, const struct strlist *left_out)
{
	static const char *const titles[] = {"NAME", "INSTANCES", "SO FAR", "USD/H", "IN THE END", "NOTE"};
	AUTO(table) struct table table = {0};
	char so_far[24], rate[24], end[64], note[80];

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&table, titles[i], i >= 2 && i <= 4);
	for (size_t i = 0; i < l->n; i++) {
		const struct running *r = &l->items[i];
		AUTO(str) char *name = name_of(a, r);

		table_cell(&table, name);
		table_cell(&table, r->what);
		table_cell(&table, money_text(so_far, r->so_far_micro));
		table_cell(&table, r->rate_micro == USD_UNKNOWN ? "?" : money_rate_text(rate, r->rate_micro));
		table_cell(&table, range_text(end, r));
		table_cell(&table, note_of(r, note));
	}
	for (size_t i = 0; i < groups->n; i++) {
		const struct running_group *g = &groups->items[i];
		AUTO(str) char *name = xasprintf("all %s", g->prefix);

		if (g->n > 1 && groups->n > 1)
			add_total(&table, name, g->n, &g->total, false);
	}
	add_total(&table, "total", l->n, t, app_lacks_some(a));
	table_print(&table, a);
	FILE *out = output_format(a) == OUTPUT_TABLE ? a->out : stderr;

	if (t->idle_day_micro)
		fprintf(out, "idle: %s a day\n", money_text(so_far, t->idle_day_micro));
	if (t->unknown)
		fprintf(out, "not counted: %zu without a price\n", t->unknown);
	for (size_t i = 0; i < left_out->n; i++)
		fprintf(out, "left out: %s\n", left_out->items[i]);
	output_prices(a);
}

static void put_total(json_t *o, const struct running_total *t)
{
	json_put_usd(o, "so_far_usd", t->so_far_micro);
	json_put_usd(o, "usd_per_hour", t->rate_micro);
	json_put_usd(o, "low_usd", t->low_micro);
	json_put_usd(o, "high_usd", t->high_micro);
	json_put_usd(o, "idle_usd_per_day", t->idle_day_micro);
	json_object_set_new(o, "unknown", json_integer((json_int_t)t->unknown));
}

static json_t *groups_json(const struct running_groups *groups)
{
	json_t *list = json_array();

	for (size_t i = 0; i < groups->n; i++) {
		json_t *o = json_pack("{s:s, s:I}", "prefix", groups->items[i].prefix, "things",
				      (json_int_t)groups->items[i].n);

		put_total(o, &groups->items[i].total);
		json_array_append_new(list, o);
	}
	return list;
}

static void print_json(struct app *a, const struct runnings *l, const struct running_groups *groups,
		       const struct running_total *t, const struct strlist *left_out)
{
	AUTO(json) json_t *o = json_object();
	json_t *rows = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct running *r = &l->items[i];
		json_t *row = json_object();

		json_put_str(row, "profile", r->session->profile);
		json_put_str(row, "region", r->session->region);
		json_put_str(row, "kind", r->kind->name);
		json_put_str(row, "name", r->name);
		json_put_str(row, "instances", r->what);
		json_put_usd(row, "so_far_usd", r->so_far_micro);
		json_put_usd(row, "usd_per_hour", r->rate_micro);
		json_put_usd(row, "low_usd", r->low_micro);
		json_put_usd(row, "high_usd", r->high_micro);
		json_object_set_new(row, "finished_jobs", json_integer((json_int_t)r->evidence));
		json_object_set_new(row, "idle", json_boolean(r->idle));
		json_array_append_new(rows, row);
	}
	json_object_set_new(o, "rows", rows);
	json_object_set_new(o, "groups", groups_json(groups));
	put_total(o, t);
	json_object_set_new(o, "left_out", json_from_strlist(left_out));
	json_put_prices(o, app_session(a));
	output_json(a, o);
}

/* What runs in the scope that was entered. */
static int add_running(struct app *a, struct runnings *ret, struct err *err)
{
	AUTO(usages) struct usages usages = {0};
	AUTO(strmap) struct strmap calls = {0};

	if (store_usage_load(sync_store(a->sync), &usages, err) < 0)
		return -err->code;
	fetch_calls(a, &usages, &calls);
	if (!a->sync)
		return err_set(err, ERR_CANCELLED, "interrupted");
	running_of_session(sync_session(a->sync), &usages, &calls, clock_now_ms(), ret);
	return 0;
}

int cost_running(struct app *a, const struct strlist *left_out, struct err *err)
{
	AUTO(runnings) struct runnings all = {0};
	AUTO(running_groups) struct running_groups groups = {0};
	struct running_total total;

	for (size_t i = 0; i < a->scopes.n; i++)
		if (app_enter_part(a, i) && add_running(a, &all, err) < 0)
			return -err->code;
	app_leave(a);
	running_sum(&all, &total);
	running_group_sum(&all, &groups);
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, &all, &groups, &total, left_out);
	else
		print_table(a, &all, &groups, &total, left_out);
	return 0;
}
