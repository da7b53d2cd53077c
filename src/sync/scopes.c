/* scopes.c - several syncs beside each other. */
#include "sync/scopes.h"

void scopes_done(struct scopes *s)
{
	session_free(TAKE(s->wide));
	for (size_t i = 0; i < s->n; i++)
		sync_free(s->items[i]);
	strlist_done(&s->labels);
	*s = (struct scopes){0};
}

int scopes_add(struct scopes *s, const struct sync_options *opt, struct err *err)
{
	struct sync_options one = *opt;

	if (s->n)
		one.aws.beside = sync_client(s->items[0]);
	int rc = sync_new(&one, &s->items[s->n], err);

	if (rc < 0)
		return rc;
	const char *label = session_label(sync_session(s->items[s->n]));

	if (strlist_has(&s->labels, label)) {
		rc = err_set(err, ERR_USAGE, "%s is named twice", label);
		sync_free(s->items[s->n]);
		return rc;
	}
	strlist_add(&s->labels, label);
	s->n++;
	return 0;
}

void scopes_settle(struct scopes *s)
{
	struct session *parts[SCOPES_MAX];

	for (size_t i = 0; i < s->n; i++)
		parts[i] = sync_session(s->items[i]);
	if (s->n > 1)
		s->wide = session_wide_new(parts, s->n);
}

struct session *scopes_session(const struct scopes *s)
{
	return s->wide ? s->wide : sync_session(s->items[0]);
}

size_t scopes_of_text(const struct scopes *s, const char *text, const char **ret_rest)
{
	return scope_of(&s->labels, text, ret_rest);
}

int scopes_find(const struct scopes *s, const struct kind *k, const char *name, size_t *ret, const char **ret_name,
		struct err *err)
{
	const struct session *own = session_within(scopes_session(s), k, name, ret_name);
	size_t found = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct session *part = sync_session(s->items[i]);

		if (part == own) {
			*ret = i;
			return 0;
		}
		found += resources_find(&part->tables[k->id], name) != NULL;
	}
	if (found > 1)
		return err_set(err, ERR_INVALID, "%zu scopes have a %s: say which, as in %s:%s", found, name,
			       session_label(sync_session(s->items[0])), name);
	return err_set(err, ERR_NOTFOUND, "no scope is known to have %s: say which, as in %s:%s", name,
		       session_label(sync_session(s->items[0])), name);
}

int scopes_poll(const struct scopes *s, struct pollfd *fds, unsigned n_fds, int timeout_ms)
{
	int rc = sync_poll(s->items[0], fds, n_fds, timeout_ms);

	for (size_t i = 1; i < s->n; i++)
		sync_refresh_budget(s->items[i]);
	session_wide_refresh(scopes_session(s));
	return rc;
}
