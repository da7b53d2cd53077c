/* sagetop prices [TYPE]...: the price table, with where each figure is from; prices update
 * is in prices_update.c. */
#include "app/commands.h"
#include "app/output.h"
#include "app/prices.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "model/price_rules.h"

#define PRICE_TABLE_MAX ((size_t)8 << 20)

/* Own rates that name no region go for ours. */
static const char *our_region(const struct app *a)
{
	const char *region = str_or(app_value(a, OPT_REGION), getenv("AWS_REGION"));

	return str_or(str_or(region, getenv("AWS_DEFAULT_REGION")), "your region");
}

/* The shipped ones, those that were asked for, and what the settings say. */
static int load_table(const struct app *a, struct price_table *ret, struct err *err)
{
	const struct price_rules rules = {.rates = &a->config.set.own_rates, .discounts = &a->config.set.discounts};
	AUTO(str) char *path = fs_share_path("prices.csv");
	AUTO(buf) struct buf text = BUF_INIT(PRICE_TABLE_MAX);
	AUTO(store) struct store *store = NULL;

	if (!path)
		return err_set(err, ERR_NOTFOUND,
			       "the price table prices.csv was not found: install sagetop, or set SAGETOP_SHARE");
	if (fs_read(path, &text, err) < 0 || price_table_parse(ret, buf_str(&text), text.len, path, err) < 0 ||
	    store_open(NULL, NULL, "prices", &store, err) < 0 ||
	    store_prices_load(store, app_value(a, OPT_REGION), ret, err) < 0)
		return -err->code;
	price_rules_apply(&rules, ret, our_region(a));
	return 0;
}

/* "ml.g5.xlarge", "g5.xlarge" and "g5" all find the g5 family's. */
static bool type_matches(const struct price *p, const struct strlist *words)
{
	const char *type = p->instance_type;

	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->items[i];
		size_t n = strlen(w);
		const char *from = str_starts(w, "ml.") || !str_starts(type, "ml.") ? type : type + 3;
		if (!strncmp(from, w, n) && (!from[n] || from[n] == '.'))
			return true;
	}
	return words->n == 0;
}

static int compare_prices(const void *pa, const void *pb)
{
	const struct price *a = *(struct price *const *)pa, *b = *(struct price *const *)pb;
	int order = strcmp(a->instance_type, b->instance_type);

	order = order ? order : strcmp(a->region, b->region);
	return order ? order : strcmp(a->component, b->component);
}

static int no_match(const struct app *a, const struct price_table *t, const char *region, struct err *err)
{
	const char *word = a->cli.args.n ? a->cli.args.items[0] : "";
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < t->n; i++)
		if (!strlist_has(&names, t->items[i].instance_type))
			strlist_add(&names, t->items[i].instance_type);
	AUTO(str) char *full = str_starts(word, "ml.") ? xstrdup(word) : xasprintf("ml.%s", word);
	const char *near = a->cli.args.n ? str_nearest(full, (const char *const *)names.items, names.n) : NULL;
	bool known = near && !strcmp(near, full);
	return err_set(err, ERR_NOTFOUND, "no price known for %s%s%s%s%s; sagetop prices update%s%s asks for them",
		       *word ? word : "anything", region ? " in " : "", region ? region : "",
		       known  ? "; other regions have one: leave out --region"
		       : near ? ": did you mean "
			      : "",
		       near && !known ? near : "", region ? " --region " : "", region ? region : "");
}

/* Time since it was asked for, or since its date; -1 of an own rate. */
static int64_t age_of(const struct price *p)
{
	int64_t since = p->fetched_ms;

	if (since == TIME_UNKNOWN && !timefmt_parse_iso(str_or(p->as_of, ""), &since))
		return -1;
	return MAX(clock_now_ms() - since, (int64_t)0);
}

static const char *note_of(const struct price_table *t, const struct price *p)
{
	return price_is_doubtful(t, p) ? "doubtful: above the rate on demand" : p->list_micro ? "own" : "";
}

static void number_cell(struct table *t, double value, const char *form)
{
	char text[48];

	snprintf(text, sizeof(text), form, value);
	table_cell(t, value > 0 ? text : NULL);
}

static void spec_cells(struct table *t, const struct price_table *prices, const struct price *p)
{
	struct instance_spec spec;
	bool known = price_table_spec(prices, p->instance_type, &spec);
	double gib = (double)spec.memory_mib / 1024, usd = (double)p->usd_micro / 1e6;

	AUTO(str) char *gpus = known ? xasprintf("%d", spec.gpus) : NULL;

	number_cell(t, spec.vcpu, "%.0f");
	number_cell(t, gib, "%g");
	table_cell(t, gpus);
	number_cell(t, known && p->unit == PRICE_HOUR ? usd / spec.vcpu : 0, "%.6f");
	number_cell(t, known && gib > 0 && p->unit == PRICE_HOUR ? usd / gib : 0, "%.6f");
}

