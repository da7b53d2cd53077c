/* metric_rules.c - numbers out of log lines.
 *
 * A job's MetricDefinitions are regular expressions whose first group is the
 * value. They are held against each line of an event as it is shown (log_text.h), so
 * that a log gives the same values whether it comes from the service or from the cache,
 * and a bar that redraws itself gives its last one. They are written for the text in
 * CloudWatch, where the tab of XGBoost's lines is "#011", so a line with tabs is tried
 * in both spellings. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/series.h"

#include "base/buf.h"
#include "model/log_text.h"

#include <ctype.h>
#include <math.h>
#include <strings.h>

/* A pattern of a job's author may backtrack for ever: give up early. */
#define MATCH_LIMIT 20000 /* and one for each byte of the line */
#define METRIC_LINE_MAX ((size_t)1 << 20)
#define METRIC_CLEAN_MAX (METRIC_LINE_MAX * 4 + 16) /* a byte that is no UTF-8 becomes three */
#define STEP_WITHIN ((size_t)65536)		    /* bytes of the line in which its step is looked for */

struct rule {
	char *name;
	pcre2_code *code;
	bool found; /* in the event that is looked at */
};

struct metric_rules {
	struct rule *items;
	size_t n, cap;
	bool xgboost;	     /* no definitions: XGBoost's own line is looked for */
	int64_t first_epoch; /* 0 or 1, of the lines that tell how far within an epoch; -1 none yet */
	struct buf clean;    /* the event that is looked at */
	pcre2_match_context *context;
	pcre2_match_data *match;
};

/* Where the values of an event go. */
struct target {
	const char *source;
	int64_t time_ms;
	struct series_set *out;
	bool whole; /* all lines at once, of rules that found nothing in one */
};

struct metric_rules *metric_rules_new(const struct job *j)
{
	struct metric_rules *r = NEW(struct metric_rules);

	r->context = pcre2_match_context_create(NULL);
	r->match = pcre2_match_data_create(16, NULL);
	if (!r->context || !r->match)
		abort(); /* as xmalloc does */
	for (size_t i = 0; j && i < j->cold->n_metric_definitions; i++) {
		int code;
		PCRE2_SIZE at;
		const char *regex = j->cold->metric_definitions[i].regex;

		if (str_empty(regex))
			continue;
		pcre2_code *re = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);

		if (!re) /* the service took it, Python may read it otherwise: this metric stays empty */
			continue;
		pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
		GROW(r->items, r->cap, r->n + 1);
		r->items[r->n++] = (struct rule){xstrdup(j->cold->metric_definitions[i].name), re, false};
	}
	r->xgboost = r->n == 0;
	r->first_epoch = -1;
	buf_init(&r->clean, METRIC_CLEAN_MAX);
	return r;
}

void metric_rules_free(struct metric_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].name);
		pcre2_code_free(r->items[i].code);
	}
	free(r->items);
	buf_done(&r->clean);
	pcre2_match_context_free(r->context);
	pcre2_match_data_free(r->match);
	free(r);
}

static size_t digits(const char *p, const char *end)
{
	const char *s = p;

	while (s < end && isdigit((unsigned char)*s))
		s++;
	return (size_t)(s - p);
}

/* nan, inf or infinity, in any case. */
static size_t word_value(const char *p, const char *end, double *ret)
{
	static const struct {
		const char *word;
		double value;
	} words[] = {{"infinity", INFINITY}, {"inf", INFINITY}, {"nan", NAN}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);

		if ((size_t)(end - p) < n || strncasecmp(p, words[i].word, n) != 0 ||
		    (p + n < end && (isalnum((unsigned char)p[n]) || p[n] == '_')))
			continue;
		*ret = words[i].value;
		return n;
	}
	return 0;
}

/* The bytes of ",234,567" behind up to three digits; 0 where they are no thousands. */
static size_t thousands(const char *p, const char *end, size_t before)
{
	const char *s = p;

	if (before == 0 || before > 3 || p[-(ptrdiff_t)before] == '0')
		return 0;
	while (s < end && *s == ',' && digits(s + 1, end) == 3)
		s += 4;
	return s < end && *s == ',' && digits(s + 1, end) > 0 ? 0 : (size_t)(s - p);
}

/* The comma at s, before n digits, parts two numbers, as in a row of CSV: what follows
 * has a point of its own, which neither decimals nor thousands can have here. */
static bool is_separator(const char *s, const char *end, size_t n)
{
	const char *point = s + 1 + n;

	return point < end && *point == '.' && digits(point + 1, end) > 0;
}

/* What follows makes another number of it: 1.2.3, 1.234,5, 5,3, 0x1f. */
static bool is_torn(const char *p, const char *s, const char *end, bool whole)
{
	if (s >= end)
		return false;
	size_t after = digits(s + 1, end);

	if (*s == '.')
		return after > 0;
	if (*s == ',' && after > 0 && !is_separator(s, end, after)) {
		const char *point = memchr(p, '.', (size_t)(s - p));

		/* A comma as the decimal point, behind points between thousands. */
		return whole || (point && s - point == 4 && point - p <= 3 && *p != '0');
	}
	return (*s == 'x' || *s == 'X') && s - p == 1 && *p == '0';
}

