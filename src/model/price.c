/* price.c - the price table: parsing, look-up, money as text. */
#include "model/price.h"

#include "base/csv.h"

#include <math.h>

void price_row_done(struct price *p)
{
	free(p->instance_type);
	free(p->region);
	free(p->component);
	free(p->as_of);
	free(p->source);
	*p = (struct price){0};
}

void price_table_done(struct price_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		price_row_done(&t->items[i]);
	free(t->items);
	map_done(&t->index);
	*t = (struct price_table){0};
}

static bool key_of(char key[192], const char *type, const char *region, const char *component)
{
	int n = snprintf(key, 192, "%s\n%s\n%s", type, region, component);

	return n > 0 && n < 192;
}

/* Newer wins; of one day the better grade ('A' before 'B'); an own rate goes before all. */
static bool replaces(const struct price *row, const struct price *known)
{
	if ((row->grade == PRICE_OWN) != (known->grade == PRICE_OWN))
		return row->grade == PRICE_OWN;
	int c = strcmp(str_or(row->as_of, ""), str_or(known->as_of, ""));

	return c != 0 ? c > 0 : row->grade <= known->grade;
}

void price_table_add(struct price_table *t, const struct price *row)
{
	char key[192];

	if (row->usd_micro <= 0 || !key_of(key, row->instance_type, row->region, row->component))
		return; /* a zero is a free tier's row or a slip, never a price */
	struct price copy = *row;
	copy.instance_type = xstrdup(row->instance_type);
	copy.region = xstrdup(row->region);
	copy.component = xstrdup(row->component);
	copy.as_of = xstrdup(row->as_of);
	copy.source = xstrdup(row->source);
	uintptr_t at = (uintptr_t)map_get(&t->index, key);

	if (at == 0) {
		GROW(t->items, t->cap, t->n + 1);
		t->items[t->n++] = copy;
		map_put(&t->index, key, (void *)(uintptr_t)t->n); /* position + 1 */
		return;
	}
	struct price *known = &t->items[at - 1];
	struct price drop = copy;

	if (replaces(row, known)) {
		drop = *known;
		*known = copy;
	}
	price_row_done(&drop);
}

#define N_COLUMNS 7
static const char *const columns[N_COLUMNS] = {"instance_type", "region", "component", "usd_per_hour",
					       "as_of",		"grade",  "source"};

static int add_record(struct price_table *t, struct buf f[N_COLUMNS], const char *what, int line, struct err *err)
{
	double usd;

	if (!str_to_f64(buf_str(&f[3]), &usd) || !(usd > 0) || usd > 1e6)
		return err_set(err, ERR_PARSE, "%s:%d: usd_per_hour is '%s': a positive number is wanted", what, line,
			       buf_str(&f[3]));
	struct price row = {.instance_type = f[0].data,
			    .region = f[1].data,
			    .component = f[2].data,
			    .usd_micro = llround(usd * 1e6),
			    .as_of = f[4].data,
			    .grade = buf_str(&f[5])[0],
			    .source = f[6].data};

	if (str_empty(row.instance_type) || str_empty(row.region) || str_empty(row.component))
		return err_set(err, ERR_PARSE, "%s:%d: instance_type, region and component must not be empty", what,
			       line);
	price_table_add(t, &row);
	return 0;
}

static int parse_records(struct price_table *t, const char *csv, size_t n, struct buf f[N_COLUMNS], const char *what,
			 struct err *err)
{
	const char *p = csv, *end = csv + n;

	for (int line = 1; p < end; line++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *next = eol ? eol + 1 : end;
		int fields = 0;

		eol = eol ? eol : end;
		if (eol == p || *p == '#' || (*p == '\r' && p + 1 == eol)) {
			p = next;
			continue;
		}
		while (p && p < eol && fields < N_COLUMNS) {
			p = csv_field(p, eol, &f[fields++]);
			if (p && p < eol)
				p++;
		}
		if (fields != N_COLUMNS || p != eol)
			return err_set(err, ERR_PARSE, "%s:%d: %d columns are wanted", what, line, N_COLUMNS);
		if (line == 1) {
			for (int i = 0; i < N_COLUMNS; i++) {
				if (!str_eq(buf_str(&f[i]), columns[i]))
					return err_set(err, ERR_PARSE, "%s:1: column %d is '%s', '%s' is wanted", what,
						       i + 1, buf_str(&f[i]), columns[i]);
			}
		} else {
			int rc = add_record(t, f, what, line, err);

			if (rc)
				return rc;
		}
		p = next;
	}
	return 0;
}

int price_table_parse(struct price_table *t, const char *csv, size_t n, const char *what, struct err *err)
{
	struct buf f[N_COLUMNS];

	for (int i = 0; i < N_COLUMNS; i++)
		buf_init(&f[i], 4096);
	int rc = parse_records(t, csv, n, f, what, err);

	for (int i = 0; i < N_COLUMNS; i++)
		buf_done(&f[i]);
	return rc;
}

