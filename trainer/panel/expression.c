/* Expressions by recursive descent into a list of steps for a stack, which a row is then
 * walked through. */
#include "trainer/panel/expression.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>

#define EXPRESSION_STACK 32 /* deepest nesting */

enum step_op {
	STEP_NUMBER,
	STEP_COLUMN,
	STEP_IS_WORD,
	STEP_NEGATE,
	STEP_NOT, /* IS_WORD: a column of text and a word */
	STEP_ADD,
	STEP_SUBTRACT,
	STEP_TIMES,
	STEP_OVER,
	STEP_EQUAL,
	STEP_DIFFERS,
	STEP_LESS,
	STEP_AT_MOST,
	STEP_MORE,
	STEP_AT_LEAST,
	STEP_AND,
	STEP_OR,
};

struct step {
	enum step_op op;
	double number;
	size_t column;
	uint32_t code;
};

struct expression {
	const struct frame *t;
	struct step *steps;
	size_t n, cap;
};

void expression_free(struct expression *e)
{
	if (!e)
		return;
	free(e->steps);
	free(e);
}

static void add_step(struct expression *e, enum step_op op, double number, size_t column, uint32_t code)
{
	GROW(e->steps, e->cap, e->n + 1);
	e->steps[e->n++] = (struct step){op, number, column, code};
}

/* --- reading -------------------------------------------------------------------------- */

struct parsing {
	struct expression *e;
	const char *text, *p;
	int depth;
	struct err *err;
};

static int parse_or(struct parsing *g);

static int wrong(const struct parsing *g, const char *what)
{
	return err_set(g->err, ERR_INVALID, "\"%s\": %s at \"%.20s\"", g->text, what, *g->p ? g->p : "its end");
}

static void skip_blanks(struct parsing *g)
{
	while (isspace((unsigned char)*g->p))
		g->p++;
}

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || (c & 0x80);
}

static bool take(struct parsing *g, const char *token)
{
	size_t n = strlen(token);

	skip_blanks(g);
	if (strncmp(g->p, token, n) || (isalpha((unsigned char)*token) && name_byte(g->p[n])))
		return false;
	g->p += n;
	return true;
}

/* "PG" behind a comparison with a column of text. */
static int parse_word(struct parsing *g, size_t column, bool equal)
{
	const struct frame_column *c = &g->e->t->columns[column];
	uint32_t code = FRAME_NO_WORD;
	const char *from;
	char quote;

	skip_blanks(g);
	quote = *g->p == '"' || *g->p == '\'' ? *g->p++ : 0;
	from = g->p;
	while (*g->p && (quote ? *g->p != quote : name_byte(*g->p)))
		g->p++;
	AUTO(str) char *word = xstrndup(from, (size_t)(g->p - from));

	if ((quote && *g->p != quote) || (!quote && !*word))
		return wrong(g, "a word is missing");
	g->p += quote != 0;
	for (size_t i = 0; i < c->words.n; i++)
		if (str_eq(c->words.items[i], word))
			code = (uint32_t)i;
	if (code == FRAME_NO_WORD && *word) /* no row holds it */
		add_step(g->e, STEP_NUMBER, equal ? 0 : 1, 0, 0);
	else {
		add_step(g->e, STEP_IS_WORD, 0, column, code);
		if (!equal)
			add_step(g->e, STEP_NOT, 0, 0, 0);
	}
	return 0;
}

static int parse_name(struct parsing *g)
{
	const char *from = g->p;

	while (name_byte(*g->p))
		g->p++;
	AUTO(str) char *name = xstrndup(from, (size_t)(g->p - from));
	size_t column = frame_find(g->e->t, name);

	if (column == FRAME_NO_COLUMN) {
		g->p = from;
		return wrong(g, "there is no column of that name");
	}
	if (!g->e->t->columns[column].text) {
		add_step(g->e, STEP_COLUMN, 0, column, 0);
		return 0;
	}
	if (take(g, "!="))
		return parse_word(g, column, false);
	if (take(g, "==") || take(g, "="))
		return parse_word(g, column, true);
	return wrong(g, "a column of text can be compared with a word (= or !=) only");
}

static int parse_factor(struct parsing *g)
{
	skip_blanks(g);
	if (++g->depth > EXPRESSION_STACK / 2)
		return wrong(g, "is nested too deeply");
	int rc = 0;

	if (take(g, "(")) {
		rc = parse_or(g);
		if (rc == 0 && !take(g, ")"))
			rc = wrong(g, "a ) is missing");
	} else if (take(g, "-")) {
		rc = parse_factor(g);
		add_step(g->e, STEP_NEGATE, 0, 0, 0);
	} else if (isdigit((unsigned char)*g->p) || *g->p == '.') {
		size_t n = strspn(g->p, "0123456789.eE");
		AUTO(str) char *digits = xstrndup(g->p, n);
		double value;

		if (!str_to_f64(digits, &value))
			rc = wrong(g, "this is not a number");
		else {
			add_step(g->e, STEP_NUMBER, value, 0, 0);
			g->p += n;
		}
	} else if (name_byte(*g->p))
		rc = parse_name(g);
	else
		rc = wrong(g, "a number or a column is missing");
	g->depth--;
	return rc;
}

