/* tracker.h - the first host's meeting point for a job on several hosts.
 *
 * One thread on one port does two things. It is the tracker of libxgboost's ring
 * (ranks by host order, who connects to whom). And it is the hub that knows which
 * hosts are alive: each keeps a line to it, says hello with the size of its data,
 * gets its orders, beats, and says done; when one falls silent or fails, the
 * others are told which and why, as the library itself would wait for ever.
 */
#ifndef SAGETOP_TRAINER_TRACKER_H
#define SAGETOP_TRAINER_TRACKER_H

#include "base/str.h"

#define TRACKER_PORT 9099
#define HUB_GREETING "SGT1" /* 4 bytes; the ring's own greeting is a number */
#define HUB_LINE_MAX 2048
#define HUB_BEAT_MS 2000
#define HUB_SILENCE_MS 30000 /* without a beat a host is lost */

struct tracker;

/* Listen and serve in a thread of its own. hosts is copied. port 0 picks one.
 * timeout_ms: how long to wait until all hosts said hello. */
int tracker_start(const struct strlist *hosts, int port, int64_t timeout_ms, struct tracker **ret,
		  struct err *err) NODISCARD;
int tracker_port(const struct tracker *t);
/* Wait until every host is done or gone, then free. */
void tracker_finish(struct tracker *t);

/* Lines of the hub. A host: "hello INDEX ROWS COLUMNS FINGERPRINT", "beat",
 * "fail REASON", "done". The hub: "go WORLD COLUMNS FINGERPRINT", "leave" (no data
 * here), "beat", "fail REASON". */

#endif
