/* test_page.c - what the pages of things show, whatever the service sent. */
#include "unit.h"

#include <math.h>

#include "app/peek.h"
#include "aws/sagemaker.h"
#include "base/json.h"
#include "model/kind.h"
#include "model/page.h"
#include "model/session.h"
#include "model/variants.h"

/* The lines as `job` prints them: "label|value". */
static void page_as_text(const struct page *p, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		(void)buf_addf(out, "%s|", p->lines[i].label);
		for (size_t k = 0; k < p->lines[i].n; k++)
			(void)buf_adds(out, p->lines[i].parts[k].text);
		(void)buf_addc(out, '\n');
	}
}

static void assert_has(const char *page, const char *line)
{
	if (!strstr(page, line))
		fail_msg("no line \"%s\" in\n%s", line, page);
}

static const char job_reply[] =
	"{\"TrainingJobName\": \"a\", \"TrainingJobStatus\": \"Failed\", \"CreationTime\": 1700000000.0,"
	" \"FailureReason\": \"AlgorithmError: Traceback\\n  File \\\"t.py\\\", line 3\\nKeyError: 'price'\","
	" \"ResourceConfig\": {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 1, \"VolumeKmsKeyId\": \"key-1\","
	"  \"KeepAlivePeriodInSeconds\": 600},"
	" \"WarmPoolStatus\": {\"Status\": \"Available\"},"
	" \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b/o\", \"KmsKeyId\": \"key-2\"},"
	" \"VpcConfig\": {\"Subnets\": [\"subnet-1\"], \"SecurityGroupIds\": [\"sg-1\"]},"
	" \"EnableNetworkIsolation\": true, \"EnableInterContainerTrafficEncryption\": true,"
	" \"RetryStrategy\": {\"MaximumRetryAttempts\": 3},"
	" \"ExperimentConfig\": {\"ExperimentName\": \"e\", \"TrialName\": \"t\"},"
	" \"DebugRuleEvaluationStatuses\": [{\"RuleConfigurationName\": \"Loss\", \"RuleEvaluationStatus\": "
	"\"IssuesFound\","
	"  \"StatusDetails\": \"at step 3\"}, {\"RuleConfigurationName\": \"Vanish\", \"RuleEvaluationStatus\":"
	"  \"NoIssuesFound\"}],"
	" \"AutoMLJobArn\": \"arn:aws:sagemaker:us-east-1:1:automl-job/m\"}";

static struct job *parse_job(void)
{
	AUTO(json) json_t *o = NULL;
	struct job *j = NULL;

	assert_int_equal(json_parse(job_reply, strlen(job_reply), "test", &o, NULL), 0);
	assert_int_equal(sm_parse_job(o, DETAIL_DESCRIBED, &j, NULL), 0);
	return j;
}

static void test_members_that_people_look_for(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(job) struct job *j = parse_job();
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	static const char *const lines[] = {"Warm pool|Available, kept for 10m00s",
					    "VPC|subnet-1 sg-1",
					    "Volume key|key-1",
					    "Output key|key-2",
					    "Isolation|no network, traffic between hosts is encrypted",
					    "Retries|3",
					    "Experiment|e / t",
					    "Rules|Loss IssuesFound: at step 3\n|Vanish NoIssuesFound",
					    "AutoML job|arn:aws:sagemaker:us-east-1:1:automl-job/m"};

	for (int what_for = PAGE_FOR_SCREEN; what_for <= PAGE_FOR_TEXT; what_for++) {
		AUTO(page) struct page p = {0};
		AUTO(buf) struct buf text = BUF_INIT(65536);
		page_build(&p, job_resource(j), &x, (enum page_for)what_for);
		page_as_text(&p, &text);
		for (size_t i = what_for == PAGE_FOR_TEXT ? 0 : 1; i < ARRAY_LEN(lines); i++)
			assert_has(buf_str(&text), lines[i]);
	}
}

static void test_details_that_cannot_be_had(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(job) struct job *j = job_new("a");
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	struct feed *f = session_feed(s, TRAINING_KIND, "a");

	for (int refused = 0; refused < 2; refused++) {
		AUTO(page) struct page p = {0};
		AUTO(buf) struct buf text = BUF_INIT(65536);

		str_copy(f->details_note, sizeof(f->details_note), refused ? "not allowed" : "");
		page_build(&p, job_resource(j), &x, PAGE_FOR_SCREEN);
		page_as_text(&p, &text);
		assert_has(buf_str(&text), refused ? "Only a summary is known: not allowed" : "are being asked for");
	}
}

