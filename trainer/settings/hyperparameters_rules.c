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

static const char *const tree_plugins[] = {
	"grow_colmaker", "distcol", "grow_histmaker", "grow_local_histmaker", "grow_skmaker", "grow_quantile_histmaker",
	"sync",		 "refresh", "prune"};
#define TREE_GROWERS 6 /* the first of tree_plugins grow trees */

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
				       "'distcol', 'grow_histmaker', 'grow_local_histmaker', 'grow_skmaker', "
				       "'grow_quantile_histmaker', 'sync', 'refresh', 'prune', not '%.80s'",
				       list.items[i]);
		growers += k < TREE_GROWERS;
	}
	if (growers > 1)
		return err_set(err, ERR_INVALID, "Only one tree grow plugin can be selected, not '%.80s'",
			       hyper_text(h, HP_updater));
	return 0;
}

/* --- metrics -------------------------------------------------------------------------- */

/* "rmse, mae" or the JSON list that some clients send. */
static void split_metrics(const char *text, struct strlist *out)
{
	AUTO(str) char *copy = xstrdup(text);

	for (char *p = copy; *p; p++)
		if (strchr("[]\"'", *p))
			*p = ' ';
	AUTO(strlist) struct strlist parts = {0};
	strlist_split(&parts, copy, ',');
	for (size_t i = 0; i < parts.n; i++)
		if (*parts.items[i] && !strlist_has(out, parts.items[i]))
			strlist_add(out, parts.items[i]);
}

static int collect_metrics(struct hyper *h, struct err *err)
{
	const struct objective *o = objective_find(hyper_text(h, HP_objective));
	int classes = (int)hyper_int(h, HP_num_class);
	const char *tuning = hyper_text(h, HP__tuning_objective_metric);

	if (hyper_given(h, HP_eval_metric))
		split_metrics(hyper_text(h, HP_eval_metric), &h->metrics);
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

int hyper_check_columns(const struct hyper *h, size_t columns, struct err *err)
{
	const char *monotone = hyper_text(h, HP_monotone_constraints);
	size_t values = 1;

	for (const char *p = monotone; p && *p; p++)
		values += *p == ',';
	if (monotone && values > columns)
		return err_set(err, ERR_INVALID, "monotone_constraints has %zu values, the data has %zu columns",
			       values, columns);
	const char *interaction = hyper_text(h, HP_interaction_constraints);
	AUTO(json) json_t *groups = interaction ? json_loads(interaction, 0, NULL) : NULL;
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		for (size_t k = 0; k < json_array_size(group); k++) {
			json_int_t column = json_integer_value(json_array_get(group, k));
			if (column >= (json_int_t)columns)
				return err_set(
					err, ERR_INVALID,
					"interaction_constraints names column %lld, the data has columns 0 to %zu",
					(long long)column, columns - 1);
		}
	}
	return 0;
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
