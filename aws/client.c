/* The client: its life, settings, timers and loop. */
#include "aws/client.h"

#include <limits.h>
#include <poll.h>

#include "aws/client_impl.h"
#include "aws/cred_plan.h"
#include "base/clock.h"

#define LOCAL_ENDPOINT "http://127.0.0.1:4670"
#define MAX_FDS 12
#define MOST_ATTEMPTS 20

/* --- what the local engine's client sees of environment and files: nothing ----------- */

static const char *local_env(void *user, const char *name)
{
	return NULL;
}

static int local_read_file(void *user, const char *path, struct buf *out, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "not read for the local engine");
}

/* --- life ------------------------------------------------------------------------------- */

static void io_send(void *user, const struct http_request *r, http_reply_fn *fn, void *fn_user)
{
	struct aws_client *c = user;

	http_send(c->http, r, fn, fn_user);
}

static void on_credentials(void *user, const struct err *err)
{
	struct aws_client *c = user;

	if (err)
		requests_fail_waiting(c, err);
}

static void load_retry_settings(struct aws_client *c)
{
	const char *mode = aws_config_value(&c->config, "AWS_RETRY_MODE", "retry_mode");
	const char *attempts = aws_config_value(&c->config, "AWS_MAX_ATTEMPTS", "max_attempts");
	int64_t n = RETRY_MAX_ATTEMPTS;

	if (attempts && !str_to_i64(attempts, &n))
		n = RETRY_MAX_ATTEMPTS;
	c->max_attempts = (int)MIN(n, (int64_t)MOST_ATTEMPTS);
	c->adaptive = str_ieq(mode, "adaptive");
	c->quota = RETRY_QUOTA_INIT;
	adaptive_init(&c->rate, (double)clock_mono_ms() / 1000);
}

static int load(struct aws_client *c, const struct aws_options *opt, struct err *err)
{
	struct http_options http = {0};
	int rc;

	c->io = aws_io_system;
	if (opt->local) {
		c->io.env = local_env;
		c->io.read_file = local_read_file;
	}
	c->io.user = c;
	c->io.send = io_send;
	c->io.run = process_run;
	rc = aws_config_load(&c->config, &c->io, opt->local ? NULL : opt->profile, opt->region, err);
	if (rc == 0)
		rc = aws_config_check(&c->config, err);
	if (rc)
		return rc;
	if (!c->config.region && opt->local)
		c->config.region = xstrdup("us-east-1");
	if (!c->config.region)
		return err_set(err, ERR_INVALID, "no region: set AWS_REGION, `region` in the profile, or use --region");
	c->endpoint_url = xstrdup(opt->endpoint_url ? opt->endpoint_url : opt->local ? LOCAL_ENDPOINT : NULL);
	AUTO(str) char *ca_bundle = aws_config_ca_bundle(&c->config);

	http.ca_bundle = ca_bundle;
	if (opt->beside)
		http.beside = opt->beside->http;
	c->http = http_new(&http);
	return 0;
}

int aws_client_new(const struct aws_options *opt, struct aws_client **ret, struct err *err)
{
	struct aws_client *c = NEW(struct aws_client);
	struct aws_credentials *fixed = NULL;
	int rc;

	c->next = c;
	c->local = opt->local;
	c->random_state = (uint64_t)clock_machine_ms() * 6364136223846793005u + (uintptr_t)c;
	rc = load(c, opt, err);
	if (!rc) {
		AUTO(endpoint) struct endpoint e = {0};

		/* A malformed region or endpoint is told now, not at the first call. */
		rc = endpoint_for(&c->config, &aws_sagemaker, c->config.region, c->endpoint_url, &e, err);
		if (!rc) {
			AUTO(str) char *configured = endpoint_configured(&c->config, aws_sagemaker.id);

			c->shown_endpoint = c->endpoint_url || configured ? xstrdup(e.url) : NULL;
		}
	}
	if (rc) {
		aws_client_free(c);
		return rc;
	}
	load_retry_settings(c);
	if (opt->local)
		fixed = aws_credentials_new("local", str_or(opt->local_secret, "local"), NULL, "local engine");
	c->credentials = cred_cache_new(&c->config, fixed, on_credentials, c);
	if (opt->beside) {
		c->next = opt->beside->next;
		opt->beside->next = c;
	}
	*ret = c;
	return 0;
}

