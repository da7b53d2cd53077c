/* S3 listings, and deletion of many objects. */
#include "aws/local/services/s3.h"

#include "aws/local/core/token.h"
#include "aws/local/wire/wire.h"
#include "aws/xml.h"
#include "base/uri.h"

int s3_list_buckets(struct s3_call *c)
{
	sqlite3_stmt *st = state_prepare(c->e->db, "SELECT name, created FROM buckets ORDER BY name");

	if (!str_eq(c->rq->method, "GET"))
		return fault_set(c->fault, 405, "MethodNotAllowed",
				 "The specified method is not allowed against this resource.");
	s3_begin_xml(c, "ListAllMyBucketsResult");
	buf_adds(&c->reply->body, "<Owner><ID>local</ID><DisplayName>local</DisplayName></Owner><Buckets>");
	while (state_step(c->e->db, st)) {
		buf_adds(&c->reply->body, "<Bucket>");
		xml_add_element(&c->reply->body, "Name", state_text(st, 0));
		s3_add_time(&c->reply->body, "CreationDate", sqlite3_column_int64(st, 1));
		buf_adds(&c->reply->body, "</Bucket>");
	}
	state_done(st);
	buf_adds(&c->reply->body, "</Buckets>");
	s3_end_xml(c, "ListAllMyBucketsResult");
	return 0;
}

/* --- ListObjects, ListObjectsV2 --------------------------------------------------------- */

struct listing {
	struct s3_call *c;
	bool v2, encode, truncated;
	const char *prefix, *delimiter;
	size_t max, n;
	struct buf entries, prefixes;
	char *last; /* the last key or common prefix given out */
};

static void add_key(struct listing *l, struct buf *out, const char *name, const char *key)
{
	AUTO(buf) struct buf text = BUF_INIT(8 << 10);

	if (l->encode)
		uri_encode(&text, key, strlen(key), true);
	xml_add_element(out, name, l->encode ? buf_str(&text) : key);
}

static void add_entry(struct listing *l, const struct object *o)
{
	struct buf *b = &l->entries;

	buf_adds(b, "<Contents>");
	add_key(l, b, "Key", o->key);
	s3_add_time(b, "LastModified", o->modified_ms);
	buf_addf(b, "<ETag>&quot;%s&quot;</ETag><Size>%lld</Size>", o->etag, (long long)o->size);
	if (!l->v2)
		buf_adds(b, "<Owner><ID>local</ID><DisplayName>local</DisplayName></Owner>");
	buf_adds(b, "<StorageClass>STANDARD</StorageClass></Contents>");
}

/* Where a common prefix ends in the key, or 0. */
static size_t common_prefix(const struct listing *l, const char *key)
{
	const char *at = str_empty(l->delimiter) ? NULL : strstr(key + strlen(l->prefix), l->delimiter);

	return at ? (size_t)(at - key) + strlen(l->delimiter) : 0;
}

/* One object, or the whole group behind a common prefix. `after` moves on. */
static void take(struct listing *l, const struct object *o, char **after)
{
	size_t cut = common_prefix(l, o->key);

	l->n++;
	if (!cut) {
		add_entry(l, o);
		str_set(after, o->key);
		str_set(&l->last, o->key);
		return;
	}
	AUTO(str) char *group = xstrndup(o->key, cut);

	buf_adds(&l->prefixes, "<CommonPrefixes>");
	add_key(l, &l->prefixes, "Prefix", group);
	buf_adds(&l->prefixes, "</CommonPrefixes>");
	str_set(&l->last, group);
	/* Skip the rest of the group: no key of UTF-8 text sorts behind this byte. */
	free(*after);
	*after = xasprintf("%s\xff", group);
}

static void collect(struct listing *l, const char *start)
{
	AUTO(str) char *after = xstrdup(start);

	for (bool more = true; more && l->n <= l->max;) {
		struct object *list;
		size_t n;

		objects_list(l->c->e, l->c->bucket, l->prefix, after, 1001, &list, &n);
		more = n == 1001;
		for (size_t i = 0; i < n; i++) {
			if (strcmp(list[i].key, after) <= 0)
				continue;
			if (l->n == l->max) {
				l->truncated = true;
				more = false;
				break;
			}
			take(l, &list[i], &after);
			if (i + 1 == n && after[strlen(after) - 1] == '\xff')
				more = true;
		}
		objects_list_free(list, n);
	}
}

static void add_heading(struct listing *l)
{
	struct buf *b = &l->c->reply->body;

	xml_add_element(b, "Name", l->c->bucket);
	add_key(l, b, "Prefix", l->prefix);
	if (!str_empty(l->delimiter))
		add_key(l, b, "Delimiter", l->delimiter);
	if (l->encode)
		xml_add_element(b, "EncodingType", "url");
	buf_addf(b, "<MaxKeys>%zu</MaxKeys><IsTruncated>%s</IsTruncated>", l->max, l->truncated ? "true" : "false");
}

