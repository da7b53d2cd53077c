/* JSONPath as transform jobs take it, and what it makes of a record. */
#include "aws/local/running/transform_filter.h"

#include <ctype.h>

#define FILTER_MAX 63 /* characters, as in the service */
#define OUTPUT_MEMBER "SageMakerOutput"
#define INPUT_MEMBER "SageMakerInput"

enum transform_format transform_format(const char *content_type)
{
	AUTO(str) char *type = xstrndup(str_or(content_type, ""), strcspn(str_or(content_type, ""), ";"));
	const char *trimmed = str_trim(type);

	if (str_ieq(trimmed, "text/csv"))
		return FORMAT_CSV;
	if (str_ieq(trimmed, "application/json"))
		return FORMAT_JSON;
	return str_ieq(trimmed, "application/jsonlines") ? FORMAT_JSON_LINES : FORMAT_OTHER;
}

/* --- the path ----------------------------------------------------------------------------------- */

struct parser {
	const char *what, *text, *at;
	enum transform_format format;
	struct transform_filter *f;
};

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ')
		p->at++;
}

static bool take(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static int refuse(const struct parser *p, const char *why, struct err *err)
{
	return err_set(err, ERR_INVALID, "Invalid %s: \"%.80s\". %s", p->what, p->text, why);
}

static struct filter_step *add_step(struct parser *p, int kind)
{
	GROW(p->f->steps, p->f->cap, p->f->n + 1);
	p->f->steps[p->f->n] = (struct filter_step){.kind = kind};
	return &p->f->steps[p->f->n++];
}

static bool take_number(struct parser *p, int64_t *ret)
{
	char *end;

	skip_blanks(p);
	if (*p->at != '-' && !isdigit((unsigned char)*p->at))
		return false;
	*ret = strtoll(p->at, &end, 10);
	if (end == p->at)
		return false;
	p->at = end;
	return true;
}

static void add_index(struct filter_step *s, int64_t index)
{
	s->indices = xrealloc(s->indices, (s->n_indices + 1) * sizeof(*s->indices));
	s->indices[s->n_indices++] = index;
}

static int parse_names(struct parser *p, struct err *err)
{
	struct filter_step *s = add_step(p, STEP_NAMES);

	do {
		if (!take(p, '\''))
			return refuse(p, "A name in brackets stands in quotes: ['name'].", err);
		const char *end = strchr(p->at, '\'');

		if (!end)
			return refuse(p, "A quote is not closed.", err);
		strlist_take(&s->names, xstrndup(p->at, (size_t)(end - p->at)));
		p->at = end + 1;
	} while (take(p, ','));
	return take(p, ']') ? 0 : refuse(p, "A bracket is not closed.", err);
}

static int only_single_ranges(const struct parser *p, const char *bracket, struct err *err)
{
	return err_set(err, ERR_INVALID,
		       "Invalid JsonPath: %.80s: only single range filters of format (eg: [1:5]) are supported. Format "
		       "%.80s is not supported",
		       p->text, bracket);
}

/* "1:", ":-1", "2:5", "0", "0,2,-1" up to the bracket. */
static int parse_elements(struct parser *p, struct err *err)
{
	AUTO(str) char *bracket = xasprintf("[%.*s]", (int)strcspn(p->at, "]"), p->at);
	struct filter_step *s = add_step(p, STEP_INDICES);
	int64_t n = 0;
	bool number = take_number(p, &n);

	if (take(p, ':')) {
		s->kind = STEP_RANGE;
		s->from = n;
		s->open = !take_number(p, &s->to);
		if (take(p, ','))
			return only_single_ranges(p, bracket, err);
	} else {
		if (!number)
			return refuse(p, "A bracket holds indices, a range or names in quotes.", err);
		add_index(s, n);
		while (take(p, ',')) {
			if (!take_number(p, &n))
				return refuse(p, "An index is missing behind a comma.", err);
			add_index(s, n);
		}
		if (take(p, ':'))
			return only_single_ranges(p, bracket, err);
	}
	return take(p, ']') ? 0 : refuse(p, "A bracket is not closed.", err);
}

static int parse_bracket(struct parser *p, struct err *err)
{
	skip_blanks(p);
	if (*p->at == '\'')
		return p->format == FORMAT_CSV ? refuse(p, "Of text/csv only indices can be taken.", err)
					       : parse_names(p, err);
	if (take(p, '*')) {
		add_step(p, STEP_ALL);
		return take(p, ']') ? 0 : refuse(p, "A bracket is not closed.", err);
	}
	return parse_elements(p, err);
}

static int parse_dot(struct parser *p, struct err *err)
{
	size_t n = 0;

	if (p->format == FORMAT_CSV)
		return refuse(p, "Of text/csv only indices can be taken.", err);
	if (take(p, '*')) {
		add_step(p, STEP_ALL);
		return 0;
	}
	while (isalnum((unsigned char)p->at[n]) || p->at[n] == '-')
		n++;
	if (!n)
		return refuse(p, "A name is missing behind a dot.", err);
	strlist_take(&add_step(p, STEP_NAMES)->names, xstrndup(p->at, n));
	p->at += n;
	return 0;
}

/* Letters, digits and the service's operators. */
static int check_characters(const struct parser *p, struct err *err)
{
	static const char operators[] = "$[]*. ,:-'";
	static const char *const types[] = {"", "text/csv", "application/json", "application/jsonlines"};

	if (!*p->text || strlen(p->text) > FILTER_MAX)
		return err_set(
			err, ERR_INVALID,
			"1 validation error detected: Value at 'dataProcessing.%s' failed to satisfy constraint: "
			"Member must have length between 1 and %d",
			p->what, FILTER_MAX);
	for (const char *c = p->text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr(operators, *c)) {
			char why[200];

			snprintf(why, sizeof(why),
				 "Unexpected \"%c\" in JsonPath. Supported operators for \"%s\" are ['$', '[', ']', "
				 "'*', "
				 "'.', ' ', ',', ':', '-', ''']",
				 isprint((unsigned char)*c) ? *c : '?', types[p->format]);
			return refuse(p, why, err);
		}
	}
	return 0;
}

