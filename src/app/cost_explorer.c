/* cost_explorer.c - sagetop cost --explorer: what Cost Explorer says, beside ours, by usage type. */
#include <math.h>

#include "app/cost.h"
#include "app/output.h"
#include "aws/op.h"
#include "aws/price_product.h"
#include "base/timefmt.h"

#define PAGES_MAX 20
#define CALL_USD "$0.01"

/* A usage type, "Train:ml.m5.xlarge", with both amounts; -1: not in it. */
struct line {
	char *usage;
	int64_t theirs, ours;
};
struct lines {
	struct line *items;
	size_t n, cap;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].usage);
	free(l->items);
}
AUTO_EMBEDDED(lines, struct lines, lines_done)

static struct line *line_of(struct lines *l, const char *usage)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].usage, usage))
			return &l->items[i];
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n] = (struct line){.usage = xstrdup(usage), .theirs = USD_UNKNOWN, .ours = USD_UNKNOWN};
	return &l->items[l->n++];
}

static void add_amount(int64_t *sum, int64_t micro)
{
	*sum = (*sum == USD_UNKNOWN ? 0 : *sum) + micro;
}

/* The whole days of UTC, which are all it knows. */
struct days {
	int64_t start, end;
	char from[16], until[16];
};

static struct days days_of(const struct spend_options *opt)
{
	struct days d = {.start = period_start(opt->from_ms, PERIOD_DAY, 0, false),
			 .end = period_start(opt->until_ms - 1, PERIOD_DAY, 1, false)};

	period_name(d.from, d.start, PERIOD_DAY, false);
	period_name(d.until, d.end, PERIOD_DAY, false);
	return d;
}

/* --- theirs -------------------------------------------------------------------------- */

struct asking {
	struct app_reply base;
	struct lines *lines;
	char *next; /* page */
};

/* "USE1-Train:ml.m5.xlarge" without its region. */
static const char *without_region(const char *usage)
{
	const char *colon = strchr(usage, ':'), *hyphen = strchr(usage, '-');

	return hyphen && (!colon || hyphen < colon) ? hyphen + 1 : usage;
}

static void on_costs(void *user, const struct aws_reply *reply, const struct err *err)
{
	struct asking *a = user;
	size_t i, k;
	json_t *day, *group;

	str_set(&a->next, err ? NULL : json_get_str(reply->json, "NextPageToken"));
	json_array_foreach(err ? NULL : json_object_get(reply->json, "ResultsByTime"), i, day)
		json_array_foreach(json_object_get(day, "Groups"), k, group)
	{
		const char *usage = json_string_value(json_array_get(json_object_get(group, "Keys"), 0));
		const json_t *cost = json_path_get(group, "Metrics.UnblendedCost");
		const char *amount = json_get_str(cost, "Amount");
		int64_t micro;

		if (usage && str_eq(json_get_str(cost, "Unit"), "USD") && amount && pricing_parse_usd(amount, &micro))
			add_amount(&line_of(a->lines, without_region(usage))->theirs, micro);
	}
	app_reply_done(&a->base, err);
}

static json_t *request_of(const struct app *app, const char *from, const char *until, const char *next)
{
	json_t *service = json_pack("{s:{s:s, s:[s]}}", "Dimensions", "Key", "SERVICE", "Values", "Amazon SageMaker");
	json_t *region =
		json_pack("{s:{s:s, s:[s]}}", "Dimensions", "Key", "REGION", "Values", sync_session(app->sync)->region);
	json_t *body = json_pack("{s:{s:s, s:s}, s:s, s:[s], s:{s:[o, o]}, s:[{s:s, s:s}]}", "TimePeriod", "Start",
				 from, "End", until, "Granularity", "DAILY", "Metrics", "UnblendedCost", "Filter",
				 "And", service, region, "GroupBy", "Type", "DIMENSION", "Key", "USAGE_TYPE");

	if (next)
		json_object_set_new(body, "NextPageToken", json_string(next));
	return body;
}

static int ask(struct app *app, const struct days *days, struct lines *lines, struct err *err)
{
	struct asking a = {.lines = lines};
	int rc = 0, pages = 0;

	do {
		AUTO(json) json_t *body = request_of(app, days->from, days->until, a.next);
		AUTO(str) char *text = json_text(body);
		const struct aws_call call = {.op = AWS_OP_ROW(cost_explorer, GetCostAndUsage),
					      .priority = AWS_USER_ACTION,
					      .region = "us-east-1",
					      .body = text,
					      .body_len = strlen(text),
					      .fn = on_costs,
					      .ctx = &a};

		a.base = (struct app_reply){0};
		aws_call(sync_client(app->sync), &call);
		rc = app_wait(app, &a.base, err);
	} while (rc == 0 && a.next && ++pages < PAGES_MAX);
	if (rc == 0 && a.next)
		rc = err_set(err, ERR_TOOBIG, "Cost Explorer's answer has more than %d pages: ask for fewer days",
			     PAGES_MAX);
	free(a.next);
	return rc;
}

/* --- ours ------------------------------------------------------------------------------ */

