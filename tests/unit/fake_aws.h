/* fake_aws.h - a scripted service for tests of sync: it holds jobs and log events
 * and can be told to misbehave in one way at a time. What the real engine does is
 * tested elsewhere; this is for what it cannot be asked to do on cue. */
#ifndef SAGETOP_TESTS_FAKE_AWS_H
#define SAGETOP_TESTS_FAKE_AWS_H

#include "httpd.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/timefmt.h"

struct fake_event {
	char stream[80];
	char id[32];
	int64_t time_ms;
	char text[200];
};

struct fake_aws {
	struct httpd httpd;
	pthread_mutex_t lock;
	json_t *jobs; /* array of Describe replies */
	struct fake_event *events;
	size_t n_events, cap_events;
	size_t page;		/* of events */
	char deny[64];		/* operation that is denied */
	char fail[64];		/* operation that fails, ... */
	int n_skip, n_fail;	/* ... so many times, after so many good ones, ... */
	char fail_code[64];	/* ... with this code; "reset" drops the connection, "cut" half of JSON */
	bool lose_create_reply; /* the job is made, the reply lost */
	/* CreateTrainingJob hangs, and gets no reply: before the job is made, or after. */
	_Atomic enum { FAKE_ANSWERS = 0, FAKE_HANGS_BEFORE, FAKE_HANGS_AFTER } hang;
	_Atomic bool hanging; /* it is there now */
	bool own_algorithm;   /* metric definitions in a request are refused */
	char account[16];
	int64_t ahead_s;     /* of this machine's clock: what the identity's Date says */
	struct strmap calls; /* operation -> how often */
};

static inline int64_t fake_calls(struct fake_aws *f, const char *operation)
{
	int64_t n = 0;

	pthread_mutex_lock(&f->lock);
	const char *text = strmap_get(&f->calls, operation);

	if (text && !str_to_i64(text, &n))
		abort();
	pthread_mutex_unlock(&f->lock);
	return n;
}

static inline void fake_count(struct fake_aws *f, const char *operation)
{
	int64_t n = 0;
	const char *text = strmap_get(&f->calls, operation);
	char now[24];

	if (text && !str_to_i64(text, &n))
		abort();
	snprintf(now, sizeof(now), "%lld", (long long)n + 1);
	strmap_set(&f->calls, operation, now);
}

static inline json_t *fake_find(struct fake_aws *f, const char *name)
{
	size_t i;
	json_t *j;

	json_array_foreach(f->jobs, i, j)
	{
		if (str_eq(json_get_str(j, "TrainingJobName"), name))
			return j;
	}
	return NULL;
}

