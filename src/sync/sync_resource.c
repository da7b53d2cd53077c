/* sync_resource.c - one thing of any kind: found by what the user calls it, asked for
 * in full with its tags, stopped, deleted. */
#include "sync/sync_priv.h"

#include "aws/op.h"
#include "base/log.h"
#include "model/variants.h"

/* --- describe ------------------------------------------------------------------------ */

struct describe {
	struct sync *s;
	const struct kind *kind;
	char *name;
	json_t *raw; /* kept for sync_resource */
	sync_done_fn *done;
	sync_resource_fn *one;
	void *user;
};

static struct describe *describe_new(struct sync *s, const struct kind *k, const char *name, void *user)
{
	struct describe *d = NEW(struct describe);

	d->s = s;
	d->kind = k;
	d->name = xstrdup(name);
	d->user = user;
	return d;
}

static void describe_end(struct describe *d, const struct err *err)
{
	if (d->one)
		d->one(d->user, err ? NULL : sync_resource_full(d->s, d->kind, d->name), d->raw, err);
	else if (d->done)
		d->done(d->user, err);
	json_decref(d->raw);
	free(d->name);
	free(d);
}

static void on_described(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;
	struct resources *t = &s->session->tables[d->kind->id];

	if (d->kind->id == KIND_TRAINING_JOB)
		s->describes--;
	if (!err) {
		str_set(&d->name, sync_put_resource(s, r)->name);
		if (d->one)
			d->raw = json_incref((json_t *)raw);
	} else if (err->code == ERR_NOTFOUND && !s->closing) {
		const struct resource *gone = resources_find(t, d->name);

		if (gone && !sync_is_watched(s, d->kind, d->name))
			sync_forget_resource(s, d->kind, d->name);
	}
	describe_end(d, err);
}

static void send_describe(struct describe *d, enum aws_priority p)
{
	struct sync *s = d->s;
	const struct resource *known = resources_find(&s->session->tables[d->kind->id], d->name);
	struct err err = {0};

	if (d->kind->id == KIND_TRAINING_JOB)
		s->describes++;
	if (aws_resource_describe(s->aws, d->kind, d->name, known, p, on_described, d, &err) == 0)
		return;
	sync_later(s, d->done, d->user, &err);
	d->done = NULL;
	describe_end(d, NULL);
}

void sync_describe_resource(struct sync *s, const struct kind *k, const char *name, enum aws_priority p,
			    sync_done_fn *fn, void *user)
{
	struct describe *d = describe_new(s, k, name, user);

	d->done = fn;
	send_describe(d, p);
}

void sync_describe(struct sync *s, const char *name, enum aws_priority p, sync_done_fn *fn, void *user)
{
	sync_describe_resource(s, &kind_table[KIND_TRAINING_JOB], name, p, fn, user);
}

/* --- found by what the user calls it ----------------------------------------------------- */

typedef void found_fn(void *user, const char *name, const struct err *err);

struct finding {
	struct sync *s;
	const struct kind *kind;
	char *text;
	char *parent; /* once it is found */
	bool listed;
	found_fn *fn;
	void *user;
};

static void find(struct finding *f);

static void found(struct finding *f, const char *name, const struct err *err)
{
	AUTO(str) char *copy = xstrdup(name);

	f->fn(f->user, copy, err);
	free(f->text);
	free(f->parent);
	free(f);
}

/* "there is no training job 'x' in us-east-1: did you mean 'y'?" */
static void not_found(const struct sync *s, const struct kind *k, const char *name, struct err *err)
{
	const struct resources *t = &s->session->tables[k->id];
	const char **names = xcalloc(t->n + 1, sizeof(*names));
	AUTO(str) char *what = xstrdup(k->name);

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->items[i]->name;
	const char *near = str_nearest(name, names, t->n);

	for (char *p = what; *p; p++)
		*p = *p == '-' ? ' ' : *p;
	err->code = ERR_NOTFOUND;
	if (near)
		snprintf(err->msg, sizeof(err->msg), "there is no %s '%s' in %s: did you mean '%s'?", what, name,
			 s->session->region, near);
	else
		snprintf(err->msg, sizeof(err->msg), "there is no %s '%s' in %s", what, name, s->session->region);
	free(names);
}

