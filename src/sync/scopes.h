/* scopes.h - the profiles and regions that are looked at together, each with a sync of its own: credentials, rates,
 * cache and errors. They share one loop, so that none waits for another, and one session (session.h) that has the
 * things of all. A single one is a set of one.
 */
#ifndef SAGETOP_SYNC_SCOPES_H
#define SAGETOP_SYNC_SCOPES_H

#include "model/scope.h"
#include "sync/sync.h"

struct scopes {
	struct sync *items[SCOPES_MAX]; /* a thing's is items[r->scope] */
	size_t n;
	struct session *wide;  /* NULL: there is one */
	struct strlist labels; /* their names */
};
void scopes_done(struct scopes *s);

/* The sync of one more; s owns it. opt as for sync_new. ERR_USAGE where it is there already. */
int scopes_add(struct scopes *s, const struct sync_options *opt, struct err *err) NODISCARD;
/* After the last one. */
void scopes_settle(struct scopes *s);
struct session *scopes_session(const struct scopes *s);
/* Of "SCOPE:TEXT" the scope's place and the text; n where it begins with none. */
size_t scopes_of_text(const struct scopes *s, const char *text, const char **ret_rest);
/* Where "SCOPE:NAME" is, or a name that one scope has, and its name there (borrowed from it); ERR_NOTFOUND, or
 * ERR_INVALID where several have it. *ret is a place in items. */
int scopes_find(const struct scopes *s, const struct kind *k, const char *name, size_t *ret, const char **ret_name,
		struct err *err) NODISCARD;
/* One turn for all, see aws_client_poll. */
int scopes_poll(const struct scopes *s, struct pollfd *fds, unsigned n_fds, int timeout_ms);

#endif
