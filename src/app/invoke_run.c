/* invoke_run.c - many calls of one body, counted, and what they tell. */
#include "app/invoke_run.h"

#include <math.h>

#include "base/clock.h"
#include "base/doubles.h"
#include "model/price.h"

struct run {
	struct aws_client *client;
	struct runtime_call call;
	size_t left, under_way;
	int64_t began_us;
	struct invoke_report report;
	struct err final; /* it is of no use to go on */
	invoke_run_fn *fn;
	void *user;
};

/* --- calls ------------------------------------------------------------------------------ */

static void count_cause(struct invoke_report *r, const char *text)
{
	size_t i = 0;

	while (i < r->n_causes && !str_eq(r->causes[i].text, text))
		i++;
	if (i == INVOKE_CAUSES_MAX) {
		i--;
		str_set(&r->causes[i].text, "others");
	} else if (i == r->n_causes) {
		r->causes[r->n_causes++] = (struct invoke_cause){.text = xstrdup(text)};
	}
	r->causes[i].n++;
}

static bool is_final(const struct run *r, const struct err *err)
{
	return err->code == ERR_CANCELLED || err->code == ERR_AUTH || err->code == ERR_EXPIRED ||
	       err->code == ERR_DENIED || (!r->report.n_ms && str_eq(err->aws_code, "ValidationError"));
}

static void run_end(struct run *r)
{
	r->report.seconds = (double)(clock_mono_us() - r->began_us) / 1e6;
	doubles_sort(r->report.ms, r->report.n_ms);
	r->fn(r->user, &r->report, r->final.code ? &r->final : NULL);
	for (size_t i = 0; i < r->report.n_causes; i++)
		free(r->report.causes[i].text);
	free(r->report.ms);
	free(r);
}

static void call_some(struct run *r);

static void on_answer(void *user, const struct runtime_answer *a, const struct err *err)
{
	struct run *r = user;

	r->under_way--;
	if (!err) {
		r->report.ms[r->report.n_ms++] = (double)a->took_us / 1000;
	} else {
		r->report.failed++;
		count_cause(&r->report, err->msg);
		if (!r->final.code && is_final(r, err))
			r->final = *err;
	}
	call_some(r);
	if (!r->under_way)
		run_end(r);
}

static void call_some(struct run *r)
{
	for (; r->left && r->under_way < r->report.parallel && !r->final.code; r->left--) {
		r->under_way++;
		runtime_invoke(r->client, &r->call, on_answer, r);
	}
}

void invoke_run(struct aws_client *c, const struct runtime_call *call, size_t calls, size_t parallel, invoke_run_fn *fn,
		void *user)
{
	struct run *r = NEW(struct run);

	*r = (struct run){.client = c,
			  .call = *call,
			  .left = calls,
			  .began_us = clock_mono_us(),
			  .report = {.parallel = parallel, .ms = xcalloc(calls, sizeof(double))},
			  .fn = fn,
			  .user = user};
	call_some(r);
}

/* --- told ---------------------------------------------------------------------------------- */

double invoke_percentile(const struct invoke_report *r, double percent)
{
	size_t at = (size_t)ceil(percent / 100 * (double)r->n_ms);

	return r->n_ms ? r->ms[MAX(at, (size_t)1) - 1] : NAN;
}

double invoke_rate(const struct invoke_report *r)
{
	return r->seconds > 0 ? (double)r->n_ms / r->seconds : NAN;
}

int64_t invoke_million_micro(const struct invoke_report *r, int64_t hour_micro)
{
	double micro = (double)hour_micro / 3600 / invoke_rate(r) * 1e6;

	return hour_micro == USD_UNKNOWN || !isfinite(micro) || micro > 1e18 ? USD_UNKNOWN : llround(micro);
}

void invoke_tell(const struct invoke_report *r, const char *machines, int64_t hour_micro, const char *prices,
		 invoke_line_fn *line, void *user)
{
	char hour[24], million[24];
	AUTO(str)
	char *calls = xasprintf("%zu in %.2f s, %zu at a time", r->n_ms + r->failed, r->seconds, r->parallel);
	AUTO(str) char *rate = xasprintf("%.1f answers a second", invoke_rate(r));
	AUTO(str)
	char *latency = xasprintf("p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, longest %.1f ms", invoke_percentile(r, 50),
				  invoke_percentile(r, 90), invoke_percentile(r, 99), invoke_percentile(r, 100));
	AUTO(str) char *failed = xasprintf("%zu", r->failed);
	AUTO(str)
	char *cost = xasprintf("%s: %s an hour, %s for a million calls at this rate (%s)", machines,
			       hour_micro == USD_UNKNOWN ? "?" : money_rate_text(hour, hour_micro),
			       money_text(million, invoke_million_micro(r, hour_micro)), prices);

	line(user, "calls", calls);
	line(user, "rate", r->n_ms ? rate : NULL);
	line(user, "latency", r->n_ms ? latency : NULL);
	line(user, "failed", failed);
	for (size_t i = 0; i < r->n_causes; i++) {
		AUTO(str) char *cause = xasprintf("%zu x %s", r->causes[i].n, r->causes[i].text);

		line(user, "", cause);
	}
	if (*machines)
		line(user, "cost", cost);
}
