#include "app/doctor.h"

#include "aws/cloudwatch.h"
#include "aws/endpoint.h"
#include "aws/logs.h"
#include "aws/sagemaker.h"

/* A name that no job of ours or anybody's has: what is asked about it answers
 * "not found" where the call is allowed. */
#define NOBODY "sagetop-doctor-no-such-job"

void checkup_done(struct checkup *c)
{
	free(c->items);
	strlist_done(&c->missing);
	*c = (struct checkup){0};
}

struct check *checkup_add(struct checkup *c, const char *name)
{
	GROW(c->items, c->cap, c->n + 1);
	struct check *item = &c->items[c->n++];
	*item = (struct check){.name = name};
	return item;
}

void check_set(struct check *c, enum check_result result, const char *fmt, ...)
{
	va_list ap;

	c->result = result;
	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

enum probe_resource { ON_ALL, ON_JOBS, ON_LOGS, ON_ROLES };

/* One permission: the call, and what is lost without it. */
struct probe {
	const char *action;
	const char *need;
	enum probe_resource resource;
	bool writes; /* part of the full policy only */
	struct aws_request *(*call)(struct aws_client *c, const char *account, struct app_reply *r);
};

static void on_jobs(void *user, struct job **jobs, size_t n, const char *next_token, int64_t total_hint,
		    const struct err *err)
{
	app_reply_done(user, err);
}

static void on_job(void *user, struct job *job, const struct err *err)
{
	job_free(job);
	app_reply_done(user, err);
}

static void on_tags(void *user, const struct strmap *tags, const struct err *err)
{
	app_reply_done(user, err);
}

static void on_streams(void *user, const struct log_stream *streams, size_t n, const char *next_token,
		       const struct err *err)
{
	app_reply_done(user, err);
}

static void on_events(void *user, const struct log_event *events, size_t n, const char *next_token,
		      const struct err *err)
{
	app_reply_done(user, err);
}

static void on_data(void *user, const struct cw_series *series, size_t n, const char *next_token, const struct err *err)
{
	app_reply_done(user, err);
}

static struct aws_request *probe_search(struct aws_client *c, const char *account, struct app_reply *r)
{
	struct sm_search q = {.name_contains = NOBODY};

	return sm_search_jobs(c, &q, AWS_USER_ACTION, on_jobs, r);
}

static struct aws_request *probe_list(struct aws_client *c, const char *account, struct app_reply *r)
{
	struct sm_list q = {.max_results = 1};

	return sm_list_jobs(c, &q, AWS_USER_ACTION, on_jobs, r);
}

static struct aws_request *probe_describe(struct aws_client *c, const char *account, struct app_reply *r)
{
	return sm_describe_job(c, NOBODY, AWS_USER_ACTION, on_job, r);
}

static struct aws_request *probe_tags(struct aws_client *c, const char *account, struct app_reply *r)
{
	const char *region = aws_client_region(c);
	AUTO(str)
	char *arn = xasprintf("arn:%s:sagemaker:%s:%s:training-job/" NOBODY, partition_of(region), region, account);

	return sm_list_tags(c, arn, AWS_USER_ACTION, on_tags, r);
}

static struct aws_request *probe_stop(struct aws_client *c, const char *account, struct app_reply *r)
{
	return sm_stop_job(c, NOBODY, app_reply_done, r);
}

static struct aws_request *probe_streams(struct aws_client *c, const char *account, struct app_reply *r)
{
	return logs_describe_streams(c, TRAINING_LOG_GROUP, NOBODY "/", NULL, AWS_USER_ACTION, on_streams, r);
}

static struct aws_request *probe_events(struct aws_client *c, const char *account, struct app_reply *r)
{
	return logs_get_events(c, TRAINING_LOG_GROUP, NOBODY "/algo-1-0", TIME_UNKNOWN, TIME_UNKNOWN, true, 1, NULL,
			       AWS_USER_ACTION, on_events, r);
}

static struct aws_request *probe_filter(struct aws_client *c, const char *account, struct app_reply *r)
{
	int64_t now_ms = clock_now_ms();

	return logs_filter_events(c, TRAINING_LOG_GROUP, NOBODY "/", NULL, now_ms - 60000, now_ms, 1, NULL,
				  AWS_USER_ACTION, on_events, r);
}

static struct aws_request *probe_metrics(struct aws_client *c, const char *account, struct app_reply *r)
{
	struct cw_query q = {.id = "q0",
			     .name_space = "/aws/sagemaker/TrainingJobs",
			     .metric = "CPUUtilization",
			     .dimension = "Host",
			     .dimension_value = NOBODY "/algo-1",
			     .stat = "Average",
			     .period_s = 60};
	int64_t now_ms = clock_now_ms();

	return cw_get_metric_data(c, &q, 1, now_ms - 300000, now_ms, NULL, AWS_USER_ACTION, on_data, r);
}

/* CreateTrainingJob has no form that surely creates nothing, so it is named and
 * not tried; iam:PassRole can only be seen together with it. */
static const struct probe probes[] = {
	{"sagemaker:Search", "the jobs table (without it: one call per job)", ON_ALL, false, probe_search},
	{"sagemaker:ListTrainingJobs", "the jobs table where Search is denied", ON_ALL, false, probe_list},
	{"sagemaker:DescribeTrainingJob", "a job's details, clone", ON_JOBS, false, probe_describe},
	{"sagemaker:ListTags", "tags", ON_JOBS, false, probe_tags},
	{"logs:DescribeLogStreams", "logs", ON_LOGS, false, probe_streams},
	{"logs:GetLogEvents", "logs", ON_LOGS, false, probe_events},
	{"logs:FilterLogEvents", "logs of jobs with several instances", ON_LOGS, false, probe_filter},
	{"cloudwatch:GetMetricData", "CPU, memory and GPU charts", ON_ALL, false, probe_metrics},
	{"sagemaker:StopTrainingJob", "stop", ON_JOBS, true, probe_stop},
	{"sagemaker:CreateTrainingJob", "launch, clone", ON_JOBS, true, NULL},
	{"iam:PassRole", "launch, clone", ON_ROLES, true, NULL},
};

/* Allowed is anything that the service answered about the matter itself. */
static void judge(const struct probe *p, const struct err *e, struct checkup *c)
{
	struct check *item = checkup_add(c, p->action);

	item->code = e->code;
	if (e->code == ERR_OK || e->code == ERR_NOTFOUND || e->code == ERR_INVALID) {
		check_set(item, CHECK_OK, "for %s", p->need);
	} else if (e->code == ERR_DENIED) {
		check_set(item, CHECK_FAILED, "denied; it is needed for %s", p->need);
		strlist_add(&c->missing, p->action);
	} else {
		check_set(item, CHECK_FAILED, "%s", e->msg);
	}
}

int doctor_check_permissions(struct app *a, struct checkup *c, bool read_only, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		const struct probe *p = &probes[i];
		struct app_reply reply = {0};
		struct err failure = {0};
		if (p->writes && read_only) {
			check_set(checkup_add(c, p->action), CHECK_SKIPPED, "not needed with --read-only");
			continue;
		}
		if (!p->call) {
			check_set(checkup_add(c, p->action), CHECK_SKIPPED,
				  "for %s; it cannot be tried without creating a job", p->need);
			continue;
		}
		if (!p->call(sync_client(a->sync), str_or(c->account, "000000000000"), &reply))
			reply.done = true;
		if (app_wait(a, &reply, &failure) < 0 && failure.code == ERR_CANCELLED) {
			*err = failure;
			return -ERR_CANCELLED;
		}
		judge(p, &failure, c);
	}
	return 0;
}

