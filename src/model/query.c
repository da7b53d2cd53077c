/* query.c - parse a filter into terms; match a job against them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/query.h"

#include "base/buf.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

#define TERMS_MAX 64
#define MATCH_LIMIT 20000

enum column {
	COL_NAME,
	COL_STATUS,
	COL_INSTANCE,
	COL_SPOT,
	COL_REASON,
	COL_IMAGE,
	COL_METRIC,
	COL_TAG,
	COL_HP,
	COL_COST,
	COL_SAVED,
	COL_OBJECTIVE,
	COL_COUNT,
	COL_AGE,
	COL_TRAIN,
	COL_BILLED,
	COL_CREATED,
	COL_STARTED,
	COL_ENDED,
	COL_MODIFIED,
	COL_INTERRUPTIONS
};

/* How the value of a term is read and compared. */
enum value_kind { KIND_TEXT, KIND_BOOL, KIND_NUMBER, KIND_PERCENT, KIND_DURATION, KIND_TIME };

struct column_row {
	const char *name;
	enum column column;
	enum value_kind kind;
	const char *help; /* NULL: another name of the row above */
};

/* One row per column: parser, help and completion come from it. */
static const struct column_row rows[] = {
	{"name", COL_NAME, KIND_TEXT, "part of the name, or a regular expression"},
	{"status", COL_STATUS, KIND_TEXT, "InProgress, Failed ..., or a secondary status such as Training"},
	{"state", COL_STATUS, KIND_TEXT, NULL},
	{"instance", COL_INSTANCE, KIND_TEXT, "part of the instance type"},
	{"inst", COL_INSTANCE, KIND_TEXT, NULL},
	{"spot", COL_SPOT, KIND_BOOL, "yes or no"},
	{"reason", COL_REASON, KIND_TEXT, "part of the failure reason"},
	{"image", COL_IMAGE, KIND_TEXT, "part of the training image (of jobs that were opened)"},
	{"metric", COL_METRIC, KIND_TEXT, "part of the objective metric's name"},
	{"tag.", COL_TAG, KIND_TEXT, "a tag by its key: tag.run:nightly"},
	{"hp.", COL_HP, KIND_TEXT, "a hyperparameter by its name: hp.eta=0.05, hp.max_depth>6"},
	{"cost", COL_COST, KIND_NUMBER, "dollars, billed or so far"},
	{"saved", COL_SAVED, KIND_PERCENT, "percent that spot saved"},
	{"objective", COL_OBJECTIVE, KIND_NUMBER, "final value of the objective metric"},
	{"count", COL_COUNT, KIND_NUMBER, "instances"},
	{"instances", COL_COUNT, KIND_NUMBER, NULL},
	{"interruptions", COL_INTERRUPTIONS, KIND_NUMBER, "how often spot took the instance"},
	{"age", COL_AGE, KIND_DURATION, "time since creation: age<2h"},
	{"train", COL_TRAIN, KIND_DURATION, "training time: train>=10m"},
	{"duration", COL_TRAIN, KIND_DURATION, NULL},
	{"billed", COL_BILLED, KIND_DURATION, "billable time of all instances"},
	{"created", COL_CREATED, KIND_TIME, "a date or time: created>2026-11-01"},
	{"started", COL_STARTED, KIND_TIME, "start of training"},
	{"ended", COL_ENDED, KIND_TIME, "end of training"},
	{"modified", COL_MODIFIED, KIND_TIME, "last change"}};

enum op { OP_HAS, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct term {
	bool negated;
	enum column column;
	enum value_kind kind;
	enum op op;
	char *key;	       /* of tag. and hp. */
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
	free(t->key);
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

const char *query_column_name(size_t i)
{
	return i < ARRAY_LEN(rows) ? rows[i].name : NULL;
}

const char *query_column_help(size_t i)
{
	return i < ARRAY_LEN(rows) ? rows[i].help : NULL;
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

static const struct column_row *find_row(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].name);
		bool keyed = rows[i].name[len - 1] == '.';