/* A series of one point has no curve: its value stays in its place. */
static void test_series_of_one_point(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(job) struct job *j = parse_job();
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	struct feed *f = session_feed(s, TRAINING_KIND, j->name);
	AUTO(page) struct page p = {0};
	size_t seen = 0;

	(void)series_put(&f->metrics, "CPUUtilization", "algo-1", 1, 12.5);
	for (int64_t i = 1; i <= 3; i++)
		series_add(&f->metrics, "train:rmse", NULL, i, i, (double)i);
	page_build(&p, job_resource(j), &x, PAGE_FOR_SCREEN);
	for (size_t i = 0; i < p.n; i++) {
		const struct page_line *l = &p.lines[i];

		if (l->n && str_starts(l->parts[0].text, "CPUUtilization")) {
			assert_non_null(strstr(l->parts[0].text, "12.5"));
			assert_int_equal(l->n, 1);
			assert_int_equal(l->parts[0].at, 0);
			seen++;
		} else if (l->n && str_starts(l->parts[0].text, "train:rmse")) {
			assert_int_equal(l->n, 3);
			assert_int_equal(l->parts[0].at, 0);
			assert_true(l->parts[1].at > 0);
			assert_string_equal(l->parts[2].text, "  best 1.0000 at 1");
			seen++;
		}
	}
	assert_int_equal(seen, 2);
}

static void test_a_traceback_keeps_its_lines(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(job) struct job *j = parse_job();
	AUTO(page) struct page p = {0};
	AUTO(buf) struct buf text = BUF_INIT(65536);
	AUTO(buf) struct buf cell = BUF_INIT(65536);
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	struct field_ref reason = {.field = field_find(&kind_table[KIND_TRAINING_JOB], "reason", NULL)};

	page_build(&p, job_resource(j), &x, PAGE_FOR_TEXT);
	page_as_text(&p, &text);
	assert_has(buf_str(&text), "Reason|AlgorithmError: Traceback\n|  File \"t.py\", line 3\n|KeyError: 'price'\n");
	field_text(&reason, job_resource(j), &x, FIELD_FOR_PROGRAMS, &cell);
	assert_string_equal(buf_str(&cell), "KeyError: 'price' | AlgorithmError: Traceback |   File \"t.py\", line 3");
}

static void test_one_line(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {{"", ""}, {"a", "a"}, {"a\n", "a"}, {"a\nb\n\n", "b | a"}, {"\n\na\n\nb", "b | a"}, {"\n", ""}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf) struct buf b = BUF_INIT(256);
		field_one_line(rows[i].text, &b);
		assert_string_equal(buf_str(&b), rows[i].line);
	}
}

/* Nothing of a record is lost: each member stands in a field's line or below its
 * top-level member, tags and the way to its children besides. */
static void test_every_member_of_any_kind(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct field_context x = {.session = s, .now_ms = 1700000100000};

	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct kind *kind = &kind_table[k];
		AUTO(page) struct page p = {0};
		AUTO(buf) struct buf text = BUF_INIT(65536);
		if (kind->class != &record_class)
			continue;
		AUTO(resource) struct resource *r = resource_new(kind, "thing");
		r->detail = DETAIL_DESCRIBED;
		strmap_set(&resource_record(r)->members, "Unheard.Of[0].Member", "value-1");
		strmap_set(&resource_record(r)->members, "Unheard.Of[1].Member", "value-2");
		strmap_set(&resource_record(r)->members, "Alone", "value-3");
		strmap_set(&r->tags, "team", "value-4");
		for (size_t i = 0; kind->fields[i].name; i++)
			if (!kind->fields[i].get && kind->fields[i].type <= FIELD_LINK)
				record_set_value(resource_record(r), i, kind->fields[i].name);
		page_build(&p, r, &x, PAGE_FOR_TEXT);
		page_as_text(&p, &text);
		assert_has(buf_str(&text), "Unheard|Of[0].Member value-1\n|Of[1].Member value-2\nAlone|value-3\n");
		assert_has(buf_str(&text), "Tags|teamvalue-4\n");
		for (size_t i = 0; kind->fields[i].name; i++)
			if (!kind->fields[i].get && kind->fields[i].type <= FIELD_LINK &&
			    !(kind->fields[i].flags & FIELD_KEYED)) {
				AUTO(str) char *line = xasprintf("|%s\n", kind->fields[i].name);
				assert_has(buf_str(&text), line);
			}
	}
}