static void on_listed(void *user, const struct err *err)
{
	struct finding *f = user;

	f->listed = true;
	if (err)
		found(f, NULL, err);
	else
		find(f);
}

static void on_parent_found(void *user, const char *name, const struct err *err)
{
	struct finding *f = user;

	f->parent = xstrdup(name);
	if (err)
		found(f, NULL, err);
	else
		sync_kind(f->s, f->kind, f->parent, on_listed, f);
}

static void find_name(struct sync *s, const struct kind *k, const char *text, found_fn *fn, void *user)
{
	struct finding *f = NEW(struct finding);

	*f = (struct finding){.s = s, .kind = k, .text = xstrdup(text), .fn = fn, .user = user};
	sync_load_kind(s, k);
	find(f);
}

/* "PARENT/NAME", where only the parent's list has it. */
static void find_parent(struct finding *f)
{
	const char *slash = strrchr(f->text, '/');
	struct err err = {0};

	if (!slash || !f->kind->parent_kind) {
		not_found(f->s, f->kind, f->text, &err);
		found(f, NULL, &err);
		return;
	}
	AUTO(str) char *parent = xstrndup(f->text, (size_t)(slash - f->text));

	find_name(f->s, kind_find(f->kind->parent_kind), parent, on_parent_found, f);
}

static bool is_arn(const char *text)
{
	return strncasecmp(text, "arn:", 4) == 0;
}

/* Whether the service can be asked for that text as it stands. */
static bool can_ask(const struct finding *f)
{
	const struct kind *k = f->kind;

	if (!k->describe.operation || aws_call_needs_record(&k->describe))
		return false;
	return k->key == KEY_BY_ARN ? is_arn(f->text) : !is_arn(f->text);
}

static void find(struct finding *f)
{
	const struct resource *r = resources_lookup(&f->s->session->tables[f->kind->id], f->text);
	struct err err = {0};

	if (r) {
		found(f, r->name, NULL);
	} else if (can_ask(f)) {
		found(f, f->text, NULL);
	} else if (!f->listed && sync_can_list(f->kind, NULL)) {
		sync_kind(f->s, f->kind, NULL, on_listed, f);
	} else if (!f->listed) {
		find_parent(f);
	} else if (is_arn(f->text) && f->kind->describe.operation && f->kind->key == KEY_BY_NAME &&
		   !aws_call_needs_record(&f->kind->describe)) {
		found(f, kind_short_name(f->text), NULL); /* in small letters perhaps: better than nothing */
	} else {
		not_found(f->s, f->kind, f->text, &err);
		found(f, NULL, &err);
	}
}

/* --- one thing with its tags ---------------------------------------------------------------- */

static void on_tags(void *user, const struct strmap *tags, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;
	struct resource *r = err || s->closing ? NULL : sync_resource_full(s, d->kind, d->name);

	if (r && !r->trimmed) {
		strmap_copy(&r->tags, tags);
		r->tags_known = true;
		r->unsaved = true;
		if (d->kind->class->derive)
			d->kind->class->derive(r);
		s->session->tables[d->kind->id].generation++;
		session_cold_update(s->session, r, clock_now_ms());
		sync_save_unsaved(s, d->kind);
	}
	/* Tags that may not be read are no reason to fail: the thing itself is there. */
	describe_end(d, err && err->code == ERR_CANCELLED ? err : NULL);
}

