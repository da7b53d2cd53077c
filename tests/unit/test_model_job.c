/* test_model_job.c - jobs: states, merging, trimming, the table. */
#include "unit.h"

#include <math.h>

#include "base/buf.h"
#include "model/job_facets.h"
#include "model/job_name.h"
#include "model/jobs.h"
#include "model/session.h"

static struct job *searched(const char *name, const char *status, int64_t modified_ms)
{
	struct job *j = job_new(name);

	job_set_status(j, status);
	j->detail = DETAIL_SEARCHED;
	j->created_ms = 1000000;
	j->modified_ms = modified_ms;
	j->instance_type = intern("ml.m5.xlarge");
	j->instance_count = 1;
	j->arn = xstrdup("arn:aws:sagemaker:us-east-1:1:training-job/a");
	strmap_set(&j->cold->hyperparameters, "eta", "0.1");
	strmap_set(&j->tags, "run", "nightly");
	j->tags_known = true;
	job_add_transition(j, "Starting", 1000000, 1010000, "Preparing the instances");
	job_add_transition(j, "Training", 1010000, TIME_UNKNOWN, NULL);
	job_add_final_metric(j, "train:rmse", 1.5, 1020000);
	job_add_final_metric(j, "validation:rmse", 2.5, 1020000);
	return j;
}

static void test_states(void **state)
{
	AUTO(job) struct job *j = job_new("a");

	assert_string_equal(job_state_text(j), "Unknown");
	job_set_status(j, "InProgress");
	j->secondary_text = intern("Downloading");
	assert_string_equal(job_state_text(j), "Downloading");
	assert_true(job_is_active(j));
	job_set_status(j, "Completed");
	assert_string_equal(job_state_text(j), "Completed");
	assert_true(job_is_terminal(j));
	job_set_status(j, "Rehearsing"); /* a status of the future */
	assert_int_equal(j->status, JOB_STATUS_UNKNOWN);
	assert_string_equal(job_state_text(j), "Rehearsing");
	assert_false(job_is_active(j) || job_is_terminal(j));
}

static void test_elapsed_and_saving(void **state)
{
	AUTO(job) struct job *j = searched("a", "InProgress", 1);

	assert_int_equal(job_elapsed_s(j, 5000000), -1);
	j->start_ms = 2000000;
	assert_int_equal(job_elapsed_s(j, 5000000), 3000);
	j->end_ms = 2060000;
	assert_int_equal(job_elapsed_s(j, 5000000), 60);
	j->training_s = 61;
	assert_int_equal(job_elapsed_s(j, 5000000), 61);
	assert_int_equal(job_spot_saving_pct(j), -1);
	j->spot = true;
	j->training_s = 100;
	j->billable_s = 32;
	assert_int_equal(job_spot_saving_pct(j), 68);
	job_add_transition(j, "Interrupted", 3, 4, NULL);
	assert_int_equal(job_interruptions(j), 1);
}

static void test_objective(void **state)
{
	AUTO(job) struct job *j = searched("a", "Completed", 1);
	double v;

	assert_string_equal(job_objective_name(j), "validation:rmse");
	assert_true(job_objective(j, &v));
	assert_true(v == 2.5);
	strmap_set(&j->cold->hyperparameters, "_tuning_objective_metric", "train:rmse");
	assert_true(job_objective(j, &v));
	assert_true(v == 1.5);
	AUTO(job) struct job *bare = job_new("b");
	assert_null(job_objective_name(bare));
	job_add_metric_definition(bare, "loss", "loss=(.*)");
	assert_string_equal(job_objective_name(bare), "loss");
	assert_false(job_objective(bare, &v));
}

/* Which metric speaks for a job: what it was tuned by; of what it printed one of validation,
 * else the first; of what is merely defined the one it was evaluated by, else likewise. */
