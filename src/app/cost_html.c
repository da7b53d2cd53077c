/* cost_html.c - what was spent as one page with a chart. */
#include <math.h>

#include "app/cost.h"
#include "app/html.h"
#include "app/svg.h"
#include "base/fs.h"

#define PAGE_MAX ((size_t)64 << 20)
#define BARS_MAX 120 /* of time; of other groups: */
#define GROUPS_MAX 24

static void add_chart(struct buf *out, const struct cost_report *r)
{
	bool time = r->spend.opt.by <= BY_MONTH;
	size_t n = MIN(r->spend.n, (size_t)(time ? BARS_MAX : GROUPS_MAX)), first = time ? r->spend.n - n : 0;
	double *values = xreallocarray(NULL, n + 1, sizeof(*values));
	AUTO(strlist) struct strlist labels = {0};

	for (size_t i = 0; i < n; i++) {
		values[i] = (double)r->spend.rows[first + i].usd_micro / 1e6;
		strlist_add(&labels, r->spend.rows[first + i].key);
	}
	const struct svg_chart chart = {
		.title = "dollars", .n = n, .labels = labels.items, .unit = " $", .mark = NAN, .from_zero = true};

	if (n)
		svg_bars(out, &chart, values, NULL, NULL);
	free(values);
}

static void add_row(struct buf *out, const struct spend_row *row, const char *key, int64_t shown, int64_t unit)
{
	char money[34], number[32];

	buf_adds(out, "<tr>");
	html_cell(out, key);
	html_cell(out, cost_text(money, row, shown, unit));
	snprintf(number, sizeof(number), "%.2f", (double)row->instance_s / 3600);
	html_cell(out, number);
	snprintf(number, sizeof(number), "%zu", row->things);
	html_cell(out, number);
	html_cell(out, row->waste_micro ? spend_money(money, row->waste_micro, unit) : "");
	snprintf(number, sizeof(number), "%zu", row->unknown);
	html_cell(out, row->unknown ? number : "");
	buf_adds(out, "</tr>\n");
}

static void add_table(struct buf *out, const struct cost_report *r)
{
	const char *const titles[] = {r->by_text, "Cost", "Instance-h", "Things", "Wasted", "Unknown"};
	int64_t total, unit, *shown = cost_rounded(r, &total, &unit);

	html_table_open(out, NULL, titles, ARRAY_LEN(titles));
	for (size_t i = 0; i < r->spend.n; i++)
		add_row(out, &r->spend.rows[i], r->spend.rows[i].key, shown[i], unit);
	add_row(out, &r->spend.total, "total", total, unit);
	html_table_close(out);
	free(shown);
}

int cost_write_html(struct app *a, const struct cost_report *r, const char *path, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(PAGE_MAX);
	AUTO(strlist) struct strlist notes = {0};
	char from[16], until[16];
	const struct spend_options *opt = &r->spend.opt;

	period_name(from, opt->from_ms, PERIOD_DAY, opt->local);
	period_name(until, opt->until_ms - 1, PERIOD_DAY, opt->local);
	AUTO(str) char *title = xasprintf("SageMaker, %s to %s, by %s", from, until, r->by_text);

	html_open(&out, title);
	html_element(&out, "h1", title);
	add_chart(&out, r);
	add_table(&out, r);
	cost_notes(a, r, &notes);
	for (size_t i = 0; i < notes.n; i++)
		html_element(&out, "p class=\"dim\"", notes.items[i]);
	html_close(&out);
	if (out.overflow)
		return err_set(err, ERR_TOOBIG, "%s: the page would be larger than %zu MB: use --csv, or --top", path,
			       PAGE_MAX >> 20);
	return fs_write_atomic(path, out.data, out.len, 0644, err);
}