static size_t exponent(const char *p, const char *end)
{
	const char *s = p + 1;

	if (p >= end || (*p != 'e' && *p != 'E'))
		return 0;
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	size_t n = digits(s, end);

	return n ? (size_t)(s - p) + n : 0;
}

/* The number that text begins with, as a whole; *ret_len is its length. strtod obeys
 * the locale, so the extent is found here and the value by str_to_f64. */
static bool number_at(const char *p, const char *end, double *ret, size_t *ret_len)
{
	char tmp[64];
	const char *begin = p;
	bool negative = p < end && *p == '-';
	size_t n = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	size_t word = word_value(p, end, ret), whole = digits(p, end);

	if (word) {
		*ret = negative ? -*ret : *ret;
		*ret_len = (size_t)(p - begin) + word;
		return true;
	}
	const char *s = p + whole;

	s += thousands(s, end, whole);
	bool grouped = s > p + whole;
	size_t fraction = s < end && *s == '.' ? 1 + digits(s + 1, end) : 0;

	s += fraction;
	s += exponent(s, end);
	if ((whole == 0 && fraction < 2) || is_torn(p, s, end, fraction == 0 || grouped))
		return false;
	for (const char *c = p; c < s && n + 2 < sizeof(tmp); c++) {
		if (*c != ',')
			tmp[n++] = *c;
	}
	tmp[n] = '\0';
	*ret_len = (size_t)(s - begin);
	if (s - p >= (ptrdiff_t)sizeof(tmp) - 2 || !str_to_f64(tmp, ret))
		return false;
	*ret = negative ? -*ret : *ret;
	return true;
}

static int64_t digits_at(const char *p, const char *end)
{
	int64_t v = 0;
	int n = 0;

	while (p < end && isdigit((unsigned char)*p) && n < 15) {
		v = v * 10 + (*p++ - '0');
		n++;
	}
	return n ? v : -1;
}

static const char *const step_words[] = {"epoch", "step", "round", "iteration", "iter", "batch"};

/* The length of the step word at p; *ret_is_epoch tells which one it is. */
static size_t step_word(const char *p, const char *end, bool *ret_is_epoch)
{
	for (size_t i = 0; i < ARRAY_LEN(step_words); i++) {
		size_t len = strlen(step_words[i]);

		if ((size_t)(end - p) > len && strncasecmp(p, step_words[i], len) == 0) {
			*ret_is_epoch = i == 0;
			return len;
		}
	}
	return 0;
}

static const char *skip(const char *p, const char *end, const char *which)
{
	while (p < end && *p && strchr(which, *p))
		p++;
	return p;
}

/* Behind an epoch's number, how far it is: "[6400/60000", "/10], Step [200/600]". As a
 * step that grows from epoch to epoch; the epoch where nothing is said. */
static int64_t within_epoch(struct metric_rules *r, int64_t epoch, const char *p, const char *end)
{
	bool is_epoch = false;

	p += digits(p, end);
	if (p < end && *p == '/')
		p += 1 + digits(p + 1, end);
	p = skip(p, end, " ]),:|-\t");
	size_t word = step_word(p, end, &is_epoch);

	if (is_epoch)
		return epoch;
	p = skip(p + word, end, " :=[(#");
	int64_t at = digits_at(p, end);

	p += digits(p, end);
	if (at < 0 || p >= end || *p != '/')
		return epoch;
	int64_t of = digits_at(p + 1, end);

	if (of <= 0 || at > of || of > INT32_MAX || epoch > INT32_MAX)
		return epoch;
	if (r->first_epoch < 0)
		r->first_epoch = epoch == 0 ? 0 : 1;
	return (epoch - r->first_epoch) * of + at;
}

/* The step that the line speaks of: "[12]" anywhere before its first metric, or
 * a word such as epoch, step, round, iteration with a number after it. */
static int64_t step_of(struct metric_rules *r, const char *text, size_t n)
{
	const char *end = text + MIN(n, STEP_WITHIN);

	for (const char *p = text; p < end; p++) {
		if (*p == '[') {
			int64_t v = digits_at(p + 1, end);
			const char *q = p + 1 + digits(p + 1, end);

			if (v >= 0 && q < end && *q == ']')
				return v;
		}
		if ((p > text && isalpha((unsigned char)p[-1])) || !isalpha((unsigned char)*p))
			continue;
		bool is_epoch;
		size_t word = step_word(p, end, &is_epoch);

		if (!word)
			continue;
		const char *q = skip(p + word, end, " :=[#");
		int64_t v = digits_at(q, end);

		if (v >= 0)
			return is_epoch ? within_epoch(r, v, q, end) : v;
	}
	return -1;
}

/* text with every `from` as `to`; NULL where it has none or is too long. */
static char *respell(const char *text, size_t n, const char *from, const char *to)
{
	if (n > METRIC_LINE_MAX || !memmem(text, n, from, strlen(from)))
		return NULL;
	AUTO(buf) struct buf out = BUF_INIT(METRIC_LINE_MAX * 4 + 16);
	size_t len = strlen(from);

	for (size_t i = 0; i < n;) {
		if (n - i >= len && memcmp(text + i, from, len) == 0) {
			(void)buf_adds(&out, to);
			i += len;
		} else {
			(void)buf_addc(&out, text[i++]);
		}
	}
	return buf_take(&out);
}

