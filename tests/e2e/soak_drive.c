/* soak_drive.c - keep a store in step with an engine full of jobs until all have
 * ended and every log is read, then say what the store holds.
 *
 *   soak_drive run URL N_JOBS RATE_FACTOR DEADLINE_S    synchronise; statistics on standard output
 *   soak_drive dump URL                                 one JSON line for each job of the store
 *
 * It uses sync as the dashboard does: refresh by itself, a window of watched jobs,
 * active ones first, each until its log is complete. It says the rates that were set; whoever
 * records what arrives holds it against them. */
#include "base/mem.h"

#include <unistd.h>

#include "base/digest.h"
#include "sync/sync.h"

#define WATCHES 16

static struct {
	const char *operation; /* "sagemaker:Search" */
	double rate;
} rates[] = {{"sagemaker:Search", 1},	  {"sagemaker:ListTrainingJobs", 1}, {"sagemaker:DescribeTrainingJob", 5},
	     {"logs:FilterLogEvents", 5}, {"cloudwatch:GetMetricData", 5},   {"sagemaker:ListTags", 2}};

static long resident_kb(void)
{
	long kb = 0;
	char line[128];
	AUTO(file) FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %ld kB", &kb) == 1)
			break;
	}
	return kb;
}

static struct sync *open_sync(const char *url, double factor)
{
	struct sync_options opt = {.aws = {.endpoint_url = url, .region = "us-east-1"},
				   .refresh_ms = 1000,
				   .overlap_ms = 60000,
				   .log_poll_ms = 250,
				   .settle_ms = 400};
	struct sync *s = NULL;
	struct err err = {0};

	if (sync_new(&opt, &s, &err) || sync_load(s, &err)) {
		fprintf(stderr, "soak_drive: %s\n", err.msg);
		exit(1);
	}
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		rates[i].rate *= factor;
		if (aws_client_set_rate(sync_client(s), strchr(rates[i].operation, ':') + 1, rates[i].rate, &err)) {
			fprintf(stderr, "soak_drive: %s\n", err.msg);
			exit(1);
		}
	}
	return s;
}

struct progress {
	struct map done; /* names of those watched or complete */
	char *watched[WATCHES];
	size_t n_complete;
};

static void finish_watches(struct sync *s, struct progress *p)
{
	for (size_t i = 0; i < WATCHES; i++) {
		const struct feed *f =
			p->watched[i] ? session_find_feed(sync_session(s), TRAINING_KIND, p->watched[i]) : NULL;

		if (!f || !f->logs.complete)
			continue;
		sync_unwatch(s, TRAINING_KIND, p->watched[i]);
		p->n_complete++;
		free(p->watched[i]);
		p->watched[i] = NULL;
	}
}

/* Fill the window: a job that runs where there is one, else one that has ended;
 * half of the window is kept for the latter so that they get on. */
static void begin_watches(struct sync *s, struct progress *p)
{
	const struct resources *t = session_jobs(sync_session(s));
	size_t slot = 0;

	for (size_t k = 0; k < t->n; k++) {
		const struct job *j = jobs_at(t, k);

		while (slot < WATCHES && p->watched[slot])
			slot++;
		if (slot == WATCHES)
			return;
		if (!(job_is_active(j) ? slot < WATCHES / 2 : job_is_terminal(j)) || map_get(&p->done, j->name))
			continue;
		map_put(&p->done, j->name, p);
		p->watched[slot] = xstrdup(j->name);
		sync_watch(s, TRAINING_KIND, j->name);
	}
}

static void on_done(void *user, const struct err *err)
{
	int *state = user;

	*state = err ? -1 : 1;
}

/* A last look at everything, tried until one goes through. */
static bool final_pass(struct sync *s, int64_t until_ms)
{
	int state = 0;
	struct err err = {0};

	if (store_meta_set(sync_store(s), "jobs_full_pass_ms", "1", &err))
		return false;
	while (state != 1 && clock_mono_ms() < until_ms) {
		state = 0;
		sync_jobs(s, on_done, &state);
		while (state == 0 && clock_mono_ms() < until_ms)
			sync_poll(s, NULL, 0, 100);
	}
	return state == 1;
}

static void print_statistics(const struct session *s, const struct progress *p, long rss_first, size_t jobs_first,
			     long rss_last)
{
	printf("jobs %zu active %zu logs %zu\n", session_jobs(s)->n, session_jobs(s)->n_running, p->n_complete);
	printf("calls %llu retries %llu throttled %llu errors %llu\n", (unsigned long long)s->budget.calls,
	       (unsigned long long)s->budget.retries, (unsigned long long)s->budget.throttled,
	       (unsigned long long)s->budget.errors);
	printf("rss_first_kb %ld jobs_first %zu rss_last_kb %ld\n", rss_first, jobs_first, rss_last);
	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		printf("rate %s %.2f\n", rates[i].operation, rates[i].rate);
}

