/* sync_files.c - the files of a thing, listed from S3: what a transform job reads, with what it made of each and, where
 * it failed, why (its data-log tells); what an endpoint captured; what a training or processing job left. */
#include "sync/sync_priv.h"

#include "aws/s3.h"
#include "base/utf8.h"
#include "model/endpoint_values.h"

#define INPUT_URI "TransformInput.DataSource.S3DataSource.S3Uri"
#define INPUT_TYPE "TransformInput.DataSource.S3DataSource.S3DataType"
#define OUTPUT_PATH "TransformOutput.S3OutputPath"
#define LOG_MARK "[sagemaker logs]: "

#define PROCESSING_OUTPUT "ProcessingOutputConfig.Outputs[%d]."

/* One address that is listed, and what of its keys is a name. */
struct listed_place {
	char *bucket, *prefix;
	char *label;  /* stands before the names: "checkpoints/"; "" */
	size_t strip; /* of a key, to make its name */
};

struct listing {
	struct sync *s;
	const struct kind *kind;
	char *name;
	struct listed_place *places;
	size_t n, cap, at;
	bool outputs; /* what was made is listed, not what is read */
	struct files found;
	struct map by_out; /* the key of what is to be made -> its number + 1 */
	struct paging pages;
	sync_done_fn *fn;
	void *user;
};

static struct resource *thing_of(const struct listing *l)
{
	return resources_find(&l->s->session->tables[l->kind->id], l->name);
}

static const struct listed_place *place_of(const struct listing *l)
{
	return &l->places[l->at];
}

static void listing_end(struct listing *l, const struct err *err)
{
	if (!err && !l->s->closing) {
		struct files *f = session_files(l->s->session, l->kind, l->name);
		uint64_t generation = f->generation;

		files_done(f);
		*f = l->found;
		f->asked_ms = clock_now_ms();
		f->generation = generation + 1;
		l->found = (struct files){0};
		l->s->session->tables[l->kind->id].generation++;
	}
	l->fn(l->user, err);
	files_done(&l->found);
	map_done(&l->by_out);
	paging_done(&l->pages);
	for (size_t i = 0; i < l->n; i++) {
		free(l->places[i].bucket);
		free(l->places[i].prefix);
		free(l->places[i].label);
	}
	free(l->places);
	free(l->name);
	free(l);
}

/* --- why a file failed --------------------------------------------------------------------- */

/* "...:[sagemaker logs]: BUCKET/KEY: ClientError: 413" */
static void take_fault(struct listing *l, const char *text)
{
	const char *at = strstr(text, LOG_MARK);

	for (size_t i = 0; at && i < l->found.n; i++) {
		struct file *f = &l->found.items[i];
		AUTO(str) char *start = xasprintf("%s/%s: ", f->bucket, f->key);

		if (!f->fault && !f->out_key && str_starts(at + strlen(LOG_MARK), start))
			f->fault = utf8_sanitize_dup(at + strlen(LOG_MARK) + strlen(start));
	}
}

/* Without its log the files are known all the same. */
static void on_log(void *user, const struct err *err)
{
	struct listing *l = user;
	const struct feed *f = l->s->closing ? NULL : session_find_feed(l->s->session, l->kind, l->name);

	for (size_t i = 0; f && i < f->logs.n; i++)
		take_fault(l, f->logs.lines[i].text);
	listing_end(l, err && err->code == ERR_CANCELLED ? err : NULL);
}

/* --- listing ---------------------------------------------------------------------------------- */

static void list_page(struct listing *l);

/* What begins with that address (name NULL), or lies in it as a folder (""), or in its folder of that name. */
static int add_place(struct listing *l, const char *uri, const char *name, const char *label, struct err *err)
{
	struct listed_place p = {0};

	if (s3_uri_split(uri, &p.bucket, &p.prefix, err) < 0)
		return -err->code;
	if (name) {
		AUTO(str) char *whole = p.prefix;

		p.prefix = xasprintf("%s%s%s%s", whole, *whole && !str_ends(whole, "/") ? "/" : "", name,
				     *name ? "/" : "");
	}
	/* A prefix may end within a name: "in/part-" has "in/part-1", whose name is "part-1". */
	const char *slash = strrchr(p.prefix, '/');

	p.strip = slash ? (size_t)(slash - p.prefix) + 1 : 0;
	p.label = xstrdup(label);
	GROW(l->places, l->cap, l->n + 1);
	l->places[l->n++] = p;
	return 0;
}