		if (keyed ? n > len && strncasecmp(name, rows[i].name, len) == 0
			  : n == len && strncasecmp(name, rows[i].name, len) == 0)
			return &rows[i];
	}
	return NULL;
}

static int unknown_column(const char *word, const char *name, struct err *err)
{
	const char *names[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		names[i] = rows[i].name;
	const char *near = str_nearest(name, names, ARRAY_LEN(names));

	if (near)
		return err_set(err, ERR_INVALID, "filter '%s': there is no column '%s': did you mean '%s'?", word, name,
			       near);
	return err_set(err, ERR_INVALID,
		       "filter '%s': there is no column '%s': name, status, instance, cost, age, tag.KEY, hp.NAME ... "
		       "are known",
		       word, name);
}

static int parse_value(struct term *t, const char *value, const char *word, struct err *err)
{
	double number;
	int64_t ms;

	switch (t->kind) {
	case KIND_TEXT:
		t->has_number = str_to_f64(value, &t->number);
		if (t->op >= OP_LT && t->column != COL_HP && t->column != COL_TAG)
			return err_set(err, ERR_INVALID, "filter '%s': '%s' holds text: use ':' or '='", word,
				       t->column == COL_NAME ? "name" : "this column");
		if (t->op >= OP_LT && !t->has_number)
			return err_set(err, ERR_INVALID, "filter '%s': a number is wanted after the comparison", word);
		if (t->op == OP_HAS)
			strlist_split(&t->values, value, ',');
		else
			strlist_add(&t->values, value);
		return compile_values(t, word, err);
	case KIND_BOOL:
		if (!str_to_bool(value, &t->flag))
			return err_set(err, ERR_INVALID, "filter '%s': yes or no is wanted", word);
		return 0;
	case KIND_NUMBER:
	case KIND_PERCENT: {
		AUTO(str) char *copy = xstrdup(value[0] == '$' ? value + 1 : value);
		size_t n = strlen(copy);

		if (t->kind == KIND_PERCENT && n > 0 && copy[n - 1] == '%')
			copy[n - 1] = '\0';
		if (!str_to_f64(copy, &number))
			return err_set(err, ERR_INVALID, "filter '%s': a number is wanted", word);
		t->number = number;
		return 0;
	}
	case KIND_DURATION:
		if (!timefmt_parse_duration(value, &ms))
			return err_set(err, ERR_INVALID, "filter '%s': a duration such as 90s, 15m, 2h or 3d is wanted",
				       word);
		t->number = (double)ms;
		return 0;
	case KIND_TIME:
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
	/* A tag's key may hold a colon (aws:createdBy): the last one before the
	 * value counts there. */
	if (strncasecmp(word, "tag.", 4) == 0 && *p == ':') {
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

static int parse_term(const char *word, struct term *t, struct err *err)
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
		t->column = COL_NAME;
		t->kind = KIND_TEXT;
		t->op = OP_HAS;
		strlist_add(&t->values, s);
		return compile_values(t, word, err);
	}
	const struct column_row *row = find_row(s, (size_t)(op - s));

	if (!row) {
		AUTO(str) char *name = xstrndup(s, (size_t)(op - s));

		return unknown_column(word, name, err);
	}
	t->column = row->column;
	t->kind = row->kind;
	size_t prefix = strlen(row->name);

	if (row->name[prefix - 1] == '.')
		t->key = xstrndup(s + prefix, (size_t)(op - s) - prefix);
	if (!op[len])
		return err_set(err, ERR_INVALID, "filter '%s': a value is wanted after '%.*s'", word, (int)len, op);
	return parse_value(t, op + len, word, err);
}

int query_parse(const char *text, struct query **ret, struct err *err)
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
		int rc = parse_term(buf_str(&word), t, err);

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
	if (t->has_number && str_to_f64(text, &number))
		return compare(t->op, number, t->number);
	if (t->op == OP_EQ || t->op == OP_NE)
		return (strcasecmp(text, t->values.items[0]) == 0) == (t->op == OP_EQ);
	return false;
}

/* Short names people type for states. */
static bool match_status(const struct query *q, const struct term *t, const struct job *j)
{
	static const struct {
		const char *word;
		bool (*is)(const struct job *j);
	} words[] = {{"running", job_is_active},
		     {"active", job_is_active},
		     {"done", job_is_terminal},
		     {"finished", job_is_terminal}};
	bool any = false;

	for (size_t i = 0; i < t->values.n && !any; i++) {
		for (size_t k = 0; k < ARRAY_LEN(words); k++)
			any |= str_ieq(t->values.items[i], words[k].word) && words[k].is(j);
		any |= has_text(q, t, i, job_state_text(j));
		any |= j->status_text && has_text(q, t, i, j->status_text);
	}
	return t->op == OP_NE ? !any : any;
}

static bool time_value(int64_t ms, double *ret)
{
	*ret = (double)ms;
	return ms != TIME_UNKNOWN;
}

/* The figure of a column; false where it is unknown. */
static bool figure(const struct term *t, const struct job *j, const struct price_table *prices, const char *region,
		   int64_t now_ms, double *ret)
{
	int64_t v;
	struct cost c;

	switch (t->column) {
	case COL_COST:
	case COL_BILLED:
		c = cost_of_job(j, prices, region, now_ms);
		v = t->column == COL_COST ? c.usd_micro : c.billed_s;
		*ret = t->column == COL_COST ? (double)v / 1e6 : (double)v * 1000;
		return t->column == COL_COST ? v >= 0 : c.kind != COST_UNKNOWN || v > 0;
	case COL_SAVED:
		v = job_spot_saving_pct(j);
		*ret = (double)v;
		return v >= 0;
	case COL_OBJECTIVE:
		return job_objective(j, ret);
	case COL_COUNT:
		*ret = j->instance_count;
		return j->instance_count > 0;
	case COL_INTERRUPTIONS:
		*ret = job_interruptions(j);
		return j->detail >= DETAIL_SEARCHED;
	case COL_AGE:
		*ret = (double)(now_ms - j->created_ms);
		return j->created_ms != TIME_UNKNOWN;
	case COL_TRAIN:
		v = job_elapsed_s(j, now_ms);
		*ret = (double)v * 1000;
		return v >= 0;
	case COL_CREATED:
		return time_value(j->created_ms, ret);
	case COL_STARTED:
		return time_value(j->start_ms, ret);
	case COL_ENDED:
		return time_value(j->end_ms, ret);
	case COL_MODIFIED:
		return time_value(j->modified_ms, ret);
	default:
		return false;
	}
}

static bool match_term(const struct query *q, const struct term *t, const struct job *j,
		       const struct price_table *prices, const char *region, int64_t now_ms)
{
	double v;

	switch (t->column) {
	case COL_NAME:
		return match_text(q, t, j->name);
	case COL_STATUS:
		return match_status(q, t, j);
	case COL_INSTANCE:
		return match_text(q, t, j->instance_type);
	case COL_SPOT:
		return j->detail >= DETAIL_SEARCHED && (j->spot == t->flag) == (t->op != OP_NE);
	case COL_REASON:
		return match_text(q, t, j->failure_reason);
	case COL_IMAGE:
		return match_text(q, t, j->image);
	case COL_METRIC:
		return match_text(q, t, job_objective_name(j));
	case COL_TAG:
		return match_text(q, t, job_tag(j, t->key));
	case COL_HP:
		return match_text(q, t, job_hyperparameter(j, t->key));
	default:
		return figure(t, j, prices, region, now_ms, &v) && compare(t->op, v, t->number);
	}
}

bool query_match(const struct query *q, const struct job *j, const struct price_table *prices, const char *region,
		 int64_t now_ms)
{
	for (size_t i = 0; q && i < q->n; i++) {
		if (match_term(q, &q->terms[i], j, prices, region, now_ms) == q->terms[i].negated)
			return false;
	}
	return true;
}
