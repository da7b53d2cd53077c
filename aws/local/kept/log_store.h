/* log_store.h - log groups, streams and events.
 *
 * Events of a stream are ordered by (time, seq). Text is what a client may see:
 * valid UTF-8, control bytes written as #ooo the way the real log agent does
 * (a tab is #011), at most LOG_MAX_EVENT bytes.
 */
#ifndef SAGETOP_LOCAL_LOG_STORE_H
#define SAGETOP_LOCAL_LOG_STORE_H

#include "aws/local/core/engine.h"

#define LOG_MAX_EVENT ((size_t)262118) /* 256 KiB less the service's own 26 bytes */

struct log_row {
	int64_t time_ms, seq, ingested_ms;
	char *text;
};

bool log_group_exists(struct engine *e, const char *group);
void log_group_create(struct engine *e, const char *group);
/* 0 where there is none. */
int64_t log_stream_find(struct engine *e, const char *group, const char *stream);
int64_t log_stream_create(struct engine *e, const char *group, const char *stream); /* or finds it */

/* Append one event; batches are committed by the caller. Live tails hear of it. */
void log_append(struct engine *e, int64_t stream_id, int64_t time_ms, const char *text, size_t n);
/* Make raw output of a process into the text of one event. Returns how much of it
 * that took: the rest is the next event's. */
size_t log_clean(struct buf *out, const char *raw, size_t n);

void log_row_done(struct log_row *row);

#endif