/* Whether there is another place; one that lies in one before it has been listed with that. */
static bool has_next_place(struct listing *l)
{
	for (; l->at + 1 < l->n; l->at++) {
		const struct listed_place *next = &l->places[l->at + 1];
		bool seen = false;

		for (size_t i = 0; i <= l->at && !seen; i++)
			seen = str_eq(l->places[i].bucket, next->bucket) &&
			       str_starts(next->prefix, l->places[i].prefix);
		if (!seen)
			return true;
	}
	return false;
}

static void next_place(struct listing *l)
{
	l->at++;
	paging_done(&l->pages);
	l->pages = (struct paging){0};
	list_page(l);
}

/* The outputs' key is their path and the input's name with ".out". */
static char *out_key(const char *out_prefix, const char *name)
{
	size_t n = strlen(out_prefix);

	return xasprintf("%s%s%s.out", out_prefix, n && out_prefix[n - 1] != '/' ? "/" : "", name);
}

static int begin_outputs(struct listing *l, struct err *err)
{
	const size_t strip = place_of(l)->strip;

	if (add_place(l, str_or(record_value(thing_of(l), OUTPUT_PATH), ""), NULL, "", err) < 0)
		return -err->code;
	const struct listed_place *out = &l->places[l->n - 1];

	for (size_t i = 0; i < l->found.n; i++) {
		AUTO(str) char *key = out_key(out->prefix, l->found.items[i].key + strip);

		map_put(&l->by_out, key, (void *)(uintptr_t)(i + 1));
	}
	l->outputs = true;
	l->found.out_bucket = xstrdup(out->bucket);
	next_place(l);
	return 0;
}

static void take_object(struct listing *l, const struct s3_object *o)
{
	size_t i = l->outputs ? (size_t)(uintptr_t)map_get(&l->by_out, o->key) : 0;

	if (l->outputs) {
		if (i && !l->found.items[i - 1].out_key) {
			l->found.items[i - 1].out_key = xstrdup(o->key);
			l->found.items[i - 1].out_size = o->size;
		}
	} else if (l->found.n == FILES_MAX) {
		l->found.cut = true;
	} else if (!str_ends(o->key, "/") && strlen(o->key) > place_of(l)->strip) {
		const struct listed_place *p = place_of(l);
		AUTO(str) char *name = xasprintf("%s%s", p->label, o->key + p->strip);
		struct file *f = files_add(&l->found, p->bucket, o->key, name);

		f->size = o->size;
		f->modified_ms = o->modified_ms;
	}
}

static int by_age(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return (x->modified_ms < y->modified_ms) - (x->modified_ms > y->modified_ms);
}

static void listed(struct listing *l)
{
	struct resource *r = thing_of(l);
	struct err err = {0};

	if (l->kind->id != KIND_TRANSFORM_JOB) {
		if (l->found.n && l->kind->id == KIND_ENDPOINT)
			qsort(l->found.items, l->found.n, sizeof(*l->found.items), by_age);
		listing_end(l, NULL);
	} else if (!l->outputs) {
		if (!r)
			(void)err_set(&err, ERR_NOTFOUND, "%s is gone", l->name);
		if (!r || begin_outputs(l, &err) < 0)
			listing_end(l, &err);
	} else if (r && r->state == STATE_BAD) {
		sync_logs(l->s, l->kind, l->name, on_log, l);
	} else {
		listing_end(l, NULL);
	}
}

static void on_page(void *user, const struct s3_object *objects, size_t n, const char *next_token,
		    const struct err *err)
{
	struct listing *l = user;
	struct err endless = {0};

	if (err || l->s->closing) {
		listing_end(l, err);
		return;
	}
	for (size_t i = 0; i < n; i++)
		take_object(l, &objects[i]);
	int more = l->found.cut && !l->outputs ? 0 : paging_next(&l->pages, "ListObjectsV2", next_token, n, &endless);

	if (more > 0)
		list_page(l);
	else if (more < 0)
		listing_end(l, &endless);
	else if (!l->outputs && !l->found.cut && has_next_place(l))
		next_place(l);
	else
		listed(l);
}

