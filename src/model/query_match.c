/* query_match.c - a thing against a filter. */
#include <strings.h>

#include "model/kind.h"
#include "model/query_internal.h"

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
	case OP_MATCHES:
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
	if (t->op == OP_HAS || t->op == OP_MATCHES) {
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

static bool match_node(const struct query *q, size_t at, const struct resource *r, const struct field_context *x)
{
	const struct node *n = &q->nodes[at];

	switch (n->type) {
	case NODE_AND:
		return match_node(q, n->a, r, x) && match_node(q, n->b, r, x);
	case NODE_OR:
		return match_node(q, n->a, r, x) || match_node(q, n->b, r, x);
	case NODE_NOT:
		return !match_node(q, n->a, r, x);
	case NODE_TERM:
		break;
	}
	return match_term(q, &q->terms[n->a], r, x) != q->terms[n->a].negated;
}

bool query_match(const struct query *q, const struct resource *r, const struct field_context *x)
{
	return !q || !q->n_nodes || match_node(q, q->n_nodes - 1, r, x);
}

bool query_vain_turn(const struct query *q, const struct resources *t, const struct field_context *x,
		     struct query_vain *at, size_t looks)
{
	while (at->term < q->n) {
		const struct term *one = &q->terms[at->term];

		for (; at->thing < t->n; at->thing++, looks--) {
			if (!looks)
				return false;
			if (match_term(q, one, t->items[at->thing], x) != one->negated)
				break;
		}
		if (at->thing == t->n) {
			at->word = one->word;
			return true;
		}
		at->term++;
		at->thing = 0;
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
