/* sync_keep.c - a complete log into the cache, in slices: a million lines take a second. */
#include "sync/sync_priv.h"

#define AT_ONCE 2000 /* lines */

static void keep_tick(void *user);

void keep_stop(struct follow *w)
{
	follow_stop_timer(w, &w->keep_timer);
	store_log_close(TAKE(w->keep_writer));
	w->kept = 0;
}

/* Some more lines; 1 where others are left. */
static int keep_some(struct follow *w, struct err *err)
{
	const struct loglines *l = &follow_feed(w)->logs;
	size_t n = MIN((size_t)AT_ONCE, l->n - w->kept);
	int rc = store_log_append_some(w->keep_writer, l, w->kept, n, err);

	w->kept += n;
	if (rc)
		return rc;
	return w->kept < l->n ? 1 : store_log_commit(w->keep_writer, l, err);
}

static void keep_on(struct follow *w)
{
	struct err err = {0};
	int rc = keep_some(w, &err);

	if (rc > 0) {
		follow_start_timer(w, &w->keep_timer, 0, keep_tick);
		return;
	}
	if (rc < 0)
		sync_note_error(w->s, "not cached", &err);
	keep_stop(w);
	mem_give_back(); /* what the reading of so long a log took */
}

static void keep_tick(void *user)
{
	struct follow *w = user;

	w->keep_timer = 0;
	w->pending--;
	if (w->s->closing)
		return;
	keep_on(w);
	follow_check(w);
}

void keep_begin(struct follow *w)
{
	const struct loglines *l = &follow_feed(w)->logs;
	struct err err = {0};

	/* An empty log is asked for again: it may have been denied, or come late. */
	if (w->reading || l->n == 0 || l->n_dropped > 0 || follow_feed(w)->logs_cut)
		return;
	if (l->n <= AT_ONCE) {
		if (store_logs_save(w->s->store, w->kind, w->name, l, &err))
			sync_note_error(w->s, "not cached", &err);
		return;
	}
	keep_stop(w);
	if (store_log_begin(w->s->store, w->kind, w->name, &w->keep_writer, &err))
		sync_note_error(w->s, "not cached", &err);
	else
		keep_on(w);
}
