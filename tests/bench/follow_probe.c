/* follow_probe.c - follow one job's log to its end and say how late its lines
 * came: the time from a line's own time stamp to when a screen could show it.
 *
 *   follow_probe URL JOB poll|live|ended [FILE]
 *
 * ended: of a job that is known to be over, whose log is cached; once its newest page is
 * there it says "newest N of M".
 * Prints "lines N seconds S median_ms M p99_ms P minutes_billed B sampled 0|1"; into
 * FILE every line of the log, with its stream. */
#include "base/clock.h"
#include "sync/sync.h"

#define DEADLINE_MS 300000

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int write_lines(const char *path, const struct loglines *l)
{
	AUTO(file) FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		return 1;
	}
	for (size_t i = 0; i < l->n; i++)
		fprintf(f, "%s %s\n", l->streams.items[l->lines[i].stream], l->lines[i].text);
	return 0;
}

static void on_done(void *user, const struct err *err)
{
	*(bool *)user = true;
}

/* The job as a list of jobs would know it. */
static void learn_job(struct sync *s, const char *name)
{
	bool done = false;

	sync_job(s, name, on_done, &done);
	while (!done)
		sync_poll(s, NULL, 0, 1000);
}

/* Until the cache has it. */
static void wait_kept(struct sync *s, const char *name)
{
	struct log_pages *p = NULL;

	while (store_log_open(sync_store(s), TRAINING_KIND, name, &p, NULL))
		sync_poll(s, NULL, 0, 100);
	store_log_pages_free(p);
}

int main(int argc, char **argv)
{
	AUTO(sync) struct sync *s = NULL;
	struct err err = {0};
	int64_t *lag = NULL, began = clock_mono_ms();
	size_t n = 0, cap = 0;
	bool live = argc >= 4 && str_eq(argv[3], "live"), ended = argc >= 4 && str_eq(argv[3], "ended");
	bool sampled = false, told = false;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: follow_probe URL JOB poll|live|ended [FILE]\n");
		return 2;
	}
	struct sync_options opt = {.aws = {.endpoint_url = argv[1], .region = "us-east-1"},
				   .no_store = !ended,
				   .log_poll_ms = 500,
				   .settle_ms = 3000};

	if (sync_new(&opt, &s, &err)) {
		fprintf(stderr, "follow_probe: %s\n", err.msg);
		return 1;
	}
	if (ended)
		learn_job(s, argv[2]);
	sync_watch(s, TRAINING_KIND, argv[2]);
	if (live)
		sync_live(s, TRAINING_KIND, argv[2], true);
	const struct feed *f = session_find_feed(sync_session(s), TRAINING_KIND, argv[2]);
	int64_t minutes = 0;

	while (!f->logs.complete && clock_mono_ms() - began < DEADLINE_MS) {
		size_t before = f->logs.n;

		sync_poll(s, NULL, 0, 1000);
		if (ended && f->logs.n > 0 && !told) {
			told = true;
			printf("newest %zu of %zu\n", f->logs.n, f->logs_about);
			fflush(stdout);
		}
		int64_t now = clock_now_ms();

		minutes = MAX(minutes, f->live_minutes);
		sampled |= f->live_sampled;
		/* Lines come in order here: one stream, one program. */
		for (size_t i = before; i < f->logs.n; i++) {
			GROW(lag, cap, n + 1);
			lag[n++] = now - f->logs.lines[i].time_ms;
		}
	}
	if (ended && n == 0 && f->logs.n > 0) { /* all of it was there before the first turn */
		GROW(lag, cap, 1);
		lag[n++] = 0;
	}
	if (!f->logs.complete || n == 0) {
		fprintf(stderr, "follow_probe: %s\n", str_or(f->logs_note, "no end of the log"));
		free(lag);
		return 1;
	}
	if (ended)
		wait_kept(s, argv[2]);
	qsort(lag, n, sizeof(*lag), by_value);
	printf("lines %zu seconds %.3f median_ms %lld p99_ms %lld minutes_billed %lld sampled %d\n", n,
	       (double)(clock_mono_ms() - began) / 1000, (long long)lag[n / 2], (long long)lag[n * 99 / 100],
	       (long long)minutes, sampled);
	free(lag);
	return argc == 5 ? write_lines(argv[4], &f->logs) : 0;
}
