/* diagnosis.h - why a training job failed, in words, and what to try: pure.
 *
 * A row of diagnosis.def is a cause: what a reason or a log says of it, what it is in words, what helps. The first row
 * that applies is told, with the job's own figures where they are known (its type, prices, limits, curves). What it
 * goes by is the record (reason, secondary status, messages) and what the session has read of the log (failure.h); a
 * job that did well, or of which nothing is said, has none. */
#ifndef SAGETOP_MODEL_DIAGNOSIS_H
#define SAGETOP_MODEL_DIAGNOSIS_H

#include "model/field.h"

enum diagnosis_id {
#define DIAGNOSIS(id, name, said, words, attempt, brief, fn) DIAGNOSIS_##id,
#include "model/diagnosis.def"
#undef DIAGNOSIS
	DIAGNOSIS_COUNT
};

struct diagnosis {
	const char *cause; /* "memory": the row's name; static; NULL: nothing is known */
	char *words;	   /* what it was, a sentence or two */
	char *attempt;	   /* what to try */
	char *brief;	   /* the same in a few words, for a column */
	char *remedy;	   /* a line ready to be used: a command, or a statement of a policy; NULL: there is none */
};
void diagnosis_done(struct diagnosis *d);
AUTO_EMBEDDED(diagnosis, struct diagnosis, diagnosis_done)

const char *diagnosis_name(enum diagnosis_id id);
const char *diagnosis_words(enum diagnosis_id id); /* what it is, where nothing is known of the job */
/* Whether something can be said of it: a job that has failed, or that a limit of its own has stopped. *ret is replaced.
 * Its hyperparameters and role are told where the job is not trimmed. */
bool diagnosis_find(struct diagnosis *ret, const struct resource *r, const struct field_context *x);

#endif