const struct price *price_find(const struct price_table *t, const char *instance_type, const char *region,
			       const char *component)
{
	char key[192];

	if (!t || str_empty(instance_type) || str_empty(region) || !key_of(key, instance_type, region, component))
		return NULL;
	uintptr_t at = (uintptr_t)map_get(&t->index, key);

	return at ? &t->items[at - 1] : NULL;
}

const struct price *price_training(const struct price_table *t, const char *instance_type, const char *region,
				   bool spot)
{
	/* Components of one type cost nearly the same; these are the nearest, in
	 * order. Storage-like and studio meters are not comparable. */
	static const char *const order[] = {"Training", "Training Warm Pool", "Processing", "BatchTransform", "Hosting",
					    "Cluster"};
	const struct price *p = spot ? price_find(t, instance_type, region, "SpotTraining") : NULL;

	for (size_t i = 0; !p && i < ARRAY_LEN(order); i++)
		p = price_find(t, instance_type, region, order[i]);
	return p;
}

const struct price *price_larger(const struct price_table *t, const char *instance_type, const char *region)
{
	AUTO(str) char *family = instance_family(instance_type);
	struct instance_spec now, spec, best = {0};
	const struct price *larger = NULL;

	if (!instance_spec_find(instance_type, &now) || now.memory_mib <= 0)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		const struct price *p = &t->items[i];
		AUTO(str) char *its = instance_family(p->instance_type);

		if (!str_eq(p->region, region) || !str_eq(its, family) ||
		    !instance_spec_find(p->instance_type, &spec) || spec.memory_mib <= now.memory_mib ||
		    (larger && spec.memory_mib >= best.memory_mib))
			continue;
		larger = price_training(t, p->instance_type, region, false);
		best = larger ? spec : best;
	}
	return larger;
}

const struct price *price_warm_pool(const struct price_table *t, const char *instance_type, const char *region)
{
	const struct price *p = price_find(t, instance_type, region, "Training Warm Pool");

	return p ? p : price_training(t, instance_type, region, false);
}

bool price_is_doubtful(const struct price_table *t, const struct price *p)
{
	const struct price *demand = price_find(t, p->instance_type, p->region, "Training");

	return str_eq(p->component, "SpotTraining") && demand && p->usd_micro > demand->usd_micro;
}

bool price_table_spec(const struct price_table *t, const char *instance_type, struct instance_spec *ret)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].spec.vcpu > 0 && str_eq(t->items[i].instance_type, instance_type)) {
			*ret = t->items[i].spec;
			return true;
		}
	return instance_spec_find(instance_type, ret);
}

const char *price_table_as_of(const struct price_table *t, const char *region)
{
	const char *newest = "";

	for (size_t i = 0; i < t->n; i++) {
		const struct price *p = &t->items[i];

		if (p->grade != PRICE_OWN && str_eq(p->region, region) && strcmp(str_or(p->as_of, ""), newest) > 0)
			newest = p->as_of;
	}
	return newest;
}

int64_t money_sum(int64_t a_micro, int64_t b_micro)
{
	int64_t sum;

	if (a_micro < 0 || b_micro < 0 || __builtin_add_overflow(a_micro, b_micro, &sum) || sum > USD_MICRO_MAX)
		return USD_UNKNOWN;
	return sum;
}

char *money_text(char *buf, int64_t usd_micro)
{
	if (usd_micro < 0) {
		str_copy(buf, 24, "?");
	} else if (usd_micro == 0) {
		str_copy(buf, 24, "$0");
	} else if (usd_micro < 1000) {
		snprintf(buf, 24, "<$0.001");
	} else if (usd_micro < 1000000) {
		int64_t mil = (usd_micro + 500) / 1000;

		if (mil >= 1000)
			snprintf(buf, 24, "$1.00");
		else
			snprintf(buf, 24, "$0.%03d", (int)mil);
	} else if (usd_micro < 999995000) {
		int64_t cents = (usd_micro + 5000) / 10000;

		snprintf(buf, 24, "$%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
	} else {
		char digits[24], *out = buf;
		int n = snprintf(digits, sizeof(digits), "%lld", (long long)((usd_micro + 500000) / 1000000));

		*out++ = '$';
		for (int i = 0; i < n; i++) {
			if (i > 0 && (n - i) % 3 == 0)
				*out++ = ',';
			*out++ = digits[i];
		}
		*out = '\0';
	}
	return buf;
}

char *money_mark_sum(char *text, int64_t usd_micro, bool estimate, bool unknown)
{
	if (unknown && usd_micro == 0)
		return strcpy(text, "?");
	return strcat(text, unknown ? "+?" : estimate ? "*" : "");
}

char *money_rate_text(char *buf, int64_t usd_micro)
{
	if (usd_micro <= 0)
		return money_text(buf, usd_micro);
	int n = snprintf(buf, 24, "$%lld.%06lld", (long long)(usd_micro / 1000000), (long long)(usd_micro % 1000000));
	int least = n - (usd_micro < 1000000 ? 3 : 4); /* decimals that money has as well */

	while (n > least && buf[n - 1] == '0')
		buf[--n] = '\0';
	return buf;
}
