/* CloudWatch Logs' filter patterns: terms, alternatives, expressions. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "aws/local/services/filter_pattern.h"

#include <pcre2.h>

#include "base/json.h"

enum term_kind { TERM_ALL, TERM_ANY, TERM_NONE };

struct term {
	enum term_kind kind;
	char *text;
	pcre2_code *regex; /* instead of text */
};

struct filter_pattern {
	struct term *terms;
	size_t n, cap;
	/* { $.path OP value }: one comparison */
	char *json_path, *json_value;
	char json_op[3];
};

void filter_pattern_free(struct filter_pattern *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->terms[i].text);
		pcre2_code_free(p->terms[i].regex);
	}
	free(p->terms);
	free(p->json_path);
	free(p->json_value);
	free(p);
}

static int invalid(struct err *err)
{
	return err_set(err, ERR_INVALID, "Invalid filter pattern");
}

static int add_regex(struct term *t, const char *text, size_t n, struct err *err)
{
	int code;

	PCRE2_SIZE at;

	t->regex = pcre2_compile((PCRE2_SPTR)text, n, PCRE2_UTF, &code, &at, NULL);
	return t->regex ? 0 : invalid(err);
}

/* One term from *s on; *s moves behind it. */
static int parse_term(struct filter_pattern *p, const char **s, struct err *err)
{
	const char *at = *s;
	struct term t = {.kind = TERM_ALL};

	if (*at == '?' || *at == '-')
		t.kind = *at++ == '?' ? TERM_ANY : TERM_NONE;
	if (*at == '"' || *at == '%') {
		char quote = *at++;
		AUTO(buf) struct buf text = BUF_INIT(4096);

		while (*at && *at != quote) {
			if (quote == '"' && *at == '\\' && at[1])
				at++;
			buf_addc(&text, *at++);
		}
		if (!*at || !text.len)
			return invalid(err);
		at++;
		if (quote == '%') {
			if (add_regex(&t, buf_str(&text), text.len, err) < 0)
				return -ERR_INVALID;
		} else {
			t.text = buf_take(&text);
		}
	} else {
		size_t n = strcspn(at, " \t");

		/* Outside quotes only letters, digits and underscores stand for themselves. */
		for (size_t i = 0; i < n; i++) {
			if (!strchr("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", at[i]))
				return invalid(err);
		}
		if (!n)
			return invalid(err);
		t.text = xstrndup(at, n);
		at += n;
	}
	GROW(p->terms, p->cap, p->n + 1);
	p->terms[p->n++] = t;
	*s = at;
	return 0;
}

static int parse_json_form(struct filter_pattern *p, const char *text, struct err *err)
{
	static const char *const ops[] = {"!=", ">=", "<=", "=", ">", "<"};
	AUTO(str) char *copy = xstrdup(text + 1);
	size_t n = strlen(copy);

	if (!n || copy[n - 1] != '}')
		return invalid(err);
	copy[n - 1] = 0;
	char *body = str_trim(copy);

	if (!str_starts(body, "$.") || strstr(body, "&&") || strstr(body, "||"))
		return err_set(err, ERR_INVALID,
			       "Invalid filter pattern: the local engine serves one comparison "
			       "({ $.member = value })");
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		char *op = strstr(body, ops[i]);

		if (!op)
			continue;
		str_copy(p->json_op, sizeof(p->json_op), ops[i]);
		AUTO(str) char *path = xstrndup(body + 2, (size_t)(op - body - 2));
		char *value = str_trim(op + strlen(ops[i]));
		size_t length = strlen(value);

		if (length > 1 && value[0] == '"' && value[length - 1] == '"') {
			value[length - 1] = 0;
			value++;
		}
		p->json_path = xstrdup(str_trim(path));
		p->json_value = xstrdup(value);
		return *p->json_path && *p->json_value ? 0 : invalid(err);
	}
	return invalid(err);
}

int filter_pattern_new(const char *text, struct filter_pattern **ret, struct err *err)
{
	AUTO(filter_pattern) struct filter_pattern *p = NEW(struct filter_pattern);
	const char *s = text ? text : "";

	s += strspn(s, " \t");
	if (*s == '{') {
		int rc = parse_json_form(p, s, err);

		if (rc < 0)
			return rc;
	} else {
		while (*s) {
			int rc = parse_term(p, &s, err);

			if (rc < 0)
				return rc;
			s += strspn(s, " \t");
		}
	}
	*ret = TAKE(p);
	return 0;
}

static bool term_occurs(const struct term *t, const char *text)
{
	if (t->text)
		return strstr(text, t->text) != NULL;
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	bool found = pcre2_match(t->regex, (PCRE2_SPTR)text, strlen(text), 0, 0, data, NULL) >= 0;

	pcre2_match_data_free(data);
	return found;
}

static bool json_matches(const struct filter_pattern *p, const char *text)
{
	AUTO(json) json_t *j = NULL;
	double wanted;

	if (json_parse(text, strlen(text), "event", &j, NULL) < 0)
		return false;
	const json_t *v = json_path_get(j, p->json_path);

	if (!v)
		return false;
	if (json_is_number(v) && str_to_f64(p->json_value, &wanted)) {
		double x = json_number_value(v);

		return str_eq(p->json_op, "=")	  ? x == wanted
		       : str_eq(p->json_op, "!=") ? x != wanted
		       : str_eq(p->json_op, ">")  ? x > wanted
		       : str_eq(p->json_op, "<")  ? x < wanted
		       : str_eq(p->json_op, ">=") ? x >= wanted
						  : x <= wanted;
	}
	const char *s = json_is_string(v)  ? json_string_value(v)
			: json_is_true(v)  ? "true"
			: json_is_false(v) ? "false"
					   : "";
	size_t n = strlen(p->json_value);
	bool same = n && p->json_value[n - 1] == '*' ? strncmp(s, p->json_value, n - 1) == 0 : str_eq(s, p->json_value);

	return str_eq(p->json_op, "=") ? same : str_eq(p->json_op, "!=") ? !same : false;
}

bool filter_pattern_matches(const struct filter_pattern *p, const char *text)
{
	bool any_asked = false, any_found = false;

	if (p->json_path)
		return json_matches(p, text);
	for (size_t i = 0; i < p->n; i++) {
		bool found = term_occurs(&p->terms[i], text);

		if ((p->terms[i].kind == TERM_ALL && !found) || (p->terms[i].kind == TERM_NONE && found))
			return false;
		if (p->terms[i].kind == TERM_ANY) {
			any_asked = true;
			any_found = any_found || found;
		}
	}
	return !any_asked || any_found;
}