static int run(const char *url, size_t n_jobs, double factor, int64_t deadline_s)
{
	AUTO(sync) struct sync *s = open_sync(url, factor);
	struct session *session = sync_session(s);
	struct progress p = {0};
	int64_t until = clock_mono_ms() + deadline_s * 1000, said = 0;
	long rss_first = 0, rss_last = 0;
	size_t jobs_first = 0;

	sync_start(s);
	while (clock_mono_ms() < until && (session_jobs(session)->n < n_jobs || session_jobs(session)->n_running > 0 ||
					   p.n_complete < session_jobs(session)->n)) {
		sync_poll(s, NULL, 0, 100);
		finish_watches(s, &p);
		begin_watches(s, &p);
		/* From here on only jobs that are new have a reason to take memory. */
		if (rss_first == 0 && p.n_complete * 4 >= n_jobs) {
			rss_first = resident_kb();
			jobs_first = session_jobs(session)->n;
		}
		if (clock_mono_ms() - said > 10000) {
			said = clock_mono_ms();
			fprintf(stderr, "# jobs %zu active %zu logs %zu, %ld kB; %s\n", session_jobs(session)->n,
				session_jobs(session)->n_running, p.n_complete, resident_kb(), session->notice.text);
		}
	}
	rss_last = resident_kb();
	bool ok = final_pass(s, until);

	print_statistics(session, &p, rss_first, jobs_first, rss_last);
	for (size_t i = 0; i < WATCHES; i++)
		free(p.watched[i]);
	map_done(&p.done);
	return ok ? 0 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct log_line *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The log as one digest, independent of the order within a millisecond. */
static void digest_log(struct loglines *l, char hex[SHA256_HEX_LEN])
{
	struct sha256_stream *h = sha256_stream_new();

	if (l->n)
		qsort(l->lines, l->n, sizeof(l->lines[0]), by_place);
	for (size_t i = 0; i < l->n; i++) {
		AUTO(str) char *line = xasprintf("%lld %s\n", (long long)l->lines[i].time_ms, l->lines[i].text);

		sha256_stream_add(h, line, strlen(line));
	}
	sha256_stream_finish_hex(h, hex);
}

static void print_job(struct store *st, const struct job *j)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	AUTO(loglines) struct loglines l = {0};
	char hex[SHA256_HEX_LEN] = "";
	bool cached = store_logs_load(st, TRAINING_KIND, j->name, &l, NULL) == 0;
	size_t n = l.n;

	if (cached)
		digest_log(&l, hex);
	(void)buf_adds(&out, "{\"name\":");
	json_add_quoted(&out, j->name);
	(void)buf_adds(&out, ",\"status\":");
	json_add_quoted(&out, j->status_text);
	(void)buf_adds(&out, ",\"secondary\":");
	json_add_quoted(&out, j->secondary_text);
	(void)buf_adds(&out, ",\"reason\":");
	json_add_quoted(&out, str_or(j->failure_reason, ""));
	(void)buf_addf(&out,
		       ",\"created\":%lld,\"modified\":%lld,\"started\":%lld,\"ended\":%lld,\"training_s\":%lld,"
		       "\"billable_s\":%lld,\"hyperparameters\":%u,\"transitions\":%zu,\"lines\":%lld,\"log\":\"%s\"}",
		       (long long)j->created_ms, (long long)j->modified_ms, (long long)j->start_ms,
		       (long long)j->end_ms, (long long)j->training_s, (long long)j->billable_s,
		       j->cold->hyperparameters.n, j->cold->n_transitions, cached ? (long long)n : -1LL, hex);
	puts(buf_str(&out));
}

static int dump(const char *url)
{
	AUTO(store) struct store *st = NULL;
	AUTO(resources) struct resources t = {0};
	AUTO(str) char *scope = xasprintf("%s/us-east-1", url);
	struct err err = {0};

	if (store_open(NULL, NULL, scope, &st, &err) || store_jobs_load(st, &t, &err)) {
		fprintf(stderr, "soak_drive: %s\n", err.msg);
		return 1;
	}
	for (size_t i = 0; i < t.n; i++) {
		AUTO(job) struct job *j = NULL;

		if (store_job_load_one(st, t.items[i]->name, &j, &err)) {
			fprintf(stderr, "soak_drive: %s\n", err.msg);
			return 1;
		}
		print_job(st, j);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int64_t n, deadline_s;
	double factor;

	if (argc == 3 && str_eq(argv[1], "dump"))
		return dump(argv[2]);
	if (argc != 6 || !str_eq(argv[1], "run") || !str_to_i64(argv[3], &n) || !str_to_f64(argv[4], &factor) ||
	    !str_to_i64(argv[5], &deadline_s)) {
		fprintf(stderr, "usage: soak_drive run URL N_JOBS RATE_FACTOR DEADLINE_S | dump URL\n");
		return 2;
	}
	return run(argv[2], (size_t)n, factor, deadline_s);
}
