/* Monitoring schedules under way: when there is a look, what is due, how an execution ends. */
#include "aws/local/services/monitoring.h"

#include "aws/local/running/processing.h"
#include "aws/local/services/kinds.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/timefmt.h"

#define CAUGHT_UP_MAX 24      /* times that passed while no engine ran; those before them are left out */
#define LOOK_AT_MOST_MS 60000 /* a clock that is set is noticed */
#define NO_DATA "Job inputs had no data"
#define VIOLATIONS "CompletedWithViolations"

struct monitoring {
	uint64_t timer;
};

/* --- executions ---------------------------------------------------------------------------------- */

static bool runs(const json_t *execution)
{
	return word_in("Pending InProgress Stopping", json_get_str(execution, "MonitoringExecutionStatus"));
}

bool monitoring_is_running(const struct engine *e, const char *name)
{
	const struct document_list *list = documents_of(e, MONITORING_EXECUTION);

	for (size_t i = list->n; i > 0; i--) {
		const json_t *doc = list->items[i - 1]->doc;

		if (runs(doc) && str_eq(json_get_str(doc, "MonitoringScheduleName"), name))
			return true;
	}
	return false;
}

/* The newest is told with its schedule. */
static void tell_schedule(struct engine *e, struct document *schedule, const struct document *execution)
{
	int64_t told =
		json_get_time_ms(json_object_get(schedule->doc, "LastMonitoringExecutionSummary"), "ScheduledTime");

	if (told != TIME_UNKNOWN && told > json_get_time_ms(execution->doc, "ScheduledTime"))
		return;
	json_object_set_new(schedule->doc, "LastMonitoringExecutionSummary", json_copy(execution->doc));
	document_save(e, schedule);
}

static void settle(struct engine *e, struct document *execution, const char *status, const char *reason)
{
	json_object_set_new(execution->doc, "MonitoringExecutionStatus", json_string(status));
	json_object_set_new(execution->doc, "LastModifiedTime", json_epoch(engine_now_ms(e)));
	if (reason)
		json_object_set_new(execution->doc, "FailureReason", json_string(reason));
	document_save(e, execution);
}

static struct document *new_execution(struct engine *e, const struct document *schedule, int64_t at_ms)
{
	static const char *const members[] = {"EndpointName", "MonitoringType"};
	const char *definition =
		json_get_str(json_object_get(schedule->doc, "MonitoringScheduleConfig"), "MonitoringJobDefinitionName");
	json_t *now = json_epoch(engine_now_ms(e));
	json_t *doc = json_pack("{s:s, s:o, s:O, s:o, s:s}", "MonitoringScheduleName", schedule->key, "ScheduledTime",
				json_epoch(at_ms), "CreationTime", now, "LastModifiedTime", now,
				"MonitoringExecutionStatus", "InProgress");

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (json_object_get(schedule->doc, members[i]))
			json_object_set(doc, members[i], json_object_get(schedule->doc, members[i]));
	}
	if (definition)
		json_object_set_new(doc, "MonitoringJobDefinitionName", json_string(definition));
	AUTO(str) char *key = kind_key(kind_by_id(MONITORING_EXECUTION), doc);

	return document_new(MONITORING_EXECUTION, key, "", doc);
}

/* "model-monitoring-202611301000-<24 hex>": of one schedule and time it is always the same. */
static char *job_name(const struct document *schedule, int64_t at_ms)
{
	AUTO(str) char *text = xasprintf("%s %lld", schedule->arn, (long long)at_ms);
	AUTO(str) char *stem = timefmt_name("model-monitoring", at_ms);
	char hash[SHA256_HEX_LEN];

	sha256_hex(text, strlen(text), hash);
	return xasprintf("%s-%.20s", stem, hash);
}

static void submit(struct engine *e, const struct document *schedule, struct document *execution, json_t *job)
{
	const struct document_kind *k = kind_by_id(PROCESSING_KIND);
	AUTO(strlist) struct strlist arn = {0};
	AUTO(str) char *name = job_name(schedule, json_get_time_ms(execution->doc, "ScheduledTime"));

	strlist_split(&arn, schedule->arn, ':');
	AUTO(str) char *its = kind_arn(k, arn.n > 3 ? arn.items[3] : DEFAULT_REGION, name);
	json_t *now = json_epoch(engine_now_ms(e));
	struct document *r = document_new(k->id, name, its, job);

	json_object_set_new(job, "ProcessingJobName", json_string(name));
	json_object_set_new(job, k->arn, json_string(its));
	json_object_set(job, k->created, now);
	json_object_set_new(job, k->modified, now);
	kind_defaults(k, job);
	json_object_set_new(execution->doc, "ProcessingJobArn", json_string(its));
	document_add(e, r);
	processing_submit(e, r);
}