/* What an endpoint costs is told only where its machines and their prices are known. */
static void test_endpoint(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	struct resource *config = resource_new(&kind_table[KIND_ENDPOINT_CONFIG], "c");
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_ENDPOINT], "e");
	struct strmap *m = &resource_record(r)->members, *c = &resource_record(config)->members;
	static const char prices[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
				     "ml.c5.xlarge,us-east-1,Hosting,0.204,2026-09-24,A,t\n";
	AUTO(buf) struct buf unknown = BUF_INIT(65536), known = BUF_INIT(65536);
	AUTO(page) struct page p = {0};

	str_set(&s->region, "us-east-1");
	resource_set_status(r, "InService");
	r->detail = DETAIL_DESCRIBED;
	r->created_ms = 1700000000000;
	strmap_set(m, "EndpointConfigName", "c");
	strmap_set(m, "ProductionVariants[0].VariantName", "a");
	strmap_set(m, "ProductionVariants[0].CurrentWeight", "3.0");
	strmap_set(m, "ProductionVariants[0].DesiredWeight", "1.0");
	strmap_set(m, "ProductionVariants[0].CurrentInstanceCount", "2");
	strmap_set(m, "ProductionVariants[1].VariantName", "b");
	strmap_set(m, "ProductionVariants[1].CurrentWeight", "1.0");
	strmap_set(m, "ProductionVariants[1].DesiredInstanceCount", "1");
	page_build(&p, r, &x, PAGE_FOR_TEXT);
	page_as_text(&p, &unknown);
	assert_has(buf_str(&unknown),
		   "Variants|a  75 %  2 x instance  weight 3 (1.0 wanted)\n|b  25 %  0 of 1 x instance");
	assert_has(buf_str(&unknown), "Costs|not known");
	for (int i = 0; i < 2; i++) {
		AUTO(str) char *name = xasprintf("ProductionVariants[%d].VariantName", i);
		AUTO(str) char *type = xasprintf("ProductionVariants[%d].InstanceType", i);

		strmap_set(c, name, i ? "b" : "a");
		strmap_set(c, type, "ml.c5.xlarge");
	}
	resources_put(&s->tables[KIND_ENDPOINT_CONFIG], config, NULL);
	assert_int_equal(price_table_parse(&s->prices, prices, strlen(prices), "prices", NULL), 0);
	page_build(&p, r, &x, PAGE_FOR_TEXT);
	page_as_text(&p, &known);
	assert_has(buf_str(&known), "Variants|a  75 %  2 x ml.c5.xlarge  $0.408/h  weight 3");
	assert_has(buf_str(&known), "Costs|$0.612 an hour, $446.76 a month\n");
}

/* Whole lines only; a capture as what was asked and answered beside each other. */
static void test_first_lines_of_a_file(void **state)
{
	static const char capture[] =
		"{\"captureData\": {\"endpointInput\": {\"data\": \"1,2\\n3,4\\n\", \"encoding\": \"CSV\"},"
		" \"endpointOutput\": {\"data\": \"MC41\", \"encoding\": \"BASE64\"}},"
		" \"eventMetadata\": {\"inferenceTime\": \"2026-11-21T05:40:00Z\"}}\n";
	static const struct {
		const char *data;
		bool cut;
		const char *shown;
	} rows[] = {
		{"a\nb\nc", false, "a\nb\nc\n"},
		{"a\nb\nc", true, "a\nb\n\nonly what its first 5 bytes hold\n"},
		{"abc", true, "abc\n\nonly what its first 3 bytes hold\n"},
		{"", false, ""},
		{"\x1b[2Jx\x1f"
		 "y\n",
		 false, "xy\n"},
		{"{\"a\": 1}\n{half", false, "{\"a\": 1}\n{half\n"},
		{capture, false,
		 "2026-11-21T05:40:00Z\n1,2\x1f"
		 "0.5\n3,4\x1f\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf) struct buf out = BUF_INIT(65536);

		peek_text(rows[i].data, strlen(rows[i].data), rows[i].cut, &out);
		assert_string_equal(buf_str(&out), rows[i].shown);
	}
}

static void test_progress_of_files(void **state)
{
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_TRANSFORM_JOB], "t");
	struct files f = {.has_outputs = true};
	AUTO(buf) struct buf text = BUF_INIT(4096), later = BUF_INIT(4096);

	files_progress(&f, r, 1700000000000, &text);
	assert_string_equal(buf_str(&text), ""); /* nobody has asked */
	f.asked_ms = 1700000000000;
	r->start_ms = 1700000000000 - 10000;
	for (int i = 0; i < 3; i++)
		files_add(&f, "b", "k", i ? "second\x1b[31m" : "first")->size = 2000;
	f.items[0].out_key = xstrdup("k.out");
	f.items[2].fault = xstrdup("ClientError: 413");
	files_progress(&f, r, 1700000000000, &later);
	assert_string_equal(buf_str(&later), "1 of 3 files, 2.0 kB of 6.0 kB, 200 B/s\nsecond: ClientError: 413");
	files_done(&f);
}

