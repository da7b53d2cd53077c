/* fill_cache.c - put N jobs into the cache as if they had been synchronised, for
 * the benchmarks of start-up and memory. usage: fill_cache N SCOPE */
#include "base/clock.h"
#include "store/store.h"

#define BATCH 100

/* A job of the size that SageMaker's XGBoost image gives: a dozen hyperparameters,
 * thirty metric definitions, a few tags and transitions. */
static struct job *make_job(int64_t i, int64_t now_ms)
{
	static const char *const parameters[] = {"num_round",	     "max_depth", "eta",    "subsample",
						 "colsample_bytree", "objective", "lambda", "alpha",
						 "min_child_weight", "gamma",	  "seed",   "eval_metric"};
	char name[64], text[256];

	snprintf(name, sizeof(name), "nba-dfs-2026-s%02d-cycle-%03d-pack-%05d", (int)(i / 1000), (int)(i / 50), (int)i);
	struct job *j = job_new(name);
	int64_t created = now_ms - (i + 1) * 60000;

	job_set_status(j, i % 17 ? "Completed" : "Failed");
	j->secondary_text = intern(j->status_text);
	j->detail = DETAIL_SEARCHED;
	j->created_ms = created;
	j->start_ms = created + 140000;
	j->end_ms = j->modified_ms = created + 400000;
	j->training_s = 260;
	j->billable_s = i % 3 ? 260 : 91;
	j->spot = i % 3 == 0;
	j->instance_type = intern(i % 5 ? "ml.m5.xlarge" : "ml.g5.xlarge");
	j->instance_count = 1;
	j->volume_gb = 30;
	j->max_runtime_s = 3600;
	j->tags_known = true;
	if (i % 17 == 0)
		j->failure_reason = xstrdup("AlgorithmError: train.csv, line 12, column 5: 'n/a' is not a number");
	snprintf(text, sizeof(text), "arn:aws:sagemaker:us-east-1:000000000000:training-job/%s", name);
	j->arn = xstrdup(text);
	j->cold->image = xstrdup("000000000000.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:latest");
	j->cold->role_arn = xstrdup("arn:aws:iam::000000000000:role/sagetop-sample");
	snprintf(text, sizeof(text), "s3://nba-dfs/runs/%s/output/model.tar.gz", name);
	j->cold->model_uri = xstrdup(text);
	for (size_t k = 0; k < ARRAY_LEN(parameters); k++)
		strmap_set(&j->cold->hyperparameters, parameters[k], k % 2 ? "0.05" : "200");
	snprintf(text, sizeof(text), "%lld", (long long)i); /* as a sweep's: most are alike, one differs */
	strmap_set(&j->cold->hyperparameters, "seed", text);
	strmap_set(&j->tags, "project", "nba-dfs");
	strmap_set(&j->tags, "run", "s24");
	for (int k = 0; k < 30; k++) {
		char regex[128];

		snprintf(text, sizeof(text), "validation:metric-%d", k);
		snprintf(regex, sizeof(regex), ".*\\[[0-9]+\\].*#011validation-metric-%d:([-+]?[0-9]*\\.?[0-9]+).*", k);
		job_add_metric_definition(j, text, regex);
	}
	job_add_transition(j, "Starting", created, created + 140000, "Preparing the instances for training");
	job_add_transition(j, "Downloading", created + 140000, created + 160000, "Downloading input data");
	job_add_transition(j, "Training", created + 160000, created + 390000, "Training in progress.");
	job_add_transition(j, "Completed", created + 390000, created + 400000, "Training job completed");
	job_add_final_metric(j, "validation:rmse", 7.4 + (double)(i % 100) / 250, j->end_ms);
	return j;
}

int main(int argc, char **argv)
{
	AUTO(store) struct store *s = NULL;
	struct err err = {0};
	int64_t n, now = clock_now_ms();
	char mark[32];

	if (argc != 3 || !str_to_i64(argv[1], &n) || n < 1) {
		fprintf(stderr, "usage: fill_cache N SCOPE\n");
		return 2;
	}
	if (store_open(NULL, NULL, argv[2], &s, &err)) {
		fprintf(stderr, "fill_cache: %s\n", err.msg);
		return 1;
	}
	for (int64_t i = 0; i < n; i += BATCH) {
		struct job *jobs[BATCH];
		size_t k = 0;

		for (; k < BATCH && i + (int64_t)k < n; k++)
			jobs[k] = make_job(i + (int64_t)k, now);
		int rc = store_jobs_save(s, jobs, k, &err);

		while (k > 0)
			job_free(jobs[--k]);
		if (rc) {
			fprintf(stderr, "fill_cache: %s\n", err.msg);
			return 1;
		}
	}
	snprintf(mark, sizeof(mark), "%lld", (long long)now);
	if (store_meta_set(s, "jobs_mark", mark, &err) || store_meta_set(s, "jobs_full_pass_ms", mark, &err)) {
		fprintf(stderr, "fill_cache: %s\n", err.msg);
		return 1;
	}
	return 0;
}
