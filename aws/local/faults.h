/* faults.h - --faults: what goes wrong with the real service and the network,
 * on purpose, at a rate, and again in the same way with the same seed.
 *
 *   SPEC  = term{,term}     term = kind=RATE[:TIME[:MOST]][@PATTERN]
 *
 * Whether a fault strikes is a function of the seed, the term, the operation and
 * how many requests of that operation came before, so that requests of other
 * operations in between change nothing. PATTERN limits a term to operations
 * ("sagemaker:List*"). Half of the resets come after the operation was carried
 * out: its reply is lost, its effect is not.
 */
#ifndef SAGETOP_LOCAL_FAULTS_H
#define SAGETOP_LOCAL_FAULTS_H

#include "aws/local/engine.h"

struct exchange;
struct call;

/* What a request will meet; all false and 0 for nothing. */
struct fault_plan {
	bool throttle, error_500, error_503, expired, empty, reset_before, reset_after, truncate;
	int64_t slow_ms, skew_ms;
	double truncate_at; /* share of the reply that is sent, 0..1 */
};

/* Reads e->opt.faults into e->faults (NULL without any). ERR_USAGE names the term. */
int faults_init(struct engine *e, struct err *err) NODISCARD;
void faults_free(struct engine *e);

/* One request of the operation ("sagemaker:Search") now. */
void faults_plan(struct engine *e, const char *action, struct fault_plan *ret);

/* An empty page with a token in place of the operation's: true where *out was
 * set. Also puts the client's own position back into *in when it goes on from
 * such a page, so it must be called for every request. */
bool faults_empty_page(const struct fault_plan *plan, const char *action, json_t *in, json_t **out);

/* The words of --help and the manual: kinds, one a line. */
void faults_help(FILE *out);

#endif