static struct resource *add_thing(struct session *s, enum kind_id id, const char *name, const char *status)
{
	struct resource *r = resource_new(&kind_table[id], name);

	str_set(&r->parent, "endpoint/e/variant/a");
	if (status)
		resource_set_status(r, status);
	return resources_put(&s->tables[id], r, NULL);
}

static void set_value(struct resource *r, const char *field, const char *text)
{
	record_set_value(resource_record(r), (size_t)(field_find(r->kind, field, NULL) - r->kind->fields), text);
}

/* What scales a variant, and the last three things that scaling did. */
static void test_scaling(void **state)
{
	AUTO(session) struct session *s = session_new();
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_ENDPOINT], "e");
	AUTO(buf) struct buf text = BUF_INIT(65536);
	AUTO(page) struct page p = {0};

	strmap_set(&resource_record(r)->members, "ProductionVariants[0].VariantName", "a");
	strmap_set(&resource_record(r)->members, "ProductionVariants[1].VariantName", "b");
	struct resource *target = add_thing(s, KIND_SCALABLE_TARGET, "endpoint/e/variant/a", NULL);
	struct resource *policy = add_thing(s, KIND_SCALING_POLICY, "endpoint/e/variant/a/calls", NULL);

	set_value(target, "min", "1");
	set_value(target, "max", "4");
	set_value(target, "in_suspended", "true");
	set_value(policy, "metric", "InvocationsPerInstance");
	set_value(policy, "value", "70.0");
	for (int i = 0; i < 5; i++) {
		AUTO(str) char *name = xasprintf("activity-%d", i);
		struct resource *activity = add_thing(s, KIND_SCALING_ACTIVITY, name, i == 3 ? "Failed" : "Successful");
		AUTO(str) char *what = xasprintf("Setting desired instance count to %d.", i);

		activity->created_ms = 1700000000000 + (i == 4 ? 3 : i) * 1000; /* the last two at one time */
		set_value(activity, "what", what);
		if (i == 3)
			str_set(&activity->failure_reason, "ResourceLimitExceeded");
	}
	page_build(&p, r, &x, PAGE_FOR_TEXT);
	page_as_text(&p, &text);
	assert_has(buf_str(&text),
		   "Scaling|a  1 to 4  never fewer: suspended\n|  follows InvocationsPerInstance at 70\n"
		   "|  Successful  1m ago  Setting desired instance count to 4.\n"
		   "|  Failed  1m ago  Setting desired instance count to 3.\n"
		   "|    ResourceLimitExceeded\n"
		   "|  Successful  1m ago  Setting desired instance count to 2.\n");
	assert_null(strstr(buf_str(&text), "count to 1."));
	assert_null(strstr(buf_str(&text), "|b  1"));
}

/* How an update stands: what comes, and how long the old servers still stay. */
static void test_update_of_an_endpoint(void **state)
{
	static const struct {
		const char *path, *value;
	} members[] = {
		{"ProductionVariants[0].VariantName", "a"},
		{"ProductionVariants[0].VariantStatus[0].Status", "Baking"},
		{"ProductionVariants[0].VariantStatus[0].StartTime", "1700000090.5"},
		{"LastDeploymentConfig.BlueGreenUpdatePolicy.TerminationWaitInSeconds", "60"},
		{"PendingDeploymentSummary.EndpointConfigName", "c-2"},
		{"PendingDeploymentSummary.StartTime", "2023-11-14T22:14:00Z"},
		{"PendingDeploymentSummary.ProductionVariants[0].VariantName", "a"},
		{"PendingDeploymentSummary.ProductionVariants[0].CurrentInstanceCount", "1"},
		{"PendingDeploymentSummary.ProductionVariants[0].DesiredInstanceCount", "3"},
		{"PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status", "Creating"},
		{"PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].StatusMessage", "starting"},
	};
	AUTO(session) struct session *s = session_new();
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_ENDPOINT], "e");
	AUTO(buf) struct buf text = BUF_INIT(65536);
	AUTO(page) struct page p = {0};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		strmap_set(&resource_record(r)->members, members[i].path, members[i].value);
	page_build(&p, r, &x, PAGE_FOR_TEXT);
	page_as_text(&p, &text);
	assert_has(buf_str(&text), "Variants|a  weight 0  Baking, for 9s, 50s left\n");
	assert_has(buf_str(&text), "Update|to c-2, for 1m00s\n|a  1 of 3 instances  Creating  starting\n");
	assert_null(strstr(buf_str(&text), "VariantStatus"));
}

