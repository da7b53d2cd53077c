/* failure.h - why things fail, so that equal causes can be counted.
 *
 * A cause is the line of the failure reason that says it (of a traceback the last), with
 * what differs from one thing to the next masked: numbers, quoted texts, names, the end of
 * a URI. A reason that is nothing but an exit code is no cause; what the log says stands
 * for it, as soon as somebody who has read the log has told it (failure_learn). */
#ifndef SAGETOP_MODEL_FAILURE_H
#define SAGETOP_MODEL_FAILURE_H

#include "model/query.h"
#include "model/resource.h"

struct loglines;

#define FAILURE_CAUSE_MAX 200 /* bytes; longer ones are cut */

/* The masked text; name (may be NULL) is that of the thing itself. out is replaced. */
void failure_mask(const char *text, const char *name, struct buf *out);
/* "AlgorithmError: , exit code: 1" and the like: it says that it failed, not why; so does a script's failure of
 * which only the command is told. reason may be NULL. */
bool failure_is_bare(const char *reason);
/* The exit code that it names, as a shell has it (killed by signal 9: 137); -1 where it names none. */
int failure_exit_code(const char *reason);
/* What of it says why, of one line or several: of a script's failure, as AWS's containers wrap it, the ErrorMessage; of
 * a bare one "exit code 1"; else all of it. out is replaced. */
void failure_message(const char *reason, struct buf *out);
/* The line of a log that says why: the end of its last traceback, else its last error, else
 * its last line. Borrowed from the log; NULL where it is empty. */
const char *failure_line(const struct loglines *log);

/* Whether that line is one of a traceback that came a line an event: its first and its last line; between them may be
 * lines of other streams. */
bool failure_traceback(const struct loglines *log, size_t line, size_t *ret_from, size_t *ret_to);

/* The cause of a thing that has failed; NULL where it has not, or nothing is known. Borrowed
 * from the session for as long as it lives. */
const char *failure_cause(const struct session *s, const struct resource *r);
/* Take note of what a log says of a thing whose reason is bare; what was noted of it, as it stood there. NULL: nothing.
 * Borrowed until something else is. */
void failure_learn(const struct session *s, const struct resource *r, const char *line);
const char *failure_learnt(const struct session *s, const struct resource *r);
/* The line that says why it failed, unmasked: what was noted, else the last of its reason, which must not be NULL. It
 * may lie in out, which is replaced. */
const char *failure_says(const struct session *s, const struct resource *r, struct buf *out);

struct failure {
	const char *cause; /* borrowed from the session */
	size_t n;
	int64_t usd_micro; /* of those whose cost is known; USD_UNKNOWN where none is */
	int64_t last_ms;   /* when the newest of them ended */
	const struct resource *newest;
};

/* Equal causes counted, the most frequent first. */
struct failures {
	struct failure *items;
	size_t n, cap;
	size_t n_failed, n_all; /* things that have failed; that were looked at */
	int64_t usd_micro;	/* as above, of all that failed */
};
void failures_done(struct failures *f);
AUTO_EMBEDDED(failures, struct failures, failures_done)
/* Of those that the query (NULL: all) lets through. *f is replaced. */
void failures_build(struct failures *f, const struct resources *t, const struct query *q,
		    const struct field_context *x);
/* The things of one of these causes, the newest first, as the session calls them; appended. q: of failures_build. */
void failures_names(const struct failure *f, const struct resources *t, const struct query *q,
		    const struct field_context *x, struct strlist *ret);

#endif
