/* sync_live.c - a watched log's lines pushed by CloudWatch's live tail.
 *
 * The tail is quick, but leaves events out above 500 a second and while it is
 * being renewed; the passes of sync_logs.c go on beside it, less often, and bring
 * those. A line that both bring is added once (log_seen.h). */
#include "sync/sync_priv.h"

#include "base/log.h"

#define RETRY_MS 15000

static void begin(struct follow *w);

static void tail_tick(void *user)
{
	struct follow *w = user;

	w->tail_timer = 0;
	w->pending--;
	if (!w->s->closing && w->tail == TAIL_PAUSED)
		begin(w);
	follow_check(w);
}

static void retry_later(struct follow *w)
{
	w->tail = TAIL_PAUSED;
	follow_start_timer(w, &w->tail_timer, RETRY_MS, tail_tick);
}

static void on_tail(void *user, const struct log_event *events, size_t n, bool sampled)
{
	struct follow *w = user;

	if (w->s->closing || w->log == LOG_COMPLETE)
		return;
	struct feed *f = follow_feed(w);

	if (!f->live)
		f->logs.generation++;
	f->live = true;
	f->live_sampled = sampled;
	f->live_minutes = logs_tail_minutes(w->session);
	f->live_usd_micro = f->live_minutes * LIVE_TAIL_USD_MICRO;
	sync_logs_push(w, events, n);
}

/* The session is over though it was wanted. */
static void tail_lost(struct follow *w, const struct err *err)
{
	w->tail = TAIL_OFF;
	if (err->code == ERR_DENIED || err->code == ERR_INVALID || err->code == ERR_LIMIT) {
		/* Trying again would bring the same answer. */
		session_notify(w->s->session, NOTICE_WARNING, "no live tail, the log is polled: %s", err->msg);
	} else {
		log_debug("live tail of %s: %s", w->name, err->msg);
		retry_later(w); /* the group is not there before the first container logs */
	}
	if (w->count > 0)
		sync_logs_begin(w); /* what was missed meanwhile */
}

static void on_tail_end(void *user, const struct err *err)
{
	struct follow *w = user;

	w->session = NULL;
	w->pending--;
	if (w->s->closing)
		return;
	struct feed *f = follow_feed(w);
	enum tail_state was = w->tail;

	f->live = f->live_sampled = false;
	f->logs.generation++;
	w->tail = TAIL_OFF;
	if (was == TAIL_TURNING)
		begin(w);
	else if (was == TAIL_OPEN && err->code != ERR_CANCELLED)
		tail_lost(w, err);
	follow_check(w);
}

static void on_identified(void *user, const struct err *err)
{
	struct follow *w = user;
	struct session *session = w->s->session;

	w->pending--;
	if (w->s->closing)
		return;
	if (w->tail == TAIL_ASKING && !err && session->account) {
		AUTO(str) char *arn = logs_group_arn(session->region, session->account, w->group);

		w->pending++;
		w->tail = TAIL_OPEN;
		w->session = logs_tail_start(w->s->aws, arn, w->prefix, NULL, on_tail, on_tail_end, w);
	} else if (w->tail == TAIL_ASKING) {
		retry_later(w);
	}
	follow_check(w);
}

/* The group's ARN names the account. */
static void begin(struct follow *w)
{
	w->tail = TAIL_OFF;
	if (w->log == LOG_COMPLETE || !w->group)
		return;
	w->tail = TAIL_ASKING;
	w->pending++;
	sync_identify(w->s, on_identified, w);
}

void sync_live_stop(struct follow *w)
{
	switch (w->tail) {
	case TAIL_OPEN:
		w->tail = TAIL_CLOSING;
		logs_tail_stop(w->session);
		break;
	case TAIL_TURNING:
		w->tail = TAIL_CLOSING;
		break;
	case TAIL_PAUSED:
		follow_stop_timer(w, &w->tail_timer);
		w->tail = TAIL_OFF;
		break;
	case TAIL_ASKING: /* the answer finds it off */
		w->tail = TAIL_OFF;
		break;
	default:
		break;
	}
}

void sync_live(struct sync *s, const struct kind *kind, const char *name, bool on)
{
	struct follow *w = follow_find(s, kind, name);

	if (!w || w->count == 0)
		return;
	if (!on)
		sync_live_stop(w);
	else if (w->tail == TAIL_CLOSING)
		w->tail = TAIL_TURNING;
	else if (w->tail == TAIL_OFF)
		begin(w);
}
