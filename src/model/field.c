/* field.c - fields by their names, and their values as texts and in order. */
#include "model/field.h"

#include "base/timefmt.h"
#include "model/failure.h"
#include "model/kind.h"
#include "model/price.h"
#include "model/session.h"

#include <math.h>
#include <strings.h>

/* --- by name ------------------------------------------------------------------ */

static bool is_named(const struct field *f, const char *name, const char **ret_key)
{
	size_t n = strlen(f->name);

	*ret_key = NULL;
	if (f->flags & FIELD_KEYED) {
		*ret_key = name + n;
		return strncasecmp(name, f->name, n) == 0 && name[n];
	}
	if (str_ieq(name, f->name))
		return true;
	AUTO(str) char *lower = xstrdup(name);
	str_lower(lower);
	return f->aliases && kind_words_have(f->aliases, lower);
}

const struct field *field_find(const struct kind *k, const char *name, const char **ret_key)
{
	const char *key;

	for (const struct field *f = k->fields; f->name; f++) {
		if (is_named(f, name, &key)) {
			if (ret_key)
				*ret_key = key;
			return f;
		}
	}
	return NULL;
}

void field_add_keys(const struct field *f, const struct resource *r, struct strlist *ret)
{
	const struct strmap *m = f->map && !f->keys ? f->map(r) : NULL;

	if (f->keys)
		f->keys(r, ret);
	for (size_t i = 0; m && i < m->n; i++)
		strlist_add(ret, m->items[i].name);
}

void field_names(const struct kind *k, unsigned without, struct strlist *ret)
{
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->flags & without)
			continue;
		strlist_add(ret, f->name);
		if (f->aliases)
			strlist_split(ret, f->aliases, ' ');
	}
}

void field_list_done(struct field_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].key);
	free(l->items);
	*l = (struct field_list){0};
}

void field_list_add(struct field_list *l, const struct field *f, const char *key)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = (struct field_ref){f, xstrdup(key)};
}

/* "ends" and "ended", which are too short to be near otherwise. */
static bool begins_alike(const char *a, const char *b)
{
	return strlen(a) >= 3 && !strncasecmp(a, b, 3);
}

static int unknown_column(const struct kind *k, const char *name, struct err *err)
{
	AUTO(buf) struct buf all = BUF_INIT(4096);
	AUTO(strlist) struct strlist names = {0};

	for (const struct field *f = k->fields; f->name; f++)
		if (!(f->flags & FIELD_NO_COLUMN))
			(void)buf_addf(&all, "%s%s%s", all.len ? " " : "", f->name,
				       f->flags & FIELD_KEYED ? "NAME" : "");
	field_names(k, FIELD_NO_COLUMN, &names);
	const char *near = str_nearest(name, (const char *const *)names.items, names.n);
	for (size_t i = 0; !near && i < names.n; i++)
		near = begins_alike(name, names.items[i]) ? names.items[i] : NULL;
	if (near)
		return err_set(err, ERR_USAGE, "unknown column \"%s\": did you mean \"%s\"? There are %s", name, near,
			       buf_str(&all));
	return err_set(err, ERR_USAGE, "unknown column \"%s\": there are %s", name, buf_str(&all));
}

char *field_ref_text(const struct field_ref *f)
{
	return xasprintf("%s%s", f->field->name, str_or(f->key, ""));
}

int field_ref_parse(const struct kind *k, const char *name, struct field_ref *ret, struct err *err)
{
	const char *key;
	const struct field *f = field_find(k, name, &key);

	if (!f || f->flags & FIELD_NO_COLUMN)
		return unknown_column(k, name, err);
	*ret = (struct field_ref){f, xstrdup(key)};
	return 0;
}

int field_list_parse(const struct kind *k, const char *text, bool several, struct field_list *ret, struct err *err)
{
	unsigned usual = FIELD_USUAL | (several ? FIELD_SCOPED : 0u);
	AUTO(field_list) struct field_list list = {0};
	AUTO(strlist) struct strlist names = {0};

	if (!text || *text == '+')
		for (const struct field *f = k->fields; f->name; f++)
			if (f->flags & usual)
				field_list_add(&list, f, NULL);
	if (text)
		strlist_split(&names, text + (*text == '+'), ',');
	for (size_t i = 0; i < names.n; i++) {
		struct field_ref ref = {0};

		if (field_ref_parse(k, names.items[i], &ref, err) < 0)
			return -ERR_USAGE;
		field_list_add(&list, ref.field, ref.key);
		free(ref.key);
	}
	if (!list.n)
		return err_set(err, ERR_USAGE, "--columns needs at least one name");
	*ret = list;
	list = (struct field_list){0};
	return 0;
}

