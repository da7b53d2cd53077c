/* Tables aligned, tab-separated or as CSV, JSON, and the fields of a page. */
#include "app/output.h"

#include <assert.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#define FIELD_WIDTH 16
#define GAP 2
#define LAST_CELLS 12 /* of a last column, which is cut at the margin */
#define CUT_CELLS 10  /* no column is cut to fewer */

enum output_format output_format(const struct app *a)
{
	const char *format = app_value(a, OPT_FORMAT);

	if (app_flag(a, OPT_JSON) || str_eq(format, "json"))
		return OUTPUT_JSON;
	if (app_flag(a, OPT_CSV))
		return OUTPUT_CSV;
	if (format)
		return str_eq(format, "tsv") ? OUTPUT_TSV : OUTPUT_TABLE;
	return a->out_tty ? OUTPUT_TABLE : OUTPUT_TSV;
}

int output_width(const struct app *a)
{
	struct winsize size;
	int64_t columns;

	if (!a->out_tty)
		return 0;
	if (ioctl(fileno(a->out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (getenv("COLUMNS") && str_to_i64(getenv("COLUMNS"), &columns) && columns > 0 && columns < 10000)
		return (int)columns;
	return 80;
}

int output_height(const struct app *a)
{
	struct winsize size;

	if (!a->out_tty)
		return 0;
	return ioctl(fileno(a->out), TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
}

void output_text(const struct app *a, const char *text)
{
	AUTO(buf) struct buf plain = BUF_INIT(BUF_MAX_TEXT);

	if (a->ascii)
		utf8_add_likeness(&plain, text);
	fputs(a->ascii ? buf_str(&plain) : text, a->out);
}

void table_done(struct table *t)
{
	free(t->columns);
	strlist_done(&t->cells);
	*t = (struct table){0};
}

void table_column(struct table *t, const char *title, bool right)
{
	GROW(t->columns, t->cap_columns, t->n_columns + 1);
	t->columns[t->n_columns++] = (struct table_column){.title = title, .right = right};
}

void table_column_named(struct table *t, const char *name, bool right)
{
	table_column(t, name, right);
	t->columns[t->n_columns - 1].named = true;
}

void table_column_fit(struct table *t, enum table_fit fit, short priority)
{
	t->columns[t->n_columns - 1].fit = fit;
	t->columns[t->n_columns - 1].priority = priority;
}

void table_cell(struct table *t, const char *text)
{
	strlist_add(&t->cells, str_or(text, ""));
}

/* --- chosen columns ---------------------------------------------------------------------- */

static int no_column(const struct table *t, const char *name, struct err *err)
{
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < t->n_columns; i++) {
		AUTO(str) char *title = xstrdup(t->columns[i].title);

		str_lower(title);
		(void)buf_addf(&all, "%s%s", i ? ", " : "", title);
	}
	return err_set(err, ERR_USAGE, "--columns: there is no column '%s': %s", name, buf_str(&all));
}

static size_t find_column(const struct table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n_columns && !str_ieq(t->columns[i].title, name))
		i++;
	return i;
}

int table_choose(struct table *t, const char *columns, struct err *err)
{
	AUTO(table) struct table chosen = {.cut = t->cut};
	AUTO(strlist) struct strlist names = {0};
	size_t *at;

	if (!columns)
		return 0;
	strlist_split(&names, columns, ',');
	at = xcalloc(names.n, sizeof(*at));
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		at[i] = find_column(t, names.items[i]);
		if (at[i] == t->n_columns)
			rc = no_column(t, names.items[i], err);
		if (rc == 0) {
			table_column(&chosen, "", false);
			chosen.columns[i] = t->columns[at[i]];
			chosen.columns[i].priority = 0; /* it was asked for */
		}
	}
	for (size_t k = 0; rc == 0 && k + t->n_columns <= t->cells.n; k += t->n_columns)
		for (size_t i = 0; i < names.n; i++)
			table_cell(&chosen, t->cells.items[k + at[i]]);
	free(at);
	if (rc)
		return rc;
	struct table before = *t;

	*t = chosen;
	chosen = before;
	return 0;
}

static void measure(struct table *t, bool header)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		t->columns[i].width = header ? MAX(utf8_width(t->columns[i].title), 1) : 1;
		for (size_t k = i; k < t->cells.n; k += t->n_columns)
			t->columns[i].width = MAX(t->columns[i].width, utf8_width(t->cells.items[k]));
	}
}