static void test_objective_choice(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	double v;

	job_add_metric_definition(j, "train:rmse", "");
	assert_string_equal(job_objective_name(j), "train:rmse");
	job_add_metric_definition(j, "validation:auc", "");
	job_add_metric_definition(j, "validation:rmse", "");
	assert_string_equal(job_objective_name(j), "validation:auc");
	strmap_set(&j->cold->hyperparameters, "eval_metric", "");
	assert_string_equal(job_objective_name(j), "validation:auc");
	strmap_set(&j->cold->hyperparameters, "eval_metric", "rmse");
	assert_string_equal(job_objective_name(j), "validation:rmse");
	strmap_set(&j->cold->hyperparameters, "eval_metric", "mae"); /* defined for no validation */
	assert_string_equal(job_objective_name(j), "train:rmse");
	job_add_final_metric(j, "f1", 0.5, 1);
	assert_string_equal(job_objective_name(j), "f1");
	job_add_final_metric(j, "train:rmse", 1.5, 1);
	assert_string_equal(job_objective_name(j), "f1");
	job_add_final_metric(j, "validation:mae", 3, 1);
	job_add_final_metric(j, "validation:rmse", 2, 1);
	assert_string_equal(job_objective_name(j), "validation:mae");
	assert_true(job_objective(j, &v) && v == 3);
	strmap_set(&j->cold->hyperparameters, "_tuning_objective_metric", "");
	assert_string_equal(job_objective_name(j), "validation:mae");
	strmap_set(&j->cold->hyperparameters, "_tuning_objective_metric", "train:rmse");
	assert_string_equal(job_objective_name(j), "train:rmse");
	assert_true(job_objective(j, &v) && v == 1.5);
	/* A trimmed job answers as before. */
	j->detail = DETAIL_SEARCHED;
	job_class.derive(job_resource(j));
	job_class.trim(job_resource(j));
	assert_true(j->trimmed);
	assert_string_equal(job_objective_name(j), "train:rmse");
	assert_true(job_objective(j, &v) && v == 1.5);
	/* What is tuned by and was not printed has no value, whatever else has. */
	AUTO(job) struct job *silent = job_new("b");
	strmap_set(&silent->cold->hyperparameters, "_tuning_objective_metric", "auc");
	job_add_final_metric(silent, "validation:rmse", 2, 1);
	assert_string_equal(job_objective_name(silent), "auc");
	assert_false(job_objective(silent, &v));
}

static void test_merge_newer(void **state)
{
	AUTO(job) struct job *a = searched("a", "InProgress", 1100000);
	struct job *b = searched("a", "Failed", 1200000);

	str_set(&b->failure_reason, "AlgorithmError: out of memory");
	b->training_s = 70;
	b->seen_ms = 5;
	assert_true(job_merge(a, b));
	assert_int_equal(a->status, JOB_FAILED);
	assert_int_equal(a->training_s, 70);
	assert_string_equal(a->failure_reason, "AlgorithmError: out of memory");
	assert_int_equal(a->seen_ms, 5);
	/* The same again changes nothing. */
	b = searched("a", "Failed", 1200000);
	str_set(&b->failure_reason, "AlgorithmError: out of memory");
	b->training_s = 70;
	assert_false(job_merge(a, b));
}

static void test_merge_older(void **state)
{
	AUTO(job) struct job *a = searched("a", "Completed", 1200000);
	struct job *lagging = searched("a", "InProgress", 1100000);

	lagging->max_runtime_s = 3600; /* a gap of ours is filled all the same */
	lagging->secondary_text = intern("Training");
	assert_true(job_merge(a, lagging));
	assert_int_equal(a->status, JOB_COMPLETED);
	assert_int_equal(a->max_runtime_s, 3600);
	/* An index that lags may bear the newer time and still call it running. */
	lagging = searched("a", "InProgress", 1300000);
	job_merge(a, lagging);
	assert_int_equal(a->status, JOB_COMPLETED);
}

