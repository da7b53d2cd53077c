/* The lines of a log over time. */
#include "model/log_histogram.h"

#include "base/clock.h"

static const int64_t widths[] = {
	SECOND_MS,     2 * SECOND_MS, 5 * SECOND_MS,  10 * SECOND_MS, 15 * SECOND_MS, 30 * SECOND_MS, MINUTE_MS,
	2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS,	      2 * HOUR_MS,
	3 * HOUR_MS,   6 * HOUR_MS,   12 * HOUR_MS,   DAY_MS,	      2 * DAY_MS,     7 * DAY_MS,     14 * DAY_MS,
	28 * DAY_MS,   91 * DAY_MS,   364 * DAY_MS,   1820 * DAY_MS,  18200 * DAY_MS, 182000 * DAY_MS};

/* One more than the parts of the span: it need not begin where a bucket does. */
int64_t log_bucket_width(int64_t span_ms, size_t most)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(widths) && span_ms / widths[i] + 2 > (int64_t)most)
		i++;
	return widths[i];
}

int64_t log_bucket_step(int64_t width_ms, int by)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(widths) && widths[i] < width_ms)
		i++;
	if (by > 0)
		return widths[MIN(i + 1, ARRAY_LEN(widths) - 1)];
	return widths[i - (i > 0)];
}

int64_t log_bucket_start(int64_t ms, int64_t width_ms, int64_t offset_ms)
{
	int64_t at = ms + offset_ms, over = at % width_ms;

	return ms - over - (over < 0 ? width_ms : 0);
}

static int part(size_t lines, size_t most, int cells)
{
	return lines ? MAX((int)((double)lines / (double)most * cells + 0.5), 1) : 0;
}

void log_bucket_bar(const struct log_bucket *b, size_t most, int cells, int ret[3])
{
	int warned = b->warnings > 0, others = b->lines > b->errors + b->warnings;
	int all = MIN(MAX(part(b->lines, most, cells), (b->errors > 0) + warned + others), cells);

	ret[0] = MIN(part(b->errors, most, cells), MAX(all - warned - others, 0));
	ret[1] = MIN(part(b->warnings, most, cells), MAX(all - ret[0] - others, 0));
	ret[2] = others ? all - ret[0] - ret[1] : 0;
}

void log_seconds_done(struct log_seconds *c)
{
	free(c->seconds);
	*c = (struct log_seconds){0};
}

void log_seconds_add(struct log_seconds *c, int64_t time_ms, enum log_line_level level)
{
	int64_t from_ms = log_bucket_start(time_ms, SECOND_MS, 0);

	if (!c->n || c->seconds[c->n - 1].from_ms != from_ms) {
		GROW(c->seconds, c->cap, c->n + 1);
		c->seconds[c->n++] = (struct log_bucket){.from_ms = from_ms};
	}
	struct log_bucket *b = &c->seconds[c->n - 1];
	b->lines++;
	b->errors += level == LINE_ERROR;
	b->warnings += level == LINE_WARNING;
}

struct log_bucket *log_seconds_sum(const struct log_seconds *c, int64_t *width_ms, int64_t offset_ms, size_t most,
				   size_t *ret_n)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	*ret_n = 0;
	for (size_t i = 0; i < c->n; i++) {
		first = MIN(first, c->seconds[i].from_ms);
		last = MAX(last, c->seconds[i].from_ms);
	}
	if (!c->n)
		return NULL;
	*width_ms = MAX(*width_ms, log_bucket_width(last - first, most));
	first = log_bucket_start(first, *width_ms, offset_ms);
	*ret_n = (size_t)((last - first) / *width_ms) + 1;
	struct log_bucket *ret = xcalloc(*ret_n, sizeof(*ret));
	for (size_t i = 0; i < *ret_n; i++)
		ret[i].from_ms = first + (int64_t)i * *width_ms;
	for (size_t i = 0; i < c->n; i++) {
		struct log_bucket *b = &ret[(c->seconds[i].from_ms - first) / *width_ms];

		b->lines += c->seconds[i].lines;
		b->errors += c->seconds[i].errors;
		b->warnings += c->seconds[i].warnings;
	}
	return ret;
}