static void assert_figure(const struct session *s, const struct resource *r, const char *name, const char *shown)
{
	struct field_context x = {.session = s, .now_ms = 1700000100000};
	AUTO(buf) struct buf text = BUF_INIT(64);

	field_text(&(struct field_ref){.field = field_find(r->kind, name, NULL)}, r, &x, FIELD_FOR_PEOPLE, &text);
	assert_string_equal(buf_str(&text), shown);
}

/* What was not counted is not known, which is not 0; a percentile of several parts is an estimate. */
static void test_traffic(void **state)
{
	static const struct traffic_period periods[] = {{30, 1, 2000, 4000, 1700000000000},
							{0, 0, NAN, NAN, 1700000099000},
							{10, 0, 6000, 8000, 1700000090000}};
	AUTO(session) struct session *s = session_new();
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_ENDPOINT], "e");
	static const char *const names[] = {"calls", "errors", "p50", "p95", "idle"};
	int64_t idle = 0;

	r->created_ms = 1600000000000;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_figure(s, r, names[i], "?");
	struct traffic *t = session_traffic(s, r);

	traffic_take(t, periods, ARRAY_LEN(periods), 10, 1700000100000);
	assert_figure(s, r, "calls", "4");
	assert_figure(s, r, "errors", "1");
	assert_figure(s, r, "p50", "3*"); /* (30 x 2 + 10 x 6) / 40 */
	assert_figure(s, r, "p95", "5*");
	assert_figure(s, r, "idle", "?");
	t->past_asked_ms = 1700000100000;
	assert_figure(s, r, "idle", "10s");
	assert_false(traffic_is_idle(t, 1700000100000));
	traffic_take(t, periods, 1, 10, 1700000100000);
	assert_figure(s, r, "p95", "4");
	traffic_take(t, &periods[1], 1, 10, 1700000100000);
	assert_figure(s, r, "calls", "0");
	assert_figure(s, r, "p95", "");
	/* Another has its name now. */
	r->created_ms++;
	assert_null(session_find_traffic(s, r));
	assert_figure(s, r, "calls", "?");
	t = session_traffic(s, r);
	t->past_asked_ms = 1700000100000;
	t->since_ms = 1700000100000 - TRAFFIC_PAST_MS;
	assert_true(traffic_is_idle(t, 1700000100000) && traffic_idle_ms(t, 1700000100000, &idle));
	assert_int_equal(idle, TRAFFIC_PAST_MS);
	t->since_ms = 1700000100000 - 3600000; /* made an hour ago */
	assert_false(traffic_is_idle(t, 1700000100000));
}

static void test_wishes_for_variants(void **state)
{
	static const char *const wrong[] = {"", "a", "a=", "a=-1", "a=1x0", "a=1x", "c=1", "a=1 c=1", "a=onex2"};
	AUTO(resource) struct resource *r = resource_new(&kind_table[KIND_ENDPOINT], "e");
	struct strmap *m = &resource_record(r)->members;
	AUTO(variant_wishes) struct variant_wishes w = {0};
	AUTO(buf) struct buf text = BUF_INIT(4096);
	struct err err = {0};

	strmap_set(m, "ProductionVariants[0].VariantName", "a");
	strmap_set(m, "ProductionVariants[0].CurrentWeight", "0.50");
	strmap_set(m, "ProductionVariants[0].DesiredInstanceCount", "2");
	strmap_set(m, "ProductionVariants[1].VariantName", "b");
	resource_set_status(r, "Updating");
	assert_int_equal(variants_parse(r, "a=1", &w, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "is Updating"));
	resource_set_status(r, "InService");
	variants_text(r, &text);
	assert_string_equal(buf_str(&text), "a=0.5x2 b=1");
	assert_int_equal(variants_parse(r, "a=0.25x3  b=0", &w, NULL), 0);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.items[0].instances, 3);
	assert_true(w.items[0].weight == 0.25 && w.items[1].weight == 0 && !w.items[1].instances);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct variant_wishes none = {0};

		assert_int_equal(variants_parse(r, wrong[i], &none, NULL), -ERR_USAGE);
		assert_int_equal(none.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_that_people_look_for),
		cmocka_unit_test(test_details_that_cannot_be_had),
		cmocka_unit_test(test_series_of_one_point),
		cmocka_unit_test(test_a_traceback_keeps_its_lines),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_every_member_of_any_kind),
		cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_wishes_for_variants),
		cmocka_unit_test(test_traffic),
		cmocka_unit_test(test_first_lines_of_a_file),
		cmocka_unit_test(test_progress_of_files),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_update_of_an_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