static int print_rows(struct app *a, const struct price_table *prices, struct price *const *rows, size_t n,
		      struct err *err)
{
	static const char *const titles[] = {"TYPE",	 "REGION",  "COMPONENT", "USD/H", "VCPU",  "GIB",    "GPU",
					     "USD/VCPU", "USD/GIB", "AS OF",	 "AGE",	  "GRADE", "SOURCE", "NOTE"};
	AUTO(table) struct table t = {0};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i >= 3 && i <= 8);
	for (size_t i = 0; i < n; i++) {
		const struct price *p = rows[i];
		char usd[32], grade[2] = {p->grade, '\0'}, age[TIMEFMT_LEN];
		snprintf(usd, sizeof(usd), "%.6f%s", (double)p->usd_micro / 1e6,
			 p->unit == PRICE_GB_MONTH ? "/GB-month" : "");
		table_cell(&t, p->instance_type);
		table_cell(&t, p->region);
		table_cell(&t, p->component);
		table_cell(&t, usd);
		spec_cells(&t, prices, p);
		table_cell(&t, p->as_of);
		table_cell(&t, age_of(p) < 0 ? NULL : timefmt_age(age, age_of(p)));
		table_cell(&t, grade);
		table_cell(&t, p->source);
		table_cell(&t, note_of(prices, p));
	}
	if (table_choose(&t, app_value(a, OPT_COLUMNS), err) < 0)
		return -err->code;
	table_print(&t, a);
	return 0;
}

static json_t *row_to_json(const struct price_table *prices, const struct price *p)
{
	char grade[2] = {p->grade, '\0'};
	struct instance_spec spec;
	bool known = price_table_spec(prices, p->instance_type, &spec), hour = p->unit == PRICE_HOUR;
	json_t *o = json_object();

	json_put_str(o, "instance_type", p->instance_type);
	json_put_str(o, "region", p->region);
	json_put_str(o, "component", p->component);
	json_put_usd(o, hour ? "usd_per_hour" : "usd_per_gb_month", p->usd_micro);
	json_put_usd(o, "list_usd", p->list_micro ? p->list_micro : p->usd_micro);
	json_object_set_new(o, "vcpu", known ? json_integer(spec.vcpu) : json_null());
	json_object_set_new(o, "memory_gib", known ? json_real((double)spec.memory_mib / 1024) : json_null());
	json_object_set_new(o, "gpus", known ? json_integer(spec.gpus) : json_null());
	json_put_str(o, "as_of", p->as_of);
	json_put_time(o, "fetched", p->fetched_ms);
	json_put_str(o, "grade", grade);
	json_put_str(o, "source", p->source);
	json_object_set_new(o, "doubtful", json_boolean(price_is_doubtful(prices, p)));
	return o;
}

static void print_json(struct app *a, const struct price_table *prices, struct price *const *rows, size_t n)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, row_to_json(prices, rows[i]));
	output_json(a, list);
}

int cmd_prices(struct app *a, struct err *err)
{
	AUTO(price_table) struct price_table table = {0};
	const char *region = app_value(a, OPT_REGION);
	size_t n = 0;

	if (a->cli.args.n && str_eq(a->cli.args.items[0], "update"))
		return prices_update(a, err);
	if (app_value(a, OPT_BULK))
		return err_set(err, ERR_USAGE, "--bulk belongs to sagetop prices update");
	if (load_table(a, &table, err) < 0)
		return -err->code;
	struct price **rows = xreallocarray(NULL, table.n + 1, sizeof(*rows));
	for (size_t i = 0; i < table.n; i++)
		if (type_matches(&table.items[i], &a->cli.args) && (!region || str_eq(region, table.items[i].region)))
			rows[n++] = &table.items[i];
	qsort(rows, n, sizeof(*rows), compare_prices);
	if (app_value(a, OPT_LIMIT))
		n = MIN(n, (size_t)a->cli.numbers[OPT_LIMIT]);
	int rc = 0;
	if (n == 0 && !app_value(a, OPT_LIMIT))
		rc = no_match(a, &table, region, err);
	else if (output_format(a) == OUTPUT_JSON)
		print_json(a, &table, rows, n);
	else
		rc = print_rows(a, &table, rows, n, err);
	free(rows);
	return rc;
}
