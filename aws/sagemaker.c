/* Training jobs: the requests, and what their replies become. */
#include "aws/sagemaker.h"

#include "aws/op.h"
#include "base/timefmt.h"

#define PAGE 100

/* The caller's function, whichever kind the call has. */
struct call {
	struct aws_client *client;
	sm_jobs_fn *jobs;
	sm_json_fn *json;
	sm_done_fn *done;
	sm_tags_fn *tags;
	void *user;
};

static struct call *call_new(struct aws_client *c, void *user)
{
	struct call *k = NEW(struct call);

	k->client = c;
	k->user = user;
	return k;
}

/* --- Search, ListTrainingJobs -------------------------------------------------------- */

static void jobs_free(struct job **jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		job_free(jobs[i]);
	free(jobs);
}

/* A record that cannot be read is left out and counted: the others are what the user has. */
static void give_jobs(struct call *k, const struct aws_op *op, const char *list_name, const char *inside,
		      enum detail detail, const struct aws_reply *reply)
{
	const json_t *list = json_object_get(reply->json, list_name);
	size_t n = json_array_size(list), filled = 0;
	struct job **jobs = xcalloc(n + 1, sizeof(*jobs));
	const json_t *total = json_object_get(reply->json, "TotalHits");
	const char *token = json_get_str(reply->json, "NextToken");

	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);

		if (inside)
			item = json_object_get(item, inside);
		if (json_is_object(item) && !sm_parse_job(item, detail, &jobs[filled], NULL))
			filled++;
	}
	aws_note_left_out(k->client, op, n - filled);
	k->jobs(k->user, jobs, filled, str_empty(token) ? NULL : token, json_get_i64(total, "Value", -1), NULL);
	jobs_free(jobs, filled);
}

static void on_search(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	if (err)
		k->jobs(k->user, NULL, 0, NULL, -1, err);
	else
		give_jobs(k, AWS_OP_ROW(sagemaker, Search), "Results", "TrainingJob", DETAIL_SEARCHED, reply);
	free(k);
}

static void on_list(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	if (err)
		k->jobs(k->user, NULL, 0, NULL, -1, err);
	else
		give_jobs(k, AWS_OP_ROW(sagemaker, ListTrainingJobs), "TrainingJobSummaries", NULL, DETAIL_SUMMARY,
			  reply);
	free(k);
}

static void add_filter(json_t *filters, const char *name, const char *operator, const char * value)
{
	json_array_append_new(filters,
			      json_pack("{s:s, s:s, s:s}", "Name", name, "Operator", operator, "Value", value));
}

struct aws_request *sm_search_jobs(struct aws_client *c, const struct sm_search *q, enum aws_priority p, sm_jobs_fn *fn,
				   void *user)
{
	struct call *k = call_new(c, user);
	json_t *filters = json_array(), *body;
	char time[TIMEFMT_LEN];

	k->jobs = fn;
	if (q->modified_after_ms != TIME_UNKNOWN)
		add_filter(filters, "LastModifiedTime", "GreaterThanOrEqualTo",
			   timefmt_search(time, q->modified_after_ms));
	if (!str_empty(q->name_contains))
		add_filter(filters, "TrainingJobName", "Contains", q->name_contains);
	if (!str_empty(q->status))
		add_filter(filters, "TrainingJobStatus", "Equals", q->status);
	body = json_pack("{s:s, s:i, s:s, s:s}", "Resource", "TrainingJob", "MaxResults", PAGE, "SortBy",
			 "LastModifiedTime", "SortOrder", q->oldest_first ? "Ascending" : "Descending");
	if (json_array_size(filters))
		json_object_set_new(body, "SearchExpression", json_pack("{s:O}", "Filters", filters));
	json_decref(filters);
	if (q->next_token)
		json_object_set_new(body, "NextToken", json_string(q->next_token));
	return aws_call_named(c, AWS_OP_ROW(sagemaker, Search), p, body, on_search, k);
}

struct aws_request *sm_list_jobs(struct aws_client *c, const struct sm_list *q, enum aws_priority p, sm_jobs_fn *fn,
				 void *user)
{
	struct call *k = call_new(c, user);
	json_t *body = json_pack("{s:i, s:s, s:s}", "MaxResults", q->max_results ? q->max_results : PAGE, "SortBy",
				 "CreationTime", "SortOrder", "Descending");

	k->jobs = fn;
	if (q->modified_after_ms != TIME_UNKNOWN)
		json_object_set_new(body, "LastModifiedTimeAfter", json_real((double)q->modified_after_ms / 1000));
	if (!str_empty(q->name_contains))
		json_object_set_new(body, "NameContains", json_string(q->name_contains));
	if (!str_empty(q->status))
		json_object_set_new(body, "StatusEquals", json_string(q->status));
	if (q->next_token)
		json_object_set_new(body, "NextToken", json_string(q->next_token));
	return aws_call_named(c, AWS_OP_ROW(sagemaker, ListTrainingJobs), p, body, on_list, k);
}

/* --- one job ---------------------------------------------------------------------------- */

static json_t *name_body(const char *name)
{
	return json_pack("{s:s}", "TrainingJobName", name);
}

static void on_json(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->json(k->user, err ? NULL : (json_t *)reply->json, err);
	free(k);
}

struct aws_request *sm_describe_job_json(struct aws_client *c, const char *name, enum aws_priority p, sm_json_fn *fn,
					 void *user)
{
	struct call *k = call_new(c, user);

	k->json = fn;
	return aws_call_named(c, AWS_OP_ROW(sagemaker, DescribeTrainingJob), p, name_body(name), on_json, k);
}

struct aws_request *sm_create_job(struct aws_client *c, const json_t *spec, sm_json_fn *fn, void *user)
{
	struct call *k = call_new(c, user);

	k->json = fn;
	return aws_call_named(c, AWS_OP_ROW(sagemaker, CreateTrainingJob), AWS_USER_ACTION, json_incref((json_t *)spec),
			      on_json, k);
}

static void on_done(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->done(k->user, err);
	free(k);
}

struct aws_request *sm_stop_job(struct aws_client *c, const char *name, sm_done_fn *fn, void *user)
{
	struct call *k = call_new(c, user);

	k->done = fn;
	return aws_call_named(c, AWS_OP_ROW(sagemaker, StopTrainingJob), AWS_USER_ACTION, name_body(name), on_done, k);
}

/* --- tags ---------------------------------------------------------------------------------- */

static void on_tags(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	AUTO(strmap) struct strmap tags = {0};

	if (!err)
		sm_parse_tags(json_object_get(reply->json, "Tags"), &tags);
	k->tags(k->user, err ? NULL : &tags, err);
	free(k);
}

/* A resource has at most 50 tags, a page of ListTags holds 100: one call is all. */
struct aws_request *sm_list_tags(struct aws_client *c, const char *arn, enum aws_priority p, sm_tags_fn *fn, void *user)
{
	struct call *k = call_new(c, user);

	k->tags = fn;
	return aws_call_named(c, AWS_OP_ROW(sagemaker, ListTags), p, json_pack("{s:s}", "ResourceArn", arn), on_tags,
			      k);
}
