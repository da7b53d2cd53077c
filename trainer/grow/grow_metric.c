/* The metrics that most jobs ask for, from margins; in the order of additions of
 * libxgboost (src/metric/elementwise_metric.cu), so that they agree to the last
 * bit. */
#include <math.h>

#include "trainer/grow/grow_impl.h"

static float squared(float label, float p)
{
	float d = label - p;

	return d * d;
}

static float absolute(float label, float p)
{
	return fabsf(label - p);
}

static float times_log(float x, float y)
{
	return x == 0 ? 0 : x * logf(y < 1e-16f ? 1e-16f : y);
}

static float log_loss(float label, float p)
{
	return times_log(-label, p) + times_log(-(1.0f - label), 1.0f - p);
}

static float wrong(float label, float p)
{
	return p > 0.5f ? 1.0f - label : label;
}

static const struct row_metric {
	const char *name;
	float (*of_row)(float label, float prediction);
	bool root; /* of the mean */
} metrics[] = {
	{"rmse", squared, true},
	{"mae", absolute, false},
	{"logloss", log_loss, false},
	{"error", wrong, false},
};

static const struct row_metric *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		if (str_eq(metrics[i].name, name))
			return &metrics[i];
	return NULL;
}

static const struct {
	const char *objective, *metric; /* its own, where the job names none */
	float (*prediction)(float margin);
} objectives[] = {
	{"reg:squarederror", "rmse", NULL},
	{"reg:logistic", "rmse", sigmoid},
	{"binary:logistic", "logloss", sigmoid},
};

struct row_judge {
	const struct row_metric *metric;
	float (*prediction)(float margin);
	const float *margins;
	const struct dataset *data;
	int threads;
	struct row_sums {
		double loss, weight;
		char apart[48]; /* threads do not share a line of the cache */
	} * sums;
};

/* OpenMP's static shares: the first ones are longer by one where rows are left. */
static size_t share_start(size_t rows, int threads, int thread)
{
	size_t each = rows / (size_t)threads, left = rows % (size_t)threads;

	return each * (size_t)thread + MIN((size_t)thread, left);
}

static void judge_share(void *context, int thread)
{
	const struct row_judge *j = context;
	const struct dataset *d = j->data;
	size_t end = share_start(d->rows, j->threads, thread + 1);
	double loss = 0, weight = 0;

	for (size_t i = share_start(d->rows, j->threads, thread); i < end; i++) {
		float p = j->prediction ? j->prediction(j->margins[i]) : j->margins[i],
		      w = d->weights ? d->weights[i] : 1;
		loss += (double)(j->metric->of_row(d->labels[i], p) * w);
		weight += (double)w;
	}
	j->sums[thread].loss = loss;
	j->sums[thread].weight = weight;
}

static double judge(struct row_judge *j, struct team *team)
{
	double loss = 0, weight = 0;

	team_run(team, judge_share, j);
	for (int t = 0; t < j->threads; t++) {
		loss += j->sums[t].loss;
		weight += j->sums[t].weight;
	}
	if (weight != 0)
		loss /= weight;
	return j->metric->root ? sqrt(loss) : loss;
}

bool rows_judge(const char *objective, const struct strlist *names, const float *margins, const struct dataset *d,
		struct team *team, size_t set, struct eval_values *out)
{
	size_t known = 0;

	while (known < ARRAY_LEN(objectives) && !str_eq(objectives[known].objective, objective))
		known++;
	if (known == ARRAY_LEN(objectives))
		return false;
	for (size_t i = 0; i < names->n; i++)
		if (!find(names->items[i]))
			return false;
	struct row_judge j = {
		.prediction = objectives[known].prediction,
		.margins = margins,
		.data = d,
		.threads = team_size(team),
		.sums = xcalloc((size_t)team_size(team), sizeof(struct row_sums)),
	};
	for (size_t i = 0; i < MAX(names->n, (size_t)1); i++) {
		const char *name = names->n ? names->items[i] : objectives[known].metric;
		j.metric = find(name);
		eval_values_add(out, set, name, judge(&j, team));
	}
	free(j.sums);
	return true;
}
