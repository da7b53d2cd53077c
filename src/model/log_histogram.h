/* log_histogram.h - the lines of a log over time, in buckets of one width, errors and warnings told apart. */
#ifndef SAGETOP_MODEL_LOG_HISTOGRAM_H
#define SAGETOP_MODEL_LOG_HISTOGRAM_H

#include "base/buf.h"
#include "model/log_text.h"

struct log_bucket {
	int64_t from_ms;
	size_t lines, errors, warnings; /* errors and warnings are lines as well */
};

/* The narrowest width by which so long a time has at most that many buckets: a second, 5 s ... 1 min ... days. */
int64_t log_bucket_width(int64_t span_ms, size_t most);
/* The next wider one (by > 0), or the next narrower one; the same at the ends. */
int64_t log_bucket_step(int64_t width_ms, int by);
/* Where the bucket of a time begins, by a clock that is so far from UTC. */
int64_t log_bucket_start(int64_t ms, int64_t width_ms, int64_t offset_ms);
/* A bar of at most that many cells, the longest for `most` lines: errors, warnings, the others, each of them in other
 * characters and none so few that it is not seen. ret: the cells of each. */
#define LOG_BAR_ERROR "█"
#define LOG_BAR_WARNING "▒"
#define LOG_BAR_OTHER "░"
void log_bucket_bar(const struct log_bucket *b, size_t most, int cells, int ret[3]);

/* Counts of a log whose span is not known yet, line by line in any order. */
struct log_seconds {
	struct log_bucket *seconds; /* as they came: in any order, some more than once */
	size_t n, cap;
};

void log_seconds_done(struct log_seconds *c);
AUTO_EMBEDDED(log_seconds, struct log_seconds, log_seconds_done)
void log_seconds_add(struct log_seconds *c, int64_t time_ms, enum log_line_level level);
/* All buckets of that width from the first line's to the last one's, those without a line as well: at most `most`,
 * else the width is a wider one, which *width_ms says. The caller's; NULL where there is no line. */
struct log_bucket *log_seconds_sum(const struct log_seconds *c, int64_t *width_ms, int64_t offset_ms, size_t most,
				   size_t *ret_n) NODISCARD;

#endif