static void test_merge_summary_keeps_detail(void **state)
{
	AUTO(job) struct job *a = searched("a", "InProgress", 1100000);
	struct job *summary = job_new("a");

	job_set_status(summary, "Completed");
	summary->created_ms = 1000000;
	summary->modified_ms = 1200000;
	assert_true(job_merge(a, summary));
	assert_int_equal(a->status, JOB_COMPLETED);
	assert_int_equal(a->detail, DETAIL_SEARCHED);
	assert_string_equal(job_hyperparameter(a, "eta"), "0.1");
	assert_int_equal(a->cold->n_transitions, 2);
}

static void test_merge_keeps_tags(void **state)
{
	AUTO(job) struct job *a = searched("a", "InProgress", 1100000);
	struct job *described = searched("a", "InProgress", 1200000);

	job_trim(a);
	strmap_done(&described->tags); /* Describe gives none */
	described->tags = (struct strmap){0};
	described->tags_known = false;
	described->detail = DETAIL_DESCRIBED;
	job_merge(a, described);
	assert_false(a->trimmed);
	assert_string_equal(job_tag(a, "run"), "nightly");
	assert_int_equal(a->detail, DETAIL_DESCRIBED);
}

static void test_name_used_again(void **state)
{
	AUTO(job) struct job *a = searched("a", "Completed", 1200000);
	struct job *again = searched("a", "InProgress", 9100000);

	again->created_ms = 9000000;
	assert_true(job_merge(a, again));
	assert_int_equal(a->status, JOB_IN_PROGRESS);
	assert_int_equal(a->created_ms, 9000000);
	/* And a late record of the one before does not come back. */
	assert_false(job_merge(a, searched("a", "Completed", 1200000)));
	assert_int_equal(a->status, JOB_IN_PROGRESS);
}

static void assert_key(const struct job *j, const char *field, const char *key)
{
	AUTO(strlist) struct strlist keys = {0};

	field_add_keys(field_find(j->kind, field, NULL), job_resource((struct job *)(uintptr_t)j), &keys);
	assert_int_equal(keys.n, 1);
	assert_string_equal(keys.items[0], key);
}

static void test_keys_are_known_of_a_trimmed_job(void **state)
{
	AUTO(job) struct job *j = searched("a", "Completed", 1200000);

	job_trim(j);
	assert_key(j, "hp.eta", "eta");
	assert_key(j, "tag.run", "run");
	assert_key(j, "metric.validation:rmse", "validation:rmse");
}

static void test_trim(void **state)
{
	AUTO(job) struct job *j = searched("a", "Completed", 1200000);
	double v;

	job_add_transition(j, "Interrupted", 3, 4, NULL);
	job_trim(j);
	assert_true(j->trimmed);
	assert_null(j->arn);
	assert_int_equal(j->cold->n_transitions, 0);
	assert_string_equal(job_hyperparameter(j, "eta"), "0.1");
	assert_null(job_hyperparameter(j, "run")); /* a tag is no hyperparameter */
	assert_string_equal(job_tag(j, "run"), "nightly");
	assert_string_equal(job_objective_name(j), "validation:rmse");
	assert_true(job_objective(j, &v) && v == 2.5);
	assert_int_equal(job_interruptions(j), 1);
	/* What we have comes again: it stays trimmed and unchanged. */
	struct job *same = searched("a", "Completed", 1200000);
	assert_false(job_merge(j, same));
	assert_true(j->trimmed);
	/* A tag was added: that is a change although no time moved. */
	same = searched("a", "Completed", 1200000);
	strmap_set(&same->tags, "team", "research");
	assert_true(job_merge(j, same));
	assert_string_equal(job_tag(j, "team"), "research");
	assert_false(j->trimmed);
	job_trim(j);
	job_untrim(j, searched("a", "Completed", 1200000));
	assert_string_equal(j->arn, "arn:aws:sagemaker:us-east-1:1:training-job/a");
	assert_int_equal(j->cold->n_transitions, 2);
	/* A mere summary has nothing to trim. */
	AUTO(job) struct job *summary = job_new("s");
	job_trim(summary);
	assert_false(summary->trimmed);
}

