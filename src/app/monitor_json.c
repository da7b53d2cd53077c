/* monitor_json.c - Model Monitor's files: statistics.json, constraints.json and
 * constraint_violations.json, written and read. */
#include "app/monitor.h"

#include "base/fs.h"

#define FILE_MAX ((size_t)1 << 30)
#define BUCKETS 10
#define ENABLED "Enabled"

/* --- statistics ---------------------------------------------------------------------- */

static json_t *count_json(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *common_json(const struct profile *p, const struct profile_column *c)
{
	return json_pack("{s:o, s:o}", "num_present", count_json(profile_present(c)), "num_missing",
			 count_json(profile_missing(p, c)));
}

static json_t *sketch_json(const struct sketch *s)
{
	json_t *levels = json_array();

	for (size_t l = 0; l < s->n_levels; l++) {
		json_t *items = json_array();

		for (size_t i = 0; i < s->levels[l].n; i++)
			json_array_append_new(items, json_real(s->levels[l].items[i]));
		json_array_append_new(levels, items);
	}
	return json_pack("{s:{s:f, s:f}, s:o}", "parameters", "c", SKETCH_C, "k", (double)SKETCH_K, "data", levels);
}

static json_t *numerical_json(const struct profile *p, const struct profile_column *c)
{
	json_t *o = json_object(), *buckets = json_array();
	double counts[BUCKETS];

	profile_buckets(c, BUCKETS, counts);
	for (size_t i = 0; i < BUCKETS; i++)
		json_array_append_new(buckets,
				      json_pack("{s:f, s:f, s:f}", "lower_bound", profile_bound(c, i, BUCKETS),
						"upper_bound", profile_bound(c, i + 1, BUCKETS), "count", counts[i]));
	json_object_set_new(o, "common", common_json(p, c));
	json_object_set_new(o, "mean", json_real(c->moments.mean));
	json_object_set_new(o, "sum", json_real(profile_sum(c)));
	json_object_set_new(o, "std_dev", json_real(moments_deviation(&c->moments)));
	json_object_set_new(o, "min", json_real(c->moments.least));
	json_object_set_new(o, "max", json_real(c->moments.greatest));
	json_object_set_new(o, "distribution",
			    json_pack("{s:{s:o, s:o}}", "kll", "buckets", buckets, "sketch", sketch_json(&c->sketch)));
	return o;
}

/* Of texts that are an enumeration the distribution too. */
static json_t *string_json(const struct profile *p, const struct profile_column *c)
{
	json_t *o = json_object(), *buckets;
	size_t n;

	json_object_set_new(o, "common", common_json(p, c));
	json_object_set_new(o, "distinct_count", count_json(tally_distinct(&c->tally)));
	if (!tally_is_exact(&c->tally) || tally_distinct(&c->tally) > PROFILE_CATEGORIES_MAX)
		return o;
	struct tally_row *rows = tally_rows(&c->tally, &n);

	buckets = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			buckets, json_pack("{s:s, s:o}", "value", rows[i].text, "count", count_json(rows[i].count)));
	free(rows);
	json_object_set_new(o, "distribution", json_pack("{s:{s:o}}", "categorical", "buckets", buckets));
	return o;
}

json_t *monitor_statistics(const struct profile *p)
{
	json_t *features = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct profile_column *c = &p->columns[i];
		enum column_type type = profile_type(c);
		json_t *o;

		if (!c->last_row) /* a column of the baseline that the data do not have */
			continue;
		o = json_pack("{s:s, s:s}", "name", c->name, "inferred_type", column_type_names[type]);
		if (type == COLUMN_INTEGRAL || type == COLUMN_FRACTIONAL)
			json_object_set_new(o, "numerical_statistics", numerical_json(p, c));
		else
			json_object_set_new(o, "string_statistics", string_json(p, c));
		json_array_append_new(features, o);
	}
	return json_pack("{s:f, s:{s:o}, s:o}", "version", 0.0, "dataset", "item_count", count_json(p->rows),
			 "features", features);
}

/* --- constraints ----------------------------------------------------------------------- */

static json_t *settings_json(void)
{
	const struct constraint_settings s = CONSTRAINT_SETTINGS_USUAL;

	return json_pack("{s:s, s:s, s:f, s:f, s:{s:s, s:f, s:s, s:f, s:s}}", "evaluate_constraints", ENABLED,
			 "emit_metrics", ENABLED, "datatype_check_threshold", s.type_share, "domain_content_threshold",
			 s.domain_share, "distribution_constraints", "perform_comparison", ENABLED,
			 "comparison_threshold", s.drift, "comparison_method", "Robust",
			 "categorical_comparison_threshold", s.categorical, "categorical_drift_method", "LInfinity");
}

