/* sync_pass.c - one pass over the things of one kind, by Search or by the list.
 *
 * A pass goes newest first, page by page, and takes each page into session and store
 * as it comes. After a first full pass it asks only for what changed since the mark
 * (the newest change seen, less an overlap for the index that lags); the mark moves
 * only when a pass reached its end. A page that fails is asked for again. Where Search
 * is denied the list takes its place, and whoever wants whole things describes those
 * that changed. */
#include "sync/sync_priv.h"

#include "base/clock.h"
#include "base/log.h"

#define FULL_PASS_EVERY_MS (6 * HOUR_MS)    /* finds what an index lost, and what was deleted */
#define FULL_ALWAYS 500			    /* things of a list so short that what was deleted is missed at once */
#define LIST_FULL_EVERY_MS (10 * MINUTE_MS) /* of longer ones */
/* A list takes a page and then applies the filter of times: a long account has many
 * empty pages. */
#define LIST_PATIENCE_MS 300000
#define PAGE_RETRIES 6	/* of a page in the midst of a pass: a hundred pages must not begin anew for one */
#define DESCRIBES_MAX 4 /* at a time, in a pass */

struct sync_pass {
	struct sync *s;
	const struct kind *kind;
	char *parent; /* NULL: of all */
	bool by_list;
	bool whole; /* things are wanted whole: the list's are described */
	bool full;
	bool first_only;  /* one page */
	bool by_user;	  /* somebody waits for it: ahead of polling */
	bool mark_known;  /* the first row of the first page sets the mark */
	bool more;	  /* first_only: there is more */
	int64_t after_ms; /* only what changed since; TIME_UNKNOWN: all */
	int64_t mark_ms;  /* the next mark */
	int64_t started_ms;
	unsigned cache_begun; /* it fills that cache: its marks are no other's */
	struct paging pages;
	size_t n_seen;
	int page_failures;
	struct strlist describe; /* whole by the list: names to describe, newest first */
	size_t next_describe, describing;
};

static void next_page(struct sync_pass *p);

void sync_pass_free(struct sync_pass *p)
{
	if (!p)
		return;
	free(p->parent);
	paging_done(&p->pages);
	strlist_done(&p->describe);
	free(p);
}

/* --- marks ------------------------------------------------------------------------- */

/* Marks of the passes over all things of a kind: "jobs_mark", "endpoints_mark". */
static char *mark_key(const struct kind *k, const char *what)
{
	return xasprintf("%s_%s", k->word ? k->word : k->plural, what);
}

static int64_t mark_get(struct sync *s, const struct kind *k, const char *what)
{
	AUTO(str) char *key = mark_key(k, what);
	AUTO(str) char *text = store_meta_get(s->store, key);
	int64_t v = 0;

	if (text)
		(void)str_to_i64(text, &v);
	return v;
}

static void mark_set(struct sync *s, const struct kind *k, const char *what, int64_t v)
{
	AUTO(str) char *key = mark_key(k, what);
	char text[32];
	struct err err = {0};

	snprintf(text, sizeof(text), "%lld", (long long)v);
	if (store_meta_set(s->store, key, text, &err))
		log_info("sync: %s", err.msg); /* the next pass only reads more than it must */
}

bool sync_pass_was_complete(struct sync *s, const struct kind *k)
{
	return mark_get(s, k, "mark") != 0;
}

/* --- session and store ---------------------------------------------------------------- */

/* What was in the cache before it was begun anew is to be saved again: what is in memory as it is, the
 * rest as soon as it is told once more, by the full pass that a cache without marks asks for. */
static void hear_of_cache(struct sync *s)
{
	if (s->cache_begun == store_cache_begun(s->store))
		return;
	s->cache_begun = store_cache_begun(s->store);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct resources *t = &s->session->tables[k];

		for (size_t i = 0; i < t->n; i++) {
			t->items[i]->unsaved = !t->items[i]->trimmed;
			t->items[i]->lost = t->items[i]->trimmed;
		}
	}
}