/* Where captures lie, of an endpoint as its configuration says now. */
static const char *captures_uri(struct engine *e, const struct monitoring_work *w, const char *endpoint)
{
	const struct document *r = endpoint ? document_find(e, "endpoint", endpoint) : NULL;

	if (!endpoint)
		return json_get_str(json_object_get(w->input, "BatchTransformInput"), "DataCapturedDestinationS3Uri");
	return r ? json_get_str(json_object_get(r->doc, "DataCaptureConfig"), "DestinationS3Uri") : NULL;
}

/* One time of a schedule. It and all that comes of it are one transaction. */
static void begin(struct engine *e, struct document *schedule, int64_t at_ms, int64_t from_ms, int64_t to_ms)
{
	const json_t *config = json_object_get(schedule->doc, "MonitoringScheduleConfig");
	struct document *execution = new_execution(e, schedule, at_ms);
	struct monitoring_work w;
	json_t *inputs = json_array();

	document_add(e, execution);
	if (!monitoring_work_of(e, config, &w)) {
		settle(e, execution, "Failed",
		       "The monitoring job definition of this schedule does not exist any more.");
	} else {
		const char *endpoint = json_get_str(json_object_get(w.input, "EndpointInput"), "EndpointName");
		const char *local = json_get_str(
			json_object_get(w.input, endpoint ? "EndpointInput" : "BatchTransformInput"), "LocalPath");
		size_t n = monitoring_add_captures(e, endpoint, captures_uri(e, &w, endpoint), local, from_ms, to_ms,
						   inputs);

		if (n)
			submit(e, schedule, execution,
			       monitoring_job(&w, schedule, at_ms, from_ms, to_ms, json_incref(inputs)));
		settle(e, execution, n ? "InProgress" : "Failed", n ? NULL : NO_DATA);
	}
	json_decref(inputs);
	json_object_set_new(schedule->doc, MONITORING_STATE, json_integer(at_ms));
	tell_schedule(e, schedule, execution);
}

static struct document *execution_of(const struct engine *e, const char *job_arn)
{
	const struct document_list *list = documents_of(e, MONITORING_EXECUTION);

	for (size_t i = list->n; i > 0; i--) {
		if (str_eq(json_get_str(list->items[i - 1]->doc, "ProcessingJobArn"), job_arn))
			return list->items[i - 1];
	}
	return NULL;
}

/* A processing job has ended, and is about to be saved. */
static void on_processing(struct engine *e, const struct document *job)
{
	struct document *execution =
		json_object_get(job->doc, "MonitoringScheduleArn") ? execution_of(e, job->arn) : NULL;
	const char *status = json_get_str(job->doc, "ProcessingJobStatus");

	if (!execution)
		return;
	struct document *schedule =
		document_find(e, MONITORING_KIND, json_get_str(execution->doc, "MonitoringScheduleName"));

	if (str_eq(status, "Completed") && str_starts(str_or(json_get_str(job->doc, "ExitMessage"), ""), VIOLATIONS))
		status = VIOLATIONS;
	settle(e, execution, status, json_get_str(job->doc, "FailureReason"));
	if (schedule)
		tell_schedule(e, schedule, execution);
}

void monitoring_stop_running(struct engine *e, const char *name)
{
	const struct document_list *list = documents_of(e, MONITORING_EXECUTION);

	for (size_t i = 0; i < list->n; i++) {
		struct document *execution = list->items[i];
		bool its = runs(execution->doc) && str_eq(json_get_str(execution->doc, "MonitoringScheduleName"), name);
		struct document *job =
			its ? document_by_arn(e, str_or(json_get_str(execution->doc, "ProcessingJobArn"), "")) : NULL;

		if (!job)
			continue;
		settle(e, execution, "Stopping", NULL);
		json_object_set_new(job->doc, "ProcessingJobStatus", json_string("Stopping"));
		document_save(e, job);
		(void)processing_stop(e, job);
	}
}

