/* query.c - parse a filter into terms and how they hang together. */
#include "model/query_internal.h"

#include "base/buf.h"
#include "base/timefmt.h"
#include "model/kind.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#define TERMS_MAX 64
#define DEPTH_MAX 32
#define MATCH_LIMIT 20000 /* of PCRE2's steps: a pattern that is a trap ends soon */

static const enum value_kind value_kinds[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = VALUE_TEXT,    [FIELD_STATE] = VALUE_TEXT,   [FIELD_MACHINE] = VALUE_TEXT,
	[FIELD_LINK] = VALUE_TEXT,    [FIELD_FLAG] = VALUE_FLAG,    [FIELD_COUNT] = VALUE_NUMBER,
	[FIELD_TIME] = VALUE_TIME,    [FIELD_AGE] = VALUE_DURATION, [FIELD_SECONDS] = VALUE_DURATION,
	[FIELD_MONEY] = VALUE_NUMBER, [FIELD_RATE] = VALUE_NUMBER,  [FIELD_PERCENT] = VALUE_PERCENT,
	[FIELD_VALUE] = VALUE_NUMBER, [FIELD_SPARK] = VALUE_NUMBER, [FIELD_FIGURE] = VALUE_NUMBER,
};

static void term_done(struct term *t)
{
	for (size_t i = 0; t->patterns && i < t->values.n; i++)
		pcre2_code_free(t->patterns[i]);
	free(t->patterns);
	free(t->word);
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
	free(q->nodes);
	pcre2_match_data_free(q->match);
	pcre2_match_context_free(q->context);
	free(q);
}

/* The next word, quotes resolved; it ends where a group does, which its own parentheses do
 * not. *ret_quoted tells whether it began with a quote. */
