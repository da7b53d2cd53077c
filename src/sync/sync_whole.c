/* sync_whole.c - the things of a kind wanted whole, because a column or a filter reads
 * what the list does not tell: by Search where the kind has it, and each of those that
 * are still summaries, or older than their last change, by Describe; then, where a column is made of
 * them, the things that they link to; then what CloudWatch counted of them. */
#include "sync/sync_priv.h"

#define AT_A_TIME 4

struct filling {
	struct sync *s;
	const struct kind *kind;
	struct fill_wish wish;
	bool at_links;	      /* they come at the end */
	struct strlist names; /* at the end "endpoint-config/x" */
	size_t next, busy;
	sync_done_fn *fn;
	void *user;
	struct err err;
};

static void fill_more(struct filling *f);

static void filling_done(void *user, const struct err *err)
{
	struct filling *f = user;

	f->fn(f->user, f->err.code ? &f->err : err);
	strlist_done(&f->names);
	free(f);
}

static void filling_end(struct filling *f)
{
	if (!f->s->closing)
		sync_save_unsaved(f->s, f->kind);
	if (f->at_links && !f->s->closing)
		f->s->session->tables[f->kind->id].generation++; /* values are made of what came */
	if (f->wish.measured && !f->err.code && !f->s->closing)
		sync_traffic(f->s, NULL, AWS_USER_ACTION, filling_done, f);
	else
		filling_done(f, NULL);
}

static void one_ended(struct filling *f, const struct err *err)
{
	f->busy--;
	/* One that is gone or denied is shown without its value; the rest would fail too
	 * where there is no network. */
	if (err && err->code != ERR_NOTFOUND && err->code != ERR_DENIED && !f->err.code) {
		f->err = *err;
		f->next = f->names.n;
	}
	fill_more(f);
}

static void on_described(void *user, const struct err *err)
{
	one_ended(user, err);
}

struct tags_wanted {
	struct filling *f;
	char *name;
};

static void on_tags(void *user, const struct strmap *tags, const struct err *err)
{
	struct tags_wanted *w = user;
	struct filling *f = w->f;
	struct resource *r = resources_find(&f->s->session->tables[f->kind->id], w->name);

	if (!err && r) {
		strmap_copy(&r->tags, tags);
		r->tags_known = r->unsaved = true;
		f->s->session->tables[f->kind->id].generation++;
	}
	free(w->name);
	free(w);
	one_ended(f, err);
}

static bool is_stale(const struct resource *r)
{
	int64_t whole_ms = resource_record(r)->whole_ms;

	return r->kind->describe.operation &&
	       (whole_ms == TIME_UNKNOWN || r->modified_ms >= whole_ms || resource_is_running(r));
}

static void fill_one(struct filling *f, const char *name)
{
	const struct resource *r = resources_find(&f->s->session->tables[f->kind->id], name);

	if (!r)
		return;
	if (f->wish.tags && !r->tags_known && !str_empty(r->arn)) {
		struct tags_wanted *w = NEW(struct tags_wanted);

		*w = (struct tags_wanted){f, xstrdup(name)};
		f->busy++;
		if (!aws_resource_tags(f->s->aws, f->kind, r->arn, AWS_USER_ACTION, on_tags, w)) {
			f->busy--;
			free(w->name);
			free(w);
		}
	}
	if (is_stale(r)) {
		f->busy++;
		sync_describe_resource(f->s, f->kind, name, AWS_USER_ACTION, on_described, f);
	}
}

static void add_links(struct filling *f, const struct resource *r, const char *member, const struct kind *to)
{
	for (size_t i = 0; r->kind->fields[i].name; i++) {
		const char *name = str_eq(r->kind->fields[i].path, member) ? resource_record(r)->values[i] : NULL;
		const struct resource *there = name ? resources_find(&f->s->session->tables[to->id], name) : NULL;
		AUTO(str) char *reference = name ? xasprintf("%s/%s", to->name, name) : NULL;

		if (reference && !strlist_has(&f->names, reference) && (!there || is_stale(there)))
			strlist_add(&f->names, reference);
	}
}

/* The kind's "Member=kind ...", of all things there are. */
static void begin_links(struct filling *f)
{
	const struct resources *t = &f->s->session->tables[f->kind->id];
	AUTO(strlist) struct strlist rows = {0};

	f->at_links = true;
	f->next = 0;
	strlist_done(&f->names);
	f->names = (struct strlist){0};
	strlist_split(&rows, str_or(f->kind->links, ""), ' ');
	for (size_t i = 0; i < rows.n; i++) {
		char *equals = strchr(rows.items[i], '=');
		const struct kind *to = equals ? kind_find(equals + 1) : NULL;

		if (!to)
			continue;
		*equals = '\0';
		for (size_t r = 0; r < t->n; r++)
			add_links(f, t->items[r], rows.items[i], to);
	}
}

static void fill_link(struct filling *f, const char *reference)
{
	const struct kind *k;
	const char *name;

	if (kind_parse_reference(reference, &k, &name, NULL) < 0)
		return;
	f->busy++;
	sync_describe_resource(f->s, k, name, AWS_USER_ACTION, on_described, f);
}

static void start_some(struct filling *f)
{
	while (f->busy < AT_A_TIME && f->next < f->names.n) {
		const char *name = f->names.items[f->next++];

		if (f->at_links)
			fill_link(f, name);
		else
			fill_one(f, name);
	}
}

static void fill_more(struct filling *f)
{
	start_some(f);
	if (!f->busy && f->wish.linked && !f->at_links && !f->err.code && !f->s->closing) {
		begin_links(f);
		start_some(f);
	}
	if (!f->busy)
		filling_end(f);
}

static void fill_each(void *user, const struct err *err)
{
	struct filling *f = user;
	const struct resources *t = &f->s->session->tables[f->kind->id];

	if (err && err->code != ERR_DENIED)
		f->err = *err;
	for (size_t i = 0; i < t->n && !f->err.code; i++) {
		if (is_stale(t->items[i]) || (f->wish.tags && !t->items[i]->tags_known))
			strlist_add(&f->names, t->items[i]->name);
	}
	fill_more(f);
}

void sync_fill_whole(struct sync *s, const struct kind *k, struct fill_wish wish, sync_done_fn *fn, void *user)
{
	struct filling *f = NEW(struct filling);

	*f = (struct filling){.s = s, .kind = k, .wish = wish, .fn = fn, .user = user};
	if (k->search.resource && !s->search_denied)
		sync_request_pass(s, k, NULL, PASS_WHOLE, true, fill_each, f);
	else
		sync_later(s, fill_each, f, NULL);
}