static void assert_age(int64_t created_ms, const char *expected)
{
	AUTO(job) struct job *j = job_new("a");
	struct field_ref age = {.field = field_find(j->kind, "age", NULL)};
	AUTO(buf) struct buf text = BUF_INIT(64);

	j->created_ms = created_ms;
	field_text(&age, job_resource(j), &(struct field_context){.now_ms = 1000000000}, FIELD_FOR_PEOPLE, &text);
	assert_string_equal(buf_str(&text), expected);
}

static void test_age(void **state)
{
	assert_age(1000000000 - 90000, "1m");
	assert_age(1000000000 + 2000, "0s"); /* another's clock */
	assert_age(1000000000 + (int64_t)10 * 86400000, "in 10d");
}

static void test_table(void **state)
{
	AUTO(resources) struct resources t = {0};
	bool changed;
	char name[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		jobs_put(&t, searched(name, i % 2 ? "InProgress" : "Completed", 1), &changed);
		assert_true(changed);
	}
	assert_int_equal(t.n, 1000);
	assert_int_equal(t.n_running, 500);
	uint64_t generation = t.generation;
	jobs_put(&t, searched("job-7", "InProgress", 1), &changed);
	assert_false(changed);
	assert_int_equal(t.generation, generation);
	jobs_put(&t, searched("job-7", "Stopped", 2), &changed);
	assert_true(changed);
	assert_int_equal(t.n_running, 499);
	assert_true(t.generation > generation);
	assert_true(resources_remove(&t, "job-9"));
	assert_false(resources_remove(&t, "job-9"));
	assert_int_equal(t.n_running, 498);
	assert_int_equal(t.n, 999);
	assert_null(jobs_find(&t, "job-9"));
	assert_string_equal(jobs_find(&t, "job-10")->name, "job-10");
}

static void test_session(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct request_record r = {.attempts = 1};

	session_notify(s, NOTICE_WARNING, "throttled \x1b[31m%s", "now\nand then");
	assert_string_equal(s->notice.text, "throttled now and then");
	assert_null(session_find_feed(s, TRAINING_KIND, "a"));
	struct feed *f = session_feed(s, TRAINING_KIND, "a");
	assert_ptr_equal(f, session_feed(s, TRAINING_KIND, "a"));
	session_drop_feed(s, TRAINING_KIND, "a");
	assert_null(session_find_feed(s, TRAINING_KIND, "a"));
	for (int i = 0; i < REQUEST_LOG_LEN + 3; i++) {
		r.took_ms = i;
		session_add_request(s, &r);
	}
	assert_int_equal(s->n_requests, REQUEST_LOG_LEN + 3);
	assert_int_equal(s->requests[2].took_ms, REQUEST_LOG_LEN + 2);
}

