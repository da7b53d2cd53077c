/* What holds between hyperparameters, and what the library gets of them. */
#include "trainer/settings/hyperparameters_impl.h"
#include "trainer/settings/objective.h"

static int id_of(const char *name)
{
	for (int i = 0; i < HYPER_COUNT; i++)
		if (str_eq(hyper_rows[i].name, name))
			return i;
	return -1;
}

static bool hyper_needs_met(const struct hyper *h, int id)
{
	if (!hyper_rows[id].needs)
		return true;
	AUTO(str) char *copy = xstrdup(hyper_rows[id].needs);
	char *values = strchr(copy, '=');
	if (values)
		*values++ = '\0';
	int other = id_of(copy);
	if (!values)
		return hyper_given(h, (enum hyper_id)other);
	AUTO(strlist) struct strlist accepted = {0}, actual = {0};
	strlist_split(&accepted, values, '|');
	strlist_split(&actual, str_or(hyper_text(h, (enum hyper_id)other), ""), ',');
	for (size_t i = 0; i < actual.n; i++)
		if (strlist_has(&accepted, actual.items[i]))
			return true;
	return false;
}

/* --- updater ------------------------------------------------------------------------ */

/* What libxgboost 1.7 has; test_hyper.c asks it. */
static const char *const tree_plugins[] = {"grow_colmaker", "grow_histmaker", "grow_quantile_histmaker",
					   "sync",	    "refresh",	      "prune"};
#define TREE_GROWERS 3 /* the first of tree_plugins grow trees */

static int plugin_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tree_plugins); i++)
		if (str_eq(tree_plugins[i], name))
			return (int)i;
	return -1;
}

static int check_updater(const struct hyper *h, struct err *err)
{
	if (!hyper_given(h, HP_updater))
		return 0;
	AUTO(strlist) struct strlist list = {0};
	strlist_split(&list, hyper_text(h, HP_updater), ',');
	if (str_eq(hyper_text(h, HP_booster), "gblinear")) {
		if (list.n == 1 && (str_eq(list.items[0], "shotgun") || str_eq(list.items[0], "coord_descent")))
			return 0;
		return err_set(err, ERR_INVALID,
			       "Linear updater should be one of these options: 'shotgun', 'coord_descent'.");
	}
	bool update = str_eq(hyper_text(h, HP_process_type), "update");
	int growers = 0;
	for (size_t i = 0; i < list.n; i++) {
		int k = plugin_index(list.items[i]);
		if (update && !str_eq(list.items[i], "refresh") && !str_eq(list.items[i], "prune"))
			return err_set(err, ERR_INVALID,
				       "process_type 'update' can only be used with updater 'refresh' and 'prune'");
		if (k < 0)
			return err_set(err, ERR_INVALID,
				       "Tree updater should be selected from these options: 'grow_colmaker', "
				       "'grow_histmaker', 'grow_quantile_histmaker', 'sync', 'refresh', 'prune', not "
				       "'%.80s'%s",
				       list.items[i],
				       str_starts(list.items[i], "grow_") || str_eq(list.items[i], "distcol")
					       ? ", which XGBoost 1.7 does not have"
					       : "");
		growers += k < TREE_GROWERS;
	}
	if (growers > 1)
		return err_set(err, ERR_INVALID, "Only one tree grow plugin can be selected, not '%.80s'",
			       hyper_text(h, HP_updater));
	return 0;
}

/* --- metrics -------------------------------------------------------------------------- */