static bool rule_value(const struct metric_rules *r, const struct rule *rule, const char *text, size_t n, double *ret)
{
	pcre2_set_match_limit(r->context, (uint32_t)(MATCH_LIMIT + n));
	int rc = pcre2_match(rule->code, (PCRE2_SPTR)text, n, 0, 0, r->match, r->context);

	if (rc < 2)
		return false;
	PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
	size_t len;

	if (o[2] == PCRE2_UNSET || o[2] >= o[3])
		return false;
	/* A pattern that ends with its group may have stopped within the number: what
	 * stands behind [0-9.]+ in 1e-05 or 1,234.5 belongs to it. */
	const char *p = text + o[2], *end = text + (o[1] == o[3] ? n : o[3]);

	while (p < text + o[3] && isspace((unsigned char)*p))
		p++;
	return p < text + o[3] && number_at(p, end, ret, &len);
}

/* The values of one text; what it does not say of its step is what was said before it. */
static void apply_definitions(struct metric_rules *r, const struct target *to, const char *text, size_t n,
			      int64_t before)
{
	AUTO(str) char *spelled = respell(text, n, "\t", "#011");
	int64_t step = -2; /* not looked for yet */

	for (size_t i = 0; i < r->n; i++) {
		struct rule *rule = &r->items[i];
		double v;

		if (to->whole && rule->found)
			continue;
		if (!rule_value(r, rule, text, n, &v) &&
		    !(spelled && rule_value(r, rule, spelled, strlen(spelled), &v)))
			continue;
		rule->found = true;
		if (step == -2)
			step = step_of(r, text, n);
		series_add(to->out, rule->name, to->source, to->time_ms, step >= 0 ? step : before, v);
	}
}

/* "train-rmse" -> "train:rmse": the name that SageMaker's image gives it. */
static void add_xgboost(const struct target *to, const char *name, size_t n, int64_t step, double value)
{
	char buf[128];
	size_t dash = 0;

	if (n == 0 || n >= sizeof(buf))
		return;
	memcpy(buf, name, n);
	buf[n] = '\0';
	while (dash < n && buf[dash] != '-')
		dash++;
	if (dash < n && dash > 0)
		buf[dash] = ':';
	series_add(to->out, buf, to->source, to->time_ms, step, value);
}

/* "0.91", of a cross validation "0.91+0.003": the mean and its deviation. */
static bool xgboost_value(const char *p, const char *end, double *ret)
{
	double deviation;
	size_t len, more;

	if (!number_at(p, end, ret, &len))
		return false;
	p += len;
	return p == end || (*p == '+' && number_at(p + 1, end, &deviation, &more) && p + 1 + more == end);
}

static void apply_xgboost(const struct target *to, const char *text, size_t n)
{
	const char *end = text + n, *p = memchr(text, '[', n);
	int64_t step;

	/* A time stamp or a rank may stand in brackets first. */
	while (p && ((step = digits_at(p + 1, end)) < 0 || p[1 + strspn(p + 1, "0123456789")] != ']'))
		p = memchr(p + 1, '[', (size_t)(end - p - 1));
	if (!p)
		return;
	p = (const char *)memchr(p, ']', (size_t)(end - p)) + 1;
	if (p >= end || (*p != '\t' && *p != ' '))
		return;
	while (p < end) {
		if (*p == '\t' || *p == ' ') {
			p++;
			continue;
		}
		const char *name = p, *colon = NULL;

		while (p < end && *p != '\t' && *p != ' ') {
			if (*p == ':')
				colon = p;
			p++;
		}
		double v;

		if (!colon || !xgboost_value(colon + 1, p, &v))
			return; /* not such a line after all */
		add_xgboost(to, name, (size_t)(colon - name), step, v);
	}
}

void metric_rules_apply(struct metric_rules *r, const char *source, const struct log_line *line, struct series_set *out)
{
	struct target to = {.source = source, .time_ms = line->time_ms, .out = out};
	int64_t before = -1;

	buf_clear(&r->clean);
	(void)log_text_clean(&r->clean, line->text, MIN((size_t)line->len, METRIC_LINE_MAX));
	for (size_t i = 0; i < r->n; i++)
		r->items[i].found = false;
	const char *text = buf_str(&r->clean), *end = text + r->clean.len, *newline;

	for (const char *p = text; p < end; p = newline ? newline + 1 : end) {
		newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);

		if (r->xgboost) {
			apply_xgboost(&to, p, n);
			continue;
		}
		apply_definitions(r, &to, p, n, before);
		int64_t step = newline ? step_of(r, p, n) : -1;

		before = step >= 0 ? step : before;
	}
	to.whole = true;
	if (!r->xgboost && memchr(text, '\n', r->clean.len))
		apply_definitions(r, &to, text, r->clean.len, -1);
}
