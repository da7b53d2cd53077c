/* The table of hyperparameters, and the object of a job held against it. */
#include <math.h>

#include "trainer/settings/hyperparameters.h"
#include "trainer/settings/hyperparameters_impl.h"
#include "trainer/settings/objective.h"

const struct hyper_row hyper_rows[HYPER_COUNT] = {
#define HP(name, alias, type, range, fallback, use, needs, help) \
	[HP_##name] = {#name, alias, HYPER_##type, range, fallback, HYPER_##use, needs, help},
#include "trainer/settings/hyperparameters.def"
#undef HP
};

void hyper_done(struct hyper *h)
{
	for (size_t i = 0; i < HYPER_COUNT; i++)
		free(h->given[i]);
	strlist_done(&h->metrics);
	free(h->tuning_metric);
	*h = (struct hyper){0};
}

/* --- reading ------------------------------------------------------------------- */

const char *hyper_name(enum hyper_id id)
{
	return hyper_rows[id].name;
}

bool hyper_given(const struct hyper *h, enum hyper_id id)
{
	return h->given[id] != NULL;
}

const char *hyper_text(const struct hyper *h, enum hyper_id id)
{
	return h->given[id] ? h->given[id] : hyper_rows[id].fallback;
}

double hyper_float(const struct hyper *h, enum hyper_id id)
{
	double value = NAN;
	const char *text = hyper_text(h, id);

	return text && str_to_f64(text, &value) ? value : NAN;
}

int64_t hyper_int(const struct hyper *h, enum hyper_id id)
{
	double value = hyper_float(h, id);

	return isnan(value) ? 0 : (int64_t)value;
}

bool hyper_bool(const struct hyper *h, enum hyper_id id)
{
	bool value = false;
	const char *text = hyper_text(h, id);

	return text && str_to_bool(text, &value) && value;
}

/* --- names ----------------------------------------------------------------------- */

static int row_find(const char *name)
{
	for (int i = 0; i < HYPER_COUNT; i++)
		if (str_eq(hyper_rows[i].name, name) || str_eq(hyper_rows[i].alias, name))
			return i;
	return -1;
}

static const char *nearest_name(const char *name)
{
	const char *names[2 * HYPER_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < HYPER_COUNT; i++) {
		names[n++] = hyper_rows[i].name;
		if (hyper_rows[i].alias)
			names[n++] = hyper_rows[i].alias;
	}
	return str_nearest(name, names, n);
}

/* --- one value against its row ------------------------------------------------------ */

/* "(0, 1]" against a number. The rows are ours, so they are well-formed. */
static bool in_range(const char *range, double value)
{
	const char *comma = strchr(range, ',');
	double low = -INFINITY, high = INFINITY;
	char bound[32];

	if (!str_starts(range + 1, "-inf")) {
		str_copy(bound, MIN(sizeof(bound), (size_t)(comma - range)), range + 1);
		(void)str_to_f64(bound, &low);
	}
	if (!strstr(comma, "+inf")) {
		str_copy(bound, sizeof(bound), comma + 2);
		bound[strcspn(bound, ")]")] = '\0';
		(void)str_to_f64(bound, &high);
	}
	bool open_low = range[0] == '(', open_high = str_ends(range, ")");
	return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
}

static int parse_number(const struct hyper_row *row, const char *text, struct err *err)
{
	double value;

	if (!str_to_f64(text, &value) || (row->type == HYPER_INT && value != nearbyint(value)))
		return err_set(err, ERR_INVALID, "Hyperparameter %s: could not parse value '%.80s' as %s", row->name,
			       text, row->type == HYPER_INT ? "a whole number" : "a number");
	if (row->range && !in_range(row->range, value))
		return err_set(err, ERR_INVALID, "Hyperparameter %s: %.80s is not in %s", row->name, text, row->range);
	/* the library's integers, and ours that come from here, have 32 bits */
	if (row->type == HYPER_INT && fabs(value) > INT32_MAX)
		return err_set(err, ERR_INVALID, "Hyperparameter %s: %.80s is too large: at most %d", row->name, text,
			       INT32_MAX);
	return 0;
}

static int parse_choice(const char *name, const char *range, const char *text, struct err *err)
{
	AUTO(strlist) struct strlist choices = {0};
	AUTO(buf) struct buf list = BUF_INIT(BUF_MAX_TEXT);

	strlist_split(&choices, range, '|');
	if (strlist_has(&choices, text))
		return 0;
	for (size_t i = 0; i < choices.n; i++)
		(void)buf_addf(&list, "%s%s", i ? ", " : "", choices.items[i]);
	const char *near = str_nearest(text, (const char *const *)choices.items, choices.n);
	return err_set(err, ERR_INVALID, "Hyperparameter %s: '%.80s' is not one of %s%s%s", name, text, buf_str(&list),
		       near ? "; did you mean " : "", near ? near : "");
}

static int parse_objective(const char *text, struct err *err)
{
	if (objective_find(text))
		return 0;
	const char *names[64];
	size_t n = MIN(objective_count(), ARRAY_LEN(names));
	AUTO(buf) struct buf list = BUF_INIT(BUF_MAX_TEXT);
	for (size_t i = 0; i < n; i++) {
		names[i] = objective_name(i);
		(void)buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	const char *near = str_nearest(text, names, n);
	return near ? err_set(err, ERR_INVALID, "Hyperparameter objective: '%.80s' is not known; did you mean %s?",
			      text, near)
		    : err_set(err, ERR_INVALID, "Hyperparameter objective: '%.80s' is not one of %s", text,
			      buf_str(&list));
}

/* "(1, 0,-1)", "[1,0,-1]" and "1,0,-1" all become "(1,0,-1)", the library's form. */
static int parse_tuple(const struct hyper_row *row, const char *text, char **ret, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	size_t n = strlen(text);
	bool wrapped = n >= 2 && (text[0] == '(' || text[0] == '[') && (text[n - 1] == ')' || text[n - 1] == ']');
	AUTO(str) char *inner = wrapped ? xstrndup(text + 1, n - 2) : xstrdup(text);

	strlist_split(&parts, inner, ',');
	(void)buf_addc(&out, '(');
	for (size_t i = 0; i < parts.n; i++) {
		int64_t value;
		if (!*parts.items[i] && i == parts.n - 1 && i)
			break; /* Python's one-element form "(1,)" */
		if (!str_to_i64(parts.items[i], &value))
			return err_set(err, ERR_INVALID, "Hyperparameter %s: could not parse value '%.80s' as (1,0,-1)",
				       row->name, text);
		if (value < -1 || value > 1)
			return err_set(err, ERR_INVALID, "Hyperparameter %s: %s is not one of -1, 0, 1", row->name,
				       parts.items[i]);
		(void)buf_addf(&out, "%s%d", i ? "," : "", (int)value);
	}
	(void)buf_addc(&out, ')');
	*ret = buf_take(&out);
	return 0;
}

static int parse_nested(const struct hyper_row *row, const char *text, struct err *err)
{
	AUTO(json) json_t *root = json_loads(text, 0, NULL);
	bool ok = json_is_array(root);

	for (size_t i = 0; ok && i < json_array_size(root); i++) {
		const json_t *group = json_array_get(root, i);
		ok = json_is_array(group);
		for (size_t k = 0; ok && k < json_array_size(group); k++) {
			const json_t *item = json_array_get(group, k);
			ok = json_is_string(item) || (json_is_integer(item) && json_integer_value(item) >= 0);
		}
	}
	return ok ? 0
		  : err_set(err, ERR_INVALID, "Hyperparameter %s: could not parse value '%.80s' as [[0,1],[2,3]]",
			    row->name, text);
}

static int store(struct hyper *h, int id, const char *text, struct err *err)
{
	const struct hyper_row *row = &hyper_rows[id];
	int rc = 0;

	if (h->given[id])
		return err_set(err, ERR_INVALID, "Hyperparameter %s is given twice (%s is another name for it)",
			       row->name, str_or(row->alias, row->name));
	if (!*text)
		return err_set(err, ERR_INVALID, "Hyperparameter %s: could not parse value '': it is empty", row->name);
	if (row->type == HYPER_TUPLE)
		return parse_tuple(row, text, &h->given[id], err);
	if (row->type == HYPER_INT || row->type == HYPER_FLOAT)
		rc = parse_number(row, text, err);
	else if (id == HP_objective)
		rc = parse_objective(text, err);
	else if (row->type == HYPER_CHOICE)
		rc = parse_choice(row->name, row->range, text, err);
	else if (row->type == HYPER_NESTED)
		rc = parse_nested(row, text, err);
	if (rc)
		return rc;
	if (row->type == HYPER_INT)
		h->given[id] = xasprintf("%lld", (long long)strtod(text, NULL));
	else
		h->given[id] = xstrdup(text);
	return 0;
}

/* The service passes strings; SDKs put some into JSON quotes once more. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value)) {
		const char *s = json_string_value(value);
		AUTO(str) char *copy = xstrdup(s);
		char *t = str_trim(copy);
		size_t n = strlen(t);
		if (n >= 2 && t[0] == '"' && t[n - 1] == '"')
			return xstrndup(t + 1, n - 2);
		return xstrdup(t);
	}
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "true" : "false");
	return json_text(value);
}

static bool choice_is_boolean(int id)
{
	return str_eq(hyper_rows[id].range, "true|false");
}

int hyper_parse(const json_t *root, struct hyper *ret, struct err *err)
{
	AUTO(hyper) struct hyper h = {0};
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)root, name, value)
	{
		int id = row_find(name);
		if (id < 0) {
			const char *near = nearest_name(name);
			return err_set(err, ERR_INVALID, "Extraneous hyperparameter found: %.80s%s%s%s", name,
				       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
		}
		AUTO(str) char *text = value_text(value);
		if (choice_is_boolean(id))
			str_lower(text); /* Python's True */
		int rc = store(&h, id, text, err);
		if (rc)
			return rc;
	}
	if (!h.given[HP_num_round])
		return err_set(err, ERR_INVALID, "Missing required hyperparameter: num_round");
	int rc = hyper_check(&h, err);
	if (rc)
		return rc;
	*ret = h;
	h = (struct hyper){0};
	return 0;
}
