/* The local engine's requests: targets, forms, JSON, Query and CBOR bodies held
 * against their shapes and then carried out (the reading operations) on an engine
 * that holds some jobs, S3's chunked bodies, log filter patterns.
 *
 * The first byte says what the rest is: h a request line with headers, j q c an
 * operation's body in JSON, as a form, in CBOR (the second byte picks the
 * operation), s a tape from which a body of the operation's shape is drawn (broken
 * text seldom gets past a parser, such a body does), k a chunked body, p a pattern
 * and, after a newline, a line.
 * Whatever is accepted must come out whole: a reply is JSON and CBOR again. */
#include <stdlib.h>
#include <unistd.h>

#include "aws/local/wire/cbor.h"
#include "aws/local/wire/chunked.h"
#include "aws/local/front/operations.h"
#include "aws/local/kept/documents.h"
#include "aws/local/services/filter_pattern.h"
#include "aws/local/services/limits.h"
#include "aws/local/kept/objects.h"
#include "aws/local/services/shapes.h"
#include "aws/local/kept/training_job.h"
#include "aws/local/wire/wire.h"
#include "base/fs.h"
#include "fuzz.h"

static const struct operation {
	const char *name;
	const struct shape *shape;
	op_fn *fn; /* NULL: checked only */
	const struct document_kind *kind;
	const struct kind_op *op;
} operations[] = {
	{"Search", &shape_search, op_search},
	{"ListTrainingJobs", &shape_list_training_jobs, op_list_training_jobs},
	{"DescribeTrainingJob", &shape_job_name, op_describe_training_job},
	{"ListTags", &shape_list_tags, op_list_tags},
	{"DescribeLogGroups", &shape_describe_log_groups, op_describe_log_groups},
	{"DescribeLogStreams", &shape_describe_log_streams, op_describe_log_streams},
	{"GetLogEvents", &shape_get_log_events, op_get_log_events},
	{"FilterLogEvents", &shape_filter_log_events, op_filter_log_events},
	{"GetMetricData", &shape_get_metric_data, op_get_metric_data},
	{"GetMetricStatistics", &shape_get_metric_statistics, op_get_metric_statistics},
	{"ListMetrics", &shape_list_metrics, op_list_metrics},
	{"CreateTrainingJob", &shape_create_training_job, NULL},
	{"UpdateTrainingJob", &shape_update_training_job, NULL},
	{"AddTags", &shape_add_tags, NULL},
	{"DeleteTags", &shape_delete_tags, NULL},
	{"PutLogEvents", &shape_put_log_events, NULL},
	{"PutMetricData", &shape_put_metric_data, NULL},
	{"StartLiveTail", &shape_start_live_tail, NULL},
	{"AssumeRole", &shape_assume_role, NULL},
	{"GetProducts", &shape_get_products, NULL},
};

static struct engine engine;
static char folder[] = "/tmp/sagetop-fuzz-XXXXXX";

static void end_engine(void)
{
	limits_free(&engine);
	training_jobs_free(&engine);
	documents_free(&engine);
	state_close(engine.db);
	loop_free(engine.loop);
	options_done(&engine.opt);
	(void)!fs_remove_tree(folder, NULL);
}

static void add_job(const char *name, enum job_status status)
{
	struct training_job *job = training_job_new(name, DEFAULT_REGION);

	job->request = json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:[{s:s, s:s}]}, s:{s:s}, s:[{s:s, s:{s:{s:s, s:s}}}], s:{s:s}, "
		"s:{s:s, s:i, s:i}, s:{s:i}}",
		"TrainingJobName", name, "RoleArn", "arn:aws:iam::000000000000:role/fuzz", "AlgorithmSpecification",
		"TrainingImage", "x", "TrainingInputMode", "File", "MetricDefinitions", "Name", "m", "Regex",
		"m=([0-9]+)", "HyperParameters", "num_round", "3", "InputDataConfig", "ChannelName", "train",
		"DataSource", "S3DataSource", "S3DataType", "S3Prefix", "S3Uri", "s3://b/train/", "OutputDataConfig",
		"S3OutputPath", "s3://b/out/", "ResourceConfig", "InstanceType", "ml.m5.large", "InstanceCount", 1,
		"VolumeSizeInGB", 1, "StoppingCondition", "MaxRuntimeInSeconds", 60);
	FUZZ_CHECK(job->request);
	job->created_ms = job->modified_ms = 1790000000000 + (int64_t)status * 1000;
	job->status = status;
	training_job_enter_at(job, "Starting", "begun", job->created_ms);
	training_job_enter_at(job, "Training", "on it", job->created_ms + 5);
	training_job_set_final(job, "m", 1.5 + status, job->created_ms + 6);
	strmap_set(&job->tags, "project", "fuzz");
	training_jobs_add(&engine, job);
}