static int collect_metrics(struct hyper *h, struct err *err)
{
	const struct objective *o = objective_find(hyper_text(h, HP_objective));
	int classes = (int)hyper_int(h, HP_num_class);
	const char *tuning = hyper_text(h, HP__tuning_objective_metric);
	AUTO(strlist) struct strlist asked = {0};

	hyper_items(h, HP_eval_metric, &asked);
	for (size_t i = 0; i < asked.n; i++)
		if (!strlist_has(&h->metrics, asked.items[i]))
			strlist_add(&h->metrics, asked.items[i]);
	if (tuning) {
		const char *name = str_starts(tuning, "validation:") ? tuning + strlen("validation:") : NULL;
		if (!name || !metric_find(name))
			return err_set(
				err, ERR_INVALID,
				"Hyperparameter _tuning_objective_metric: '%.80s' is not validation:METRIC with a "
				"metric of eval_metric",
				tuning);
		str_set(&h->tuning_metric, name);
		if (!strlist_has(&h->metrics, name))
			strlist_add(&h->metrics, name);
	}
	for (size_t i = 0; i < h->metrics.n; i++) {
		int rc = metric_check(h->metrics.items[i], o, classes, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- the rules between hyperparameters ------------------------------------------------------ */

static int check_objective(const struct hyper *h, struct err *err)
{
	const struct objective *o = objective_find(hyper_text(h, HP_objective));

	if (o->kind == KIND_MULTICLASS && !hyper_given(h, HP_num_class))
		return err_set(err, ERR_INVALID, "Require input for parameter 'num_class' for multi-classification");
	if (o->kind != KIND_MULTICLASS && hyper_given(h, HP_num_class))
		return err_set(err, ERR_INVALID,
			       "Do not need to setup parameter 'num_class' for learning task other than "
			       "multi-classification.");
	double base = hyper_float(h, HP_base_score);
	bool logistic = o->labels == LABEL_UNIT && !str_eq(o->name, "binary:logitraw");
	if (hyper_given(h, HP_base_score) && logistic && (base <= 0 || base >= 1))
		return err_set(err, ERR_INVALID, "Hyperparameter base_score: %s is not in (0, 1), which %s needs",
			       hyper_text(h, HP_base_score), o->name);
	bool log_link = str_eq(o->name, "count:poisson") || str_eq(o->name, "reg:gamma") ||
			str_eq(o->name, "reg:tweedie") || str_eq(o->name, "survival:cox");
	if (hyper_given(h, HP_base_score) && log_link && base <= 0)
		return err_set(err, ERR_INVALID, "Hyperparameter base_score: %s is not in (0, +inf), which %s needs",
			       hyper_text(h, HP_base_score), o->name);
	return 0;
}

static bool text_in(const char *text, const char *choices)
{
	AUTO(strlist) struct strlist list = {0};

	strlist_split(&list, choices, '|');
	return strlist_has(&list, str_or(text, ""));
}

static int check_trees(const struct hyper *h, struct err *err)
{
	const char *method = hyper_text(h, HP_tree_method);

	if (hyper_given(h, HP_monotone_constraints) && !text_in(method, "exact|hist"))
		return err_set(err, ERR_INVALID,
			       "monotone_constraints can be used only when the tree_method parameter is set to either "
			       "'exact' or 'hist'.");
	if (hyper_given(h, HP_interaction_constraints) && !text_in(method, "exact|hist|approx"))
		return err_set(err, ERR_INVALID,
			       "interaction_constraints can be used only when the tree_method parameter is set to "
			       "either 'exact', 'hist' or 'approx'.");
	if (text_in(hyper_text(h, HP_sampling_method), "gradient_based") && !text_in(method, "gpu_hist"))
		return err_set(err, ERR_INVALID,
			       "sampling_method gradient_based can be used only with tree_method 'gpu_hist'.");
	bool trees = !text_in(hyper_text(h, HP_booster), "gblinear");
	if (trees && hyper_given(h, HP_max_depth) && !hyper_int(h, HP_max_depth) && text_in(method, "exact"))
		return err_set(err, ERR_INVALID, "max_depth 0 (no limit) needs tree_method hist or approx");
	return 0;
}

static int check_process(const struct hyper *h, struct err *err)
{
	if (text_in(hyper_text(h, HP_process_type), "update"))
		return err_set(err, ERR_INVALID,
			       "process_type update refreshes an existing model, and a training job starts without "
			       "one: leave process_type out");
	return 0;
}

static int check_modes(const struct hyper *h, struct err *err)
{
	if (hyper_given(h, HP_entity_column) && hyper_given(h, HP__kfold))
		return err_set(err, ERR_INVALID, "_kfold and entity_column exclude each other");
	if (hyper_given(h, HP_entity_column) && !hyper_bool(h, HP_header))
		return err_set(err, ERR_INVALID, "entity_column needs header=true, so that the column has a name");
	if (hyper_given(h, HP_label_column) && !hyper_bool(h, HP_header))
		return err_set(err, ERR_INVALID, "label_column needs header=true, so that the column has a name");
	const char *delimiter = hyper_text(h, HP_delimiter);
	if (delimiter && strlen(delimiter) != 1 && !str_eq(delimiter, "\\t"))
		return err_set(err, ERR_INVALID, "Hyperparameter delimiter: '%.80s' is not one character (or \\t)",
			       delimiter);
	return 0;
}

int hyper_check(struct hyper *h, struct err *err)
{
	int rc = check_objective(h, err);

	if (!rc)
		rc = check_updater(h, err);
	if (!rc)
		rc = check_trees(h, err);
	if (!rc)
		rc = check_process(h, err);
	if (!rc)
		rc = check_modes(h, err);
	return rc ? rc : collect_metrics(h, err);
}

/* --- constraints against the columns -------------------------------------------------------- */

struct columns {
	size_t n;
	const struct strlist *names;
};

/* The number of a column by its name; where the data have none, f0, f1 ... and plain
 * numbers are names too. */
static int column_of(const char *what, const char *name, const struct columns *c, size_t *ret, struct err *err)
{
	uint64_t number;

	for (size_t i = 0; i < c->names->n; i++)
		if (str_eq(c->names->items[i], name)) {
			*ret = i;
			return 0;
		}
	if (!c->names->n && str_to_u64(name + (*name == 'f'), &number) && number < c->n) {
		*ret = (size_t)number;
		return 0;
	}
	if (!c->names->n)
		return err_set(err, ERR_INVALID,
			       "%s names column '%.80s', but the data have no names: header=true takes them from CSV",
			       what, name);
	const char *near = str_nearest(name, (const char *const *)c->names->items, c->names->n);
	return err_set(err, ERR_INVALID, "%s names column '%.80s', which the data do not have%s%.80s%s", what, name,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* {"age": 1} as (0,1,0). */
static int fit_directions(char **text, const struct columns *c, struct err *err)
{
	AUTO(json) json_t *root = json_loads(*text, 0, NULL);
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	int *directions = xcalloc(MAX(c->n, (size_t)1), sizeof(*directions));
	const char *name;
	const json_t *value;
	int rc = 0;

	json_object_foreach(root, name, value)
	{
		size_t at = 0;

		rc = rc ? rc : column_of("monotone_constraints", name, c, &at, err);
		if (!rc)
			directions[at] = (int)json_integer_value(value);
	}
	for (size_t i = 0; i < c->n; i++)
		(void)buf_addf(&out, "%c%d", i ? ',' : '(', directions[i]);
	(void)buf_addc(&out, ')');
	free(directions);
	if (!rc && out.overflow)
		rc = err_set(err, ERR_TOOBIG, "monotone_constraints: there are too many columns");
	if (!rc)
		str_set(text, buf_str(&out));
	return rc;
}

static int fit_groups(char **text, const struct columns *c, struct err *err)
{
	AUTO(json) json_t *groups = json_loads(*text, 0, NULL);

	for (size_t i = 0; i < json_array_size(groups); i++) {
		json_t *group = json_array_get(groups, i);
		for (size_t k = 0; k < json_array_size(group); k++) {
			const json_t *item = json_array_get(group, k);
			size_t at = (size_t)json_integer_value(item);
			int rc = json_is_string(item)
					 ? column_of("interaction_constraints", json_string_value(item), c, &at, err)
					 : 0;
			if (rc)
				return rc;
			if (at >= c->n)
				return err_set(
					err, ERR_INVALID,
					"interaction_constraints names column %zu, the data has columns 0 to %zu", at,
					c->n - 1);
			json_array_set_new(group, k, json_integer((json_int_t)at));
		}
	}
	free(*text);
	*text = json_text(groups);
	return 0;
}

int hyper_fit_columns(struct hyper *h, size_t columns, const struct strlist *names, struct err *err)
{
	const struct columns c = {columns, names};
	char **monotone = &h->given[HP_monotone_constraints], **groups = &h->given[HP_interaction_constraints];
	size_t values = 1;
	int rc = 0;

	if (*monotone && **monotone == '{')
		rc = fit_directions(monotone, &c, err);
	for (const char *p = *monotone; p && *p; p++)
		values += *p == ',';
	if (!rc && *monotone && values > columns)
		rc = err_set(err, ERR_INVALID, "monotone_constraints has %zu values, the data has %zu columns", values,
			     columns);
	return rc || !*groups ? rc : fit_groups(groups, &c, err);
}

/* --- what the library gets -------------------------------------------------------------------- */

static bool runs_shotgun(const struct hyper *h)
{
	return str_eq(hyper_text(h, HP_booster), "gblinear") && !str_eq(hyper_text(h, HP_updater), "coord_descent");
}

void hyper_library_params(const struct hyper *h, int threads, struct strmap *ret)
{
	char text[16];

	/* The threads of shotgun race for the same weights: on one thread the same
	 * job gives the same model. */
	if (runs_shotgun(h))
		threads = 1;
	snprintf(text, sizeof(text), "%d", threads);
	strmap_set(ret, "nthread", text);
	for (int i = 0; i < HYPER_COUNT; i++) {
		const struct hyper_row *row = &hyper_rows[i];
		const char *value = hyper_text(h, (enum hyper_id)i);
		if (row->use != HYPER_LIBRARY || !value || !hyper_needs_met(h, i))
			continue;
		strmap_set(ret, row->name, value);
	}
}

void hyper_notices(const struct hyper *h, bool has_validation, struct strlist *ret)
{
	for (int i = 0; i < HYPER_COUNT; i++) {
		const struct hyper_row *row = &hyper_rows[i];
		if (!h->given[i])
			continue;
		if (row->use == HYPER_NONE)
			strlist_take(ret, xasprintf("%s has no effect: %s", row->name, row->help));
		else if (!hyper_needs_met(h, i))
			strlist_take(ret, xasprintf("%s has no effect without %s", row->name, row->needs));
	}
	if (runs_shotgun(h))
		strlist_add(ret, "gblinear trains on one thread, so that the same job gives the same model (updater "
				 "coord_descent uses all)");
	if (!hyper_given(h, HP_tree_method) && !str_eq(hyper_text(h, HP_booster), "gblinear"))
		strlist_add(ret, "tree_method is hist (set tree_method to auto for the choice of older images)");
	if (hyper_given(h, HP_early_stopping_rounds) && !has_validation && !hyper_given(h, HP__kfold))
		strlist_add(ret, "early_stopping_rounds has no effect without a channel validation");
	if (h->tuning_metric && !has_validation && !hyper_given(h, HP__kfold))
		strlist_add(ret, "_tuning_objective_metric has no effect without a channel validation");
}
