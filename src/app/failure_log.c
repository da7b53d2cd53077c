/* failure_log.c - the last lines of a log, for what they say of a failure. */
#include "app/failure_log.h"

#include "model/failure.h"

#define LAST_LINES 60

struct reading {
	struct loglines log;
};

static bool wants_all(void *user, const struct log_line *l)
{
	return true;
}

static void keep_line(void *user, const char *stream, const struct log_line *l)
{
	struct reading *r = user;

	(void)loglines_add(&r->log, stream, NULL, l->time_ms, l->text, l->len);
}

/* A log that cannot be read leaves the reason as it is. */
int failure_log_learn(struct app *a, const struct resource *r, struct err *err)
{
	struct reading reading = {0};
	struct app_reply reply = {0};
	struct err why = {0};
	struct sync_reading how = {
		.since_ms = INT64_MIN, .last = LAST_LINES, .wants = wants_all, .line = keep_line, .user = &reading};

	sync_read_log(app_sync_of(a, r), r->kind, r->name, &how, app_reply_done, &reply);
	int rc = app_wait(a, &reply, &why);

	if (rc == 0) {
		loglines_settle(&reading.log);
		failure_learn(app_session(a), r, failure_line(&reading.log));
	} else if (why.code == ERR_CANCELLED) {
		*err = why;
	}
	loglines_done(&reading.log);
	return err->code ? -err->code : 0;
}