/* The describe of sync_resource has ended: its tags. */
static void on_whole(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct describe *d = user;

	if (err) {
		struct err copy = *err;

		if (copy.code == ERR_NOTFOUND)
			not_found(d->s, d->kind, d->name, &copy);
		describe_end(d, &copy);
		return;
	}
	d->raw = json_incref((json_t *)raw);
	if (r) {
		str_set(&d->name, r->name);
		if (!r->tags_known && !str_empty(r->arn) &&
		    aws_resource_tags(d->s->aws, d->kind, r->arn, AWS_USER_ACTION, on_tags, d))
			return;
	}
	describe_end(d, NULL);
}

/* What only a list tells: it has just been read, or is read again. */
static void on_relisted(void *user, const struct err *err)
{
	struct describe *d = user;
	const struct resource *r = resources_find(&d->s->session->tables[d->kind->id], d->name);
	struct err missing = {0};

	if (!err && !r)
		not_found(d->s, d->kind, d->name, &missing);
	describe_end(d, err ? err : r ? NULL : &missing);
}

static void on_found(void *user, const char *name, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;

	if (err) {
		describe_end(d, err);
		return;
	}
	str_set(&d->name, name);
	s->used_kind = d->kind;
	str_set(&s->used_name, name);
	const struct resource *known = resources_find(&s->session->tables[d->kind->id], name);

	if (!d->kind->describe.operation) {
		sync_kind(s, d->kind, known ? known->parent : NULL, on_relisted, d);
		return;
	}
	struct describe *inner = describe_new(s, d->kind, name, d);

	inner->one = on_whole;
	send_describe(inner, AWS_USER_ACTION);
}

void sync_resource(struct sync *s, const struct kind *k, const char *name, sync_resource_fn *fn, void *user)
{
	struct describe *d = describe_new(s, k, name, user);

	d->one = fn;
	find_name(s, k, name, on_found, d);
}

struct resource *sync_resource_full(struct sync *s, const struct kind *k, const char *name)
{
	struct resource *r = resources_find(&s->session->tables[k->id], name);
	struct err err = {0};

	if (k->id == KIND_TRAINING_JOB)
		return job_resource(sync_job_full(s, name));
	if (r) {
		s->used_kind = k;
		str_set(&s->used_name, r->name);
	}
	if (r && store_resource_untrim(s->store, r, &err))
		log_debug("sync: %s", err.msg);
	return r;
}

bool sync_is_in_use(const struct sync *s, const struct resource *r)
{
	return r->kind->id == KIND_TRAINING_JOB ? sync_is_watched(s, TRAINING_KIND, r->name)
						: s->used_kind == r->kind && str_eq(s->used_name, r->name);
}

/* What a list gives as the parent may be an ARN, in small letters: the name is that of
 * the thing with this ARN. */
void sync_resolve_parent(struct sync *s, struct resource *r)
{
	const struct kind *parent = r->kind->parent_kind ? kind_find(r->kind->parent_kind) : NULL;

	if (!parent || !r->parent || !is_arn(r->parent) || parent->key == KEY_BY_ARN)
		return;
	const struct resource *known = resources_lookup(&s->session->tables[parent->id], r->parent);

	if (known)
		str_set(&r->parent, known->name);
}

/* --- stop and delete --------------------------------------------------------------------------- */

struct change {
	struct sync *s;
	const struct kind *kind;
	const struct kind_call *call;
	char *name;
	sync_done_fn *fn;
	void *user;
};

static void change_end(struct change *c, const struct err *err)
{
	if (c->fn)
		c->fn(c->user, err);
	free(c->name);
	free(c);
}

/* It was changed, whatever the question about it has come to. */
static void on_shown(void *user, const struct err *err)
{
	change_end(user, NULL);
}

static void on_changed(void *user, const struct err *err)
{
	struct change *c = user;
	struct sync *s = c->s;
	struct err copy = err ? *err : (struct err){0};

	if (err && err->code == ERR_NOTFOUND)
		not_found(s, c->kind, c->name, &copy);
	if (!err && !s->closing) {
		/* Shows "Stopping", "Deleting", or that it is gone, at once; who ends before that would
		 * leave in the cache what is not there. */
		if (c->kind->describe.operation) {
			sync_describe_resource(s, c->kind, c->name, AWS_USER_ACTION, on_shown, c);
			return;
		}
		if (c->call == &c->kind->delete)
			sync_forget_resource(s, c->kind, c->name);
	}
	change_end(c, err ? &copy : NULL);
}

