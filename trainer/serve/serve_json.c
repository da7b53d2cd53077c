/* JSON and JSON-lines bodies as rows. */
#include <math.h>

#include "base/json.h"
#include "trainer/serve/serve_input.h"

#define JSON_MAX_CELLS ((size_t)1 << 26) /* a row of few members may stand for many columns */

/* Rows as they come out of the JSON. */
struct json_rows {
	const struct model_set *m;
	struct dataset *d;
	size_t cap;
	const char *entity; /* of all rows, or NULL */
};

static float *json_new_row(struct json_rows *j)
{
	struct dataset *d = j->d;
	float *row;

	if (d->rows == j->cap) {
		j->cap = j->cap ? j->cap * 2 : 16;
		d->dense = xreallocarray(d->dense, j->cap * d->columns, sizeof(float));
		if (j->m->kind == MODEL_SET_ENTITIES)
			d->entities = xreallocarray(d->entities, j->cap, sizeof(*d->entities));
	}
	row = d->dense + d->rows * d->columns;
	for (size_t i = 0; i < d->columns; i++)
		row[i] = NAN;
	return row;
}

/* The text of a value as CSV would have it; NULL where it has none. */
static const char *json_word(const json_t *v, char buf[32])
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 32, "%.17g", json_real_value(v));
	else
		return json_is_boolean(v) ? json_is_true(v) ? "true" : "false" : NULL;
	/* 0.1 has 17 digits that nobody wrote */
	for (int digits = 1; json_is_real(v) && digits < 17; digits++) {
		snprintf(buf, 32, "%.*g", digits, json_real_value(v));
		if (strtod(buf, NULL) == json_real_value(v))
			break;
	}
	return buf;
}

/* A category's code is its place in the dictionary: a number is one of its words too. */
static int json_category(struct json_rows *j, const json_t *v, size_t column, float *ret, struct err *err)
{
	const struct strlist *words = &j->m->schema->categories[column];
	char buf[32];
	const char *word = json_word(v, buf);

	if (!word)
		return err_set(err, ERR_INVALID, "body row %zu column %zu: neither a category nor null", j->d->rows + 1,
			       column + 1);
	for (size_t i = 0; i < words->n; i++)
		if (str_eq(words->items[i], word)) {
			*ret = (float)i;
			return 0;
		}
	*ret = NAN;
	j->d->unknown_categories++;
	return 0;
}

/* A cell: a number, null, or a category. */
static int json_cell(struct json_rows *j, const json_t *v, size_t column, float *ret, struct err *err)
{
	const struct dataset *schema = j->m->schema;
	double value;

	if (json_is_null(v)) {
		*ret = NAN;
		return 0;
	}
	if (schema->categories && schema->categories[column].n)
		return json_category(j, v, column, ret, err);
	value = json_is_number(v) ? json_number_value(v) : json_is_boolean(v) ? json_is_true(v) : NAN;
	if (isnan(value))
		return err_set(err, ERR_INVALID, "body row %zu column %zu: neither a number nor null", j->d->rows + 1,
			       column + 1);
	*ret = (float)value;
	if (isinf(*ret))
		return err_set(err, ERR_INVALID, "body row %zu column %zu: too large for a 32-bit float",
			       j->d->rows + 1, column + 1);
	return 0;
}

static int json_array_row(struct json_rows *j, const json_t *cells, struct err *err)
{
	float *row = json_new_row(j);
	const json_t *cell;
	size_t i;
	int r;

	if (json_array_size(cells) != j->d->columns)
		return err_set(err, ERR_INVALID, "body row %zu: %zu features, but %zu are expected", j->d->rows + 1,
			       json_array_size(cells), j->d->columns);
	json_array_foreach(cells, i, cell)
	{
		r = json_cell(j, cell, i, &row[i], err);
		if (r)
			return r;
	}
	return 0;
}

/* {"age": 3, "team": "red"}: those not named are missing. */
static int json_named_row(struct json_rows *j, json_t *cells, struct err *err)
{
	const struct strlist *names = &j->m->schema->feature_names;
	float *row = json_new_row(j);
	const char *name;
	json_t *cell;

	json_object_foreach(cells, name, cell)
	{
		const char *near;
		size_t i = 0;
		int r;

		while (i < names->n && !str_eq(names->items[i], name))
			i++;
		if (i == names->n) {
			near = str_nearest(name, (const char *const *)names->items, names->n);
			return err_set(err, ERR_INVALID, "body row %zu: the model has no feature '%.80s'%s%s%s",
				       j->d->rows + 1, name, near ? "; did you mean " : "", near ? near : "",
				       near ? "?" : "");
		}
		r = json_cell(j, cell, i, &row[i], err);
		if (r)
			return r;
	}
	return 0;
}

