/* query.c - parse a filter into terms; match a job against them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/query.h"

#include "base/buf.h"
#include "base/timefmt.h"
#include "model/kind.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#define TERMS_MAX 64
#define MATCH_LIMIT 20000

/* How the value of a term is read and compared. */
enum value_kind { VALUE_TEXT, VALUE_FLAG, VALUE_NUMBER, VALUE_PERCENT, VALUE_DURATION, VALUE_TIME };
static const enum value_kind value_kinds[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = VALUE_TEXT,    [FIELD_STATE] = VALUE_TEXT,   [FIELD_MACHINE] = VALUE_TEXT,
	[FIELD_LINK] = VALUE_TEXT,    [FIELD_FLAG] = VALUE_FLAG,    [FIELD_COUNT] = VALUE_NUMBER,
	[FIELD_TIME] = VALUE_TIME,    [FIELD_AGE] = VALUE_DURATION, [FIELD_SECONDS] = VALUE_DURATION,
	[FIELD_MONEY] = VALUE_NUMBER, [FIELD_RATE] = VALUE_NUMBER,  [FIELD_PERCENT] = VALUE_PERCENT,
	[FIELD_VALUE] = VALUE_NUMBER, [FIELD_SPARK] = VALUE_NUMBER,
};

enum op { OP_HAS, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct term {
	bool negated;
	struct field_ref ref; /* the key is ours */
	enum value_kind kind;
	enum op op;
	struct strlist values; /* text: any of them */
	pcre2_code **patterns; /* per value; NULL where it is a plain substring */
	double number;	       /* number, percent; milliseconds of duration and time */
	bool has_number;
	bool flag;
};

struct query {
	struct term *terms;
	size_t n, cap;
	pcre2_match_data *match;
	pcre2_match_context *context;
};

static void term_done(struct term *t)
{
	for (size_t i = 0; t->patterns && i < t->values.n; i++)
		pcre2_code_free(t->patterns[i]);
	free(t->patterns);
	free(t->ref.key);
	strlist_done(&t->values);
}

void query_free(struct query *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->n; i++)
		term_done(&q->terms[i]);
	free(q->terms);
	pcre2_match_data_free(q->match);
	pcre2_match_context_free(q->context);
	free(q);
}

/* The next word, quotes resolved, and whether it began with one. */
static bool next_word(const char **p, struct buf *out)
{
	const char *s = *p;

	buf_clear(out);
	while (isspace((unsigned char)*s))
		s++;
	if (!*s)
		return false;
	bool quoted = false;

	for (; *s && (quoted || !isspace((unsigned char)*s)); s++) {
		if (*s == '"')
			quoted = !quoted;
		else
			(void)buf_addc(out, *s);
	}
	*p = s;
	return true;
}

static int compile_values(struct term *t, const char *word, struct err *err)
{
	t->patterns = xcalloc(MAX(t->values.n, (size_t)1), sizeof(pcre2_code *));
	for (size_t i = 0; i < t->values.n; i++) {
		const char *v = t->values.items[i];
		int code;
		PCRE2_SIZE at;

		if (!strpbrk(v, "\\^$*+?()[]{}|"))
			continue;
		t->patterns[i] = pcre2_compile((PCRE2_SPTR)v, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_UTF, &code,
					       &at, NULL);
		if (!t->patterns[i]) {
			PCRE2_UCHAR why[120];

			pcre2_get_error_message(code, why, sizeof(why));
			return err_set(err, ERR_INVALID, "filter '%s': not a regular expression: %s", word,
				       (const char *)why);
		}
	}
	return 0;
}

static int unknown_field(const struct kind *kind, const char *word, const char *name, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf some = BUF_INIT(1024);

	field_names(kind, FIELD_NO_FILTER, &names);
	const char *near = str_nearest(name, (const char *const *)names.items, names.n);

	if (near)
		return err_set(err, ERR_INVALID, "filter '%s': there is no column '%s': did you mean '%s'?", word, name,
			       near);
	for (const struct field *f = kind->fields; f->name; f++)
		if (f->flags & FIELD_USUAL && !(f->flags & FIELD_NO_FILTER))
			(void)buf_addf(&some, "%s%s", some.len ? ", " : "", f->name);
	return err_set(err, ERR_INVALID, "filter '%s': there is no column '%s': %s ... are known", word, name,
		       buf_str(&some));
}