/* --- on a narrow terminal ---------------------------------------------------------------- */

/* Cells that a row needs; of the last column, which is cut at the margin, a few will do. */
static int cells_needed(const struct table *t)
{
	int sum = -GAP;

	for (size_t i = 0; i < t->n_columns; i++) {
		const struct table_column *c = &t->columns[i];
		bool ends = i + 1 == t->n_columns && !c->right && c->fit == TABLE_WHOLE;

		if (c->width)
			sum += GAP + (ends ? MIN(c->width, LAST_CELLS) : c->width);
	}
	return sum;
}

static struct table_column *first_to_go(struct table *t)
{
	struct table_column *worst = NULL;

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].width && t->columns[i].priority &&
		    (!worst || t->columns[i].priority > worst->priority))
			worst = &t->columns[i];
	return worst;
}

static struct table_column *widest_to_cut(struct table *t)
{
	struct table_column *widest = NULL;

	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].fit != TABLE_WHOLE && t->columns[i].width > CUT_CELLS &&
		    (!widest || t->columns[i].width > widest->width))
			widest = &t->columns[i];
	return widest;
}

/* Columns are left out first, then the widest are cut, which gives them equal shares. */
static void fit(struct table *t, int width)
{
	struct table_column *c;

	while (width && cells_needed(t) > width && (c = first_to_go(t)))
		c->width = 0;
	while (width && cells_needed(t) > width && (c = widest_to_cut(t)))
		c->width--;
}

/* Of a row, or of the titles. */
static const char *text_of(const struct table *t, char *const *cells, size_t i)
{
	return cells ? cells[i] : t->columns[i].title;
}

/* Where the cells of a row that are cut out of what is alike begin to differ, in bytes. */
static size_t alike(const struct table *t, char *const *cells)
{
	const char **texts = xcalloc(t->n_columns, sizeof(*texts));

	for (size_t i = 0; i < t->n_columns; i++)
		texts[i] = t->columns[i].fit == TABLE_ALIKE ? text_of(t, cells, i) : NULL;
	size_t n = utf8_alike(texts, t->n_columns);

	free(texts);
	return n;
}

/* --- rows ---------------------------------------------------------------------------------- */

/* Append a row; the last column is cut where it would pass the right margin (0:
 * there is none), and has no blanks behind it. */
static void add_row(struct buf *out, const struct table *t, char *const *cells, int width, const char *nothing)
{
	size_t differs = alike(t, cells), shown = t->n_columns - 1;
	int at = 0;

	while (shown && !t->columns[shown].width)
		shown--;
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct table_column *c = &t->columns[i];
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
		const char *whole = str_or(text_of(t, cells, i), nothing);
		bool last = i == shown;

		if (!c->width)
			continue;
		if (c->fit != TABLE_WHOLE)
			utf8_add_middle(&text, whole, c->fit == TABLE_ALIKE ? differs : 0, c->width);
		else if (last && !c->right && width > at)
			utf8_add_cut(&text, whole, width - at);
		else
			buf_adds(&text, whole);
		int pad = MAX(c->width - utf8_width(buf_str(&text)), 0);

		buf_addf(out, "%*s%s%*s", at ? GAP : 0, "", "", c->right ? pad : 0, "");
		buf_adds(out, buf_str(&text));
		if (!c->right && !last)
			buf_addf(out, "%*s", pad, "");
		at += c->width + GAP;
	}
	buf_addc(out, '\n');
}

/* The last column is cut already where there is room for some of it. */
static void write_row(struct buf *row, const struct table *t, int width, const struct app *a)
{
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *text = xstrndup(buf_str(row), row->len ? row->len - 1 : 0);

	if (t->cut && width && utf8_width(text) > width)
		utf8_add_cut(&line, text, width);
	else
		(void)buf_adds(&line, text);
	output_text(a, buf_str(&line));
	fputc('\n', a->out);
	buf_clear(row);
}