static bool next_word(const char **p, bool in_group, struct buf *out, bool *ret_quoted)
{
	const char *s = *p;
	bool quoted = false;
	int depth = 0;

	buf_clear(out);
	*ret_quoted = *s == '"';
	if (!*s)
		return false;
	for (; *s && (quoted || !isspace((unsigned char)*s)); s++) {
		if (!quoted && *s == ')' && in_group && depth == 0)
			break;
		depth += !quoted && *s == '(';
		depth -= !quoted && *s == ')';
		if (*s == '"')
			quoted = !quoted;
		else
			(void)buf_addc(out, *s);
	}
	*p = s;
	return true;
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static int compile_values(struct term *t, const char *word, struct err *err)
{
	t->patterns = xcalloc(MAX(t->values.n, (size_t)1), sizeof(pcre2_code *));
	for (size_t i = 0; i < t->values.n; i++) {
		const char *v = t->values.items[i];
		int code;
		PCRE2_SIZE at;

		if (t->op != OP_MATCHES && !strpbrk(v, "\\^$*+?()[]{}|"))
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

	if (t->op == OP_MATCHES && t->kind != VALUE_TEXT)
		return err_set(err, ERR_INVALID, "filter '%s': '~' is for text: '%s' is none", word,
			       t->ref.field->name);
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
	case '~':
		*op = OP_MATCHES;
		return p;
	case '!':
		if (p[1] != '=' && p[1] != '~')
			return NULL;
		*op = p[1] == '=' ? OP_NE : OP_MATCHES;
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
	if (*op == '!' && op[1] == '~')
		t->negated = !t->negated;
	if (!op[len])
		return err_set(err, ERR_INVALID, "filter '%s': a value is wanted after '%.*s'", word, (int)len, op);
	return parse_value(t, op + len, word, err);
}

/* --- how they hang together ------------------------------------------------------- */

struct parser {
	const struct kind *kind;
	struct query *q;
	const char *at;
	int depth;
	struct buf word;
	struct err *err;
};

static size_t add_node(struct query *q, int type, size_t a, size_t b)
{
	GROW(q->nodes, q->cap_nodes, q->n_nodes + 1);
	q->nodes[q->n_nodes] = (struct node){.a = a, .b = b};
	q->nodes[q->n_nodes].type = type;
	return q->n_nodes++;
}

/* Whether this parenthesis opens a group. One that its own word closes belongs to a regular
 * expression, "(a|b)-c", unless what it holds is a term: "(cost>5)". */
static bool opens_group(const char *s)
{
	int depth = 0;
	size_t n = 0, len;
	bool quoted = false;
	enum op op;

	if (*s != '(')
		return false;
	for (; s[n] && (quoted || !isspace((unsigned char)s[n])); n++) {
		quoted ^= s[n] == '"';
		depth += !quoted && s[n] == '(';
		depth -= !quoted && s[n] == ')';
		if (depth == 0 && s[n] == ')' && s[n + 1] && !isspace((unsigned char)s[n + 1]) && s[n + 1] != ')')
			return false; /* "(a|b)c" */
	}
	s += strspn(s, "(");
	return depth > 0 || *s == '!' || find_op(s, &op, &len);
}

/* A word of its own, not in quotes. */
static bool takes_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	p->at = skip_blanks(p->at);
	if (strncasecmp(p->at, word, n) != 0 || (p->at[n] && !isspace((unsigned char)p->at[n]) && p->at[n] != '('))
		return false;
	p->at += n;
	return true;
}

static int parse_or(struct parser *p, size_t *ret);

static int parse_group(struct parser *p, size_t *ret)
{
	if (++p->depth > DEPTH_MAX)
		return err_set(p->err, ERR_TOOBIG, "the filter has more than %d parentheses within each other",
			       DEPTH_MAX);
	p->at++;
	int rc = parse_or(p, ret);
	if (rc)
		return rc;
	p->at = skip_blanks(p->at);
	if (*p->at != ')')
		return err_set(p->err, ERR_INVALID, "filter: a parenthesis is not closed");
	p->at++;
	p->depth--;
	return 0;
}

static int parse_leaf(struct parser *p, size_t *ret)
{
	bool quoted;

	(void)next_word(&p->at, p->depth > 0, &p->word, &quoted);
	if (p->word.overflow || p->q->n >= TERMS_MAX)
		return err_set(p->err, ERR_TOOBIG, "the filter is too long: at most %d terms", TERMS_MAX);
	GROW(p->q->terms, p->q->cap, p->q->n + 1);
	struct term *t = &p->q->terms[p->q->n++];
	*t = (struct term){.word = xstrdup(buf_str(&p->word))};
	*ret = add_node(p->q, NODE_TERM, p->q->n - 1, 0);
	return parse_term(p->kind, t->word, t, p->err);
}

/* Terms beside each other, up to an "or" or the group's end. */
static int parse_and(struct parser *p, size_t *ret)
{
	bool any = false;

	for (;;) {
		size_t one;
		int rc;

		(void)takes_word(p, "and");
		p->at = skip_blanks(p->at);
		if (!*p->at || (*p->at == ')' && p->depth > 0))
			break;
		const char *before = p->at;
		bool is_or = takes_word(p, "or");
		p->at = before;
		if (is_or)
			break;
		bool negated = *p->at == '!' && opens_group(p->at + 1);
		p->at += negated;
		if (strncmp(p->at, "\"\"", 2) == 0 && (!p->at[2] || isspace((unsigned char)p->at[2]))) { /* nothing */
			p->at += 2;
			continue;
		}
		rc = opens_group(p->at) ? parse_group(p, &one) : parse_leaf(p, &one);
		if (rc)
			return rc;
		if (negated)
			one = add_node(p->q, NODE_NOT, one, 0);
		*ret = any ? add_node(p->q, NODE_AND, *ret, one) : one;
		any = true;
	}
	return any ? 0
		   : err_set(p->err, ERR_INVALID, "filter: a term is wanted %s",
			     p->depth ? "in parentheses" : "beside 'or'");
}

static int parse_or(struct parser *p, size_t *ret)
{
	int rc = parse_and(p, ret);

	while (rc == 0 && takes_word(p, "or")) {
		size_t right;

		rc = parse_and(p, &right);
		if (rc == 0)
			*ret = add_node(p->q, NODE_OR, *ret, right);
	}
	return rc;
}

int query_parse(const struct kind *kind, const char *text, struct query **ret, struct err *err)
{
	AUTO(query) struct query *q = NEW(struct query);
	struct parser p = {.kind = kind, .q = q, .at = text ? text : "", .word = BUF_INIT(4096), .err = err};
	size_t root;
	int rc = 0;

	q->match = pcre2_match_data_create(1, NULL);
	q->context = pcre2_match_context_create(NULL);
	if (!q->match || !q->context)
		abort();
	pcre2_set_match_limit(q->context, MATCH_LIMIT);
	p.at = skip_blanks(p.at);
	while (strncmp(p.at, "\"\"", 2) == 0)
		p.at = skip_blanks(p.at + 2);
	if (*p.at)
		rc = parse_or(&p, &root);
	buf_done(&p.word);
	if (rc)
		return rc;
	*ret = TAKE(q);
	return 0;
}