/* Save these; what is saved and not watched gives its cold part back. */
static bool save(struct sync *s, struct resource **items, size_t n)
{
	struct err err = {0};
	int rc = store_resources_save(s->store, items, n, &err);

	hear_of_cache(s);
	if (rc) {
		sync_note_error(s, "not saved", &err);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		items[i]->unsaved = false;
		if (!sync_is_in_use(s, items[i]))
			items[i]->kind->class->trim(items[i]);
	}
	return true;
}

void sync_save_unsaved(struct sync *s, const struct kind *k)
{
	struct resources *t = &s->session->tables[k->id];
	struct resource *batch[200];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct resource *r = t->items[i];

		if (r->unsaved) {
			batch[n++] = r;
			if (n == ARRAY_LEN(batch)) {
				if (!save(s, batch, n))
					return;
				n = 0;
			}
		} else if (!r->trimmed && r->detail >= DETAIL_SEARCHED && !sync_is_in_use(s, r)) {
			k->class->trim(r);
		}
	}
	if (n > 0)
		(void)save(s, batch, n);
}

/* before: NULL where it was not known. What is new, but older than our start, is no change. */
static void tell_transition(const struct sync *s, const struct resource *r, const char *before)
{
	if (!s->on_transition || !s->started || !r->status_text || (!before && r->created_ms < s->started_ms))
		return;
	if (!before || strcmp(before, resource_state_text(r)) != 0)
		s->on_transition(s->transition_user, r, before);
}

static bool put_unsaved(struct sync *s, struct resource *r, struct resource **ret)
{
	struct resources *t = &s->session->tables[r->kind->id];
	bool changed;

	r->seen_ms = clock_now_ms();
	sync_resolve_parent(s, r);
	if (r->kind == TRAINING_KIND)
		sync_load_job(s, r->name); /* else what is known of it would be lost */
	const struct resource *earlier = resources_find(t, r->name);
	const char *before = earlier ? resource_state_text(earlier) : NULL; /* interned */
	struct resource *known = resources_put(t, r, &changed);

	if (changed)
		tell_transition(s, known, before);

	if (changed) {
		known->unsaved = true;
		session_cold_update(s->session, known, known->seen_ms);
		if (known->kind->id == KIND_TRAINING_JOB)
			sync_feeds_job_changed(s, resource_job(known));
	}
	*ret = known;
	return changed;
}

struct resource *sync_put_resource(struct sync *s, struct resource *r)
{
	struct resource *known;

	(void)put_unsaved(s, r, &known);
	if (known->unsaved)
		(void)save(s, &known, 1);
	return known;
}

void sync_forget_resource(struct sync *s, const struct kind *k, const char *name)
{
	AUTO(str) char *copy = xstrdup(name); /* it may be the thing's own */

	resources_remove(&s->session->tables[k->id], copy);
	if (store_resource_delete(s->store, k, copy, NULL))
		log_info("sync: %s stays in the cache until the next full pass", copy);
}

static bool needs_describe(const struct sync_pass *p, const struct resource *r)
{
	return p->whole && p->by_list && p->kind->describe.operation && (r->detail < DETAIL_DESCRIBED || r->unsaved);
}

static void put_page(struct sync_pass *p, const struct resource_page *page)
{
	struct resource *changed[256];
	size_t n_changed = 0;

	for (size_t i = 0; i < page->n; i++) {
		struct resource *r = TAKE(page->items[i]), *known;

		if (!p->mark_known)
			p->mark_ms = MAX(p->mark_ms, r->modified_ms);
		(void)put_unsaved(p->s, r, &known);
		if (needs_describe(p, known))
			strlist_add(&p->describe, known->name);
		if (known->unsaved)
			changed[n_changed++] = known;
		if (n_changed == ARRAY_LEN(changed)) {
			(void)save(p->s, changed, n_changed);
			n_changed = 0;
		}
	}
	if (page->n > 0)
		p->mark_known = true;
	if (n_changed > 0)
		(void)save(p->s, changed, n_changed);
	p->n_seen += page->n;
}

