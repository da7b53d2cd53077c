/* cost_print.c - what was spent, as a table for people, JSON, CSV and Markdown. */
#include "app/cost.h"
#include "app/output.h"
#include "base/csv.h"
#include "base/timefmt.h"

/* --- money ------------------------------------------------------------------------- */

int64_t *cost_rounded(const struct cost_report *r, int64_t *ret_total, int64_t *ret_unit)
{
	size_t n = r->spend.n;
	int64_t *micro = xreallocarray(NULL, n + 1, sizeof(*micro));
	int64_t *shown = xreallocarray(NULL, n + 1, sizeof(*shown));

	for (size_t i = 0; i < n; i++)
		micro[i] = r->spend.rows[i].usd_micro;
	*ret_unit = spend_unit(r->spend.total.usd_micro);
	*ret_total = spend_round(micro, n, *ret_unit, shown);
	free(micro);
	return shown;
}

/* Nothing is known of it: its scope could not be asked. */
static bool is_unknown(const struct spend_row *row)
{
	return row->lacking && !row->things;
}

char *cost_text(char *buf, const struct spend_row *row, int64_t shown, int64_t unit)
{
	bool unknown = row->lacking || (row->unknown && !row->usd_micro);

	return money_mark_sum(spend_money(buf, shown, unit), shown, row->estimate, unknown);
}

/* --- the lines below ---------------------------------------------------------------- */

static void waste_notes(const struct cost_report *r, int64_t unit, struct strlist *ret)
{
	static const char *const words[WASTE_COUNT] = {[WASTE_FAILED] = "on what failed",
						       [WASTE_STOPPED] = "on what was stopped",
						       [WASTE_IDLE] = "on warm pools that were kept",
						       [WASTE_INTERRUPTED] =
							       "on jobs that spot interrupted (not all of it lost)"};
	char money[32];

	for (size_t w = WASTE_NONE + 1; w < WASTE_COUNT; w++)
		if (r->spend.waste[w].things)
			strlist_take(ret, xasprintf("%s: %s %s, %zu", w == WASTE_INTERRUPTED ? "of it" : "wasted",
						    spend_money(money, r->spend.waste[w].usd_micro, unit), words[w],
						    r->spend.waste[w].things));
}

/* region: whose prices may be asked for; of several scopes any one's. */
static void unknown_notes(const struct cost_report *r, const char *region, struct strlist *ret)
{
	for (size_t u = UNKNOWN_NOT + 1; u < UNKNOWN_COUNT; u++) {
		AUTO(buf) struct buf names = BUF_INIT(4096);
		const struct strlist *l = &r->spend.unknown[u].names;

		if (!r->spend.unknown[u].things)
			continue;
		for (size_t i = 0; i < l->n && u != UNKNOWN_STORAGE; i++)
			(void)buf_addf(&names, "%s%s", i ? ", " : ": ", l->items[i]);
		AUTO(str)
		char *how = u == UNKNOWN_PRICE || u == UNKNOWN_STORAGE
				    ? xasprintf("; sagetop prices update --region %s asks for it", region)
				    : xstrdup("");

		strlist_take(ret, xasprintf("not counted: %zu, %s%s%s", r->spend.unknown[u].things,
					    spend_unknown_words((enum spend_unknown)u), buf_str(&names), how));
	}
	for (size_t i = 0; i < r->left_out.n; i++)
		strlist_take(ret, xasprintf("left out: %s", r->left_out.items[i]));
}

void cost_notes(const struct app *a, const struct cost_report *r, struct strlist *ret)
{
	const struct session *s = app_session(a);
	int64_t unit = spend_unit(r->spend.total.usd_micro);
	char money[32], prices[SESSION_PRICES_LEN];

	waste_notes(r, unit, ret);
	unknown_notes(r, str_or(s->region, "REGION"), ret);
	if (r->spend.total.estimate)
		strlist_add(ret, "*: in part an estimate: it runs still, or a neighbouring rate");
	if (r->currency.code[0])
		strlist_take(ret, xasprintf("total: %s",
					    money_currency_text(money, &r->currency, r->spend.total.usd_micro)));
	strlist_add(ret, session_prices_text(s, prices));
}

/* --- rows ----------------------------------------------------------------------------- */

