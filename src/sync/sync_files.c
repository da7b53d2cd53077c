/* sync_files.c - the files of a thing, listed from S3: what a transform job reads, with what it made of each and, where
 * it failed, why (its data-log tells); what an endpoint captured. */
#include "sync/sync_priv.h"

#include "aws/s3.h"
#include "base/utf8.h"
#include "model/endpoint_values.h"

#define INPUT_URI "TransformInput.DataSource.S3DataSource.S3Uri"
#define INPUT_TYPE "TransformInput.DataSource.S3DataSource.S3DataType"
#define OUTPUT_PATH "TransformOutput.S3OutputPath"
#define LOG_MARK "[sagemaker logs]: "

struct listing {
	struct sync *s;
	const struct kind *kind;
	char *name;
	char *bucket, *prefix;
	size_t strip; /* of a key, to make its name */
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
	free(l->name);
	free(l->bucket);
	free(l->prefix);
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

/* The outputs' key is their path and the input's name with ".out". */
static char *out_key(const char *out_prefix, const char *name)
{
	size_t n = strlen(out_prefix);

	return xasprintf("%s%s%s.out", out_prefix, n && out_prefix[n - 1] != '/' ? "/" : "", name);
}

static int begin_outputs(struct listing *l, struct err *err)
{
	const char *out = record_value(thing_of(l), OUTPUT_PATH);
	char *bucket = NULL, *prefix = NULL;
	int rc = s3_uri_split(str_or(out, ""), &bucket, &prefix, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < l->found.n; i++) {
		AUTO(str) char *key = out_key(prefix, l->found.items[i].key + l->strip);

		map_put(&l->by_out, key, (void *)(uintptr_t)(i + 1));
	}
	free(l->bucket);
	free(l->prefix);
	l->bucket = bucket;
	l->prefix = prefix;
	l->outputs = true;
	l->found.out_bucket = xstrdup(bucket);
	paging_done(&l->pages);
	l->pages = (struct paging){0};
	list_page(l);
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
	} else if (!str_ends(o->key, "/") && strlen(o->key) > l->strip) {
		struct file *f = files_add(&l->found, l->bucket, o->key, o->key + l->strip);

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
		if (l->found.n)
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
	else
		listed(l);
}

static void list_page(struct listing *l)
{
	(void)s3_list(l->s->aws, l->bucket, l->prefix, l->pages.token, on_page, l);
}

/* What is listed: below which address; and what of a key is no part of a name. */
static int begin(struct listing *l, struct err *err)
{
	const struct resource *r = thing_of(l);
	bool transform = l->kind->id == KIND_TRANSFORM_JOB;
	const char *uri = r ? record_value(r, transform ? INPUT_URI : CAPTURE_URI) : NULL;

	const char *type = r ? strmap_get(&resource_record(r)->members, INPUT_TYPE) : NULL;

	if (transform && str_eq(type, "ManifestFile"))
		return err_set(err, ERR_INVALID, "%s reads what a manifest names: its files are not listed", l->name);
	if (!uri)
		return err_set(err, ERR_NOTFOUND, "%s %s", l->name,
			       transform ? "is not known in full: its input is not told" : "captures no calls");
	if (s3_uri_split(uri, &l->bucket, &l->prefix, err) < 0)
		return -err->code;
	if (!transform) {
		char *all =
			xasprintf("%s%s%s/", l->prefix, *l->prefix && !str_ends(l->prefix, "/") ? "/" : "", l->name);

		free(l->prefix);
		l->prefix = all;
	}
	/* A prefix may end within a name: "in/part-" has "in/part-1", whose name is "part-1". */
	const char *slash = strrchr(l->prefix, '/');

	l->strip = slash ? (size_t)(slash - l->prefix) + 1 : 0;
	l->found.has_outputs = transform;
	return 0;
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