static void test_clone_name(void **state)
{
	int64_t now = 1795243686000; /* 2026-11-21T06:48:06Z */

	static const struct {
		const char *name, *clone;
	} rows[] = {{"churn", "churn-261121-064806"},
		    {"churn-261120-010203", "churn-261121-064806"},
		    {"xgb-2026-11-20-06-38-12-123", "xgb-261121-064806"},
		    {"xgb-2026-11-20-06-38-12", "xgb-261121-064806"},
		    {"a-1120", "a-1120-261121-064806"},
		    {"a23456789-123456789-123456789-123456789-12345678-0123456789", /* cut at a dash */
		     "a23456789-123456789-123456789-123456789-12345678-261121-064806"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *name = job_clone_name(NULL, rows[i].name, now);

		assert_string_equal(name, rows[i].clone);
		assert_true(strlen(name) <= 63);
	}
	/* Two clones in one second, and a name that is nobody's. */
	AUTO(resources) struct resources jobs = {0};
	AUTO(str) char *first = job_clone_name(&jobs, "churn", now);
	jobs_put(&jobs, job_new(first), NULL);
	AUTO(str) char *second = job_clone_name(&jobs, "churn", now);
	assert_string_equal(first, "churn-261121-064806");
	assert_string_equal(second, "churn-261121-064807");
}

/* Names of several clones: without the times of before, unless that makes two of one; each a name of its own. */
static void test_clone_names(void **state)
{
	static const char *const jobs[] = {"a-261101-000000", "b_1",
					   "a-name-of-sixty-three-characters-is-the-longest-that-there-can-be1",
					   "a-name-of-sixty-three-characters-is-the-longest-that-there-can-be2"};
	AUTO(strlist) struct strlist names = {0}, fresh = {0}, again = {0}, twins = {0}, apart = {0};

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		strlist_add(&names, jobs[i]);
	job_clone_names(&names, "x", &fresh);
	job_clone_names(&names, "x", &again);
	assert_string_equal(fresh.items[0], "a-x");
	assert_string_equal(fresh.items[1], "b_1-x");
	assert_true(strlist_is_unique(&fresh));
	for (size_t i = 0; i < fresh.n; i++) {
		assert_true(strlen(fresh.items[i]) <= JOB_NAME_MAX);
		assert_string_equal(fresh.items[i], again.items[i]);
	}
	strlist_add(&twins, "a-261101-000000");
	strlist_add(&twins, "a-261102-000000");
	job_clone_names(&twins, "x", &apart);
	assert_string_equal(apart.items[0], "a-261101-000000-x");
	assert_string_equal(apart.items[1], "a-261102-000000-x");
	/* The suffix is one that makes no name which is there. */
	AUTO(resources) struct resources taken = {0};
	AUTO(str) char *first = job_clone_suffix(&taken, &twins, 1795243686000);
	AUTO(str) char *name = xasprintf("a-261102-000000-%s", first);

	jobs_put(&taken, job_new(name), NULL);
	AUTO(str) char *second = job_clone_suffix(&taken, &twins, 1795243686000);
	assert_string_not_equal(first, second);
}

/* Jobs of a sweep: what they have in common is there once, what differs is each one's own. */
static void test_facets_are_shared(void **state)
{
	AUTO(job) struct job *a = searched("a", "Completed", 1), *b = searched("b", "Completed", 1);
	AUTO(job) struct job *c = searched("c", "Completed", 1);

	strmap_set(&c->cold->hyperparameters, "eta", "0.3");
	job_trim(a);
	job_trim(b);
	job_trim(c);
	assert_int_equal(a->facets, b->facets);
	assert_ptr_equal(a->cold, b->cold);
	assert_int_equal(job_facets_count(c), job_facets_count(a));
	assert_int_not_equal(c->facets, a->facets);
	assert_string_equal(job_hyperparameter(b, "eta"), "0.1");
	assert_string_equal(job_hyperparameter(c, "eta"), "0.3");
	assert_ptr_equal(job_tag(a, "run"), job_tag(c, "run"));
	assert_null(job_hyperparameter(a, "run"));

	AUTO(buf) struct buf bytes = BUF_INIT(4096);
	AUTO(job) struct job *read = job_new("d");

	job_facets_write(c, &bytes);
	job_facets_read(read, bytes.data, bytes.len);
	assert_int_equal(read->facets, c->facets);
	job_facets_read(read, bytes.data, bytes.len - 1); /* cut: the last one is left out */
	assert_int_equal(job_facets_count(read), job_facets_count(c) - 1);
	job_facets_read(read, bytes.data, 0);
	assert_int_equal(job_facets_count(read), 0);
	assert_null(job_hyperparameter(read, "eta"));
}

/* Whatever sets came before: the same pairs are the same set, and each says what it was made of. */
static void test_facets_differ_in_any_number(void **state)
{
	enum { PAIRS = 12, SETS = 200 };
	uint32_t numbers[SETS];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < SETS; i++) {
			AUTO(job) struct job *j = job_new("j");
			char name[16], value[16];

			j->detail = DETAIL_SEARCHED;
			for (int k = 0; k < PAIRS; k++) { /* the first i % 13 of them are this job's own */
				snprintf(name, sizeof(name), "p%d", k);
				snprintf(value, sizeof(value), "%d", k < i % (PAIRS + 1) ? 1000 * i + k : k);
				strmap_set(&j->cold->hyperparameters, name, value);
			}
			strmap_set(&j->tags, "i", i % 2 ? "odd" : "even");
			job_trim(j);
			assert_true(round == 0 || numbers[i] == j->facets);
			numbers[i] = j->facets;
			assert_int_equal(job_facets_count(j), PAIRS + 1);
			assert_string_equal(job_tag(j, "i"), i % 2 ? "odd" : "even");
			for (int k = 0; k < PAIRS; k++) {
				snprintf(name, sizeof(name), "p%d", k);
				snprintf(value, sizeof(value), "%d", k < i % (PAIRS + 1) ? 1000 * i + k : k);
				assert_string_equal(job_hyperparameter(j, name), value);
			}
		}
	}
}