static void heading_of(const struct cost_report *r, char *buf, size_t size)
{
	str_copy(buf, size, r->by_text);
	for (char *p = buf; *p && *p != ':'; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
}

static void hours_text(char *buf, int64_t seconds)
{
	snprintf(buf, 32, "%.2f", (double)seconds / 3600);
}

struct row_texts {
	char usd[34], hours[32], things[24], wasted[32], unknown[24], share[16];
};

static void texts_of(const struct spend_row *row, int64_t shown, int64_t total, int64_t unit, struct row_texts *t)
{
	cost_text(t->usd, row, shown, unit);
	hours_text(t->hours, row->instance_s);
	snprintf(t->things, sizeof(t->things), "%zu", row->things);
	spend_money(t->wasted, row->waste_micro, unit);
	snprintf(t->unknown, sizeof(t->unknown), "%zu", row->unknown);
	snprintf(t->share, sizeof(t->share), "%.1f%%", total > 0 ? (double)shown * 100 / (double)total : 0);
	if (!row->waste_micro)
		t->wasted[0] = '\0';
	if (!row->unknown)
		t->unknown[0] = '\0';
	if (is_unknown(row)) {
		strcpy(t->hours, "?");
		strcpy(t->things, "?");
		t->share[0] = '\0';
	}
}

/* What a program computes with: dollars and percent without sign or mark, nothing where unknown. */
static void plain_texts_of(const struct app *a, const struct spend_row *row, int64_t total_micro, struct row_texts *t)
{
	bool unknown = is_unknown(row);

	output_usd(a, t->usd, unknown ? USD_UNKNOWN : row->usd_micro);
	output_usd(a, t->wasted, unknown ? USD_UNKNOWN : row->waste_micro);
	t->share[0] = t->hours[0] = t->things[0] = '\0';
	snprintf(t->unknown, sizeof(t->unknown), "%zu", row->unknown);
	if (unknown)
		return;
	hours_text(t->hours, row->instance_s);
	snprintf(t->things, sizeof(t->things), "%zu", row->things);
	snprintf(t->share, sizeof(t->share), "%.1f",
		 total_micro > 0 ? (double)row->usd_micro * 100 / (double)total_micro : 0);
}

static void add_cells(struct table *table, const char *key, const struct row_texts *t)
{
	table_cell(table, key);
	table_cell(table, t->usd);
	table_cell(table, t->share);
	table_cell(table, t->hours);
	table_cell(table, t->things);
	table_cell(table, t->wasted);
	table_cell(table, t->unknown);
}

static void period_text(const struct cost_report *r, char *buf, size_t size)
{
	char from[16], until[16];

	snprintf(buf, size, "%s to %s", period_name(from, r->spend.opt.from_ms, PERIOD_DAY, r->spend.opt.local),
		 period_name(until, r->spend.opt.until_ms - 1, PERIOD_DAY, r->spend.opt.local));
}

void cost_print_table(struct app *a, const struct cost_report *r)
{
	static const char *const titles[] = {"COST", "SHARE", "INSTANCE-H", "THINGS", "WASTED", "UNKNOWN"};
	AUTO(table) struct table table = {0};
	AUTO(strlist) struct strlist notes = {0};
	char heading[80], period[64], total_name[80];
	struct row_texts t;
	int64_t total, unit, *shown = cost_rounded(r, &total, &unit);

	heading_of(r, heading, sizeof(heading));
	period_text(r, period, sizeof(period));
	snprintf(total_name, sizeof(total_name), "total, %s", period);
	table_column(&table, heading, false);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&table, titles[i], true);
	for (size_t i = 0; i <= r->spend.n; i++) {
		const struct spend_row *row = i < r->spend.n ? &r->spend.rows[i] : &r->spend.total;

		if (output_format(a) == OUTPUT_TABLE)
			texts_of(row, i < r->spend.n ? shown[i] : total, total, unit, &t);
		else
			plain_texts_of(a, row, r->spend.total.usd_micro, &t);
		if (i < r->spend.n)
			add_cells(&table, row->key, &t);
	}
	add_cells(&table, total_name, &t);
	table_print(&table, a);
	free(shown);
	cost_notes(a, r, &notes);
	for (size_t i = 0; i < notes.n; i++)
		fprintf(output_format(a) == OUTPUT_TABLE ? a->out : stderr, "%s\n", notes.items[i]);
}

/* --- for programs ------------------------------------------------------------------------ */

static json_t *row_to_json(const struct spend_row *row, const char *key)
{
	json_t *o = json_object();

	if (key)
		json_put_str(o, "key", key);
	json_object_set_new(o, "usd_micro", is_unknown(row) ? json_null() : json_integer(row->usd_micro));
	json_put_usd(o, "usd", is_unknown(row) ? USD_UNKNOWN : row->usd_micro);
	json_object_set_new(o, "instance_seconds", json_integer(row->instance_s));
	json_object_set_new(o, "things", json_integer((json_int_t)row->things));
	json_object_set_new(o, "wasted_usd_micro", json_integer(row->waste_micro));
	json_object_set_new(o, "unknown", json_integer((json_int_t)row->unknown));
	json_object_set_new(o, "estimate", json_boolean(row->estimate));
	return o;
}

static json_t *waste_to_json(const struct spend *s)
{
	json_t *o = json_object();

	for (size_t w = WASTE_NONE + 1; w < WASTE_COUNT; w++) {
		json_t *one = json_object();

		json_object_set_new(one, "usd_micro", json_integer(s->waste[w].usd_micro));
		json_object_set_new(one, "things", json_integer((json_int_t)s->waste[w].things));
		json_object_set_new(o, spend_waste_names[w], one);
	}
	return o;
}