/* {"keys": [3, 17], "values": [1.5, 2], "shape": [100]} */
static int json_sparse_row(struct json_rows *j, const json_t *keys, const json_t *values, struct err *err)
{
	float *row = json_new_row(j);

	if (!json_is_array(values) || json_array_size(keys) != json_array_size(values))
		return err_set(err, ERR_INVALID, "body row %zu: %zu keys for %zu values", j->d->rows + 1,
			       json_array_size(keys), json_array_size(values));
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *key = json_array_get(keys, i);
		json_int_t k = json_is_integer(key) ? json_integer_value(key) : -1;
		int r;

		if (k < 0 || (uint64_t)k >= j->d->columns)
			return err_set(err, ERR_INVALID, "body row %zu: key %zu is no column number below %zu",
				       j->d->rows + 1, i + 1, j->d->columns);
		r = json_cell(j, json_array_get(values, i), (size_t)k, &row[k], err);
		if (r)
			return r;
	}
	return 0;
}

static int json_entity(struct json_rows *j, const char *entity, struct err *err)
{
	struct dataset *d = j->d;
	size_t i = 0;

	if (j->m->kind != MODEL_SET_ENTITIES)
		return 0;
	entity = entity ? entity : j->entity;
	if (!entity)
		return err_set(err, ERR_INVALID, "body row %zu: no \"entity\"", d->rows + 1);
	/* rows mostly come grouped: look from the end */
	for (i = d->entity_names.n; i; i--)
		if (str_eq(d->entity_names.items[i - 1], entity))
			break;
	if (!i) {
		strlist_add(&d->entity_names, entity);
		i = d->entity_names.n;
	}
	d->entities[d->rows] = (uint32_t)(i - 1);
	return 0;
}

/* One instance in any of its forms: [1, 2], {"features": ...}, {"data":
 * {"features": {"values": ...}}}. */
static int json_instance(struct json_rows *j, json_t *instance, struct err *err)
{
	const char *entity = json_get_str(instance, "entity");
	json_t *features = instance, *inner;
	int r;

	if (j->d->rows >= JSON_MAX_CELLS / j->d->columns + 1)
		return err_set(err, ERR_TOOBIG, "the body's rows have more than %zu cells", JSON_MAX_CELLS);
	if ((inner = json_object_get(instance, "data")))
		instance = inner;
	if ((inner = json_object_get(instance, "features")))
		features = inner;
	else if (json_is_object(features))
		return err_set(err, ERR_INVALID, "body row %zu: no \"features\"", j->d->rows + 1);
	if (json_is_array(json_object_get(features, "keys")))
		r = json_sparse_row(j, json_object_get(features, "keys"), json_object_get(features, "values"), err);
	else if (json_is_array(json_object_get(features, "values")))
		r = json_array_row(j, json_object_get(features, "values"), err);
	else if (json_is_array(features))
		r = json_array_row(j, features, err);
	else if (json_is_object(features) && j->m->schema->feature_names.n)
		r = json_named_row(j, features, err);
	else
		r = err_set(err, ERR_INVALID, "body row %zu: the features are no array", j->d->rows + 1);
	if (!r)
		r = json_entity(j, entity, err);
	if (!r)
		j->d->rows++;
	return r;
}

static int json_lines(struct json_rows *j, const char *body, size_t n, struct err *err)
{
	const char *p = body, *end = body + n;
	size_t line = 1;

	for (; p < end; line++) {
		AUTO(json) json_t *instance = NULL;
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
		char what[48];
		int r;

		while (p < stop && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (p < stop) {
			snprintf(what, sizeof(what), "body line %zu", line);
			r = json_parse(p, (size_t)(stop - p), what, &instance, err);
			if (!r)
				r = json_instance(j, instance, err);
			if (r)
				return r;
		}
		p = stop + 1;
	}
	return 0;
}

static int json_whole(struct json_rows *j, const char *body, size_t n, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	json_t *instances, *instance;
	size_t i;
	int r = json_parse(body, n, "body", &root, err);

	if (r)
		return r;
	instances = json_object_get(root, "instances");
	if (!instances && json_is_array(root) && json_array_size(root) &&
	    (json_is_array(json_array_get(root, 0)) || json_is_object(json_array_get(root, 0))))
		instances = root;
	if (!instances)
		return json_instance(j, root, err);
	if (!json_is_array(instances))
		return err_set(err, ERR_INVALID, "body: \"instances\" is no array");
	json_array_foreach(instances, i, instance)
	{
		r = json_instance(j, instance, err);
		if (r)
			return r;
	}
	return 0;
}

int input_parse_json(const struct model_set *m, bool lines, const char *entity, const char *body, size_t n,
		     struct dataset **ret, struct err *err)
{
	AUTO(dataset) struct dataset *d = NEW(struct dataset);
	struct json_rows j = {.m = m, .d = d, .entity = entity};
	int r;

	d->columns = m->schema->columns;
	d->bytes_read = n;
	r = lines ? json_lines(&j, body, n, err) : json_whole(&j, body, n, err);
	if (r)
		return r;
	if (!d->rows)
		return err_set(err, ERR_INVALID, "body: no instance");
	if (m->schema->categorical)
		d->categorical = xmemdup(m->schema->categorical, d->columns);
	*ret = TAKE(d);
	return 0;
}