void aws_client_free(struct aws_client *c)
{
	struct aws_client *before = c;

	if (!c)
		return;
	while (before->next != c)
		before = before->next;
	before->next = c->next;
	http_free(c->http);
	c->http = NULL;
	requests_cancel_all(c);
	process_free_all(c);
	cred_cache_free(c->credentials);
	free(c->timers);
	free(c->buckets);
	strmap_done(&c->rates);
	strmap_done(&c->bucket_regions);
	free(c->endpoint_url);
	free(c->shown_endpoint);
	aws_config_done(&c->config);
	free(c);
}

const char *aws_client_region(const struct aws_client *c)
{
	return c->config.region;
}

const char *aws_client_profile(const struct aws_client *c)
{
	return c->config.profile;
}

const char *aws_client_endpoint(const struct aws_client *c)
{
	return c->shown_endpoint;
}

const char *aws_client_credential_source(const struct aws_client *c)
{
	return cred_cache_source(c->credentials);
}

void aws_client_on_report(struct aws_client *c, aws_report_fn *fn, void *user)
{
	c->report = fn;
	c->report_user = user;
}

void aws_client_give_terminal(struct aws_client *c, bool give)
{
	c->has_terminal = give;
}

bool aws_client_runs_program(const struct aws_client *c)
{
	struct cred_plan plan = {0};
	bool runs = !cred_plan_make(&c->config.ini, c->config.profile, &plan, NULL) && plan.base == CRED_BASE_PROCESS;

	cred_plan_done(&plan);
	return runs;
}

const char *aws_client_config_problem(const struct aws_client *c)
{
	return c->config.problem;
}

void aws_client_on_left_out(struct aws_client *c, aws_left_out_fn *fn, void *user)
{
	c->left_out = fn;
	c->left_out_user = user;
}

size_t aws_client_left_out(const struct aws_client *c)
{
	return c->n_left_out;
}

void aws_note_left_out(struct aws_client *c, const struct aws_op *op, size_t n)
{
	size_t *last = &c->last_left_out[op - aws_ops];
	bool news = n && n != *last;

	c->n_left_out += n;
	*last = n;
	if (news && c->left_out)
		c->left_out(c->left_out_user, op->name, n);
}

static void ask_mfa(void *user, const char *serial, void (*fn)(void *fn_user, const char *code), void *fn_user)
{
	struct aws_client *c = user;

	c->mfa_answer = fn;
	c->mfa_answer_user = fn_user;
	c->mfa(c->mfa_user, serial);
}

void aws_client_on_mfa(struct aws_client *c, aws_mfa_fn *fn, void *user)
{
	c->mfa = fn;
	c->mfa_user = user;
	c->config.io.ask_mfa = fn ? ask_mfa : NULL;
}

void aws_client_answer_mfa(struct aws_client *c, const char *code)
{
	void (*fn)(void *user, const char *answer) = c->mfa_answer;

	c->mfa_answer = NULL;
	if (fn)
		fn(c->mfa_answer_user, code);
}

int aws_client_set_rate(struct aws_client *c, const char *operation, double per_second, struct err *err)
{
	AUTO(str) char *text = xasprintf("%g", per_second);

	if (!(per_second > 0) || per_second > 10000)
		return err_set(err, ERR_INVALID, "rate of %s must be above 0 requests per second", operation);
	strmap_set(&c->rates, operation, text);
	for (size_t i = 0; i < c->n_buckets; i++)
		if (!strcmp(c->buckets[i].op->name, operation))
			token_bucket_init(&c->buckets[i].bucket, per_second, MAX(1.0, per_second), clock_mono_ms());
	return 0;
}

/* --- the loop --------------------------------------------------------------------------- */