/* --- the end ----------------------------------------------------------------------------- */

/* Things of ours that a full pass did not bring were deleted. A list says so for sure;
 * Search's index may lag, and each is asked for by its name. */
static void check_missing(struct sync_pass *p)
{
	struct sync *s = p->s;
	const struct resources *t = &s->session->tables[p->kind->id];
	AUTO(strlist) struct strlist names = {0};

	if (p->kind == TRAINING_KIND)
		sync_load_rest(s);
	bool ask = p->kind->describe.operation && (p->kind->id == KIND_TRAINING_JOB || !p->by_list);

	for (size_t i = 0; i < t->n; i++) {
		const struct resource *r = t->items[i];

		if (r->seen_ms < p->started_ms && (!p->parent || str_eq(p->parent, r->parent)))
			strlist_add(&names, r->name);
	}
	for (size_t i = 0; i < names.n; i++) {
		if (ask)
			sync_describe_resource(s, p->kind, names.items[i], AWS_POLLING, NULL, NULL);
		else
			sync_forget_resource(s, p->kind, names.items[i]);
	}
}

static void pass_succeeded(struct sync_pass *p)
{
	struct sync *s = p->s;
	struct resources *t = &s->session->tables[p->kind->id];

	sync_note_success(s);
	t->synced_ms = clock_now_ms();
	t->failed = ERR_OK;
	if (p->parent || p->more) {
		if (!p->more)
			check_missing(p);
		return;
	}
	if (p->cache_begun != s->cache_begun)
		return;
	/* Only what has a change's time can be asked for by it. */
	if (p->mark_ms > 0)
		mark_set(s, p->kind, "mark", p->mark_ms);
	if (p->full) {
		mark_set(s, p->kind, "full_pass_ms", p->started_ms);
		t->complete = true;
		t->generation++;
		if (!p->whole || p->kind->id == KIND_TRAINING_JOB) /* else Search only fills what the list has told */
			check_missing(p);
	}
}

/* Consumes the pass. */
static void pass_end(struct sync_pass *p, const struct err *err)
{
	struct sync *s = p->s;
	struct err copy = err ? *err : (struct err){0};

	s->kinds[p->kind->id].pass = NULL;
	if (!s->closing) {
		hear_of_cache(s);
		sync_save_unsaved(s, p->kind);
		if (err)
			s->session->tables[p->kind->id].failed = err->code;
		else
			pass_succeeded(p);
		sync_pass_ended(s, p->kind, err ? &copy : NULL);
	}
	sync_pass_free(p);
}

/* --- describing what a list says too little of ------------------------------------------------ */

static void describe_more(struct sync_pass *p);

static void on_described(void *user, const struct err *err)
{
	struct sync_pass *p = user;

	p->describing--;
	if (err && err->code != ERR_NOTFOUND) {
		/* Denied, or no network: the rest would fail too. */
		p->next_describe = p->describe.n;
		if (p->describing == 0)
			pass_end(p, err->code == ERR_DENIED ? NULL : err);
		return;
	}
	describe_more(p);
}

static void describe_more(struct sync_pass *p)
{
	while (p->describing < DESCRIBES_MAX && p->next_describe < p->describe.n) {
		p->describing++;
		sync_describe_resource(p->s, p->kind, p->describe.items[p->next_describe++],
				       p->by_user ? AWS_USER_ACTION : AWS_POLLING, on_described, p);
	}
	if (p->describing == 0)
		pass_end(p, NULL);
}

/* --- pages -------------------------------------------------------------------------------------- */

static void retry_page(void *user)
{
	struct sync_pass *p = user;

	next_page(p);
}

static bool is_transient(enum err_code code)
{
	return code == ERR_NET || code == ERR_TIMEOUT || code == ERR_SERVICE || code == ERR_THROTTLED ||
	       code == ERR_PARSE;
}

