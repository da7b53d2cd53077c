/* S3: single requests. */
#include "aws/s3.h"

#include "aws/op.h"
#include "aws/s3_impl.h"
#include "aws/xml.h"
#include "base/clock.h"
#include "base/timefmt.h"
#include "base/uri.h"

#define MAX_LIST_REPLY ((size_t)16 << 20)

struct call {
	s3_done_fn *done;
	s3_head_fn *head;
	s3_list_fn *list;
	s3_data_fn *data;
	s3_piece_fn *piece;
	char *key;
	void *user;
};

static struct call *call_new(void *user)
{
	struct call *k = NEW(struct call);

	k->user = user;
	return k;
}

static void call_free(struct call *k)
{
	free(k->key);
	free(k);
}

int s3_uri_split(const char *uri, char **ret_bucket, char **ret_key, struct err *err)
{
	const char *rest, *slash;

	if (!str_starts(uri, "s3://"))
		return err_set(err, ERR_INVALID, "'%s' is not an S3 address: write s3://bucket/key", uri);
	rest = uri + strlen("s3://");
	slash = strchr(rest, '/');
	if (!*rest || slash == rest)
		return err_set(err, ERR_INVALID, "'%s' has no bucket: write s3://bucket/key", uri);
	*ret_bucket = slash ? xstrndup(rest, (size_t)(slash - rest)) : xstrdup(rest);
	*ret_key = xstrdup(slash ? slash + 1 : "");
	return 0;
}

char *s3_key_path(const char *key)
{
	struct buf path = BUF_INIT(BUF_MAX_TEXT);

	buf_addc(&path, '/');
	uri_encode(&path, key, strlen(key), true);
	return buf_take(&path);
}

void s3_query_add(struct buf *query, const char *name, const char *value)
{
	if (query->len)
		buf_addc(query, '&');
	buf_adds(query, name);
	buf_addc(query, '=');
	uri_encode(query, value, strlen(value), false);
}

/* --- put --------------------------------------------------------------------------- */

static void on_done(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->done(k->user, err);
	call_free(k);
}

struct aws_request *s3_create_bucket(struct aws_client *c, const char *bucket, s3_done_fn *fn, void *user)
{
	struct call *k = call_new(user);
	AUTO(str) char *body = NULL;
	struct aws_call call = {.op = AWS_OP_ROW(s3, CreateBucket),
				.priority = AWS_USER_ACTION,
				.method = "PUT",
				.bucket = bucket,
				.fn = on_done,
				.ctx = k};

	k->done = fn;
	if (strcmp(aws_client_region(c), "us-east-1") != 0)
		body = xasprintf("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
				 "<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
				 aws_client_region(c));
	call.body = body;
	call.body_len = body ? strlen(body) : 0;
	return aws_call(c, &call);
}

/* Send a call about one object. */
static struct aws_request *call_object(struct aws_client *c, const struct aws_op *op, const char *method,
				       const char *bucket, const char *key, const struct strmap *headers,
				       struct aws_call *call)
{
	AUTO(str) char *path = s3_key_path(key);

	call->op = op;
	call->priority = AWS_USER_ACTION;
	call->method = method;
	call->bucket = bucket;
	call->path = path;
	call->headers = headers;
	return aws_call(c, call);
}

static struct aws_request *put(struct aws_client *c, const char *bucket, const char *key, struct aws_call *call,
			       s3_done_fn *fn, void *user)
{
	struct call *k = call_new(user);
	AUTO(strmap) struct strmap headers = {0};

	k->done = fn;
	strmap_set(&headers, "Content-Type", S3_CONTENT_TYPE);
	call->fn = on_done;
	call->ctx = k;
	return call_object(c, AWS_OP_ROW(s3, PutObject), "PUT", bucket, key, &headers, call);
}

struct aws_request *s3_put_data(struct aws_client *c, const char *bucket, const char *key, const void *data, size_t n,
				s3_done_fn *fn, void *user)
{
	struct aws_call call = {.body = data, .body_len = n};

	return put(c, bucket, key, &call, fn, user);
}

struct aws_request *s3_put_piece(struct aws_client *c, const char *bucket, const char *key,
				 const struct s3_piece *piece, s3_done_fn *fn, void *user)
{
	struct aws_call call = {
		.body_path = piece->path, .body_offset = piece->offset, .body_len = piece->n, .body_hash = piece->hash};

	return put(c, bucket, key, &call, fn, user);
}

/* --- get into memory, head ---------------------------------------------------------- */

/* A call of GetObject for the object as it is stored, even where it is gzip. */
static struct aws_request *get(struct aws_client *c, const char *bucket, const char *key, const char *range,
			       struct aws_call *call)
{
	AUTO(strmap) struct strmap headers = {0};

	strmap_set(&headers, "Accept-Encoding", "identity");
	if (range)
		strmap_set(&headers, "Range", range);
	return call_object(c, AWS_OP_ROW(s3, GetObject), "GET", bucket, key, &headers, call);
}

static void on_data(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->data(k->user, err ? NULL : reply->body, err ? 0 : reply->len, err);
	call_free(k);
}

static struct aws_request *get_data(struct aws_client *c, const char *bucket, const char *key, size_t max,
				    const char *range, s3_data_fn *fn, void *user)
{
	struct call *k = call_new(user);
	struct aws_call call = {.max_reply = max, .fn = on_data, .ctx = k};

	k->data = fn;
	return get(c, bucket, key, range, &call);
}