static int parse_value(struct term *t, const char *value, const char *word, struct err *err)
{
	double number;
	int64_t ms;

	switch (t->kind) {
	case VALUE_TEXT:
		t->has_number = str_to_f64(value, &t->number);
		if (t->op >= OP_LT && !t->ref.key)
			return err_set(err, ERR_INVALID, "filter '%s': '%s' holds text: use ':' or '='", word,
				       t->ref.field->name);
		if (t->op >= OP_LT && !t->has_number)
			return err_set(err, ERR_INVALID, "filter '%s': a number is wanted after the comparison", word);
		if (t->op == OP_HAS)
			strlist_split(&t->values, value, ',');
		else
			strlist_add(&t->values, value);
		return compile_values(t, word, err);
	case VALUE_FLAG:
		if (!str_to_bool(value, &t->flag))
			return err_set(err, ERR_INVALID, "filter '%s': yes or no is wanted", word);
		return 0;
	case VALUE_NUMBER:
	case VALUE_PERCENT: {
		AUTO(str) char *copy = xstrdup(value[0] == '$' ? value + 1 : value);
		size_t n = strlen(copy);

		if (t->kind == VALUE_PERCENT && n > 0 && copy[n - 1] == '%')
			copy[n - 1] = '\0';
		if (!str_to_f64(copy, &number))
			return err_set(err, ERR_INVALID, "filter '%s': a number is wanted", word);
		t->number = number;
		return 0;
	}
	case VALUE_DURATION:
		if (!timefmt_parse_duration(value, &ms))
			return err_set(err, ERR_INVALID, "filter '%s': a duration such as 90s, 15m, 2h or 3d is wanted",
				       word);
		t->number = (double)ms;
		return 0;
	case VALUE_TIME:
		if (!timefmt_parse_iso(value, &ms))
			return err_set(err, ERR_INVALID,
				       "filter '%s': a date such as 2026-11-01 or 2026-11-01T12:00 is wanted", word);
		t->number = (double)ms;
		return 0;
	}
	return 0;
}

/* The operator in word, if it has one behind something like a column's name. */
static const char *find_op(const char *word, enum op *op, size_t *len)
{
	const char *p = word;

	while (isalnum((unsigned char)*p) || (*p && strchr("._-/", *p)))
		p++;
	if (p == word)
		return NULL;
	/* The key of a tag (aws:createdBy) and of a metric (validation:rmse) may hold a
	 * colon: another operator behind it counts. */
	if (*p == ':' && (strncasecmp(word, "tag.", 4) == 0 || strncasecmp(word, "metric.", 7) == 0)) {
		const char *eq = strpbrk(p, "=<>");

		if (eq)
			p = eq;
	}
	*len = 1;
	switch (*p) {
	case ':':
		*op = OP_HAS;
		return p;
	case '=':
		*op = OP_EQ;
		*len += p[1] == '=';
		return p;
	case '!':
		if (p[1] != '=')
			return NULL;
		*op = OP_NE;
		*len = 2;
		return p;
	case '<':
	case '>':
		*len += p[1] == '=';
		*op = *p == '<' ? (*len == 2 ? OP_LE : OP_LT) : (*len == 2 ? OP_GE : OP_GT);
		return p;
	default:
		return NULL;
	}
}

/* The field that a term begins with. */
static int parse_field(const struct kind *kind, const char *word, const char *name, size_t n, struct term *t,
		       struct err *err)
{
	AUTO(str) char *copy = xstrndup(name, n);
	const char *key;
	const struct field *f = field_find(kind, copy, &key);

	if (!f || f->flags & FIELD_NO_FILTER)
		return unknown_field(kind, word, copy, err);
	t->ref = (struct field_ref){f, xstrdup(key)};
	t->kind = value_kinds[f->type];
	return 0;
}

static int parse_term(const struct kind *kind, const char *word, struct term *t, struct err *err)
{
	const char *s = word;
	size_t len;

	if (*s == '!') {
		t->negated = true;
		s++;
	}
	if (!*s)
		return err_set(err, ERR_INVALID, "filter '%s': a term is wanted after '!'", word);
	const char *op = find_op(s, &t->op, &len);

	if (!op) { /* a bare word: part of the name */
		t->ref.field = field_find(kind, "name", NULL);
		t->op = OP_HAS;
		strlist_add(&t->values, s);
		return compile_values(t, word, err);
	}
	int rc = parse_field(kind, word, s, (size_t)(op - s), t, err);

	if (rc)
		return rc;
	if (!op[len])
		return err_set(err, ERR_INVALID, "filter '%s': a value is wanted after '%.*s'", word, (int)len, op);
	return parse_value(t, op + len, word, err);
}

int query_parse(const struct kind *kind, const char *text, struct query **ret, struct err *err)
{
	AUTO(query) struct query *q = NEW(struct query);
	AUTO(buf) struct buf word = BUF_INIT(4096);
	const char *p = text ? text : "";

	q->match = pcre2_match_data_create(1, NULL);
	q->context = pcre2_match_context_create(NULL);
	if (!q->match || !q->context)
		abort();
	pcre2_set_match_limit(q->context, MATCH_LIMIT);
	while (next_word(&p, &word)) {
		if (word.overflow || q->n >= TERMS_MAX)
			return err_set(err, ERR_TOOBIG, "the filter is too long: at most %d terms", TERMS_MAX);
		if (word.len == 0)
			continue;
		GROW(q->terms, q->cap, q->n + 1);
		struct term *t = &q->terms[q->n++];

		*t = (struct term){0};
		int rc = parse_term(kind, buf_str(&word), t, err);

		if (rc)
			return rc;
	}
	*ret = TAKE(q);
	return 0;
}