static void begin_engine(void)
{
	char program[] = "fuzz", state[] = "--state", strict[] = "--strict";
	char *argv[] = {program, state, folder, strict};
	static char secret[] = LOCAL_OPEN_SECRET;
	char *moved = NULL;

	FUZZ_CHECK(mkdtemp(folder));
	options_init(&engine.opt);
	engine.secret = secret;
	FUZZ_CHECK(options_parse(&engine.opt, (int)ARRAY_LEN(argv), argv, NULL) == 0);
	FUZZ_CHECK(loop_new(&engine.loop, NULL) == 0 && state_open(folder, &engine.db, &moved, NULL) == 0);
	FUZZ_CHECK(limits_init(&engine, NULL) == 0 && training_jobs_load(&engine, NULL) == 0 &&
		   documents_load(&engine, NULL) == 0 && objects_init(&engine, NULL) == 0);
	kinds_begin(&engine);
	add_job("one", JOB_COMPLETED);
	add_job("two", JOB_FAILED);
	add_job("three", JOB_IN_PROGRESS);
	atexit(end_engine);
}

static void parse_again(const struct reply *reply, enum wire wire)
{
	json_t *back = NULL;

	if (wire == WIRE_CBOR) {
		FUZZ_CHECK(cbor_parse(buf_str(&reply->body), reply->body.len, &back, NULL) == 0);
	} else if (wire != WIRE_QUERY && reply->body.len) {
		back = json_loadb(buf_str(&reply->body), reply->body.len, 0, NULL);
		FUZZ_CHECK(back);
	}
	json_decref(back);
}

/* One of the table above, or one of the kinds'. */
static struct operation choose(unsigned pick)
{
	static size_t n_kind_ops;
	const struct route *route;
	size_t n = 0;

	for (size_t i = 0; !n_kind_ops && (route = operation_at(i)); i++)
		n += route->kind != NULL;
	n_kind_ops = n_kind_ops ? n_kind_ops : n;
	n = pick % (ARRAY_LEN(operations) + n_kind_ops);
	if (n < ARRAY_LEN(operations))
		return operations[n];
	n -= ARRAY_LEN(operations);
	for (size_t i = 0; (route = operation_at(i)); i++) {
		if (route->kind && n-- == 0)
			return (struct operation){route->name, operation_shape(route), route->fn, route->kind,
						  route->op};
	}
	abort();
}

/* What is made must not fill the machine. */
static void forget_some(const struct document_kind *kind)
{
	const struct document_list *all = documents_of(&engine, kind->id);

	if (all->n > 50)
		document_remove(&engine, all->items[all->n / 2]);
}

/* Checks the input and carries it out; in is taken. */
static void run_input(const struct operation *op, const struct request *rq, enum wire wire, json_t *in,
		      struct fault *fault)
{
	static const struct wire_service service = {"any", "http://example.com/", "Throttling", "ValidationError"};
	struct reply reply;
	json_t *out = NULL;
	struct call c = {.e = &engine,
			 .rq = rq,
			 .in = in,
			 .fault = fault,
			 .name = op->name,
			 .service = op->kind ? op->kind->service : SVC_SAGEMAKER,
			 .kind = op->kind,
			 .op = op->op};

	reply_init(&reply);
	if (op->kind)
		forget_some(op->kind);
	if (in && shape_check(op->shape, in, fault) == 0 && op->fn)
		FUZZ_CHECK((op->fn(&c, &out) == 0) == !fault->code[0]);
	if (fault->code[0])
		wire_fault(rq, wire, &service, fault, &reply);
	else if (out)
		wire_result(rq, wire, &service, op->name, out, &reply);
	if (fault->code[0] || out)
		parse_again(&reply, wire);
	state_commit(engine.db);
	reply_done(&reply);
	json_decref(in);
	json_decref(out);
}

