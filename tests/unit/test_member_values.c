/* test_member_values.c - what is offered for the members of a launch: by image, by folder, once each. */
#include "unit.h"

#include "base/buf.h"
#include "model/member_values.h"

static void add(struct member_values *v, const char *image, const char *eta, const char *uri)
{
	AUTO(job) struct job *j = job_new("j");

	job_own_cold(j);
	str_set(&j->cold->image, image);
	strmap_set(&j->cold->hyperparameters, "eta", eta);
	strmap_set(&j->cold->hyperparameters, "Depth", "3");
	strmap_set(&j->cold->hyperparameters, "note", "two\nlines");
	struct job_channel *c = job_add_channel(j, "train");
	str_set(&c->uri, uri);
	str_set(&c->data_type, "S3Prefix");
	j->instance_type = "ml.m5.xlarge";
	member_values_add_job(v, j);
}

static void check(struct strlist *got, const char *expected)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < got->n; i++)
		(void)buf_addf(&text, "%s%s", i ? " " : "", got->items[i]);
	assert_string_equal(buf_str(&text), expected);
	strlist_done(got);
}

static void fill(struct member_values *v)
{
	add(v, "1.ecr/other:2", "0.9", "s3://b/new/train.csv");
	add(v, "1.ecr/ours:7", "0.1", "s3://b/old/x/train.csv");
	add(v, "1.ecr/ours:6", "0.3", "s3://b/old/y/train.csv");
	add(v, "1.ecr/ours:6", "0.1", "s3://c/train.csv");
}

static void test_values(void **state)
{
	AUTO(member_values) struct member_values v = {0};
	AUTO(strlist) struct strlist got = {0};

	fill(&v);
	member_values_offer(&v, "HyperParameters.eta", NULL, "", &got);
	check(&got, "0.9 0.1 0.3");
	member_values_offer(&v, "HyperParameters.eta", "1.ecr/ours:8", "0.", &got); /* any of its versions */
	check(&got, "0.1 0.3 0.9");
	member_values_offer(&v, "HyperParameters.eta", NULL, "0.3", &got);
	check(&got, "0.3");
	member_values_earlier(&v, "HyperParameters.eta", "1.ecr/ours:8", "0.3", &got);
	check(&got, "0.1 0.9");
	member_values_offer(&v, "HyperParameters.note", NULL, "", &got); /* nobody can type that */
	check(&got, "");
	member_values_offer(&v, MEMBER_INSTANCE_TYPE, NULL, "ml.", &got);
	check(&got, "ml.m5.xlarge");
}

static void test_uris(void **state)
{
	AUTO(member_values) struct member_values v = {0};
	AUTO(strlist) struct strlist got = {0};
	static const struct {
		const char *text, *offered;
	} rows[] = {{"", "s3://b/ s3://c/"},
		    {"s3", "s3://b/ s3://c/"},
		    {"s3://b", "s3://b/"},
		    {"s3://b/", "s3://b/new/ s3://b/old/"},
		    {"s3://b/o", "s3://b/old/"},
		    {"s3://b/old/", "s3://b/old/x/ s3://b/old/y/"},
		    {"s3://b/old/x/", "s3://b/old/x/train.csv"},
		    {"s3://b/old/x/train.csv", ""},
		    {"s3://none/", ""}};

	fill(&v);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		member_values_offer(&v, "OutputDataConfig.S3OutputPath", NULL, rows[i].text, &got);
		check(&got, rows[i].offered);
	}
	member_values_earlier(&v, "InputDataConfig.train", NULL, "s3://c/train.csv", &got);
	check(&got, "s3://b/new/train.csv s3://b/old/x/train.csv s3://b/old/y/train.csv");
}

static void test_names(void **state)
{
	AUTO(member_values) struct member_values v = {0};
	AUTO(strlist) struct strlist got = {0};

	fill(&v);
	member_values_names(&v, NULL, "e", &got);
	check(&got, "eta");
	member_values_names(&v, NULL, "Hyper", &got);
	check(&got, "HyperParameters.eta HyperParameters.Depth");
	member_values_names(&v, NULL, "Res", &got);
	check(&got, MEMBER_INSTANCE_TYPE);
	member_values_names(&v, NULL, "Input", &got); /* a channel's place is not the next job's */
	check(&got, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_uris),
					   cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
