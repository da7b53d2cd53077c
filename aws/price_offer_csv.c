/* price_offer_csv.c - index.csv: five lines about the file, a heading, a record for each
 * price with its product. Records may hold line breaks within quotes. */
#include "aws/price_offer_impl.h"

#include <ctype.h>

enum column {
	COL_SKU,
	COL_TERM_TYPE,
	COL_EFFECTIVE,
	COL_UNIT,
	COL_PRICE,
	COL_CURRENCY,
	COL_FAMILY,
	COL_SERVICE,
	COL_NAME,
	COL_REGION,
	COL_COMPONENT,
	COL_PLATFORM,
	COL_USAGE,
	COL_VCPU,
	COL_MEMORY,
	COL_GPU,
	COL_COUNT
};

/* In small letters and without blanks: headings are spelled one way here, another there. */
static const char *const column_names[COL_COUNT] = {[COL_SKU] = "sku",
						    [COL_TERM_TYPE] = "termtype",
						    [COL_EFFECTIVE] = "effectivedate",
						    [COL_UNIT] = "unit",
						    [COL_PRICE] = "priceperunit",
						    [COL_CURRENCY] = "currency",
						    [COL_FAMILY] = "productfamily",
						    [COL_SERVICE] = "servicecode",
						    [COL_NAME] = "instancename",
						    [COL_REGION] = "regioncode",
						    [COL_COMPONENT] = "component",
						    [COL_PLATFORM] = "platoinstancetype",
						    [COL_USAGE] = "usagetype",
						    [COL_VCPU] = "vcpu",
						    [COL_MEMORY] = "memory",
						    [COL_GPU] = "gpu"};
#define COLUMNS_MAX 1024

/* A field as it stands in the text, its quotes left out. */
struct slice {
	char *s;
	size_t n;
	bool doubled; /* it holds quotes, each of them twice */
};

struct offer_csv {
	int8_t column_of[COLUMNS_MAX]; /* -1: none of ours */
	size_t n_columns;
	uint64_t record;
	struct slice slices[COLUMNS_MAX];
	size_t n_slices;
};

struct offer_csv *offer_csv_new(void)
{
	return NEW(struct offer_csv);
}

void offer_csv_free(struct offer_csv *c)
{
	free(c);
}

static int broken(const struct price_offer *o, const char *what, struct err *err)
{
	return err_set(err, ERR_PARSE, "%s: record %llu: %s: get it again", o->what, (unsigned long long)o->csv->record,
		       what);
}

/* The end of a quoted field: its closing quote; NULL where it has not come yet. */
static char *closing_quote(char *p, const char *end, bool *ret_doubled)
{
	*ret_doubled = false;
	while ((p = memchr(p, '"', (size_t)(end - p)))) {
		if (p + 1 == end)
			return NULL; /* another one may follow */
		if (p[1] != '"')
			return p;
		*ret_doubled = true;
		p += 2;
	}
	return NULL;
}

static char *unquoted_end(char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/* One record apart, nothing of it changed. Behind it; NULL where it is not whole yet;
 * *ret_broken where it is no CSV. */
static char *scan_record(struct offer_csv *c, char *p, const char *end, bool *ret_broken)
{
	c->n_slices = 0;
	while (p < end && c->n_slices < COLUMNS_MAX) {
		struct slice *f = &c->slices[c->n_slices++];
		bool quoted = *p == '"';
		char *from = p + quoted, *to;

		f->doubled = false;
		to = quoted ? closing_quote(from, end, &f->doubled) : unquoted_end(from, end);
		if (!to)
			return NULL;
		f->s = from;
		f->n = (size_t)(to - from);
		p = to + quoted;
		p += p < end && *p == '\r';
		if (p >= end)
			return NULL;
		if (*p == '\n')
			return p + 1;
		if (*p++ != ',')
			break;
	}
	*ret_broken = p < end;
	return NULL;
}

/* A field as a text of its own; its record is done with then. */
static char *take_field(const struct slice *f)
{
	size_t n = 0;

	for (size_t i = 0; f->doubled && i < f->n; i++, n++) {
		f->s[n] = f->s[i];
		i += f->s[i] == '"';
	}
	f->s[f->doubled ? n : f->n] = '\0';
	return f->s;
}

static void normalise(char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i]; i++)
		if (!isspace((unsigned char)text[i]))
			text[n++] = (char)tolower((unsigned char)text[i]);
	text[n] = '\0';
}