bool field_is_number(const struct field *f)
{
	static const bool numbers[FIELD_TYPE_COUNT] = {
		[FIELD_COUNT] = true,	[FIELD_AGE] = true,   [FIELD_SECONDS] = true,
		[FIELD_MONEY] = true,	[FIELD_RATE] = true,  [FIELD_VALUE] = true,
		[FIELD_PERCENT] = true, [FIELD_SPARK] = true, [FIELD_FIGURE] = true,
	};

	return numbers[f->type];
}

char *field_title(const struct field_ref *f, char *buf)
{
	snprintf(buf, FIELD_HEADING_LEN, "%s%s", f->field->name, f->key ? f->key : "");
	for (char *p = buf; *p && !f->key; p++)
		*p = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
	return buf;
}

char *field_heading(const struct field_ref *f, char *buf)
{
	if (f->key || !f->field->heading)
		return field_title(f, buf);
	str_copy(buf, FIELD_HEADING_LEN, f->field->heading);
	return buf;
}

/* --- values --------------------------------------------------------------------- */

/* The text that a record keeps for a field with a path. */
static struct field_value kept_value(const struct field *f, const struct resource *r)
{
	const char *text = resource_record(r)->values[f - r->kind->fields];
	struct field_value v = {.text = text, .known = text != NULL};
	int64_t ms;

	if (!text || f->type < FIELD_FLAG)
		return v;
	if (f->type == FIELD_FLAG)
		return (struct field_value){.number = str_eq(text, "true"), .known = true};
	if (f->type == FIELD_TIME && timefmt_parse_iso(text, &ms))
		return (struct field_value){.number = (double)ms, .known = true};
	v.text = NULL;
	v.known = str_to_f64(text, &v.number);
	return v;
}

/* The value that was asked for when the cold part was at hand. */
static struct field_value cold_value(const struct field_ref *f, const struct resource *r, const struct session *s)
{
	const char *text = s ? session_cold_value(s, r, f) : NULL;
	struct field_value v = {.text = text, .known = !str_empty(text)};

	if (text && v.known && f->field->type > FIELD_FLAG) {
		char *end;

		v.number = strtod(text, &end); /* as field_cold_text wrote it: nan and inf are values */
		v.text = NULL;
	}
	return v;
}

struct field_value field_get(const struct field_ref *f, const struct resource *r, const struct field_context *x)
{
	const struct field_context own = {.session = session_own(x->session, r), .now_ms = x->now_ms};

	x = &own;
	if (f->field->flags & FIELD_COLD && r->trimmed && !r->kind->class->keeps_fields)
		return cold_value(f, r, x->session);
	return f->field->get ? f->field->get(r, f->key, x) : kept_value(f->field, r);
}

char *field_cold_text(const struct field_ref *f, const struct resource *r, const struct field_context *x)
{
	struct field_value v = field_get(f, r, x);

	if (!v.known)
		return xstrdup("");
	return v.text ? xstrdup(v.text) : xasprintf("%.17g", v.number);
}

char *field_value_text(char *buf, double v)
{
	double a = fabs(v);

	if (isnan(v))
		str_copy(buf, FIELD_VALUE_LEN, "nan");
	else if (isinf(v))
		str_copy(buf, FIELD_VALUE_LEN, v > 0 ? "inf" : "-inf");
	else if (a != 0 && (a < 1e-4 || a >= 1e9))
		snprintf(buf, FIELD_VALUE_LEN, "%.3e", v);
	else if (a >= 10000)
		snprintf(buf, FIELD_VALUE_LEN, "%.0f", v);
	else
		snprintf(buf, FIELD_VALUE_LEN, "%.*f", a >= 1000 ? 1 : a >= 100 ? 2 : a >= 10 ? 3 : 4, v);
	return buf;
}

