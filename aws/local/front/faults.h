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

#include "aws/local/core/engine.h"
#include "aws/local/wire/exchange.h"

struct document_kind;

/* Reads e->opt.faults into e->faults (NULL without any). ERR_USAGE names the term. */
int faults_init(struct engine *e, struct err *err) NODISCARD;
void faults_free(struct engine *e);

/* One request of the operation ("sagemaker:Search") now. */
void faults_plan(struct engine *e, const char *action, struct fault_plan *ret);

/* An empty page with a token in place of the operation's: true where *out was
 * set. kind: of whose list it may be, or NULL. Also puts the client's own position back into *in when it goes on from
 * such a page, so it must be called for every request. */
bool faults_empty_page(const struct fault_plan *plan, const char *action, const struct document_kind *kind, json_t *in,
		       json_t **out);

/* The words of --help and the manual: kinds, one a line. */
void faults_help(FILE *out);

#endif
