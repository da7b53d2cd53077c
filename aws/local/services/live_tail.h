/* live_tail.h - StartLiveTail: sessions that hear of events as they are written,
 * and get them once a second over an event stream. */
#ifndef SAGETOP_LOCAL_LIVE_TAIL_H
#define SAGETOP_LOCAL_LIVE_TAIL_H

#include "aws/local/core/engine.h"

void live_tails_free(struct engine *e); /* after the server has stopped */

#endif
