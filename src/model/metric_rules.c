/* metric_rules.c - numbers out of log lines.
 *
 * A job's MetricDefinitions are regular expressions whose first group is the
 * value. They are written for the text in CloudWatch, where the tab of XGBoost's
 * lines is "#011"; programs that log a real tab must match too, and the other way
 * round, so a line is tried in both spellings where it has one. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "model/series.h"

#include "base/buf.h"

#include <ctype.h>
#include <strings.h>

/* A pattern of a job's author may backtrack for ever: give up early. */
#define MATCH_LIMIT 20000
#define METRIC_LINE_MAX 4096

struct rule {
	char *name;
	pcre2_code *code;
};

struct metric_rules {
	struct rule *items;
	size_t n, cap;
	bool xgboost; /* no definitions: XGBoost's own line is looked for */
	pcre2_match_context *context;
	pcre2_match_data *match;
};

struct metric_rules *metric_rules_new(const struct job *j)
{
	struct metric_rules *r = NEW(struct metric_rules);

	r->context = pcre2_match_context_create(NULL);
	r->match = pcre2_match_data_create(16, NULL);
	if (!r->context || !r->match)
		abort(); /* as xmalloc does */
	pcre2_set_match_limit(r->context, MATCH_LIMIT);
	for (size_t i = 0; j && i < j->n_metric_definitions; i++) {
		int code;
		PCRE2_SIZE at;
		const char *regex = j->metric_definitions[i].regex;

		if (str_empty(regex))
			continue;
		pcre2_code *re = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);

		if (!re) /* the service took it, Python may read it otherwise: this metric stays empty */
			continue;
		pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
		GROW(r->items, r->cap, r->n + 1);
		r->items[r->n++] = (struct rule){xstrdup(j->metric_definitions[i].name), re};
	}
	r->xgboost = r->n == 0;
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
	pcre2_match_context_free(r->context);
	pcre2_match_data_free(r->match);
	free(r);
}

/* The number that text begins with; *ret_len is its length. strtod obeys the
 * locale, so the extent is found here and the value by str_to_f64. */
static bool number_at(const char *p, const char *end, double *ret, size_t *ret_len)
{
	char tmp[64];
	const char *s = p;

	if (s < end && (*s == '-' || *s == '+'))
		s++;
	while (s < end && (isdigit((unsigned char)*s) || *s == '.'))
		s++;
	if (s < end && (*s == 'e' || *s == 'E')) {
		const char *e = s + 1;

		if (e < end && (*e == '-' || *e == '+'))
			e++;
		if (e < end && isdigit((unsigned char)*e)) {
			while (e < end && isdigit((unsigned char)*e))
				e++;
			s = e;
		}
	}
	size_t n = (size_t)(s - p);

	if (n == 0 || n >= sizeof(tmp))
		return false;
	memcpy(tmp, p, n);
	tmp[n] = '\0';
	*ret_len = n;
	return str_to_f64(tmp[0] == '+' ? tmp + 1 : tmp, ret);
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

/* The step that the line speaks of: "[12]" anywhere before its first metric, or
 * a word such as epoch, step, round, iteration with a number after it. */
static int64_t step_of(const char *text, size_t n)
{
	static const char *const words[] = {"epoch", "step", "round", "iteration", "iter"};
	const char *end = text + n;

	for (const char *p = text; p < end; p++) {
		if (*p == '[') {
			int64_t v = digits_at(p + 1, end);
			const char *q = p + 1;

			while (q < end && isdigit((unsigned char)*q))
				q++;
			if (v >= 0 && q < end && *q == ']')
				return v;
		}
		if ((p > text && isalpha((unsigned char)p[-1])) || !isalpha((unsigned char)*p))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t len = strlen(words[i]);

			if ((size_t)(end - p) <= len || strncasecmp(p, words[i], len) != 0)
				continue;
			const char *q = p + len;

			while (q < end && (*q == ' ' || *q == ':' || *q == '=' || *q == '[' || *q == '#'))
				q++;
			int64_t v = digits_at(q, end);

			if (v >= 0)
				return v;
		}
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
	int rc = pcre2_match(rule->code, (PCRE2_SPTR)text, n, 0, 0, r->match, r->context);

	if (rc < 2)
		return false;
	PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->match);
	size_t len;

	if (o[2] == PCRE2_UNSET || o[2] >= o[3])
		return false;
	const char *p = text + o[2], *end = text + o[3];

	while (p < end && isspace((unsigned char)*p))
		p++;
	return number_at(p, end, ret, &len);
}

static void apply_definitions(const struct metric_rules *r, const struct log_line *line, struct series_set *out)
{
	const char *text = line->text;
	size_t n = MIN((size_t)line->len, (size_t)METRIC_LINE_MAX);
	AUTO(str) char *other = respell(text, n, "\t", "#011");
	int64_t step = -2; /* not looked for yet */

	if (!other)
		other = respell(text, n, "#011", "\t");
	for (size_t i = 0; i < r->n; i++) {
		double v;

		if (!rule_value(r, &r->items[i], text, n, &v) &&
		    !(other && rule_value(r, &r->items[i], other, strlen(other), &v)))
			continue;
		if (step == -2)
			step = step_of(text, n);
		series_add(out, r->items[i].name, line->time_ms, step, v);
	}
}

/* "train-rmse" -> "train:rmse": the name that SageMaker's image gives it. */
static void add_xgboost(const char *name, size_t n, const struct log_line *line, int64_t step, double value,
			struct series_set *out)
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
	series_add(out, buf, line->time_ms, step, value);
}

static void apply_xgboost(const struct log_line *line, struct series_set *out)
{
	const char *text = line->text, *end = text + MIN((size_t)line->len, (size_t)METRIC_LINE_MAX);
	const char *p = memchr(text, '[', (size_t)(end - text));
	int64_t step;

	/* A time stamp or a rank may stand in brackets first. */
	while (p && ((step = digits_at(p + 1, end)) < 0 || p[1 + strspn(p + 1, "0123456789")] != ']'))
		p = memchr(p + 1, '[', (size_t)(end - p - 1));
	if (!p)
		return;
	p = (const char *)memchr(p, ']', (size_t)(end - p)) + 1;
	if (p >= end || (*p != '\t' && *p != ' ' && strncmp(p, "#011", 4) != 0))
		return;
	while (p < end) {
		if (*p == '\t' || *p == ' ') {
			p++;
			continue;
		}
		if (strncmp(p, "#011", 4) == 0) {
			p += 4;
			continue;
		}
		const char *name = p, *colon = NULL;

		while (p < end && *p != '\t' && *p != ' ' && strncmp(p, "#011", 4) != 0) {
			if (*p == ':')
				colon = p;
			p++;
		}
		double v;
		size_t len;

		if (!colon || !number_at(colon + 1, p, &v, &len) || colon + 1 + len != p)
			return; /* not such a line after all */
		add_xgboost(name, (size_t)(colon - name), line, step, v, out);
	}
}

void metric_rules_apply(const struct metric_rules *r, const struct log_line *line, struct series_set *out)
{
	if (r->xgboost)
		apply_xgboost(line, out);
	else
		apply_definitions(r, line, out);
}