static void add_markers(struct listing *l, const char *start_after, const char *token)
{
	struct buf *b = &l->c->reply->body;

	if (!l->v2) {
		add_key(l, b, "Marker", start_after);
		if (l->truncated)
			add_key(l, b, "NextMarker", str_or(l->last, ""));
		return;
	}
	buf_addf(b, "<KeyCount>%zu</KeyCount>", l->n);
	if (token)
		xml_add_element(b, "ContinuationToken", token);
	if (!str_empty(start_after))
		add_key(l, b, "StartAfter", start_after);
	if (l->truncated) {
		AUTO(str) char *next = token_encode("s3-list", str_or(l->last, ""));

		xml_add_element(b, "NextContinuationToken", next);
	}
}

int s3_list_objects(struct s3_call *c)
{
	struct listing l = {.c = c,
			    .v2 = str_eq(request_arg(c->rq, "list-type"), "2"),
			    .encode = str_eq(request_arg(c->rq, "encoding-type"), "url"),
			    .prefix = str_or(request_arg(c->rq, "prefix"), ""),
			    .delimiter = request_arg(c->rq, "delimiter"),
			    .entries = BUF_INIT(BUF_MAX_TEXT),
			    .prefixes = BUF_INIT(BUF_MAX_TEXT)};
	const char *max_keys = request_arg(c->rq, "max-keys"), *token = request_arg(c->rq, "continuation-token");
	const char *after = str_or(request_arg(c->rq, l.v2 ? "start-after" : "marker"), "");
	AUTO(str) char *position = NULL;
	int64_t max = 1000;

	if (max_keys && (!str_to_i64(max_keys, &max) || max < 0))
		return fault_set(c->fault, 400, "InvalidArgument",
				 "Provided max-keys not an integer or within integer range");
	l.max = (size_t)MIN(max, 1000);
	if (l.v2 && token && !(position = token_decode("s3-list", token)))
		return fault_set(c->fault, 400, "InvalidArgument", "The continuation token provided is incorrect");
	/* After a common prefix, its whole group lies behind us. */
	const char *from = position ? position : after;

	if (!str_empty(l.delimiter) && str_ends(from, l.delimiter) && strlen(from) > strlen(l.prefix)) {
		char *behind = xasprintf("%s\xff", from);

		free(position);
		position = behind;
		from = position;
	}
	if (l.max)
		collect(&l, from);
	const char *root = "ListBucketResult";

	s3_begin_xml(c, root);
	add_heading(&l);
	add_markers(&l, after, token);
	buf_add(&c->reply->body, buf_str(&l.entries), l.entries.len);
	buf_add(&c->reply->body, buf_str(&l.prefixes), l.prefixes.len);
	s3_end_xml(c, root);
	buf_done(&l.entries);
	buf_done(&l.prefixes);
	free(l.last);
	return 0;
}

/* --- XML bodies ------------------------------------------------------------------------- */

static void collect_texts(const struct xml_node *n, const char *name, struct strlist *out)
{
	for (; n; n = n->next) {
		if (str_eq(n->name, name))
			strlist_add(out, n->text);
		collect_texts(n->first, name, out);
	}
}

int xml_find_texts(const struct buf *xml, const char *name, struct strlist *out)
{
	AUTO(xml) struct xml_node *root = NULL;

	if (xml_parse(buf_str(xml), xml->len, "request", &root, NULL) < 0)
		return -1;
	collect_texts(root, name, out);
	return 0;
}

int s3_delete_objects(struct s3_call *c)
{
	AUTO(strlist) struct strlist keys = {0};
	AUTO(strlist) struct strlist quiet = {0};

	if (xml_find_texts(&c->rq->body, "Key", &keys) < 0 || xml_find_texts(&c->rq->body, "Quiet", &quiet) < 0 ||
	    keys.n > 1000)
		return fault_set(
			c->fault, 400, "MalformedXML",
			"The XML you provided was not well-formed or did not validate against our published schema");
	s3_begin_xml(c, "DeleteResult");
	for (size_t i = 0; i < keys.n; i++) {
		objects_delete(c->e, c->bucket, keys.items[i]);
		if (quiet.n && str_eq(quiet.items[0], "true"))
			continue;
		buf_adds(&c->reply->body, "<Deleted>");
		xml_add_element(&c->reply->body, "Key", keys.items[i]);
		buf_adds(&c->reply->body, "</Deleted>");
	}
	s3_end_xml(c, "DeleteResult");
	return 0;
}