static void send_change(struct change *c)
{
	const struct resource *known = resources_find(&c->s->session->tables[c->kind->id], c->name);
	struct err err = {0};

	if (aws_resource_call(c->s->aws, c->kind, c->call, c->name, known, on_changed, c, &err))
		change_end(c, &err);
}

static void on_known(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct change *c = user;

	if (err) {
		change_end(c, err);
		return;
	}
	if (r)
		str_set(&c->name, r->name);
	send_change(c);
}

static void on_named(void *user, const char *name, const struct err *err)
{
	struct change *c = user;

	if (err) {
		change_end(c, err);
		return;
	}
	str_set(&c->name, name);
	if (aws_call_needs_record(c->call) && !resources_find(&c->s->session->tables[c->kind->id], name))
		sync_resource(c->s, c->kind, name, on_known, c);
	else
		send_change(c);
}

static void change(struct sync *s, const struct kind *k, const struct kind_call *call, const char *done,
		   const char *name, sync_done_fn *fn, void *user)
{
	struct err err = {0};

	if (s->opt.read_only)
		(void)err_set(&err, ERR_DENIED, "not %s: sagetop runs read-only", done);
	else if (!call->operation)
		(void)err_set(&err, ERR_INVALID, "the service has no call by which %s can be %s", k->title, done);
	if (err.code) {
		sync_later(s, fn, user, &err);
		return;
	}
	struct change *c = NEW(struct change);

	*c = (struct change){s, k, call, xstrdup(name), fn, user};
	find_name(s, k, name, on_named, c);
}

void sync_stop(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user)
{
	change(s, k, &k->stop, "stopped", name, fn, user);
}

void sync_delete(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user)
{
	change(s, k, &k->delete, "deleted", name, fn, user);
}

static void on_varied(void *user, const struct aws_reply *reply, const struct err *err)
{
	on_changed(user, err);
}

static json_t *vary_request(const char *endpoint, const struct variant_wishes *wishes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < wishes->n; i++) {
		const struct variant_wish *w = &wishes->items[i];
		json_t *one = json_pack("{s:s, s:f}", "VariantName", w->name, "DesiredWeight", w->weight);

		if (w->instances)
			json_object_set_new(one, "DesiredInstanceCount", json_integer(w->instances));
		json_array_append_new(list, one);
	}
	return json_pack("{s:s, s:o}", "EndpointName", endpoint, "DesiredWeightsAndCapacities", list);
}

void sync_vary(struct sync *s, const char *endpoint, const char *text, sync_done_fn *fn, void *user)
{
	const struct kind *k = &kind_table[KIND_ENDPOINT];
	const struct resource *r = sync_resource_full(s, k, endpoint);
	AUTO(variant_wishes) struct variant_wishes wishes = {0};
	struct err err = {0};

	if (s->opt.read_only)
		(void)err_set(&err, ERR_DENIED, "not changed: sagetop runs read-only");
	else if (!r)
		(void)err_set(&err, ERR_NOTFOUND, "there is no endpoint %s", endpoint);
	if (err.code || variants_parse(r, text, &wishes, &err) < 0) {
		sync_later(s, fn, user, &err);
		return;
	}
	struct change *c = NEW(struct change);

	*c = (struct change){s, k, NULL, xstrdup(endpoint), fn, user};
	aws_call_named(s->aws, AWS_OP_ROW(sagemaker, UpdateEndpointWeightsAndCapacities), AWS_USER_ACTION,
		       vary_request(endpoint, &wishes), on_varied, c);
}

void sync_stop_job(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	sync_stop(s, &kind_table[KIND_TRAINING_JOB], name, fn, user);
}