static void search_denied(struct sync_pass *p)
{
	if (!p->s->search_denied)
		session_notify(p->s->session, NOTICE_INFO, "sagemaker:Search is denied: %s come by %s (slower)",
			       kind_word(p->kind), p->kind->list.operation);
	p->s->search_denied = true;
	p->by_list = true;
	paging_done(&p->pages);
	next_page(p);
}

static void page_came(struct sync_pass *p, const struct resource_page *page)
{
	struct resources *t = &p->s->session->tables[p->kind->id];
	struct err endless = {0};

	p->page_failures = 0;
	put_page(p, page);
	if (p->full && page->total_hint >= 0)
		t->total_hint = (size_t)page->total_hint;
	p->pages.patience_ms = p->by_list ? LIST_PATIENCE_MS : 0;

	int more = paging_next(&p->pages, p->by_list ? p->kind->list.operation : "Search", page->next_token, page->n,
			       &endless);

	if (more < 0) {
		pass_end(p, &endless);
	} else if (more && p->first_only && p->n_seen) {
		p->more = true;
		pass_end(p, NULL);
	} else if (more) {
		next_page(p);
	} else {
		describe_more(p);
	}
}

static void on_page(void *user, const struct resource_page *page, const struct err *err)
{
	struct sync_pass *p = user;

	if (err && err->code == ERR_DENIED && !p->by_list && !p->s->closing && sync_can_list(p->kind, p->parent))
		search_denied(p);
	else if (err && p->pages.token && is_transient(err->code) && p->page_failures < PAGE_RETRIES && !p->s->closing)
		(void)aws_client_after(p->s->aws, (int64_t)250 << p->page_failures++, retry_page, p);
	else if (err)
		pass_end(p, err);
	else
		page_came(p, page);
}

static void next_page(struct sync_pass *p)
{
	struct resource_query q = {.parent = p->parent, .modified_after_ms = p->after_ms, .token = p->pages.token};
	enum aws_priority priority = p->by_user ? AWS_USER_ACTION : AWS_POLLING;

	if (p->by_list)
		(void)aws_resource_list(p->s->aws, p->kind, &q, priority, on_page, p);
	else
		(void)aws_resource_search(p->s->aws, p->kind, &q, priority, on_page, p);
}

bool sync_can_list(const struct kind *k, const char *parent)
{
	return parent || !k->list.parent_required;
}

/* What is searched for whole things brings all: ours may be summaries. */
static bool is_full_due(struct sync *s, const struct sync_pass *p, int64_t now)
{
	int64_t since_ms = now - mark_get(s, p->kind, "full_pass_ms");

	if (p->kind->id == KIND_TRAINING_JOB)
		return since_ms > FULL_PASS_EVERY_MS;
	return p->whole || since_ms > LIST_FULL_EVERY_MS || s->session->tables[p->kind->id].n <= FULL_ALWAYS;
}

void sync_pass_begin(struct sync *s, const struct kind *k, const char *parent, enum pass_mode mode, bool by_user)
{
	struct sync_pass *p = NEW(struct sync_pass);
	bool search = k->search.resource && !s->search_denied;
	int64_t mark = parent || mode == PASS_FIRST_PAGE || !k->list.modified_after ? 0 : mark_get(s, k, "mark");
	int64_t now = clock_now_ms();

	hear_of_cache(s);
	*p = (struct sync_pass){.s = s, .kind = k, .parent = xstrdup(parent), .started_ms = now, .by_user = by_user};
	p->whole = mode == PASS_WHOLE;
	p->first_only = mode == PASS_FIRST_PAGE;
	p->by_list = !(search && !parent && (p->whole || !sync_can_list(k, parent)));
	p->full = mark == 0 || is_full_due(s, p, now);
	p->after_ms = p->full ? TIME_UNKNOWN : MAX(mark - s->opt.overlap_ms, (int64_t)1);
	p->mark_ms = mark;
	p->cache_begun = s->cache_begun;
	s->kinds[k->id].pass = p;
	next_page(p);
}