/* Make or change a job; times in whole seconds. */
static inline void fake_job(struct fake_aws *f, const char *name, const char *status, int64_t created_s,
			    int64_t modified_s)
{
	pthread_mutex_lock(&f->lock);
	json_t *j = fake_find(f, name);

	if (!j) {
		j = json_pack("{s:s, s:s+, s:{s:s,s:s}, s:s, s:{s:s,s:i,s:i}, s:{s:i}, s:{s:s}, s:{s:s}}",
			      "TrainingJobName", name, "TrainingJobArn", "arn:aws:sagemaker:us-east-1:0:training-job/",
			      name, "AlgorithmSpecification", "TrainingImage", "img", "TrainingInputMode", "File",
			      "RoleArn", "arn:aws:iam::123456789012:role/r", "ResourceConfig", "InstanceType",
			      "ml.m5.xlarge", "InstanceCount", 1, "VolumeSizeInGB", 1, "StoppingCondition",
			      "MaxRuntimeInSeconds", 600, "OutputDataConfig", "S3OutputPath", "s3://b/o",
			      "HyperParameters", "eta", "0.1");
		json_array_append_new(f->jobs, j);
	}
	json_object_set_new(j, "TrainingJobStatus", json_string(status));
	json_object_set_new(j, "SecondaryStatus", json_string(str_eq(status, "InProgress") ? "Training" : status));
	json_object_set_new(j, "CreationTime", json_integer(created_s));
	json_object_set_new(j, "LastModifiedTime", json_integer(modified_s));
	json_object_set_new(j, "TrainingStartTime", json_integer(created_s + 10));
	if (!str_eq(status, "InProgress")) {
		json_object_set_new(j, "TrainingEndTime", json_integer(modified_s));
		json_object_set_new(j, "TrainingTimeInSeconds", json_integer(60));
		json_object_set_new(j, "BillableTimeInSeconds", json_integer(60));
	}
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_delete(struct fake_aws *f, const char *name)
{
	size_t i;
	json_t *j;

	pthread_mutex_lock(&f->lock);
	json_array_foreach(f->jobs, i, j)
	{
		if (str_eq(json_get_str(j, "TrainingJobName"), name)) {
			json_array_remove(f->jobs, i);
			break;
		}
	}
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_log(struct fake_aws *f, const char *stream, int64_t time_ms, const char *text)
{
	pthread_mutex_lock(&f->lock);
	GROW(f->events, f->cap_events, f->n_events + 1);
	struct fake_event *e = &f->events[f->n_events++];

	*e = (struct fake_event){.time_ms = time_ms};
	str_copy(e->stream, sizeof(e->stream), stream);
	str_copy(e->text, sizeof(e->text), text);
	snprintf(e->id, sizeof(e->id), "%zu", f->n_events);
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_fail(struct fake_aws *f, const char *operation, int times, const char *code)
{
	pthread_mutex_lock(&f->lock);
	str_copy(f->fail, sizeof(f->fail), operation);
	str_copy(f->fail_code, sizeof(f->fail_code), code);
	f->n_fail = times;
	f->n_skip = 0;
	pthread_mutex_unlock(&f->lock);
}

static inline void fake_deny(struct fake_aws *f, const char *operation)
{
	pthread_mutex_lock(&f->lock);
	str_copy(f->deny, sizeof(f->deny), operation);
	pthread_mutex_unlock(&f->lock);
}

static inline int fake_by_modified(const void *a, const void *b)
{
	int64_t x = json_get_i64(*(json_t *const *)a, "LastModifiedTime", 0);
	int64_t y = json_get_i64(*(json_t *const *)b, "LastModifiedTime", 0);

	return x < y   ? 1
	       : x > y ? -1
		       : strcmp(json_get_str(*(json_t *const *)a, "TrainingJobName"),
				json_get_str(*(json_t *const *)b, "TrainingJobName"));
}

/* Search and ListTrainingJobs: modified at or after, newest first, 100 a page. */
static inline json_t *fake_page(struct fake_aws *f, const json_t *body, bool search)
{
	int64_t after = 0, from = 0, ms;
	const char *token = json_get_str(body, "NextToken");
	const json_t *filter = json_path_get(body, "SearchExpression.Filters.0");
	json_t *list = json_array(), *reply = json_object();
	json_t **sorted = xcalloc(json_array_size(f->jobs) + 1, sizeof(*sorted));
	size_t n = 0, i;
	json_t *j;

	if (filter && timefmt_parse_iso(json_get_str(filter, "Value"), &ms))
		after = ms / 1000;
	if (!search)
		after = json_get_time_ms(body, "LastModifiedTimeAfter") / 1000;
	if (token && !str_to_i64(token, &from))
		abort();
	json_array_foreach(f->jobs, i, j)
	{
		if (json_get_i64(j, "LastModifiedTime", 0) >= after)
			sorted[n++] = j;
	}
	qsort(sorted, n, sizeof(*sorted), fake_by_modified);
	for (i = (size_t)from; i < n && i < (size_t)from + 100; i++) {
		if (search) {
			json_array_append_new(list, json_pack("{s:O}", "TrainingJob", sorted[i]));
			continue;
		}
		json_t *summary = json_object();
		static const char *const members[] = {"TrainingJobName", "TrainingJobArn", "TrainingJobStatus",
						      "CreationTime", "LastModifiedTime"};

		for (size_t m = 0; m < ARRAY_LEN(members); m++)
			json_object_set(summary, members[m], json_object_get(sorted[i], members[m]));
		json_array_append_new(list, summary);
	}
	json_object_set_new(reply, search ? "Results" : "TrainingJobSummaries", list);
	if (i < n)
		json_object_set_new(reply, "NextToken", json_sprintf("%zu", i));
	if (search)
		json_object_set_new(reply, "TotalHits",
				    json_pack("{s:I,s:s}", "Value", (json_int_t)n, "Relation", "EqualTo"));
	free(sorted);
	return reply;
}

static inline json_t *fake_event_json(const struct fake_event *e, bool with_id)
{
	json_t *o = json_pack("{s:I,s:s,s:I}", "timestamp", (json_int_t)e->time_ms, "message", e->text, "ingestionTime",
			      (json_int_t)e->time_ms);

	if (with_id) {
		json_object_set_new(o, "eventId", json_string(e->id));
		json_object_set_new(o, "logStreamName", json_string(e->stream));
	}
	return o;
}

/* A page of events in the order of arrival, as several streams come interleaved, from where the token says:
 * those of one stream, or with prefix of all whose names begin so. *ret_at: where it ends. */
static inline json_t *fake_events(struct fake_aws *f, const json_t *body, const char *stream, bool prefix,
				  size_t *ret_at)
{
	int64_t start = json_get_i64(body, "startTime", 0), at = 0;
	const char *token = json_get_str(body, "nextToken");
	json_t *list = json_array();
	size_t n = 0, i;

	if (token && !str_to_i64(token, &at))
		abort();
	for (i = (size_t)at; i < f->n_events && n < f->page; i++) {
		const struct fake_event *e = &f->events[i];

		if (!(prefix ? str_starts(e->stream, stream) : str_eq(e->stream, stream)) || e->time_ms < start)
			continue;
		json_array_append_new(list, fake_event_json(e, prefix));
		n++;
	}
	*ret_at = i;
	return list;
}

static inline json_t *fake_filter(struct fake_aws *f, const json_t *body)
{
	size_t at;
	json_t *list = fake_events(f, body, str_or(json_get_str(body, "logStreamNamePrefix"), ""), true, &at);
	json_t *reply = json_pack("{s:o}", "events", list);

	if (at < f->n_events)
		json_object_set_new(reply, "nextToken", json_sprintf("%zu", at));
	return reply;
}

/* The page of a stream that ends where the token says: how many events are before that. */
static inline json_t *fake_get_back(struct fake_aws *f, const json_t *body)
{
	const char *stream = str_or(json_get_str(body, "logStreamName"), ""), *token = json_get_str(body, "nextToken");
	const struct fake_event **of = xcalloc(f->n_events + 1, sizeof(*of));
	json_t *list = json_array();
	int64_t before = INT64_MAX;
	size_t n = 0;

	if (token && (!str_starts(token, "b/") || !str_to_i64(token + 2, &before)))
		abort();
	for (size_t i = 0; i < f->n_events; i++) {
		size_t at = n;

		if (!str_eq(f->events[i].stream, stream))
			continue;
		for (; at > 0 && of[at - 1]->time_ms > f->events[i].time_ms; at--)
			of[at] = of[at - 1];
		of[at] = &f->events[i];
		n++;
	}
	size_t to = MIN((size_t)before, n), from = to - MIN(to, f->page);

	for (size_t i = from; i < to; i++)
		json_array_append_new(list, fake_event_json(of[i], false));
	free(of);
	return json_pack("{s:o,s:s,s:o}", "events", list, "nextForwardToken", "f/0", "nextBackwardToken",
			 json_sprintf("b/%zu", from));
}

static inline json_t *fake_get(struct fake_aws *f, const json_t *body)
{
	if (!json_get_bool(body, "startFromHead", false))
		return fake_get_back(f, body);
	size_t at;
	json_t *list = fake_events(f, body, str_or(json_get_str(body, "logStreamName"), ""), false, &at);

	return json_pack("{s:o,s:o,s:s}", "events", list, "nextForwardToken", json_sprintf("%zu", at),
			 "nextBackwardToken", "b");
}

static inline json_t *fake_streams(struct fake_aws *f, const json_t *body)
{
	const char *prefix = str_or(json_get_str(body, "logStreamNamePrefix"), "");
	AUTO(strlist) struct strlist names = {0};
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_events; i++) {
		if (str_starts(f->events[i].stream, prefix) && !strlist_has(&names, f->events[i].stream))
			strlist_add(&names, f->events[i].stream);
	}
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(list, json_pack("{s:s}", "logStreamName", names.items[i]));
	return json_pack("{s:o}", "logStreams", list);
}

static inline void fake_error(struct buf *out, int status, const char *code, const char *message)
{
	AUTO(str) char *body = xasprintf("{\"__type\":\"%s\",\"message\":\"%s\"}", code, message);

	httpd_reply(out, status, "Content-Type: application/x-amz-json-1.1\r\n", body);
}

static inline void fake_answer(struct buf *out, json_t *reply)
{
	AUTO(str) char *text = json_text(reply);

	httpd_reply(out, 200, "Content-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: r\r\n", text);
	json_decref(reply);
}

static inline bool fake_create(struct fake_aws *f, const json_t *body, struct buf *out)
{
	const char *name = json_get_str(body, "TrainingJobName");
	int64_t now_s = clock_now_ms() / 1000;

	if (fake_find(f, name)) {
		fake_error(out, 400, "ResourceInUse", "Training job names must be unique");
		return true;
	}
	if (f->own_algorithm && json_path_get(body, "AlgorithmSpecification.MetricDefinitions")) {
		fake_error(out, 400, "ValidationException",
			   "You can't override the metric definitions for Amazon SageMaker algorithms.");
		return true;
	}
	json_t *j = json_deep_copy(body);

	json_object_set_new(j, "TrainingJobArn", json_string("arn:aws:sagemaker:us-east-1:0:training-job/x"));
	json_object_set_new(j, "TrainingJobStatus", json_string("InProgress"));
	json_object_set_new(j, "SecondaryStatus", json_string("Starting"));
	json_object_set_new(j, "CreationTime", json_integer(now_s));
	json_object_set_new(j, "LastModifiedTime", json_integer(now_s));
	json_array_append_new(f->jobs, j);
	if (f->lose_create_reply)
		return false;
	fake_answer(out, json_pack("{s:s}", "TrainingJobArn", "arn:aws:sagemaker:us-east-1:0:training-job/x"));
	return true;
}

static inline void fake_serve(struct fake_aws *f, const char *op, const json_t *body, struct buf *out)
{
	json_t *j;

	if (str_eq(op, "Search") || str_eq(op, "ListTrainingJobs")) {
		fake_answer(out, fake_page(f, body, str_eq(op, "Search")));
	} else if (str_eq(op, "DescribeTrainingJob") || str_eq(op, "StopTrainingJob")) {
		j = fake_find(f, json_get_str(body, "TrainingJobName"));
		if (!j)
			fake_error(out, 400, "ValidationException", "Requested resource not found.");
		else if (str_eq(op, "StopTrainingJob"))
			json_object_set_new(j, "TrainingJobStatus", json_string("Stopping"));
		if (j)
			fake_answer(out, json_incref(j));
	} else if (str_eq(op, "CreateTrainingJob")) {
		fake_create(f, body, out);
	} else if (str_eq(op, "ListTags")) {
		fake_answer(out, json_pack("{s:[{s:s,s:s}]}", "Tags", "Key", "run", "Value", "n"));
	} else if (str_eq(op, "FilterLogEvents")) {
		fake_answer(out, fake_filter(f, body));
	} else if (str_eq(op, "GetLogEvents")) {
		fake_answer(out, fake_get(f, body));
	} else if (str_eq(op, "DescribeLogStreams")) {
		fake_answer(out, fake_streams(f, body));
	} else if (str_eq(op, "GetProducts")) { /* a list that never ends */
		fake_answer(
			out,
			json_pack("{s:[s], s:s}", "PriceList",
				  "{\"product\":{\"attributes\":{\"instanceName\":\"ml.m5.xlarge\","
				  "\"regionCode\":\"us-east-1\",\"component\":\"Training\",\"usagetype\":"
				  "\"USE1-Train:ml.m5.xlarge\"}},\"terms\":{\"OnDemand\":{\"a\":{\"priceDimensions\":"
				  "{\"b\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"0.25\"}}}}}},"
				  "\"publicationDate\":\"2026-11-13T18:00:00Z\"}",
				  "NextToken", "again"));
	} else if (str_eq(op, "GetMetricData")) {
		fake_answer(out, json_pack("{s:[]}", "MetricDataResults"));
	} else {
		fake_error(out, 400, "UnknownOperationException", op);
	}
}

/* The lock is held; whoever waits for us to hang changes `hang` to go on. */
static inline void fake_hang(struct fake_aws *f)
{
	pthread_mutex_unlock(&f->lock);
	for (f->hanging = true; f->hang != FAKE_ANSWERS;)
		usleep(1000);
	f->hanging = false;
	pthread_mutex_lock(&f->lock);
}

static inline bool fake_play(void *user, const struct httpd_request *r, struct buf *out)
{
	struct fake_aws *f = user;
	const char *target = strmap_get(&r->headers, "x-amz-target");
	const char *op = target && strchr(target, '.') ? strchr(target, '.') + 1 : "GetCallerIdentity";
	AUTO(json) json_t *body = NULL;

	pthread_mutex_lock(&f->lock);
	fake_count(f, op);
	if (str_eq(f->fail, op) && f->n_skip > 0) {
		f->n_skip--;
		if (!json_parse(r->body, r->len, "request", &body, NULL))
			fake_serve(f, op, body, out);
	} else if (str_eq(f->fail, op) && f->n_fail > 0) {
		f->n_fail--;
		if (str_eq(f->fail_code, "cut"))
			httpd_reply(out, 200, "Content-Type: application/x-amz-json-1.1\r\n", "{\"Results\": [");
		else if (!target) { /* STS speaks XML */
			AUTO(str)
			char *xml = xasprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>"
					      "scripted</Message></Error></ErrorResponse>",
					      f->fail_code);

			if (!str_eq(f->fail_code, "reset"))
				httpd_reply(out, 403, "Content-Type: text/xml\r\n", xml);
		} else if (!str_eq(f->fail_code, "reset"))
			fake_error(out, str_eq(f->fail_code, "InternalServerError") ? 500 : 400, f->fail_code,
				   "scripted");
	} else if (str_eq(f->deny, op)) {
		fake_error(out, 400, "AccessDeniedException", "not authorized to perform it");
	} else if (!target) {
		AUTO(str)
		char *xml = xasprintf("<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>"
				      "arn:aws:iam::%s:user/u</Arn><UserId>U</UserId><Account>%s</Account>"
				      "</GetCallerIdentityResult></GetCallerIdentityResponse>",
				      f->account, f->account);

		char headers[128];
		time_t now = (time_t)(clock_machine_ms() / 1000 + f->ahead_s);

		(void)!strftime(headers, sizeof(headers), "Content-Type: text/xml\r\nDate: %a, %d %b %Y %T GMT\r\n",
				gmtime(&now));
		httpd_reply(out, 200, headers, xml);
	} else if (json_parse(r->body, r->len, "request", &body, NULL)) {
		fake_error(out, 400, "SerializationException", "not JSON");
	} else if (str_eq(op, "CreateTrainingJob") && f->hang != FAKE_ANSWERS) {
		if (f->hang == FAKE_HANGS_AFTER)
			fake_serve(f, op, body, out);
		buf_clear(out);
		fake_hang(f);
		pthread_mutex_unlock(&f->lock);
		return false;
	} else {
		fake_serve(f, op, body, out);
	}
	pthread_mutex_unlock(&f->lock);
	return true;
}

static inline void fake_start(struct fake_aws *f)
{
	*f = (struct fake_aws){.page = 3, .account = "123456789012"};
	pthread_mutex_init(&f->lock, NULL);
	f->jobs = json_array();
	httpd_start(&f->httpd, fake_play, f);
}

static inline void fake_stop(struct fake_aws *f)
{
	httpd_stop(&f->httpd);
	json_decref(f->jobs);
	free(f->events);
	strmap_done(&f->calls);
	pthread_mutex_destroy(&f->lock);
}

#endif