static json_t *unknown_to_json(const struct spend *s)
{
	json_t *list = json_array();

	for (size_t u = UNKNOWN_NOT + 1; u < UNKNOWN_COUNT; u++) {
		if (!s->unknown[u].things)
			continue;
		json_t *one = json_object();

		json_put_str(one, "why", spend_unknown_words((enum spend_unknown)u));
		json_object_set_new(one, "things", json_integer((json_int_t)s->unknown[u].things));
		json_object_set_new(one, "of", json_from_strlist(&s->unknown[u].names));
		json_array_append_new(list, one);
	}
	return list;
}

void cost_print_json(struct app *a, const struct cost_report *r)
{
	const struct session *s = app_session(a);
	AUTO(json) json_t *o = json_object();
	json_t *rows = json_array(), *scopes = json_array();

	for (size_t i = 0; i < session_parts(s); i++)
		json_array_append_new(scopes, json_string(session_label(session_part(s, i))));
	json_put_time(o, "from", r->spend.opt.from_ms);
	json_put_time(o, "until", r->spend.opt.until_ms);
	json_put_str(o, "by", r->by_text);
	json_put_str(o, "region", s->region);
	json_object_set_new(o, "scopes", scopes);
	json_put_prices(o, s);
	for (size_t i = 0; i < r->spend.n; i++)
		json_array_append_new(rows, row_to_json(&r->spend.rows[i], r->spend.rows[i].key));
	json_object_set_new(o, "rows", rows);
	json_object_set_new(o, "total", row_to_json(&r->spend.total, NULL));
	json_object_set_new(o, "waste", waste_to_json(&r->spend));
	json_object_set_new(o, "unknown", unknown_to_json(&r->spend));
	json_object_set_new(o, "left_out", json_from_strlist(&r->left_out));
	output_json(a, o);
}

/* Written one by one: a buffer's maximum bounds a row, not their number. */
static void csv_row(struct app *a, const struct spend_row *row, const char *key)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	csv_add(&out, key);
	if (is_unknown(row))
		(void)buf_adds(&out, ",");
	else
		(void)buf_addf(&out, ",%lld.%06lld", (long long)(row->usd_micro / 1000000),
			       (long long)(row->usd_micro % 1000000));
	(void)buf_addf(&out, ",%lld,%zu,%lld.%06lld,%zu,%s,%s\n", (long long)row->instance_s, row->things,
		       (long long)(row->waste_micro / 1000000), (long long)(row->waste_micro % 1000000), row->unknown,
		       row->estimate ? "true" : "false", app_session(a)->prices_as_of);
	fwrite(buf_str(&out), 1, out.len, a->out);
}

void cost_print_csv(struct app *a, const struct cost_report *r)
{
	AUTO(buf) struct buf by = BUF_INIT(BUF_MAX_TEXT);

	csv_add(&by, r->by_text);
	fprintf(a->out, "%s,usd,instance_seconds,things,wasted_usd,unknown,estimate,prices_as_of\n", buf_str(&by));
	for (size_t i = 0; i < r->spend.n; i++)
		csv_row(a, &r->spend.rows[i], r->spend.rows[i].key);
	csv_row(a, &r->spend.total, "total");
}

/* --- for a pull request -------------------------------------------------------------------- */

static void markdown_cell(FILE *out, const char *text)
{
	fputs("| ", out);
	for (; *text; text++)
		fprintf(out,
			*text == '|' || *text == '\\' || *text == '`' || *text == '<' || *text == '*' ? "\\%c" : "%c",
			*text);
	fputc(' ', out);
}

static void markdown_row(FILE *out, const char *key, const struct row_texts *t)
{
	markdown_cell(out, key);
	markdown_cell(out, t->usd);
	markdown_cell(out, t->share);
	markdown_cell(out, t->hours);
	markdown_cell(out, t->things);
	markdown_cell(out, t->wasted);
	fputs("|\n", out);
}

void cost_print_markdown(struct app *a, const struct cost_report *r)
{
	AUTO(strlist) struct strlist notes = {0};
	char period[64];
	struct row_texts t;
	int64_t total, unit, *shown = cost_rounded(r, &total, &unit);

	period_text(r, period, sizeof(period));
	fprintf(a->out, "**SageMaker, %s, by %s**\n\n| %s | cost | share | instance-h | things | wasted |\n", period,
		r->by_text, r->by_text);
	fputs("|---|---:|---:|---:|---:|---:|\n", a->out);
	for (size_t i = 0; i < r->spend.n; i++) {
		texts_of(&r->spend.rows[i], shown[i], total, unit, &t);
		markdown_row(a->out, r->spend.rows[i].key, &t);
	}
	texts_of(&r->spend.total, total, total, unit, &t);
	markdown_row(a->out, "total", &t);
	free(shown);
	cost_notes(a, r, &notes);
	for (size_t i = 0; i < notes.n; i++)
		fprintf(a->out, "%s* %s\n", i ? "" : "\n", notes.items[i]);
}