/* --- what is due ------------------------------------------------------------------------------------ */

/* What an execution at at_ms looks at: as the schedule says, or since the time before. */
static void stretch_of(const struct engine *e, const json_t *schedule, const struct monitoring_times *t, int64_t at_ms,
		       int64_t *ret_from, int64_t *ret_to)
{
	const char *from = json_get_str(schedule, "DataAnalysisStartTime"),
		   *to = json_get_str(schedule, "DataAnalysisEndTime");
	int64_t offset, hour_ms = e->opt.monitoring_hour_ms;

	*ret_to = at_ms;
	if (to && monitoring_parse_offset(to, hour_ms, &offset, NULL) == 0)
		*ret_to = at_ms + offset;
	if (from && monitoring_parse_offset(from, hour_ms, &offset, NULL) == 0)
		*ret_from = at_ms + offset;
	else
		*ret_from = monitoring_previous(t, hour_ms, at_ms);
}

static void run_due(struct engine *e, struct document *schedule, const struct monitoring_times *t)
{
	const json_t *config = json_path_get(schedule->doc, "MonitoringScheduleConfig.ScheduleConfig");
	int64_t now = engine_now_ms(e), last = json_get_i64(schedule->doc, MONITORING_STATE, 0), from, to;
	int64_t hour_ms = e->opt.monitoring_hour_ms, at;

	if (t->now) {
		stretch_of(e, config, t, now, &from, &to);
		if (!last)
			begin(e, schedule, now, from, to);
		return;
	}
	/* Those that fit, from the newest backwards. */
	int64_t first = now + 1;

	for (int i = 0; i < CAUGHT_UP_MAX && first > last; i++)
		first = monitoring_previous(t, hour_ms, first);
	at = MAX(last, first - 1);
	while ((at = monitoring_next(t, hour_ms, at)) <= now) {
		stretch_of(e, config, t, at, &from, &to);
		begin(e, schedule, at, from, to);
	}
}

/* Returns when there has to be a look again. */
static int64_t look_at(struct engine *e, struct document *schedule)
{
	const char *text = json_get_str(json_path_get(schedule->doc, "MonitoringScheduleConfig.ScheduleConfig"),
					"ScheduleExpression");
	struct monitoring_times t;

	if (str_eq(json_get_str(schedule->doc, "MonitoringScheduleStatus"), "Pending")) {
		json_object_set_new(schedule->doc, "MonitoringScheduleStatus", json_string("Scheduled"));
		document_save(e, schedule);
	}
	if (!str_eq(json_get_str(schedule->doc, "MonitoringScheduleStatus"), "Scheduled") || !text ||
	    monitoring_parse(text, &t, NULL) < 0)
		return INT64_MAX;
	run_due(e, schedule, &t);
	return t.now ? INT64_MAX : monitoring_next(&t, e->opt.monitoring_hour_ms, engine_now_ms(e));
}

static void look(void *user)
{
	struct engine *e = user;
	const struct document_list *list = documents_of(e, MONITORING_KIND);
	int64_t next = INT64_MAX;

	e->monitoring->timer = 0;
	for (size_t i = 0; i < list->n; i++) {
		if (json_object_get(list->items[i]->doc, MONITORING_STATE))
			next = MIN(next, look_at(e, list->items[i]));
	}
	state_commit(e->db);
	if (next < INT64_MAX)
		e->monitoring->timer = loop_after(
			e->loop, MIN(MAX(next - engine_now_ms(e), (int64_t)1), (int64_t)LOOK_AT_MOST_MS), look, e);
}

void monitoring_wake(struct engine *e)
{
	loop_cancel(e->loop, e->monitoring->timer);
	e->monitoring->timer = loop_after(e->loop, 0, look, e);
}

void monitoring_start(struct engine *e)
{
	e->monitoring = NEW(struct monitoring);
	*e->monitoring = (struct monitoring){0};
	e->processing_listener = on_processing;
	monitoring_wake(e);
}

void monitoring_stop(struct engine *e)
{
	struct monitoring *m = TAKE(e->monitoring);

	e->processing_listener = NULL;
	if (m)
		loop_cancel(e->loop, m->timer);
	free(m);
}