json_t *monitor_constraints(const struct constraints *l)
{
	json_t *features = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct constraint *c = &l->items[i];
		json_t *o = json_pack("{s:s, s:s, s:f}", "name", c->name, "inferred_type", column_type_names[c->type],
				      "completeness", c->completeness);

		if (c->type == COLUMN_INTEGRAL || c->type == COLUMN_FRACTIONAL)
			json_object_set_new(o, "num_constraints",
					    json_pack("{s:b}", "is_non_negative", c->non_negative));
		if (c->domain.n)
			json_object_set_new(o, "string_constraints",
					    json_pack("{s:o}", "domains", json_from_strlist(&c->domain)));
		json_array_append_new(features, o);
	}
	return json_pack("{s:f, s:o, s:o}", "version", 0.0, "features", features, "monitoring_config", settings_json());
}

json_t *monitor_violations(const struct violations *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "feature_name", l->items[i].feature,
						      "constraint_check_type", violation_check_names[l->items[i].check],
						      "description", l->items[i].description));
	return json_pack("{s:o}", "violations", list);
}

int monitor_write(const char *dir, const char *name, const json_t *j, int digits, struct err *err)
{
	AUTO(str) char *path = fs_join(dir, name);
	AUTO(str) char *text = json_dumps(j, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));

	if (!text)
		return err_set(err, ERR_INTERNAL, "%s cannot be written as JSON", path);
	if (fs_mkdirs(dir, 0777, err) < 0)
		return -err->code;
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* --- reading ---------------------------------------------------------------------------- */

static int read_switch(const json_t *o, const char *name, const char *path, bool *ret, struct err *err)
{
	const char *word = json_get_str(o, name);

	if (!json_object_get(o, name))
		return 0;
	if (!str_eq(word, ENABLED) && !str_eq(word, "Disabled"))
		return err_set(err, ERR_INVALID, "%s: %s is Enabled or Disabled", path, name);
	*ret = str_eq(word, ENABLED);
	return 0;
}

static int read_share(const json_t *o, const char *name, const char *path, double *ret, struct err *err)
{
	const json_t *v = json_object_get(o, name);

	if (!v)
		return 0;
	if (!json_is_number(v) || json_number_value(v) < 0 || json_number_value(v) > 1)
		return err_set(err, ERR_INVALID, "%s: %s is a number from 0 to 1", path, name);
	*ret = json_number_value(v);
	return 0;
}

/* What o says; the rest stays. */
static int read_settings(const json_t *o, const char *path, struct constraint_settings *ret, struct err *err)
{
	const json_t *d = json_object_get(o, "distribution_constraints");
	const char *method = str_or(json_get_str(d, "comparison_method"), "");
	const char *categorical = str_or(json_get_str(d, "categorical_drift_method"), "LInfinity");

	if (*method && !str_eq(method, "Simple") && !str_eq(method, "Robust"))
		return err_set(err, ERR_INVALID, "%s: comparison_method is Simple or Robust, not \"%s\"", path, method);
	if (*method)
		ret->method = str_eq(method, "Simple") ? DRIFT_SIMPLE : DRIFT_ROBUST;
	if (!str_eq(categorical, "LInfinity"))
		return err_set(err, ERR_INVALID, "%s: categorical_drift_method %s is not computed here: say LInfinity",
			       path, categorical);
	if (read_switch(o, "evaluate_constraints", path, &ret->evaluate, err) < 0 ||
	    read_switch(d, "perform_comparison", path, &ret->compare, err) < 0 ||
	    read_share(o, "datatype_check_threshold", path, &ret->type_share, err) < 0 ||
	    read_share(o, "domain_content_threshold", path, &ret->domain_share, err) < 0 ||
	    read_share(d, "comparison_threshold", path, &ret->drift, err) < 0 ||
	    read_share(d, "categorical_comparison_threshold", path, &ret->categorical, err) < 0)
		return -err->code;
	return 0;
}

static int read_type(const char *word, const char *path, const char *name, enum column_type *ret, struct err *err)
{
	for (int i = COLUMN_UNKNOWN; i <= COLUMN_STRING; i++)
		if (str_eq(word, column_type_names[i])) {
			*ret = (enum column_type)i;
			return 0;
		}
	return err_set(err, ERR_INVALID, "%s: inferred_type of %s is Integral, Fractional, String or Unknown", path,
		       name);
}

