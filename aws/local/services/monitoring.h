/* monitoring.h - Model Monitor's schedules that run: at its times a schedule looks for what its
 * endpoint captured (or what a batch left) since the time before, and gives it to a processing
 * job with the baseline's constraints; how that ends is the execution's status.
 *
 * A schedule is a document of its kind. Up to when its times have run stands in it (member
 * MONITORING_STATE, not told), written in one transaction with the execution and its job, so
 * that a crash of the engine neither loses a time nor runs one twice. Documents of --load have
 * no such member, and do not run.
 */
#ifndef SAGETOP_LOCAL_MONITORING_H
#define SAGETOP_LOCAL_MONITORING_H

#include "aws/local/kept/documents.h"
#include "aws/local/services/ops.h"

#define MONITORING_KIND "monitoring"
#define MONITORING_EXECUTION "monitoring-execution"
#define MONITORING_DEFINITION "data-quality-definition"
#define MONITORING_STATE "LocalState"

/* A schedule's times: the hours of the day (UTC) from `first` on, each `every`-th. */
struct monitoring_times {
	bool now; /* once, and again with each start */
	int64_t first, every;
};
/* "cron(0 * ? * * *)", "cron(0 H ? * * *)", "cron(0 H/N ? * * *)", "NOW". */
int monitoring_parse(const char *expression, struct monitoring_times *ret, struct err *err) NODISCARD;
/* The first time after after_ms, and the last before before_ms; hour_ms: how long an hour is here. */
int64_t monitoring_next(const struct monitoring_times *t, int64_t hour_ms, int64_t after_ms);
int64_t monitoring_previous(const struct monitoring_times *t, int64_t hour_ms, int64_t before_ms);
/* "-PT5H", "-P1D": in hours of hour_ms. */
int monitoring_parse_offset(const char *text, int64_t hour_ms, int64_t *ret_ms, struct err *err) NODISCARD;

/* What a schedule's executions do, wherever that is said. Borrowed from its document or its
 * definition's. */
struct monitoring_work {
	const json_t *baseline, *image, *input, *outputs, *resources, *stopping, *environment, *network;
	const char *role;
};
/* False where there is none, or no such definition any more. */
bool monitoring_work_of(struct engine *e, const json_t *config, struct monitoring_work *ret);

/* A processing job's inputs from what was captured from from_ms up to to_ms, to the end of
 * `inputs`; returns how many objects these are. endpoint: NULL for a batch. */
size_t monitoring_add_captures(struct engine *e, const char *endpoint, const char *uri, const char *local,
			       int64_t from_ms, int64_t to_ms, json_t *inputs);
/* The processing job of an execution, as CreateProcessingJob would keep it. inputs is taken. A new
 * reference. */
json_t *monitoring_job(const struct monitoring_work *w, const struct document *schedule, int64_t at_ms, int64_t from_ms,
		       int64_t to_ms, json_t *inputs) NODISCARD;

/* Before the runner, which tells how processing jobs end. */
void monitoring_start(struct engine *e);
void monitoring_stop(struct engine *e);
void monitoring_wake(struct engine *e); /* look at all schedules on the next turn */
/* Executions of the schedule of this name. */
bool monitoring_is_running(const struct engine *e, const char *name);
void monitoring_stop_running(struct engine *e, const char *name);

#endif