/* Components as usage types spell them; others as they are. */
static char *usage_of(const struct charge *c)
{
	static const char *const words[][2] = {{"Training", "Train"},
					       {"SpotTraining", "Train"},
					       {"Training Warm Pool", "Train"},
					       {"Training Storage", "Train:VolumeUsage.gp2"},
					       {"Processing Storage", "Processing:VolumeUsage.gp2"},
					       {"Notebook Storage", "Notebk:VolumeUsage.gp2"},
					       {"Hosting", "Host"}};
	const char *word = c->component;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(words[i][0], c->component))
			word = words[i][1];
	return strchr(word, ':') ? xstrdup(word) : xasprintf("%s:%s", word, str_or(c->type, "?"));
}

static void add_ours(struct lines *lines, const struct charges *l, int64_t from, int64_t until)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct charge *c = &l->items[i];
		int64_t micro = charge_money(c, from, until);
		AUTO(str) char *usage = usage_of(c);

		if (micro > 0)
			add_amount(&line_of(lines, usage)->ours, micro);
	}
}

static int sum_ours(struct app *a, int64_t from, int64_t until, struct lines *lines, struct err *err)
{
	const struct session *s = sync_session(a->sync);
	AUTO(usages) struct usages all = {0};
	int64_t now_ms = clock_now_ms();
	struct charges l;

	if (store_usage_load(sync_store(a->sync), &all, err) < 0)
		return -err->code;
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; kind_table[k].price_component && i < s->tables[k].n; i++) {
			charges_of_resource(s->tables[k].items[i], s, now_ms, &l);
			add_ours(lines, &l, from, until);
		}
	for (size_t i = 0; i < all.n; i++) {
		charges_of_usage(&all.items[i], s, now_ms, &l);
		add_ours(lines, &l, from, until);
	}
	return 0;
}

/* --- both ------------------------------------------------------------------------------- */

static const char *why(const struct line *l)
{
	if (l->theirs == USD_UNKNOWN)
		return "not on the bill: credits, a free tier, or it lags by a day";
	if (l->ours == USD_UNKNOWN)
		return "not counted here: no price, billed by use, or gone before it was seen";
	return llabs((long long)(l->theirs - l->ours)) * 100 > MAX(l->theirs, l->ours) ? "another rate, or discounts"
										       : "";
}

static int by_theirs(const void *pa, const void *pb)
{
	const struct line *a = pa, *b = pb;
	int64_t most_a = MAX(a->theirs, a->ours), most_b = MAX(b->theirs, b->ours);

	return most_a != most_b ? (most_a < most_b ? 1 : -1) : strcmp(a->usage, b->usage);
}

static void difference_text(char *buf, const struct line *l)
{
	int64_t d = MAX(l->theirs, (int64_t)0) - MAX(l->ours, (int64_t)0);

	snprintf(buf, 32, "%s%lld.%06lld", d < 0 ? "-" : "", llabs((long long)d) / 1000000,
		 llabs((long long)d) % 1000000);
}

static void print_lines(struct app *a, struct lines *l)
{
	static const char *const titles[] = {"USAGE TYPE", "COST EXPLORER", "COUNTED HERE", "DIFFERENCE", "WHY"};
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();
	char theirs[24], ours[24], difference[32];

	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_theirs);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i >= 1 && i <= 3);
	for (size_t i = 0; i < l->n; i++) {
		const struct line *one = &l->items[i];
		json_t *o = json_object();

		difference_text(difference, one);
		table_cell(&t, one->usage);
		table_cell(&t, one->theirs == USD_UNKNOWN ? NULL : money_text(theirs, one->theirs));
		table_cell(&t, one->ours == USD_UNKNOWN ? NULL : money_text(ours, one->ours));
		table_cell(&t, difference);
		table_cell(&t, why(one));
		json_put_str(o, "usage_type", one->usage);
		json_put_usd(o, "cost_explorer_usd", one->theirs);
		json_put_usd(o, "counted_usd", one->ours);
		json_put_prices(o, sync_session(a->sync));
		json_put_str(o, "why", why(one));
		json_array_append_new(list, o);
	}
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, list);
	else
		table_print(&t, a);
	if (output_format(a) != OUTPUT_JSON)
		output_prices(a);
}

int cost_explorer_confirm(struct app *a, const struct spend_options *opt, struct err *err)
{
	struct days d = days_of(opt);

	fprintf(stderr, "Cost Explorer, %s to %s (UTC): " CALL_USD " for each page of its answer\n", d.from, d.until);
	if (!app_flag(a, OPT_YES) && !a->local && !app_confirm(a, "Ask it?"))
		return err_set(err, ERR_USAGE, "Cost Explorer was not asked: it costs " CALL_USD " a call; say --yes");
	return 0;
}

int cost_explorer(struct app *a, const struct spend_options *opt, struct err *err)
{
	AUTO(lines) struct lines lines = {0};
	struct days d = days_of(opt);

	if (ask(a, &d, &lines, err) < 0 || sum_ours(a, d.start, d.end, &lines, err) < 0)
		return -err->code;
	print_lines(a, &lines);
	return 0;
}