static int read_constraint(const json_t *o, const char *path, const struct constraint_settings *settings,
			   struct constraints *ret, struct err *err)
{
	const char *name = json_get_str(o, "name");
	size_t i;
	json_t *text;

	if (str_empty(name))
		return err_set(err, ERR_INVALID, "%s: a feature has no name", path);
	if (constraints_find(ret, name))
		return err_set(err, ERR_INVALID, "%s: feature %s stands there twice", path, name);
	struct constraint *c = constraints_add(ret, name);

	c->settings = *settings;
	c->non_negative = json_get_bool(json_object_get(o, "num_constraints"), "is_non_negative", false);
	json_array_foreach(json_path_get(o, "string_constraints.domains"), i, text) if (json_is_string(text))
		strlist_add(&c->domain, json_string_value(text));
	if (read_type(json_get_str(o, "inferred_type"), path, name, &c->type, err) < 0 ||
	    read_share(o, "completeness", path, &c->completeness, err) < 0)
		return -err->code;
	return read_settings(json_object_get(o, "monitoringConfigOverrides"), path, &c->settings, err);
}

/* The sketch's numbers, or where there are none the bounds of the buckets. */
static void read_numbers(const json_t *kll, struct constraint *c)
{
	size_t l, i;
	json_t *level, *v;

	json_array_foreach(json_path_get(kll, "sketch.data"), l, level)
		json_array_foreach(level, i, v) if (json_is_number(v) && l < SKETCH_LEVELS_MAX)
			sketch_points_add(&c->points, json_number_value(v), ldexp(1, (int)l));
	c->points_are_bounds = c->points.n == 0;
	json_array_foreach(c->points.n ? NULL : json_object_get(kll, "buckets"), i, v)
		sketch_points_add(&c->points, json_get_f64(v, "upper_bound", 0), json_get_f64(v, "count", 0));
	sketch_points_settle(&c->points);
}

static void read_categories(const json_t *buckets, struct constraint *c)
{
	size_t i;
	json_t *one;

	json_array_foreach(buckets, i, one)
	{
		const char *value = json_get_str(one, "value");

		if (!value)
			continue;
		GROW(c->categories, c->cap_categories, c->n_categories + 1);
		c->categories[c->n_categories++] =
			(struct constraint_category){xstrdup(value), json_get_f64(one, "count", 0)};
	}
}

static int load_statistics(const char *path, struct constraints *l, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	size_t i;
	json_t *o;

	if (json_parse_file(path, FILE_MAX, &root, err) < 0)
		return -err->code;
	json_array_foreach(json_object_get(root, "features"), i, o)
	{
		struct constraint *c = constraints_find(l, str_or(json_get_str(o, "name"), ""));

		if (!c)
			continue;
		read_numbers(json_path_get(o, "numerical_statistics.distribution.kll"), c);
		read_categories(json_path_get(o, "string_statistics.distribution.categorical.buckets"), c);
	}
	return 0;
}

int monitor_load_files(const char *path, const char *statistics, struct constraints *ret, struct err *err)
{
	AUTO(json) json_t *root = NULL;
	struct constraint_settings settings = CONSTRAINT_SETTINGS_USUAL;
	size_t i;
	json_t *o;

	if (json_parse_file(path, FILE_MAX, &root, err) < 0 ||
	    read_settings(json_object_get(root, "monitoring_config"), path, &settings, err) < 0)
		return -err->code;
	json_array_foreach(json_object_get(root, "features"), i, o)
	{
		if (read_constraint(o, path, &settings, ret, err) < 0)
			return -err->code;
	}
	if (!ret->n)
		return err_set(err, ERR_INVALID, "%s: it has no features", path);
	return statistics ? load_statistics(statistics, ret, err) : 0;
}

int monitor_load_baseline(const char *dir, struct constraints *ret, struct err *err)
{
	AUTO(str) char *constraints = fs_join(dir, MONITOR_CONSTRAINTS);
	AUTO(str) char *statistics = fs_join(dir, MONITOR_STATISTICS);

	if (!fs_exists(constraints))
		return err_set(err, ERR_NOTFOUND, "%s is not there: sagetop monitor baseline FILE -o %s makes it",
			       constraints, dir);
	return monitor_load_files(constraints, fs_exists(statistics) ? statistics : NULL, ret, err);
}
