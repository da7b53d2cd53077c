/* tracker.h - the first host's meeting point for a job on several hosts.
 *
 * One thread on one port does two things. It is the tracker of libxgboost's ring
 * (ranks by host order, who connects to whom). And it is the hub that knows which
 * hosts are alive: each keeps a line to it from its first moment, beats, says what its
 * settings are and how large its data, gets its orders, and says done; when one falls
 * silent or fails, the others are told which and why, as the library itself would wait
 * for ever. A host that is slow but beats is waited for.
 */
#ifndef SAGETOP_TRAINER_TRACKER_H
#define SAGETOP_TRAINER_TRACKER_H

#include "base/str.h"

#define TRACKER_PORT 9099
#define HUB_GREETING "SGT1" /* 4 bytes; the ring's own greeting is a number */
#define HUB_LINE_MAX 2048
#define HUB_BEAT_MS 1000

/* Without a beat for that long a host is lost: 30 seconds, less where the job waits
 * for its hosts less, but never so little that a busy machine looks dead. */
int64_t hub_silence_ms(int64_t timeout_ms);

struct tracker;

/* Listen and serve in a thread of its own. hosts is copied. port 0 picks one.
 * timeout_ms: how long to wait until all hosts are there. */
int tracker_start(const struct strlist *hosts, int port, int64_t timeout_ms, struct tracker **ret,
		  struct err *err) NODISCARD;
int tracker_port(const struct tracker *t);
/* Wait until every host is done or gone. */
void tracker_wait(const struct tracker *t);
/* The same, then free. The error of the job where it has failed. */
int tracker_finish(struct tracker *t, struct err *err) NODISCARD;

/* Lines of the hub. A host, in this order: "here INDEX" at once; "setting NAME=VALUE"
 * for what all must have alike, "hello ROWS COLUMNS FINGERPRINT" when its data are
 * loaded; "done". At any time "beat", "stop" (asked to by a signal; before the orders
 * only), "fail CODE REASON". The hub: "go WORLD COLUMNS FINGERPRINT" or "leave" (no
 * data here); "beat", "stop", "fail CODE REASON". CODE is an enum err_code. */

#endif
