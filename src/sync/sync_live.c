/* sync_live.c - a watched job's lines pushed by CloudWatch's live tail.
 *
 * The tail is quick, but leaves events out above 500 a second and while it is
 * being renewed; the passes of sync_logs.c go on beside it, less often, and bring
 * those. A line that both bring is added once (loglines.h). */
#include "sync/sync_priv.h"

#include "base/log.h"

#define RETRY_MS 15000

static void begin(struct watch *w);

static void live_tick(void *user)
{
	struct watch *w = user;

	w->live_timer = 0;
	w->pending--;
	if (!w->s->closing && w->live_wanted)
		begin(w);
	watch_check(w);
}

static void retry_later(struct watch *w)
{
	if (w->live_timer || w->s->closing)
		return;
	w->pending++;
	w->live_timer = aws_client_after(w->s->aws, RETRY_MS, live_tick, w);
}

static void on_tail(void *user, const struct log_event *events, size_t n, bool sampled)
{
	struct watch *w = user;
	struct job_feed *f;

	if (w->s->closing)
		return;
	f = watch_feed(w);
	if (!f->live)
		f->logs.generation++;
	f->live = true;
	f->live_sampled = sampled;
	f->live_minutes = logs_tail_minutes(w->tail);
	f->live_usd_micro = f->live_minutes * LIVE_TAIL_USD_MICRO;
	sync_logs_add(w, events, n, true);
}

static void on_tail_end(void *user, const struct err *err)
{
	struct watch *w = user;
	struct sync *s = w->s;

	w->tail = NULL;
	w->pending--;
	if (s->closing)
		return;
	struct job_feed *f = watch_feed(w);

	f->live = f->live_sampled = false;
	f->logs.generation++;
	if (err->code == ERR_CANCELLED || !w->live_wanted) {
		if (w->live_wanted) /* wanted again before the stop was through */
			begin(w);
		watch_check(w);
		return;
	}
	if (err->code == ERR_DENIED || err->code == ERR_INVALID || err->code == ERR_LIMIT) {
		w->live_wanted = false; /* trying again would bring the same answer */
		session_notify(s->session, NOTICE_WARNING, "no live tail, the log is polled: %s", err->msg);
	} else {
		log_debug("live tail of %s: %s", w->name, err->msg);
		retry_later(w); /* the group is not there before the first container logs */
	}
	if (!w->logs_busy && w->count > 0)
		sync_logs_begin(w); /* what was missed meanwhile */
	watch_check(w);
}

static void on_identified(void *user, const struct err *err)
{
	struct watch *w = user;
	struct session *session = w->s->session;

	w->pending--;
	if (w->s->closing)
		return;
	if (!err && w->live_wanted && !w->tail && session->account) {
		AUTO(str) char *arn = logs_group_arn(session->region, session->account, TRAINING_LOG_GROUP);
		AUTO(str) char *prefix = xasprintf("%s/", w->name);

		w->pending++;
		w->tail = logs_tail_start(w->s->aws, arn, prefix, NULL, on_tail, on_tail_end, w);
	} else if (w->live_wanted && !w->tail) {
		retry_later(w);
	}
	watch_check(w);
}

/* The group's ARN names the account. */
static void begin(struct watch *w)
{
	if (w->tail || watch_feed(w)->logs.complete)
		return;
	w->pending++;
	sync_identify(w->s, on_identified, w);
}

void sync_live_stop(struct watch *w)
{
	w->live_wanted = false;
	if (w->live_timer && !w->s->closing) {
		aws_client_cancel_timer(w->s->aws, w->live_timer);
		w->live_timer = 0;
		w->pending--;
	}
	if (w->tail)
		logs_tail_stop(w->tail);
}

void sync_live(struct sync *s, const char *name, bool on)
{
	struct watch *w = watch_find(s, name);

	if (!w || w->count == 0 || w->live_wanted == on)
		return;
	if (!on) {
		sync_live_stop(w);
		return;
	}
	w->live_wanted = true;
	begin(w);
}
