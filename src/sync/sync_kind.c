/* sync_kind.c - the lists of all kinds: who waits for a pass, which comes next, the list
 * that somebody looks at, and how many there are of each kind. */
#include "sync/sync_priv.h"

struct pass_request {
	char *parent;
	enum pass_mode mode;
	struct waiter waiter;
};

static void begin(struct kind_sync *ks);

static void add_request(struct kind_sync *ks, const char *parent, enum pass_mode mode, sync_done_fn *fn, void *user)
{
	GROW(ks->next, ks->cap_next, ks->n_next + 1);
	ks->next[ks->n_next++] = (struct pass_request){xstrdup(parent), mode, {fn, user}};
}

/* The next wish, with all others of the same kind. */
static void begin_next(struct kind_sync *ks)
{
	AUTO(str) char *parent = NULL;
	enum pass_mode mode;
	size_t kept = 0;

	if (ks->n_next == 0 || ks->pass || ks->starting)
		return;
	parent = xstrdup(ks->next[0].parent);
	mode = ks->next[0].mode;
	for (size_t i = 0; i < ks->n_next; i++) {
		struct pass_request *r = &ks->next[i];

		if (str_eq(r->parent, parent) && r->mode == mode) {
			waiters_add(&ks->waiters, r->waiter.fn, r->waiter.user);
			free(r->parent);
		} else {
			ks->next[kept++] = *r;
		}
	}
	ks->n_next = kept;
	str_set(&ks->parent, parent);
	ks->mode = mode;
	ks->by_user = true;
	begin(ks);
}

static void failed(struct kind_sync *ks, const struct err *err)
{
	ks->failures++;
	if (ks->kind == TRAINING_KIND && err->code != ERR_CANCELLED)
		str_copy(ks->s->session->trouble, sizeof(ks->s->session->trouble), err->msg);
	sync_note_error(ks->s, kind_word(ks->kind), err);
}

void sync_pass_ended(struct sync *s, const struct kind *k, const struct err *err)
{
	struct kind_sync *ks = &s->kinds[k->id];

	if (err) {
		failed(ks, err);
	} else {
		if (ks->failures > 0) /* what failed stands on the status line still */
			session_notify(s->session, NOTICE_INFO, "the %s are up to date again", kind_word(k));
		ks->failures = 0;
		if (k->id == KIND_TRAINING_JOB) {
			s->session->trouble[0] = '\0';
			sync_prices_offer(s);
		}
	}
	ks->by_user = false;
	waiters_run(&ks->waiters, err);
	begin_next(ks);
}

static void on_identified(void *user, const struct err *err)
{
	struct kind_sync *ks = user;
	struct err copy = err ? *err : (struct err){0};

	ks->starting = false;
	if (ks->s->closing)
		return;
	if (err) {
		failed(ks, &copy);
		waiters_run(&ks->waiters, &copy);
		begin_next(ks);
	} else if (!ks->pass) {
		sync_load_kind(ks->s, ks->kind);
		sync_pass_begin(ks->s, ks->kind, ks->parent, ks->mode, ks->by_user);
	}
}

/* Before the account is known nothing may be saved under its name. */
static void begin(struct kind_sync *ks)
{
	if (ks->starting)
		return;
	ks->starting = true;
	sync_identify(ks->s, on_identified, ks);
}

void sync_request_pass(struct sync *s, const struct kind *k, const char *parent, enum pass_mode mode, bool by_user,
		       sync_done_fn *fn, void *user)
{
	struct kind_sync *ks = &s->kinds[k->id];
	bool idle = !ks->pass && !ks->starting;

	/* A pass under way began too early to show what the caller may have done. */
	if (ks->pass || (ks->starting && !(str_eq(ks->parent, parent) && ks->mode == mode))) {
		add_request(ks, parent, mode, fn, user);
		return;
	}
	waiters_add(&ks->waiters, fn, user);
	ks->by_user |= by_user;
	if (idle) {
		str_set(&ks->parent, parent);
		ks->mode = mode;
	}
	begin(ks);
}