static void text_for_people(const struct field *f, const struct field_value *v, struct buf *out)
{
	char text[TIMEFMT_LEN];

	switch (f->type) {
	case FIELD_AGE:
		(void)buf_addf(out, "%s%s", v->number < 0 ? "in " : "", timefmt_age(text, llabs((int64_t)v->number)));
		break;
	case FIELD_SECONDS:
		(void)buf_adds(out, timefmt_duration(text, (int64_t)v->number * 1000));
		break;
	case FIELD_MONEY:
		(void)buf_addf(out, "%s%s", money_text(text, (int64_t)v->number), v->estimate ? "*" : "");
		break;
	case FIELD_RATE:
		(void)buf_adds(out, money_rate_text(text, (int64_t)v->number));
		break;
	case FIELD_PERCENT:
		(void)buf_addf(out, "%.0f%%", v->number);
		break;
	case FIELD_FIGURE:
		(void)buf_addf(out, fabs(v->number) >= 100 ? "%.0f%s" : "%.3g%s", v->number, v->estimate ? "*" : "");
		break;
	default:
		(void)buf_addf(out, "%.6g", v->number);
		break;
	}
}

static void text_for_programs(const struct field *f, const struct field_value *v, struct buf *out)
{
	switch (f->type) {
	case FIELD_AGE:
		(void)buf_addf(out, "%.0f", v->number / 1000);
		break;
	case FIELD_SECONDS:
	case FIELD_PERCENT:
		(void)buf_addf(out, "%.0f", v->number);
		break;
	case FIELD_MONEY:
	case FIELD_RATE:
		(void)buf_addf(out, "%.6f", v->number / 1e6);
		break;
	default:
		(void)buf_addf(out, "%.6g", v->number);
		break;
	}
}

void field_one_line(const char *text, struct buf *out)
{
	AUTO(buf) struct buf said = BUF_INIT(BUF_MAX_TEXT);

	failure_message(text, &said);
	const char *p = buf_str(&said), *last = str_last_line(p);
	size_t n = strcspn(last, "\n");

	(void)buf_add(out, last, n);
	while (p < last) {
		n = strcspn(p, "\n");
		if (n)
			(void)buf_adds(out, " | ");
		(void)buf_add(out, p, n);
		p += n + 1;
	}
}

void field_show(const struct field *f, const struct resource *r, const struct field_value *v, enum field_style style,
		struct buf *out)
{
	char text[TIMEFMT_LEN];

	if (!v->known) {
		if (v->missing && style == FIELD_FOR_PEOPLE)
			(void)buf_addc(out, '?');
	} else if (f->type == FIELD_STATE) {
		(void)buf_adds(out, resource_state_text(r));
	} else if (f->type == FIELD_FLAG) {
		(void)buf_adds(out, v->text ? v->text : v->number != 0 ? "yes" : "no");
	} else if (f->type == FIELD_TIME) {
		(void)buf_adds(out, style == FIELD_FOR_PEOPLE ? timefmt_show(text, (int64_t)v->number)
							      : timefmt_iso(text, (int64_t)v->number));
	} else if (v->text) {
		field_one_line(v->text, out);
	} else if (style == FIELD_FOR_PEOPLE) {
		text_for_people(f, v, out);
	} else {
		text_for_programs(f, v, out);
	}
}

void field_text(const struct field_ref *f, const struct resource *r, const struct field_context *x,
		enum field_style style, struct buf *out)
{
	struct field_value v = field_get(f, r, x);

	field_show(f->field, r, &v, style, out);
}

/* --- order ------------------------------------------------------------------------ */

int field_compare(const struct field *f, const struct field_value *a, const struct field_value *b, bool descending)
{
	int sign = descending ? -1 : 1;

	if (a->known != b->known)
		return a->known ? -1 : 1;
	if (!a->known)
		return 0;
	if (a->behind != b->behind)
		return a->behind ? 1 : -1;
	if (isnan(a->number) || isnan(b->number)) /* a value that is no number, whatever the direction */
		return isnan(a->number) - isnan(b->number);
	double x = a->larger_first ? -a->number : a->number, y = b->larger_first ? -b->number : b->number;

	/* A state by its rank first; of a machine the type. */
	if ((f->type == FIELD_STATE || !a->text || !b->text) && x != y)
		return x < y ? -sign : sign;
	return a->text && b->text ? sign * strcmp(a->text, b->text) : 0;
}