static void fuzz_body(const uint8_t *data, size_t size, enum wire wire)
{
	struct request rq;
	struct fault fault = {0};
	json_t *in = NULL;

	if (!size)
		return;
	request_init(&rq);
	(void)!request_set_target(&rq, "POST", "/", NULL);
	str_copy(rq.region, sizeof(rq.region), DEFAULT_REGION);
	const struct operation op = choose(data[0]);

	if (buf_add(&rq.body, data + 1, size - 1) == 0) {
		(void)!wire_parse_input(&rq, wire, op.shape, &in, &fault);
		run_input(&op, &rq, wire, in, &fault);
	}
	request_done(&rq);
}

/* --- bodies drawn from a tape ------------------------------------------------------------ */

struct tape {
	const uint8_t *data;
	size_t n;
};

static unsigned next(struct tape *t)
{
	if (!t->n)
		return 0;
	t->n--;
	return *t->data++;
}

static json_t *draw_string(const struct shape *shape, struct tape *t)
{
	static const char *const words[] = {"one",
					    "two",
					    "three",
					    "TrainingJob",
					    "TrainingJobStatus",
					    "CreationTime",
					    "Tags.project",
					    "HyperParameters.num_round",
					    "Metrics.m",
					    "InputDataConfig",
					    "InputDataConfig.ChannelName",
					    "InputDataConfig.DataSource.S3DataSource.S3Uri",
					    "Completed,Failed",
					    "2026-10-01T00:00:00",
					    "1.5",
					    "-3",
					    "1e300",
					    "",
					    "a,b,,",
					    TRAINING_GROUP,
					    TRAINING_NAMESPACE,
					    "m",
					    "one/algo-1-1",
					    "Sum",
					    "p99.9",
					    "a+b*2",
					    "arn:aws:sagemaker:us-east-1:000000000000:training-job/one",
					    "fuzz",
					    "x.y.z",
					    "{ $.a = 1 }",
					    "?a -b %c%",
					    "\xc3\xbc",
					    "Host",
					    "train",
					    "AmazonSageMaker",
					    "us-east-1",
					    "....",
					    "Tags.",
					    "c2VhcmNoOjN8MXwxfA=="};
	unsigned n = next(t);

	if (shape->values && n % 8) {
		size_t count = 0;

		while (shape->values[count])
			count++;
		return json_string(shape->values[n % count]);
	}
	return json_string(words[n % ARRAY_LEN(words)]);
}

static json_t *draw(const struct shape *shape, struct tape *t, int depth)
{
	json_t *j;
	unsigned n;

	switch (shape->type) {
	case SHAPE_STRING:
		return draw_string(shape, t);
	case SHAPE_INTEGER:
	case SHAPE_TIME:
		n = next(t);
		return n & 1 ? json_integer((json_int_t)(n >> 1)) : json_integer(1790000000 + (json_int_t)n * 60);
	case SHAPE_DOUBLE:
		return json_real((double)next(t) / 3 - 20);
	case SHAPE_BOOLEAN:
		return json_boolean(next(t) & 1);
	case SHAPE_LIST:
		j = json_array();
		for (n = next(t) % 5; n && depth < 12; n--)
			json_array_append_new(j, draw(shape->element, t, depth + 1));
		return j;
	case SHAPE_MAP:
		j = json_object();
		for (n = next(t) % 4; n; n--) {
			static const struct shape any_key = {.type = SHAPE_STRING};
			json_t *key = draw_string(shape->key ? shape->key : &any_key, t);

			json_object_set_new(j, json_string_value(key), draw(shape->element, t, depth + 1));
			json_decref(key);
		}
		return j;
	case SHAPE_STRUCT:
		j = json_object();
		for (const struct shape_member *m = shape->members; m->name; m++) {
			n = next(t);
			if (depth < 12 && (m->required ? n % 16 != 15 : n % 3 == 1))
				json_object_set_new(j, m->name, draw(m->shape, t, depth + 1));
		}
		return j;
	case SHAPE_ANY:
		break;
	}
	return json_object();
}

