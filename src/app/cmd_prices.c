/* sagetop prices [TYPE]...: the shipped table, with where each figure is from. */
#include "app/commands.h"
#include "app/output.h"
#include "base/fs.h"
#include "model/price.h"

#define PRICE_TABLE_MAX ((size_t)8 << 20)

static int load_table(struct price_table *ret, struct err *err)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	AUTO(buf) struct buf text = BUF_INIT(PRICE_TABLE_MAX);

	if (!path)
		return err_set(err, ERR_NOTFOUND,
			       "the price table prices.csv was not found: install sagetop, or set SAGETOP_SHARE");
	if (fs_read(path, &text, err) < 0)
		return -err->code;
	return price_table_parse(ret, buf_str(&text), text.len, path, err);
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
	return err_set(err, ERR_NOTFOUND, "no price known for %s%s%s%s%s", *word ? word : "anything",
		       region ? " in " : "", region ? region : "",
		       known  ? "; other regions have one: leave out --region"
		       : near ? ": did you mean "
			      : "",
		       near && !known ? near : "");
}

static void print_rows(struct app *a, struct price *const *rows, size_t n)
{
	static const char *const titles[] = {"TYPE", "REGION", "COMPONENT", "USD/H", "AS OF", "GRADE", "SOURCE"};
	AUTO(table) struct table t = {0};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i == 3);
	for (size_t i = 0; i < n; i++) {
		const struct price *p = rows[i];
		char usd[32], grade[2] = {p->grade, '\0'};
		snprintf(usd, sizeof(usd), "%.6f", (double)p->usd_micro / 1e6);
		table_cell(&t, p->instance_type);
		table_cell(&t, p->region);
		table_cell(&t, p->component);
		table_cell(&t, usd);
		table_cell(&t, p->as_of);
		table_cell(&t, grade);
		table_cell(&t, p->source);
	}
	table_print(&t, a);
}

static void print_json(struct app *a, struct price *const *rows, size_t n)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct price *p = rows[i];
		char grade[2] = {p->grade, '\0'};
		json_t *o = json_object();
		json_put_str(o, "instance_type", p->instance_type);
		json_put_str(o, "region", p->region);
		json_put_str(o, "component", p->component);
		json_put_usd(o, "usd_per_hour", p->usd_micro);
		json_put_str(o, "as_of", p->as_of);
		json_put_str(o, "grade", grade);
		json_put_str(o, "source", p->source);
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

int cmd_prices(struct app *a, struct err *err)
{
	AUTO(price_table) struct price_table table = {0};
	const char *region = app_value(a, OPT_REGION);
	size_t n = 0;

	if (load_table(&table, err) < 0)
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
		print_json(a, rows, n);
	else
		print_rows(a, rows, n);
	free(rows);
	return rc;
}