static bool has_text(const struct query *q, const struct term *t, size_t i, const char *text)
{
	if (t->patterns[i]) {
		int rc = pcre2_match(t->patterns[i], (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, q->match,
				     q->context);
		return rc >= 0;
	}
	return strcasestr(text, t->values.items[i]) != NULL;
}

static bool compare(enum op op, double a, double b)
{
	switch (op) {
	case OP_HAS:
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	}
	return false;
}

/* The SDKs write values among the hyperparameters as JSON: "\"bert-base\"", "\"5\"". What
 * is meant stands between the quotes. Owned by the caller. */
static char *without_quotes(const char *text)
{
	size_t n = strlen(text);

	return n >= 2 && text[0] == '"' && text[n - 1] == '"' ? xstrndup(text + 1, n - 2) : xstrdup(text);
}

static bool equal_text(const char *text, const char *meant, const char *value)
{
	return strcasecmp(text, value) == 0 || strcasecmp(meant, value) == 0;
}

static bool match_text(const struct query *q, const struct term *t, const char *text)
{
	double number;

	if (!text)
		return t->op == OP_NE;
	if (t->op == OP_HAS) {
		for (size_t i = 0; i < t->values.n; i++) {
			if (has_text(q, t, i, text))
				return true;
		}
		return false;
	}
	AUTO(str) char *meant = without_quotes(text);

	if (t->has_number && str_to_f64(meant, &number))
		return compare(t->op, number, t->number);
	if (t->op == OP_EQ || t->op == OP_NE)
		return equal_text(text, meant, t->values.items[0]) == (t->op == OP_EQ);
	return false;
}

/* Short names that people type for states. */
static bool is_state_word(const char *word, enum resource_state state)
{
	if (str_ieq(word, "running") || str_ieq(word, "active"))
		return state == STATE_RUNNING;
	if (str_ieq(word, "done") || str_ieq(word, "finished"))
		return state == STATE_GOOD || state == STATE_BAD || state == STATE_NEUTRAL;
	return false;
}

/* A status matches by what is shown and by what the service calls it. */
static bool match_state(const struct query *q, const struct term *t, const struct resource *r)
{
	bool any = false;

	for (size_t i = 0; i < t->values.n && !any; i++) {
		any |= is_state_word(t->values.items[i], r->state);
		any |= has_text(q, t, i, resource_state_text(r));
		any |= r->status_text && has_text(q, t, i, r->status_text);
	}
	return t->op == OP_NE ? !any : any;
}

/* A value in the unit of its term: dollars, and milliseconds of a time. */
static double figure(const struct term *t, const struct field_value *v)
{
	if (t->ref.field->type == FIELD_MONEY || t->ref.field->type == FIELD_RATE)
		return v->number / 1e6;
	return t->ref.field->type == FIELD_SECONDS ? v->number * 1000 : v->number;
}

static bool match_term(const struct query *q, const struct term *t, const struct resource *r,
		       const struct field_context *x)
{
	if (t->ref.field->type == FIELD_STATE)
		return match_state(q, t, r);
	struct field_value v = field_get(&t->ref, r, x);

	if (t->kind == VALUE_TEXT)
		return match_text(q, t, v.known ? v.text : NULL);
	if (!v.known)
		return false;
	if (t->kind == VALUE_FLAG) {
		bool flag = v.number != 0;

		return (v.text ? str_to_bool(v.text, &flag) : true) && (flag == t->flag) == (t->op != OP_NE);
	}
	return compare(t->op, figure(t, &v), t->number);
}

bool query_match(const struct query *q, const struct resource *r, const struct field_context *x)
{
	for (size_t i = 0; q && i < q->n; i++) {
		if (match_term(q, &q->terms[i], r, x) == q->terms[i].negated)
			return false;
	}
	return true;
}

bool query_reads(const struct query *q, const char *field)
{
	for (size_t i = 0; q && i < q->n; i++) {
		if (str_eq(q->terms[i].ref.field->name, field))
			return true;
	}
	return false;
}

void query_cold_fields(const struct query *q, struct field_list *ret)
{
	for (size_t i = 0; q && i < q->n; i++) {
		if (q->terms[i].ref.field->flags & FIELD_COLD)
			field_list_add(ret, q->terms[i].ref.field, q->terms[i].ref.key);
	}
}

void query_fields(const struct query *q, struct field_list *ret)
{
	for (size_t i = 0; q && i < q->n; i++) {
		if (!str_eq(q->terms[i].ref.field->name, "name"))
			field_list_add(ret, q->terms[i].ref.field, q->terms[i].ref.key);
	}
}