/* Three hundred thousand of them are in memory. */
static void test_jobs_are_small(void **state)
{
	AUTO(job) struct job *j = job_new("plain"), *pooled = job_new("pooled");

	if (sizeof(void *) == 8)
		assert_true(sizeof(struct job) <= 216);
	assert_false(job_has_rare(j));
	job_own_rare(pooled)->retained_s = 5;
	assert_int_equal(j->rare->retained_s, -1);
	assert_true(isnan(j->rare->best_value));
	AUTO(job) struct job *news = job_new("pooled");
	job_own_rare(news)->keep_alive_s = 60;
	job_own_rare(news)->training_plan = intern("spring");
	assert_true(job_merge(pooled, TAKE(news)));
	assert_int_equal(pooled->rare->keep_alive_s, 60);
	assert_int_equal(pooled->rare->retained_s, 5);
	assert_string_equal(pooled->rare->training_plan, "spring");
	assert_false(job_merge(j, job_new("plain")));
	assert_false(job_has_rare(j));
}

/* Found by their names whatever was taken out before. */
static void test_many_come_and_go(void **state)
{
	AUTO(resources) struct resources t = {0};
	char name[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		jobs_put(&t, job_new(name), NULL);
	}
	for (int i = 0; i < 3000; i += 3) {
		snprintf(name, sizeof(name), "job-%d", i);
		assert_true(resources_remove(&t, name));
		assert_false(resources_remove(&t, name));
	}
	assert_int_equal(t.n, 2000);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "job-%d", i);
		const struct job *j = jobs_find(&t, name);

		assert_true(i % 3 ? j && str_eq(j->name, name) : !j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_facets_are_shared),
					   cmocka_unit_test(test_facets_differ_in_any_number),
					   cmocka_unit_test(test_jobs_are_small),
					   cmocka_unit_test(test_many_come_and_go),
					   cmocka_unit_test(test_states),
					   cmocka_unit_test(test_elapsed_and_saving),
					   cmocka_unit_test(test_objective),
					   cmocka_unit_test(test_objective_choice),
					   cmocka_unit_test(test_merge_newer),
					   cmocka_unit_test(test_merge_older),
					   cmocka_unit_test(test_merge_summary_keeps_detail),
					   cmocka_unit_test(test_merge_keeps_tags),
					   cmocka_unit_test(test_name_used_again),
					   cmocka_unit_test(test_trim),
					   cmocka_unit_test(test_keys_are_known_of_a_trimmed_job),
					   cmocka_unit_test(test_age),
					   cmocka_unit_test(test_table),
					   cmocka_unit_test(test_session),
					   cmocka_unit_test(test_clone_name),
					   cmocka_unit_test(test_clone_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
