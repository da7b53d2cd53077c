/* live_tail.h - StartLiveTail: sessions that hear of events as they are written,
 * and get them once a second over an event stream. */
#ifndef SAGETOP_LOCAL_LIVE_TAIL_H
#define SAGETOP_LOCAL_LIVE_TAIL_H

#include "aws/local/engine.h"

void live_tails_free(struct engine *e); /* after the server has stopped */
void live_tail_event(struct engine *e, int64_t stream_id, int64_t time_ms, int64_t ingested_ms, const char *text,
		     size_t n);

#endif