void table_print_aligned(struct table *t, const struct app *a)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	bool header = !app_flag(a, OPT_NO_HEADER);
	int width = output_width(a);

	measure(t, header);
	fit(t, width);
	if (header)
		add_row(&out, t, NULL, width, "");
	write_row(&out, t, width, a);
	for (size_t k = 0; k + t->n_columns <= t->cells.n; k += t->n_columns) {
		add_row(&out, t, t->cells.items + k, width, "-");
		write_row(&out, t, width, a);
	}
}

static void print_tsv(const struct table *t, const struct app *a)
{
	assert(t->n_columns);
	if (!app_flag(a, OPT_NO_HEADER))
		for (size_t i = 0; i < t->n_columns; i++)
			fprintf(a->out, "%s%c", t->columns[i].title, i + 1 < t->n_columns ? '\t' : '\n');
	for (size_t k = 0; k < t->cells.n; k++)
		fprintf(a->out, "%s%c", t->cells.items[k], (k + 1) % t->n_columns ? '\t' : '\n');
}

static void print_csv(const struct table *t, const struct app *a)
{
	AUTO(buf) struct buf row = BUF_INIT(BUF_MAX_TEXT);

	assert(t->n_columns);
	for (size_t i = 0; i < t->n_columns && !app_flag(a, OPT_NO_HEADER); i++) {
		AUTO(str) char *title = xstrdup(t->columns[i].title);

		if (!t->columns[i].named)
			str_lower(title);
		csv_add(&row, title);
		(void)buf_addc(&row, i + 1 < t->n_columns ? ',' : '\n');
	}
	for (size_t k = 0; k < t->cells.n; k++) {
		bool last = (k + 1) % t->n_columns == 0;

		csv_add(&row, t->cells.items[k]);
		(void)buf_addc(&row, last ? '\n' : ',');
		if (!last)
			continue;
		fwrite(buf_str(&row), 1, row.len, a->out);
		buf_clear(&row);
	}
	fwrite(buf_str(&row), 1, row.len, a->out);
}

void table_print(struct table *t, const struct app *a)
{
	enum output_format format = output_format(a);

	if (format == OUTPUT_TABLE)
		table_print_aligned(t, a);
	else if (format == OUTPUT_CSV)
		print_csv(t, a);
	else
		print_tsv(t, a);
}

void output_json(const struct app *a, const json_t *j)
{
	AUTO(str) char *text = json_text_pretty(j);

	fprintf(a->out, "%s\n", text);
}

void json_put_str(json_t *object, const char *name, const char *value)
{
	json_object_set_new(object, name, value ? json_string(value) : json_null());
}

void json_put_time(json_t *object, const char *name, int64_t ms)
{
	char text[TIMEFMT_LEN];

	json_put_str(object, name, ms == TIME_UNKNOWN ? NULL : timefmt_iso_ms(text, ms));
}

void json_put_usd(json_t *object, const char *name, int64_t usd_micro)
{
	json_object_set_new(object, name, usd_micro == USD_UNKNOWN ? json_null() : json_real((double)usd_micro / 1e6));
}

void json_put_prices(json_t *object, const struct session *s)
{
	json_put_str(object, "prices_as_of", *s->prices_as_of ? s->prices_as_of : NULL);
}

char *output_usd(const struct app *a, char *buf, int64_t usd_micro)
{
	*buf = '\0';
	if (usd_micro != USD_UNKNOWN && output_format(a) == OUTPUT_TABLE)
		money_text(buf, usd_micro);
	else if (usd_micro != USD_UNKNOWN)
		snprintf(buf, OUTPUT_USD_LEN, "%.6f", (double)usd_micro / 1e6);
	return buf;
}

void output_prices(const struct app *a)
{
	char text[SESSION_PRICES_LEN];

	fprintf(output_format(a) == OUTPUT_TABLE ? a->out : stderr, "%s\n", session_prices_text(app_session(a), text));
}

void json_put_seconds(json_t *object, const char *name, int64_t seconds)
{
	json_object_set_new(object, name, seconds < 0 ? json_null() : json_integer(seconds));
}

void output_field(const struct app *a, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	if (output_format(a) == OUTPUT_TSV)
		fprintf(a->out, "%s\t%s\n", name, value);
	else {
		fprintf(a->out, "%-*s ", FIELD_WIDTH, name);
		output_text(a, value);
		fputc('\n', a->out);
	}
}