int transform_filter_parse(const char *text, enum transform_format format, const char *what,
			   struct transform_filter *ret, struct err *err)
{
	struct parser p = {.what = what, .text = str_or(text, "$"), .format = format, .f = ret};
	int rc;

	*ret = (struct transform_filter){0};
	p.at = p.text;
	rc = check_characters(&p, err);
	if (rc == 0 && !take(&p, '$'))
		rc = refuse(&p, "A JsonPath begins with $.", err);
	for (skip_blanks(&p); rc == 0 && *p.at; skip_blanks(&p)) {
		if (take(&p, '['))
			rc = parse_bracket(&p, err);
		else if (take(&p, '.'))
			rc = parse_dot(&p, err);
		else
			rc = refuse(&p, "Behind $ stand steps of the form .name or [...].", err);
		if (rc == 0 && format == FORMAT_CSV && ret->n > 1)
			rc = refuse(&p, "Of text/csv only one step of indices can be taken.", err);
	}
	if (rc < 0)
		transform_filter_done(ret);
	return rc;
}

void transform_filter_done(struct transform_filter *f)
{
	for (size_t i = 0; i < f->n; i++) {
		strlist_done(&f->steps[i].names);
		free(f->steps[i].indices);
	}
	free(f->steps);
	*f = (struct transform_filter){0};
}

/* The elements of n that the step takes, in its order: the k-th, -1 behind the last,
 * -2 for one that is not there. */
static int64_t element(const struct filter_step *s, int64_t n, int64_t k)
{
	if (s->kind == STEP_ALL)
		return k < n ? k : -1;
	if (s->kind == STEP_INDICES) {
		if (k >= (int64_t)s->n_indices)
			return -1;
		int64_t index = s->indices[k] < 0 ? n + s->indices[k] : s->indices[k];

		return index >= 0 && index < n ? index : -2;
	}
	int64_t from = MAX(s->from < 0 ? n + s->from : s->from, 0);
	int64_t to = s->open ? n : MIN(s->to < 0 ? n + s->to : s->to, n);

	return from + k < to ? from + k : -1;
}

/* --- CSV ----------------------------------------------------------------------------------------- */

struct field {
	const char *at;
	size_t n;
};

