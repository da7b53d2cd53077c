/* The table of metrics, and which of them a job may ask for. */
#include "trainer/settings/objective.h"

static const struct metric metrics[] = {
	/* name, maximize, own, classes_only, binary_only */
	{"rmse", false, false, false, false},
	{"rmsle", false, false, false, false},
	{"mae", false, false, false, false},
	{"mape", false, false, false, false},
	{"mphe", false, false, false, false},
	{"logloss", false, false, false, false},
	{"error", false, false, false, false},
	{"merror", false, false, false, false},
	{"mlogloss", false, false, false, false},
	{"auc", true, false, false, false},
	{"aucpr", true, false, false, false},
	{"ndcg", true, false, false, false},
	{"map", true, false, false, false},
	{"poisson-nloglik", false, false, false, false},
	{"gamma-nloglik", false, false, false, false},
	{"gamma-deviance", false, false, false, false},
	{"tweedie-nloglik", false, false, false, false},
	{"cox-nloglik", false, false, false, false},
	{"aft-nloglik", false, false, false, false},
	{"interval-regression-accuracy", true, false, false, false},
	{"mse", false, true, false, false},
	{"r2", true, true, false, false},
	{"accuracy", true, true, true, false},
	{"balanced_accuracy", true, true, true, false},
	{"f1", true, true, true, false},
	{"f1_binary", true, true, true, true},
	{"f1_macro", true, true, true, false},
	{"precision", true, true, true, true},
	{"precision_macro", true, true, true, false},
	{"precision_micro", true, true, true, false},
	{"recall", true, true, true, true},
	{"recall_macro", true, true, true, false},
	{"recall_micro", true, true, true, false},
};

static bool takes_threshold(const char *name)
{
	return str_eq(name, "error") || str_eq(name, "ndcg") || str_eq(name, "map");
}

const struct metric *metric_find(const char *name)
{
	char base[48];

	str_copy(base, sizeof(base), name);
	char *at = strchr(base, '@');
	if (at)
		*at = '\0';
	if (at && !takes_threshold(base))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		if (str_eq(metrics[i].name, base))
			return &metrics[i];
	return NULL;
}

static int unknown_metric(const char *name, struct err *err)
{
	const char *names[ARRAY_LEN(metrics)];

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		names[i] = metrics[i].name;
	const char *near = str_nearest(name, names, ARRAY_LEN(names));
	return err_set(err, ERR_INVALID, "Metric '%s' is not supported%s%s%s", name, near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

/* error@0.7, ndcg@5, ndcg@5-, ndcg- */
static int check_threshold(const char *name, const char *at, struct err *err)
{
	double value;
	AUTO(str) char *text = xstrdup(at + 1);
	size_t n = strlen(text);

	if (n > 1 && text[n - 1] == '-' && !str_starts(name, "error"))
		text[n - 1] = '\0';
	AUTO(str) char *base = xstrndup(name, (size_t)(at - name));
	if (!takes_threshold(base))
		return err_set(err, ERR_INVALID,
			       "Metric '%s' is not supported. Parameter 'eval_metric' with customized threshold should "
			       "be one of these options: 'error', 'ndcg', 'map'.",
			       name);
	if (!str_to_f64(text, &value))
		return err_set(err, ERR_INVALID, "Threshold value 't' in '%s@t' expects float input, not '%s'.", base,
			       at + 1);
	return 0;
}

static bool ranks_pairs(const struct objective *o)
{
	return o->kind == KIND_BINARY || o->kind == KIND_RANKING || str_eq(o->name, "multi:softprob") ||
	       str_eq(o->name, "reg:logistic");
}

int metric_check(const char *name, const struct objective *o, int classes, struct err *err)
{
	if (strstr(name, "<function"))
		return err_set(err, ERR_INVALID, "User defined evaluation metric %s is not supported yet.", name);
	const char *at = strchr(name, '@');
	if (at) {
		int rc = check_threshold(name, at, err);
		if (rc)
			return rc;
	}
	const struct metric *m = metric_find(name);
	if (!m)
		return unknown_metric(name, err);
	if ((str_eq(m->name, "auc") || str_eq(m->name, "aucpr")) && !ranks_pairs(o))
		return err_set(err, ERR_INVALID,
			       "Metric '%s' can only be applied for classification and ranking problems.", m->name);
	if ((str_eq(m->name, "aft-nloglik") || str_eq(m->name, "interval-regression-accuracy")) &&
	    !str_eq(o->name, "survival:aft"))
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for 'survival:aft' objective.",
			       m->name);
	if (str_eq(m->name, "cox-nloglik") && !str_eq(o->name, "survival:cox"))
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for 'survival:cox' objective.",
			       m->name);
	if ((str_eq(m->name, "merror") || str_eq(m->name, "mlogloss")) && o->kind != KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for multi-classification.", m->name);
	if ((str_eq(m->name, "error") || str_eq(m->name, "logloss")) && o->kind == KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for two classes: use m%s.", m->name,
			       m->name);
	if (m->classes_only && o->kind != KIND_BINARY && o->kind != KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for classification problems.",
			       m->name);
	if (m->binary_only && o->kind == KIND_MULTICLASS && classes > 2)
		return err_set(err, ERR_INVALID,
			       "Metric '%s' can only be applied for two classes: use %s_macro (num_class is %d).",
			       m->name, str_starts(m->name, "f1") ? "f1" : m->name, classes);
	return 0;
}
