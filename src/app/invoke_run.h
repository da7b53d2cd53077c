/* invoke_run.h - an endpoint under load: many calls of one body, several at a time; how long
 * they took, how many failed and why, and what that costs on the endpoint's instances. The command and the form
 * of the dashboard run and tell it alike. */
#ifndef SAGETOP_APP_INVOKE_RUN_H
#define SAGETOP_APP_INVOKE_RUN_H

#include "aws/runtime.h"

#define INVOKE_CALLS_MAX 1000000
#define INVOKE_CAUSES_MAX 20 /* told apart; more are the last one's */

struct invoke_cause {
	char *text;
	size_t n;
};

struct invoke_report {
	size_t parallel, failed;
	double seconds;
	double *ms; /* of the calls that went well, ascending */
	size_t n_ms;
	struct invoke_cause causes[INVOKE_CAUSES_MAX];
	size_t n_causes;
};

/* err: what cannot go well for any call (permissions, no such endpoint); nothing more is sent then. Borrowed. */
typedef void invoke_run_fn(void *user, const struct invoke_report *r, const struct err *err);
/* What call points to is borrowed until then. */
void invoke_run(struct aws_client *c, const struct runtime_call *call, size_t calls, size_t parallel, invoke_run_fn *fn,
		void *user);

/* The least that so many of a hundred do not exceed; NAN where none went well. */
double invoke_percentile(const struct invoke_report *r, double percent);
double invoke_rate(const struct invoke_report *r); /* answers a second; NAN */
/* Dollars a million calls at that rate; USD_UNKNOWN. */
int64_t invoke_million_micro(const struct invoke_report *r, int64_t hour_micro);

/* The report in lines, for people. machines: on which it ran ("": of what is billed by use); prices: of when. */
typedef void invoke_line_fn(void *user, const char *label, const char *value);
void invoke_tell(const struct invoke_report *r, const char *machines, int64_t hour_micro, const char *prices,
		 invoke_line_fn *line, void *user);

#endif