/* The fields as they are written. */
static size_t split_fields(const char *record, size_t n, struct field **ret)
{
	struct field *fields = NULL;
	size_t count = 0, cap = 0, begin = 0;
	bool quoted = false;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && record[i] == '"')
			quoted = !quoted;
		if (i < n && (record[i] != ',' || quoted))
			continue;
		GROW(fields, cap, count + 1);
		fields[count++] = (struct field){record + begin, i - begin};
		begin = i + 1;
	}
	*ret = fields;
	return count;
}

int transform_filter_csv(const struct transform_filter *f, const char *record, size_t n, struct buf *out,
			 struct err *err)
{
	struct field *fields;
	int64_t at;
	int rc = 0;

	if (!f->n)
		return buf_add(out, record, n);
	size_t count = split_fields(record, n, &fields);

	for (int64_t k = 0; rc == 0 && (at = element(&f->steps[0], (int64_t)count, k)) != -1; k++) {
		if (at < 0)
			rc = err_set(err, ERR_INVALID, "a record of %zu columns has no column %lld", count,
				     (long long)f->steps[0].indices[k]);
		else if (buf_adds(out, k ? "," : "") < 0 || buf_add(out, fields[at].at, fields[at].n) < 0)
			rc = err_set(err, ERR_TOOBIG, "the filtered records are too large");
	}
	free(fields);
	return rc;
}

/* --- JSON ---------------------------------------------------------------------------------------- */

static int apply(const struct transform_filter *f, size_t step, json_t *j, json_t **ret, struct err *err);

static int missing(const char *name, struct err *err)
{
	return err_set(err, ERR_INVALID, "a record has no %.80s", name);
}

static int apply_names(const struct transform_filter *f, size_t step, json_t *j, json_t **ret, struct err *err)
{
	const struct strlist *names = &f->steps[step].names;
	json_t *first = json_object_get(j, names->items[0]);
	AUTO(json) json_t *some = NULL;

	if (names->n == 1)
		return first ? apply(f, step + 1, first, ret, err) : missing(names->items[0], err);
	some = json_object();
	for (size_t i = 0; i < names->n; i++) {
		json_t *one = json_object_get(j, names->items[i]);

		if (!one)
			return missing(names->items[i], err);
		json_object_set(some, names->items[i], one);
	}
	return apply(f, step + 1, some, ret, err);
}

static json_t *all_values(json_t *object)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(object, name, value) json_array_append(list, value);
	return list;
}

static int apply_elements(const struct transform_filter *f, size_t step, json_t *j, json_t **ret, struct err *err)
{
	const struct filter_step *s = &f->steps[step];
	AUTO(json) json_t *list = json_is_object(j) && s->kind == STEP_ALL ? all_values(j) : json_incref(j);
	AUTO(json) json_t *some = NULL;
	int64_t at;

	if (!json_is_array(list))
		return missing("array where the filter takes elements", err);
	some = json_array();
	for (int64_t k = 0; (at = element(s, (int64_t)json_array_size(list), k)) != -1; k++) {
		json_t *one = NULL;

		if (at < 0)
			return missing("element at an index of the filter", err);
		if (s->kind == STEP_INDICES && s->n_indices == 1)
			return apply(f, step + 1, json_array_get(list, (size_t)at), ret, err);
		if (apply(f, step + 1, json_array_get(list, (size_t)at), &one, err) < 0)
			return -ERR_INVALID;
		json_array_append_new(some, one);
	}
	*ret = json_incref(some);
	return 0;
}

static int apply(const struct transform_filter *f, size_t step, json_t *j, json_t **ret, struct err *err)
{
	if (step == f->n) {
		*ret = json_incref(j);
		return 0;
	}
	return f->steps[step].kind == STEP_NAMES ? apply_names(f, step, j, ret, err)
						 : apply_elements(f, step, j, ret, err);
}

int transform_filter_json(const struct transform_filter *f, json_t *j, json_t **ret, struct err *err)
{
	return apply(f, 0, j, ret, err);
}

json_t *transform_join_json(json_t *record, json_t *inference)
{
	if (!json_is_object(record))
		return json_pack("{s:O, s:O}", INPUT_MEMBER, record, OUTPUT_MEMBER, inference);
	json_t *joined = json_copy(record);

	json_object_set(joined, OUTPUT_MEMBER, inference);
	return joined;
}