static void no_parent(const struct kind *k, struct err *err)
{
	(void)err_set(err, ERR_USAGE, "%s belong to a %s: say which, %s/NAME", k->title, k->parent_kind, k->plural);
}

static bool can_pass(const struct sync *s, const struct kind *k, const char *parent)
{
	return sync_can_list(k, parent) || (k->search.resource && !s->search_denied);
}

void sync_kind(struct sync *s, const struct kind *k, const char *parent, sync_done_fn *fn, void *user)
{
	struct err err = {0};

	if (can_pass(s, k, parent)) {
		sync_request_pass(s, k, parent, k->id == KIND_TRAINING_JOB ? PASS_WHOLE : PASS_SUMMARIES, true, fn,
				  user);
		return;
	}
	no_parent(k, &err);
	sync_later(s, fn, user, &err);
}

void sync_load_kind(struct sync *s, const struct kind *k)
{
	struct kind_sync *ks = &s->kinds[k->id];
	struct resources *t = &s->session->tables[k->id];
	struct err err = {0};

	if (ks->loaded || k->id == KIND_TRAINING_JOB) /* of jobs: sync_load */
		return;
	ks->loaded = true;
	if (store_resources_load(s->store, k, t, &err))
		sync_note_error(s, "cache", &err);
	t->complete = sync_pass_was_complete(s, k);
	t->generation++;
}

/* --- how many there are --------------------------------------------------------------------- */

/* One page of each list, one after the other: lists in a row throttle an account. */
struct counting {
	struct sync *s;
	size_t next;
	sync_done_fn *fn;
	void *user;
	struct err err; /* the last failure */
	size_t counted;
};

static void count_next(struct counting *c);

static void on_counted(void *user, const struct err *err)
{
	struct counting *c = user;

	if (err)
		c->err = *err;
	else
		c->counted++;
	if (err &&
	    (err->code == ERR_CANCELLED || err->code == ERR_AUTH || err->code == ERR_EXPIRED || err->code == ERR_NET))
		c->next = KIND_COUNT; /* the rest would fail too */
	count_next(c);
}

static void count_next(struct counting *c)
{
	while (c->next < KIND_COUNT) {
		const struct kind *k = &kind_table[c->next++];

		if (!can_pass(c->s, k, NULL))
			continue;
		sync_request_pass(c->s, k, NULL, k->id == KIND_TRAINING_JOB ? PASS_WHOLE : PASS_FIRST_PAGE, true,
				  on_counted, c);
		return;
	}
	/* One kind that is denied or not to be had in a region is no failure of all. */
	c->fn(c->user, c->counted || !c->err.code ? NULL : &c->err);
	free(c);
}

void sync_counts(struct sync *s, sync_done_fn *fn, void *user)
{
	struct counting *c = NEW(struct counting);

	*c = (struct counting){.s = s, .fn = fn, .user = user};
	count_next(c);
}

/* --- begin and end ---------------------------------------------------------------------------- */

void sync_kinds_init(struct sync *s)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		s->kinds[i].s = s;
		s->kinds[i].kind = &kind_table[i];
	}
}

void sync_kinds_reset(struct sync *s)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		resources_done(&s->session->tables[i]);
		s->kinds[i].loaded = false;
	}
	session_cold_clear(s->session);
	session_traffic_clear(s->session);
	session_files_clear(s->session);
}

void sync_kinds_free(struct sync *s, const struct err *cancelled)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		struct kind_sync *ks = &s->kinds[i];

		sync_pass_free(TAKE(ks->pass));
		waiters_run(&ks->waiters, cancelled);
		for (size_t j = 0; j < ks->n_next; j++) {
			if (ks->next[j].waiter.fn)
				ks->next[j].waiter.fn(ks->next[j].waiter.user, cancelled);
			free(ks->next[j].parent);
		}
		free(ks->next);
		free(ks->parent);
	}
	free(s->used_name);
}