static json_t *resource_arns(enum probe_resource resource, const char *region, const char *account)
{
	const char *partition = partition_of(region);
	json_t *list = json_array();

	account = str_or(account, "*");
	if (resource == ON_JOBS)
		json_array_append_new(
			list, json_sprintf("arn:%s:sagemaker:%s:%s:training-job/*", partition, region, account));
	else if (resource == ON_ROLES)
		json_array_append_new(list,
				      json_sprintf("arn:%s:iam::%s:role/YOUR-SAGEMAKER-ROLE", partition, account));
	else if (resource == ON_LOGS)
		for (int all = 0; all < 2; all++)
			json_array_append_new(list, json_sprintf("arn:%s:logs:%s:%s:log-group:" TRAINING_LOG_GROUP "%s",
								 partition, region, account, all ? ":*" : ""));
	else
		json_array_append_new(list, json_string("*"));
	return list;
}

/* One statement for each kind of resource. */
json_t *doctor_policy(const struct checkup *c, const char *region)
{
	static const char *const names[] = {"SagetopMissing", "SagetopMissingOnJobs", "SagetopMissingOnLogs",
					    "SagetopMissingOnRoles"};
	json_t *policy = json_object(), *statements = json_array();

	for (enum probe_resource resource = ON_ALL; resource <= ON_ROLES; resource++) {
		json_t *actions = json_array();
		for (size_t i = 0; i < ARRAY_LEN(probes); i++)
			if (probes[i].resource == resource && strlist_has(&c->missing, probes[i].action))
				json_array_append_new(actions, json_string(probes[i].action));
		if (json_array_size(actions)) {
			json_t *s = json_object();
			json_object_set_new(s, "Sid", json_string(names[resource]));
			json_object_set_new(s, "Effect", json_string("Allow"));
			json_object_set(s, "Action", actions);
			json_object_set_new(s, "Resource", resource_arns(resource, region, c->account));
			json_array_append_new(statements, s);
		}
		json_decref(actions);
	}
	json_object_set_new(policy, "Version", json_string("2012-10-17"));
	json_object_set_new(policy, "Statement", statements);
	return policy;
}