static int on_piece(void *ctx, const void *data, size_t n)
{
	struct call *k = ctx;

	return k->piece(k->user, data, n);
}

struct aws_request *s3_get_pieces(struct aws_client *c, const char *bucket, const char *key, s3_piece_fn *piece,
				  s3_done_fn *fn, void *user)
{
	struct call *k = call_new(user);
	struct aws_call call = {.on_data = on_piece, .fn = on_done, .ctx = k};

	k->piece = piece;
	k->done = fn;
	return get(c, bucket, key, NULL, &call);
}

struct aws_request *s3_get_data(struct aws_client *c, const char *bucket, const char *key, size_t max, s3_data_fn *fn,
				void *user)
{
	return get_data(c, bucket, key, max, NULL, fn, user);
}

struct aws_request *s3_get_first(struct aws_client *c, const char *bucket, const char *key, size_t n, s3_data_fn *fn,
				 void *user)
{
	AUTO(str) char *range = xasprintf("bytes=0-%zu", n - 1);

	return get_data(c, bucket, key, n, range, fn, user);
}

static void on_head(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	struct s3_object o = {.key = k->key, .size = -1};
	const char *text;

	if (!err) {
		text = http_reply_header(reply->http, "content-length");
		if (text && !str_to_i64(text, &o.size))
			o.size = -1;
		text = http_reply_header(reply->http, "last-modified");
		if (text && !timefmt_parse_http(text, &o.modified_ms))
			o.modified_ms = TIME_UNKNOWN;
		o.etag = http_reply_header(reply->http, "etag");
	}
	k->head(k->user, err ? NULL : &o, err);
	call_free(k);
}

struct aws_request *s3_head(struct aws_client *c, const char *bucket, const char *key, s3_head_fn *fn, void *user)
{
	struct call *k = call_new(user);
	AUTO(str) char *path = s3_key_path(key);
	struct aws_call call = {.op = AWS_OP_ROW(s3, HeadObject),
				.priority = AWS_USER_ACTION,
				.method = "HEAD",
				.bucket = bucket,
				.path = *key ? path : NULL, /* "": is there such a bucket? */
				.fn = on_head,
				.ctx = k};

	k->head = fn;
	k->key = xstrdup(key);
	return aws_call(c, &call);
}

/* --- list ------------------------------------------------------------------------------ */

int s3_parse_list(const char *text, size_t n, struct s3_listing *ret, struct err *err)
{
	struct s3_listing l = {0};
	const struct xml_node *item;
	bool encoded;
	int rc = xml_parse(text, n, "ListObjectsV2 reply", &l.tree, err);

	if (rc)
		return rc;
	encoded = str_eq(xml_text(l.tree, "EncodingType"), "url");
	for (item = xml_find(l.tree, "Contents"); item; item = xml_next(item)) {
		const char *key = xml_text(item, "Key"), *size = xml_text(item, "Size"),
			   *modified = xml_text(item, "LastModified");
		struct s3_object *o;

		if (!key)
			continue;
		GROW(l.objects, l.cap, l.n + 1);
		o = &l.objects[l.n++];
		*o = (struct s3_object){.size = -1, .etag = xml_text(item, "ETag")};
		if (encoded) {
			AUTO(buf) struct buf plain = BUF_INIT(BUF_MAX_TEXT);

			uri_decode(&plain, key, strlen(key), true);
			strlist_take(&l.keys, buf_take(&plain));
			o->key = l.keys.items[l.keys.n - 1];
		} else {
			o->key = key;
		}
		if (size && !str_to_i64(size, &o->size))
			o->size = -1;
		if (modified && !timefmt_parse_iso(modified, &o->modified_ms))
			o->modified_ms = TIME_UNKNOWN;
	}
	if (str_eq(xml_text(l.tree, "IsTruncated"), "true"))
		l.next_token = xml_text(l.tree, "NextContinuationToken");
	*ret = l;
	return 0;
}

void s3_listing_done(struct s3_listing *l)
{
	free(l->objects);
	strlist_done(&l->keys);
	xml_free(l->tree);
	*l = (struct s3_listing){0};
}

static void on_list(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	struct s3_listing l = {0};
	struct err bad = {0};

	if (!err && s3_parse_list(reply->body, reply->len, &l, &bad))
		err = &bad;
	k->list(k->user, l.objects, l.n, err ? NULL : l.next_token, err);
	s3_listing_done(&l);
	call_free(k);
}

struct aws_request *s3_list(struct aws_client *c, const char *bucket, const char *prefix, const char *token,
			    s3_list_fn *fn, void *user)
{
	struct call *k = call_new(user);
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);
	struct aws_call call = {.op = AWS_OP_ROW(s3, ListObjectsV2),
				.priority = AWS_USER_ACTION,
				.method = "GET",
				.bucket = bucket,
				.max_reply = MAX_LIST_REPLY,
				.fn = on_list,
				.ctx = k};

	k->list = fn;
	s3_query_add(&query, "list-type", "2");
	s3_query_add(&query, "encoding-type", "url");
	if (!str_empty(prefix))
		s3_query_add(&query, "prefix", prefix);
	if (token)
		s3_query_add(&query, "continuation-token", token);
	call.query = buf_str(&query);
	return aws_call(c, &call);
}