/* Operators of one strength, from the left. */
struct operators {
	const char *token;
	enum step_op op;
};

static int parse_level(struct parsing *g, int level);

static int parse_operators(struct parsing *g, const struct operators *ops, size_t n, int level)
{
	int rc = parse_level(g, level + 1);

	for (size_t i = 0; rc == 0 && i < n;) {
		if (!take(g, ops[i].token)) {
			i++;
			continue;
		}
		rc = parse_level(g, level + 1);
		add_step(g->e, ops[i].op, 0, 0, 0);
		i = 0;
	}
	return rc;
}

static int parse_level(struct parsing *g, int level)
{
	static const struct operators or_ops[] = {{"or", STEP_OR}}, and_ops[] = {{"and", STEP_AND}},
				      compare_ops[] = {{"!=", STEP_DIFFERS}, {"==", STEP_EQUAL}, {"=", STEP_EQUAL},
						       {"<=", STEP_AT_MOST}, {"<", STEP_LESS},	 {">=", STEP_AT_LEAST},
						       {">", STEP_MORE}},
				      sum_ops[] = {{"+", STEP_ADD}, {"-", STEP_SUBTRACT}},
				      term_ops[] = {{"*", STEP_TIMES}, {"/", STEP_OVER}};
	int rc;

	switch (level) {
	case 0:
		return parse_operators(g, or_ops, ARRAY_LEN(or_ops), level);
	case 1:
		return parse_operators(g, and_ops, ARRAY_LEN(and_ops), level);
	case 2:
		if (!take(g, "not"))
			return parse_level(g, level + 1);
		rc = parse_level(g, level + 1);
		add_step(g->e, STEP_NOT, 0, 0, 0);
		return rc;
	case 3:
		return parse_operators(g, compare_ops, ARRAY_LEN(compare_ops), level);
	case 4:
		return parse_operators(g, sum_ops, ARRAY_LEN(sum_ops), level);
	case 5:
		return parse_operators(g, term_ops, ARRAY_LEN(term_ops), level);
	default:
		return parse_factor(g);
	}
}

static int parse_or(struct parsing *g)
{
	return parse_level(g, 0);
}

int expression_new(const char *text, const struct frame *t, struct expression **ret, struct err *err)
{
	AUTO(expression) struct expression *e = NEW(struct expression);
	struct parsing g = {e, text, text, 0, err};

	e->t = t;
	int rc = parse_or(&g);

	skip_blanks(&g);
	if (rc == 0 && *g.p)
		rc = wrong(&g, "this follows a whole expression");
	if (rc == 0)
		*ret = TAKE(e);
	return rc;
}

/* --- a row ----------------------------------------------------------------------------- */

static double apply(enum step_op op, double a, double b)
{
	switch (op) {
	case STEP_ADD:
		return a + b;
	case STEP_SUBTRACT:
		return a - b;
	case STEP_TIMES:
		return a * b;
	case STEP_OVER:
		return b == 0 ? NAN : a / b;
	case STEP_EQUAL:
		return a == b;
	case STEP_DIFFERS:
		return a < b || a > b;
	case STEP_LESS:
		return a < b;
	case STEP_AT_MOST:
		return a <= b;
	case STEP_MORE:
		return a > b;
	case STEP_AT_LEAST:
		return a >= b;
	case STEP_AND:
		return a != 0 && b != 0 && !isnan(a) && !isnan(b);
	case STEP_OR:
		return (a != 0 && !isnan(a)) || (b != 0 && !isnan(b));
	default:
		return NAN;
	}
}

double expression_value(const struct expression *e, size_t row)
{
	double stack[EXPRESSION_STACK * 8] = {0};
	size_t top = 0;

	for (size_t i = 0; i < e->n; i++) {
		const struct step *s = &e->steps[i];

		if (top >= ARRAY_LEN(stack))
			return NAN;
		assert(top || s->op <= STEP_IS_WORD); /* the parser puts its values before an operator */
		if (s->op == STEP_NUMBER)
			stack[top++] = s->number;
		else if (s->op == STEP_COLUMN)
			stack[top++] = e->t->columns[s->column].numbers[row];
		else if (s->op == STEP_IS_WORD)
			stack[top++] = e->t->columns[s->column].codes[row] == s->code;
		else if (s->op == STEP_NEGATE)
			stack[top - 1] = -stack[top - 1];
		else if (s->op == STEP_NOT)
			stack[top - 1] = !(stack[top - 1] != 0 && !isnan(stack[top - 1]));
		else {
			assert(top > 1);
			top--;
			stack[top - 1] = apply(s->op, stack[top - 1], stack[top]);
		}
	}
	return stack[0];
}

bool expression_holds(const struct expression *e, size_t row)
{
	double v = expression_value(e, row);

	return v != 0 && !isnan(v);
}

bool expression_reads(const struct expression *e, size_t column)
{
	for (size_t i = 0; i < e->n; i++)
		if ((e->steps[i].op == STEP_COLUMN || e->steps[i].op == STEP_IS_WORD) && e->steps[i].column == column)
			return true;
	return false;
}