static int64_t timers_wait_ms(const struct aws_client *c, int64_t now_ms)
{
	int64_t wait_ms = -1;

	for (size_t i = 0; i < c->n_timers; i++) {
		int64_t left_ms = MAX(c->timers[i].due_ms - now_ms, 0);

		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	return wait_ms;
}

/* Those that are due now, in order of time; what they add waits for the next turn. */
static void timers_run(struct aws_client *c)
{
	int64_t now_ms = clock_mono_ms();
	uint64_t newest = c->last_timer;

	for (;;) {
		size_t best = c->n_timers;
		struct timer t;

		for (size_t i = 0; i < c->n_timers; i++)
			if (c->timers[i].due_ms <= now_ms && c->timers[i].id <= newest &&
			    (best == c->n_timers || c->timers[i].due_ms < c->timers[best].due_ms ||
			     (c->timers[i].due_ms == c->timers[best].due_ms && c->timers[i].id < c->timers[best].id)))
				best = i;
		if (best == c->n_timers)
			return;
		t = c->timers[best];
		c->timers[best] = c->timers[--c->n_timers];
		t.fn(t.user);
	}
}

uint64_t aws_client_after(struct aws_client *c, int64_t delay_ms, aws_timer_fn *fn, void *user)
{
	GROW(c->timers, c->cap_timers, c->n_timers + 1);
	c->timers[c->n_timers++] = (struct timer){
		.id = ++c->last_timer, .due_ms = clock_mono_ms() + MAX(delay_ms, 0), .fn = fn, .user = user};
	return c->last_timer;
}

void aws_client_cancel_timer(struct aws_client *c, uint64_t id)
{
	for (size_t i = 0; i < c->n_timers; i++)
		if (c->timers[i].id == id) {
			c->timers[i] = c->timers[--c->n_timers];
			return;
		}
}

static int shorter(int timeout_ms, int64_t wait_ms)
{
	if (wait_ms < 0)
		return timeout_ms;
	if (timeout_ms < 0 || wait_ms < timeout_ms)
		return (int)MIN(wait_ms, (int64_t)INT_MAX);
	return timeout_ms;
}

/* What is due of one client before the wait; returns how long it may wait, and adds its children's pipes to fds. */
static int begin_turn(struct aws_client *c, struct pollfd *fds, unsigned room, unsigned *ret_n, int timeout_ms)
{
	requests_pump(c);
	requests_finish(c);
	timeout_ms = shorter(timeout_ms, requests_wait_ms(c));
	timeout_ms = shorter(timeout_ms, timers_wait_ms(c, clock_mono_ms()));
	*ret_n = process_fds(c, fds, room);
	return timeout_ms;
}

static void end_turn(struct aws_client *c)
{
	process_poll(c);
	timers_run(c);
	requests_read(c);
	requests_pump(c);
	requests_finish(c);
}

int aws_client_poll(struct aws_client *c, struct pollfd *fds, unsigned n_fds, int timeout_ms)
{
	struct pollfd all[HTTP_FDS_MAX];
	struct aws_client *one = c;
	unsigned n, n_all;

	n_fds = n_all = MIN(n_fds, (unsigned)MAX_FDS);
	if (n_fds)
		memcpy(all, fds, n_fds * sizeof(*fds));
	do {
		timeout_ms = begin_turn(one, all + n_all, HTTP_FDS_MAX - n_all, &n, timeout_ms);
		n_all += n;
		one = one->next;
	} while (one != c);
	http_poll(c->http, all, n_all, timeout_ms < 0 ? 60000 : timeout_ms);
	if (n_fds)
		memcpy(fds, all, n_fds * sizeof(*fds));
	do {
		end_turn(one);
		one = one->next;
	} while (one != c);
	return 0;
}

int64_t aws_client_silent_ms(const struct aws_client *c)
{
	return http_silent_ms(c->http);
}

bool aws_client_clock_skew(const struct aws_client *c, int64_t *ret_ms)
{
	*ret_ms = c->skew_ms;
	return c->skew_known;
}

int aws_client_check_credentials(struct aws_client *c, struct err *err)
{
	const struct err *failed;

	while (!cred_cache_get(c->credentials)) {
		if (!cred_cache_is_busy(c->credentials)) {
			failed = cred_cache_error(c->credentials);
			if (err && err->code == ERR_OK)
				*err = *failed;
			return -(int)failed->code;
		}
		aws_client_poll(c, NULL, 0, 1000);
	}
	return 0;
}