static void list_page(struct listing *l)
{
	const struct listed_place *p = place_of(l);

	(void)s3_list(l->s->aws, p->bucket, p->prefix, l->pages.token, on_page, l);
}

/* --- what is listed, of each kind ------------------------------------------------------------- */

static int begin_transform(struct listing *l, const struct resource *r, struct err *err)
{
	const char *uri = record_value(r, INPUT_URI), *type = strmap_get(&resource_record(r)->members, INPUT_TYPE);

	l->found.has_outputs = true;
	if (str_eq(type, "ManifestFile"))
		return err_set(err, ERR_INVALID, "%s reads what a manifest names: its files are not listed", l->name);
	if (!uri)
		return err_set(err, ERR_NOTFOUND, "%s is not known in full: its input is not told", l->name);
	return add_place(l, uri, NULL, "", err);
}

static int begin_endpoint(struct listing *l, const struct resource *r, struct err *err)
{
	const char *uri = record_value(r, CAPTURE_URI);

	return uri ? add_place(l, uri, l->name, "", err) : err_set(err, ERR_NOTFOUND, "%s captures no calls", l->name);
}

/* What the service writes for a job lies below its name, checkpoints where they were asked for. */
static int begin_training(struct listing *l, const struct resource *r, struct err *err)
{
	const struct job *j = sync_job_full(l->s, r->name);
	const struct job_cold *c = j ? j->cold : NULL;

	if (!c || !c->output_uri)
		return err_set(err, ERR_NOTFOUND, "%s is not known in full: where its output goes is not told",
			       l->name);
	const char *const below_name[] = {c->output_uri, strmap_get(&c->particulars, JOB_DEBUG_OUTPUT),
					  strmap_get(&c->particulars, JOB_PROFILER_OUTPUT),
					  strmap_get(&c->particulars, JOB_TENSORBOARD_OUTPUT)};

	for (size_t i = 0; i < ARRAY_LEN(below_name); i++)
		if (below_name[i] && add_place(l, below_name[i], l->name, "", err) < 0)
			return -err->code;
	return c->checkpoint_uri ? add_place(l, c->checkpoint_uri, "", "checkpoints/", err) : 0;
}

static const char *output_member(const struct resource *r, int i, const char *member)
{
	AUTO(str) char *path = xasprintf(PROCESSING_OUTPUT "%s", i, member);

	return strmap_get(&resource_record(r)->members, path);
}

static int begin_processing(struct listing *l, const struct resource *r, struct err *err)
{
	const char *name;

	for (int i = 0; (name = output_member(r, i, "OutputName")); i++) {
		const char *uri = output_member(r, i, "S3Output.S3Uri");
		AUTO(str) char *label = xasprintf("%s/", name);

		if (uri && add_place(l, uri, "", label, err) < 0)
			return -err->code;
	}
	return l->n ? 0 : err_set(err, ERR_NOTFOUND, "%s stores no outputs, or is not known in full", l->name);
}

static int begin(struct listing *l, struct err *err)
{
	const struct resource *r = sync_resource_full(l->s, l->kind, l->name);

	if (!r)
		return err_set(err, ERR_NOTFOUND, "%s is gone", l->name);
	switch (l->kind->id) {
	case KIND_TRANSFORM_JOB:
		return begin_transform(l, r, err);
	case KIND_TRAINING_JOB:
		return begin_training(l, r, err);
	case KIND_PROCESSING_JOB:
		return begin_processing(l, r, err);
	default:
		return begin_endpoint(l, r, err);
	}
}

static void begin_later(void *user, const struct err *err)
{
	struct listing *l = user;
	struct err refused = {0};

	if (err || l->s->closing || begin(l, &refused) < 0)
		listing_end(l, err ? err : &refused);
	else
		list_page(l);
}

void sync_files(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user)
{
	struct listing *l = NEW(struct listing);

	l->s = s;
	l->kind = k;
	l->name = xstrdup(name);
	l->fn = fn;
	l->user = user;
	sync_later(s, begin_later, l, NULL);
}