static int read_heading(struct price_offer *o, struct err *err)
{
	struct offer_csv *c = o->csv;
	bool found[COL_COUNT] = {false};

	for (c->n_columns = 0; c->n_columns < c->n_slices; c->n_columns++) {
		char *name = take_field(&c->slices[c->n_columns]);
		int at = -1;

		normalise(name);
		for (int i = 0; i < COL_COUNT; i++)
			if (!found[i] && str_eq(name, column_names[i]))
				at = i;
		if (at >= 0)
			found[at] = true;
		c->column_of[c->n_columns] = (int8_t)at;
	}
	for (size_t i = 0; i < COL_COUNT; i++)
		if (!found[i] && i != COL_SERVICE && i < COL_PLATFORM)
			return err_set(err, ERR_PARSE, "%s: there is no column %s", o->what, column_names[i]);
	o->ended = true;
	return 0;
}

/* "OfferCode","AmazonSageMaker" and the like, before the heading. */
static int read_preamble(struct price_offer *o, struct err *err)
{
	const struct offer_csv *c = o->csv;
	const char *name = take_field(&c->slices[0]), *value = c->n_slices > 1 ? take_field(&c->slices[1]) : "";

	if (str_eq(name, "Publication Date"))
		str_copy(o->published, sizeof(o->published), value);
	return str_eq(name, "OfferCode") ? offer_check_service(o, value, err) : 0;
}

static int read_record(struct price_offer *o, struct err *err)
{
	struct offer_csv *c = o->csv;
	const char *f[COL_COUNT] = {NULL};

	if (c->n_slices == 1 && !c->slices[0].n)
		return 0; /* an empty line */
	if (c->n_slices != c->n_columns)
		return broken(o, "it has not as many fields as the heading", err);
	for (size_t i = 0; i < c->n_slices; i++)
		if (c->column_of[i] >= 0)
			f[c->column_of[i]] = take_field(&c->slices[i]);
	const struct price_product product = {f[COL_SERVICE],	f[COL_FAMILY],	 f[COL_NAME],  f[COL_REGION],
					      f[COL_COMPONENT], f[COL_PLATFORM], f[COL_USAGE], f[COL_VCPU],
					      f[COL_MEMORY],	f[COL_GPU]};
	const struct price_rate rate = {f[COL_UNIT], str_eq(f[COL_CURRENCY], "USD") ? f[COL_PRICE] : NULL};

	if (!str_ieq(f[COL_TERM_TYPE], "OnDemand")) {
		o->left_out[PRICE_NOT_ON_DEMAND]++;
		return 0;
	}
	if (!f[COL_SKU])
		return broken(o, "a row has no SKU", err);
	size_t n = strlen(f[COL_SKU]);
	int rc = offer_take_product(o, f[COL_SKU], n, &product, err);
	struct offer_entry *e = rc ? NULL : offer_entry_find(o, f[COL_SKU], n);

	if (e)
		offer_take_rate(e, &rate, f[COL_EFFECTIVE]);
	return rc;
}

static bool is_heading(const struct offer_csv *c)
{
	return c->n_slices > 5 && c->slices[0].n == 3 && !memcmp(c->slices[0].s, "SKU", 3);
}

int offer_csv_read(struct price_offer *o, char *text, size_t n, size_t *ret_used, struct err *err)
{
	char *p = text, *end = text + n;
	bool no_csv = false;
	int rc = 0;

	p += o->consumed == 0 && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
	while (p < end && rc == 0) {
		char *next = scan_record(o->csv, p, end, &no_csv);

		if (!next)
			break; /* at the file's end: it is cut off */
		o->csv->record++;
		rc = o->ended ? read_record(o, err) : is_heading(o->csv) ? read_heading(o, err) : read_preamble(o, err);
		p = next;
	}
	*ret_used = (size_t)(p - text);
	return no_csv ? broken(o, "a quote is not closed, or something follows it", err) : rc;
}
