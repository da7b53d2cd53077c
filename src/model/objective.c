/* objective.c - the direction of a metric, the best of a curve. */
#include "model/objective.h"

#include <ctype.h>
#include <math.h>

/* Words of metrics' names; the last one that is known decides, "error_rate" as well as
 * "validation:logloss". */
static const char smaller[] =
	" loss losses logloss mlogloss error err errors merror rmse mse mae mape smape wmape rmsle mphe mase crps msle"
	" hinge perplexity ppl wer cer nll nloglik deviance rmsd fid entropy crossentropy divergence regret cost"
	" bpb bpc lpips brier ece quantile pinball distance latency seconds time residual ";
static const char larger[] =
	" auc aucpr auroc auprc prauc rocauc pr acc accuracy top1 top5 map ndcg pre precision recall f1 fscore fbeta "
	"f2 r2"
	" bleu rouge rouge1 rouge2 rougel meteor iou miou dice score reward return mcc kappa hit hits hitrate mrr gain"
	" likelihood specificity sensitivity correlation pearson spearman concordance cindex similarity psnr ssim"
	" throughput speed profit cov adjusted exact match em ";

/* A hyperparameter without the quotes that the SDK puts around texts. */
static const char *said(const struct job *j, const char *name, char buf[64])
{
	const char *value = j ? job_hyperparameter(j, name) : NULL;
	size_t n = value ? strlen(value) : 0;

	if (n > 1 && value[0] == '"' && value[n - 1] == '"')
		snprintf(buf, 64, "%.*s", (int)n - 2, value + 1);
	else
		str_copy(buf, 64, str_or(value, ""));
	return buf;
}

/* The job's own word on the metric that chooses its best model. */
static enum metric_direction said_by(const struct job *j, const char *name)
{
	char of[64], greater[64];
	bool yes;

	said(j, "metric_for_best_model", of);
	if (!*of || !str_to_bool(said(j, "greater_is_better", greater), &yes))
		return METRIC_EITHER;
	return str_eq(of, name) || str_ends(name, of) ? (yes ? METRIC_LARGER : METRIC_SMALLER) : METRIC_EITHER;
}

static bool word_in(const char *words, const char *word)
{
	char padded[40];

	snprintf(padded, sizeof(padded), " %s ", word);
	return strstr(words, padded) != NULL;
}

static bool ends_with_any(const char *word, const char *const *ends)
{
	for (; *ends; ends++) {
		if (str_ends(word, *ends))
			return true;
	}
	return false;
}

static enum metric_direction direction_of_word(const char *word)
{
	static const char *const small_ends[] = {"loss", "error", "rmse", NULL};
	static const char *const large_ends[] = {"accuracy", "auc", "precision", "recall", "score", NULL};

	if (word_in(smaller, word))
		return METRIC_SMALLER;
	if (word_in(larger, word))
		return METRIC_LARGER;
	if (ends_with_any(word, small_ends)) /* ValidationLoss, softmaxloss */
		return METRIC_SMALLER;
	return ends_with_any(word, large_ends) ? METRIC_LARGER : METRIC_EITHER;
}

static enum metric_direction turned(enum metric_direction d)
{
	return d == METRIC_SMALLER ? METRIC_LARGER : d == METRIC_LARGER ? METRIC_SMALLER : d;
}

static enum metric_direction direction_of_name(const char *name)
{
	enum metric_direction found = METRIC_EITHER;
	bool negative = false;

	for (const char *p = name; *p && *p != '@';) {
		char word[32];
		size_t n = 0;

		while (*p && *p != '@' && !isalnum((unsigned char)*p))
			p++;
		for (; isalnum((unsigned char)*p); p++) {
			if (n + 1 < sizeof(word))
				word[n++] = (char)tolower((unsigned char)*p);
		}
		word[n] = '\0';
		if (!strcmp(word, "neg") || !strcmp(word, "negative"))
			negative = true;
		enum metric_direction d = n ? direction_of_word(word) : METRIC_EITHER;

		found = d != METRIC_EITHER ? d : found;
	}
	return negative ? turned(found) : found;
}

enum metric_direction metric_direction(const char *name, const struct job *j)
{
	if (str_empty(name))
		return METRIC_EITHER;
	enum metric_direction d = said_by(j, name);

	return d != METRIC_EITHER ? d : direction_of_name(name);
}

bool series_best(const struct series *s, enum metric_direction d, double *ret_best, int64_t *ret_step)
{
	bool any = false;

	for (size_t i = series_segment(s); i < s->n; i++) {
		const struct point *p = &s->points[i];

		if (!isfinite(p->value))
			continue;
		if (any && (d == METRIC_SMALLER ? p->value >= *ret_best : d == METRIC_LARGER && p->value <= *ret_best))
			continue;
		*ret_best = p->value;
		*ret_step = p->step;
		any = true;
	}
	return any;
}

/* The curve itself, not just the end of it that the service keeps. */
static bool is_curve(const struct series *curve)
{
	return curve && curve->n > 0 && !curve->is_final;
}

bool job_best_objective(const struct job *j, const struct series *curve, double *ret_best, int64_t *ret_step,
			double *ret_last)
{
	const char *name = job_objective_name(j);
	bool known;

	*ret_best = *ret_last = NAN;
	*ret_step = -1;
	if (!name)
		return false;
	if (is_curve(curve)) {
		*ret_last = curve->points[curve->n - 1].value;
		(void)series_best(curve, metric_direction(name, j), ret_best, ret_step);
		return true;
	}
	known = job_objective(j, ret_last);
	*ret_best = isfinite(j->rare->best_value) ? j->rare->best_value : *ret_last;
	*ret_step = isfinite(j->rare->best_value) ? j->rare->best_step : -1;
	return known || isfinite(j->rare->best_value);
}

bool job_keep_best(struct job *j, const struct series *curve)
{
	double best, last;
	int64_t step;

	job_derive(j); /* what its objective is */
	if (!is_curve(curve) || !job_best_objective(j, curve, &best, &step, &last) || !isfinite(best) ||
	    (best == j->rare->best_value && step == j->rare->best_step))
		return false;
	job_own_rare(j)->best_value = best;
	job_own_rare(j)->best_step = step;
	return true;
}