static void fuzz_shape(const uint8_t *data, size_t size)
{
	struct tape tape = {data, size};
	unsigned pick = next(&tape);
	const struct operation op = choose(pick);
	struct request rq;
	struct fault fault = {0};

	request_init(&rq);
	(void)!request_set_target(&rq, "POST", "/", NULL);
	str_copy(rq.region, sizeof(rq.region), DEFAULT_REGION);
	run_input(&op, &rq, pick & 128 ? WIRE_CBOR : WIRE_JSON_1_1, draw(op.shape, &tape, 0), &fault);
	request_done(&rq);
}

/* Paths of the REST services, whatever signs them. */
static void fuzz_rest(const struct request *rq)
{
	const struct route *route;

	for (size_t i = 0; (route = operation_at(i)); i++) {
		struct fault fault = {0};
		json_t *in = NULL;

		if (!route->rest || !rest_matches(route->rest, rq->method, rq->path))
			continue;
		int rc = rest_input(route->rest, rq, operation_shape(route), &in, &fault);

		FUZZ_CHECK((rc == 0) == (in != NULL) && (rc == 0) == !fault.code[0]);
		json_decref(in);
	}
}

/* METHOD target, then headers, one a line. */
static void fuzz_http(char *text)
{
	struct request rq;
	struct fault fault = {0};
	char *save = NULL, *line = strtok_r(text, "\n", &save), *target = line ? strchr(line, ' ') : NULL;

	request_init(&rq);
	if (target) {
		*target++ = 0;
		if (request_set_target(&rq, line, target, NULL) < 0)
			fault_set(&fault, 400, "InvalidURI", "refused");
	}
	while (target && (line = strtok_r(NULL, "\n", &save)) && rq.n_headers < REQUEST_MAX_HEADERS) {
		char *colon = strchr(line, ':');

		if (!colon)
			break;
		*colon = 0;
		request_add_header(&rq, line, colon + 1);
	}
	if (rq.path && !fault.code[0]) {
		fuzz_rest(&rq);
		auth_peek(&rq);
		for (int wire = WIRE_JSON_1_1; wire <= WIRE_S3; wire++) {
			struct fault refused = {0};

			/* Nothing is signed with a secret that it cannot know. */
			FUZZ_CHECK(auth_verify(&engine, &rq, (enum wire)wire, NULL, &refused) < 0 && refused.code[0]);
		}
	}
	request_done(&rq);
}

static int sink(void *user, const void *data, size_t n)
{
	*(size_t *)user += n;
	return 0;
}

static void fuzz_chunked(const uint8_t *data, size_t size)
{
	static const struct chunk_seed seed = {.scope = "20261121/us-east-1/s3/aws4_request"};
	size_t got = 0, step = size ? (size_t)data[0] % 31 + 1 : 1;

	for (int is_signed = 0; is_signed < 2; is_signed++) {
		struct fault fault = {0};
		struct chunked *c = chunked_new(is_signed ? &seed : NULL, sink, &got);
		int rc = 0;

		got = 0;
		for (size_t i = 1; rc == 0 && i < size; i += step)
			rc = chunked_feed(c, data + i, MIN(step, size - i), &fault);
		if (rc == 0)
			rc = chunked_finish(c, &fault);
		FUZZ_CHECK((rc == 0) == !fault.code[0] && got <= size);
		chunked_free(c);
	}
}

static void fuzz_pattern(char *text)
{
	struct filter_pattern *p = NULL;
	char *line = strchr(text, '\n');

	if (line)
		*line++ = 0;
	if (filter_pattern_new(text, &p, NULL) == 0)
		(void)filter_pattern_matches(p, line ? line : "epoch 3 loss=0.5");
	filter_pattern_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!engine.db)
		begin_engine();
	if (!size)
		return 0;
	char *text = xstrndup((const char *)data + 1, size - 1);

	switch (data[0]) {
	case 'h':
		fuzz_http(text);
		break;
	case 'q':
		fuzz_body(data + 1, size - 1, WIRE_QUERY);
		break;
	case 'c':
		fuzz_body(data + 1, size - 1, WIRE_CBOR);
		break;
	case 's':
		fuzz_shape(data + 1, size - 1);
		break;
	case 'k':
		fuzz_chunked(data + 1, size - 1);
		break;
	case 'p':
		fuzz_pattern(text);
		break;
	default:
		fuzz_body(data + 1, size - 1, WIRE_JSON_1_1);
		break;
	}
	free(text);
	return 0;
}
