/* test_compare.c - which rows stand beside each other, which differ, which value is best. */
#include "unit.h"

#include "base/buf.h"
#include "model/compare.h"
#include "model/session.h"

#define NOW ((int64_t)1763700000000)

static struct job *sample(const char *name, const char *eta, double rmse, double auc)
{
	struct job *j = job_new(name);
	AUTO(str) char *output = xasprintf("s3://b/runs/%s/out", name);

	job_set_status(j, "Completed");
	j->detail = DETAIL_DESCRIBED;
	j->instance_type = intern("ml.m5.large");
	j->instance_count = 1;
	j->created_ms = NOW;
	str_set(&j->cold->output_uri, output);
	if (eta)
		strmap_set(&j->cold->hyperparameters, "eta", eta);
	strmap_set(&j->cold->hyperparameters, "max_depth", "6");
	job_add_metric_definition(j, "validation:rmse", "x");
	job_add_final_metric(j, "validation:rmse", rmse, NOW);
	job_add_final_metric(j, "validation:auc", auc, NOW);
	str_set(&job_add_channel(j, "train")->uri, "s3://b/train.csv");
	job_derive(j);
	return j;
}

static const struct compare_row *row(const struct compare *c, const char *label)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->rows[i].label, label))
			return &c->rows[i];
	return NULL;
}

static void test_rows(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(compare) struct compare c = {0};
	AUTO(job)
	struct job *a = sample("a-1", "0.1", 7.5, 0.8), *b = sample("b-22", "0.05", 7.1, 0.7),
		   *d = sample("d", NULL, 7.9, 0.8);
	const struct resource *things[] = {job_resource(a), job_resource(b), job_resource(d)};
	struct field_context x = {.session = s, .now_ms = NOW};

	strmap_set(&d->cold->hyperparameters, "only_here", "1");
	compare_build(&c, things, 3, FIELD_FOR_PROGRAMS, &x);
	assert_int_equal(c.n_things, 3);
	const struct compare_row *eta = row(&c, "hp.eta");
	assert_non_null(eta);
	assert_true(eta->differs);
	assert_string_equal(eta->values[1], "0.05");
	assert_null(eta->values[2]);
	assert_int_equal(eta->best, -1); /* nobody knows which eta is better */
	assert_false(row(&c, "hp.max_depth")->differs);
	assert_true(row(&c, "hp.only_here")->differs);
	/* The same place but for the job's own name. */
	assert_non_null(row(&c, "output"));
	assert_false(row(&c, "output")->differs);
	assert_false(row(&c, "channel.train")->differs);
	assert_int_equal(row(&c, "metric.validation:rmse")->best, 1); /* the smaller */
	assert_int_equal(row(&c, "metric.validation:auc")->best, 0);  /* the larger, and the first of equals */
	assert_null(row(&c, "name"));
	assert_null(row(&c, "reason")); /* nobody has one */
}

static void test_equal_values_have_no_best(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(compare) struct compare c = {0};
	AUTO(job) struct job *a = sample("job-a", "0.1", 7.5, 0.8), *b = sample("job-b", "0.1", 7.5, 0.8);
	const struct resource *things[] = {job_resource(a), job_resource(b)};
	struct field_context x = {.session = s, .now_ms = NOW};

	compare_build(&c, things, 2, FIELD_FOR_PROGRAMS, &x);
	assert_int_equal(row(&c, "metric.validation:rmse")->best, -1);
	assert_int_equal(c.n_differ, 0);
}

static void test_csv(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(compare) struct compare c = {0};
	AUTO(job) struct job *a = sample("job-a", "0.1", 7.5, 0.8), *b = sample("job-b", "say \"x\", y", 7.5, 0.8);
	const struct resource *things[] = {job_resource(a), job_resource(b)};
	struct field_context x = {.session = s, .now_ms = NOW};
	AUTO(buf) struct buf out = BUF_INIT(65536);

	compare_build(&c, things, 2, FIELD_FOR_PROGRAMS, &x);
	compare_csv(&c, false, &out);
	assert_string_equal(buf_str(&out), "row,job-a,job-b\nhp.eta,0.1,\"say \"\"x\"\", y\"\n");
	buf_clear(&out);
	compare_csv(&c, true, &out);
	assert_non_null(strstr(buf_str(&out), "\nhp.max_depth,6,6\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_equal_values_have_no_best),
		cmocka_unit_test(test_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
