/* resource.c - the calls of all kinds: what their rows say becomes requests. */
#include "aws/resource.h"
#include "aws/op.h"
#include "aws/sagemaker.h"
#include "base/digest.h"
#include "base/timefmt.h"
#include "base/utf8.h"

/* --- requests ------------------------------------------------------------------------ */

/* "Member=value", or "Member[]=value" for one more of a list. */
static void put_fixed(json_t *body, const char *word)
{
	const char *equals = strchr(word, '=');
	AUTO(str) char *name = xstrndup(word, (size_t)(equals - word));

	if (!str_ends(name, "[]")) {
		json_object_set_new(body, name, json_string(equals + 1));
		return;
	}
	name[strlen(name) - 2] = '\0';
	json_t *list = json_object_get(body, name);

	if (!list) {
		list = json_array();
		json_object_set_new(body, name, list);
	}
	json_array_append_new(list, json_string(equals + 1));
}

/* A member of the thing's record, from whatever is kept of it; NULL. */
static const char *member_of(const struct resource *known, const char *name)
{
	const struct kind *k = known ? known->kind : NULL;

	if (!known || k->class != &record_class)
		return NULL;
	if (str_eq(name, k->members.parent))
		return known->parent;
	for (size_t i = 0; k->fields[i].name; i++) {
		if (str_eq(k->fields[i].path, name) && resource_record(known)->values[i])
			return resource_record(known)->values[i];
	}
	return strmap_get(&resource_record(known)->members, name);
}

/* "GroupName/Name" of "default/nightly": the last member takes what is left; where
 * there are fewer parts than members, the first ones are not sent. */
static void put_parts(json_t *body, const char *word, const char *name)
{
	AUTO(strlist) struct strlist members = {0};
	AUTO(str) char *rest = xstrdup(name);
	size_t parts = 1, first;
	char *p = rest;

	strlist_split(&members, word, '/');
	for (const char *s = name; (s = strchr(s, '/')); s++)
		parts++;
	first = members.n - MIN(parts, members.n);
	for (size_t i = first; i < members.n; i++) {
		char *slash = i + 1 < members.n ? strchr(p, '/') : NULL;

		if (slash)
			*slash = '\0';
		json_object_set_new(body, members.items[i], json_string(p));
		p = slash ? slash + 1 : p;
	}
}

static int put_word(json_t *body, const char *word, const struct kind *k, const char *name,
		    const struct resource *known, struct err *err)
{
	const char *equals = strchr(word, '=');
	AUTO(str) char *member = xstrndup(word, strcspn(word, "="));

	if (!equals && str_ends(word, "[]")) {
		member[strlen(member) - 2] = '\0';
		json_object_set_new(body, member, json_pack("[s]", name));
	} else if (!equals) {
		put_parts(body, word, name);
	} else if (equals[1] == '@') {
		const char *value = member_of(known, equals + 2);

		if (!known)
			return err_set(err, ERR_NOTFOUND, "%s '%s' is not known", k->name, name);
		if (value) /* one of two may be missing: the user profile, or the space */
			json_object_set_new(body, member, json_string(value));
	} else if (str_eq(equals, "=*")) {
		char token[37];

		uuid4(token);
		json_object_set_new(body, member, json_string(token));
	} else {
		put_fixed(body, word);
	}
	return 0;
}

int aws_resource_arguments(const struct kind *k, const struct kind_call *call, const char *name,
			   const struct resource *known, json_t **ret, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};
	AUTO(json) json_t *body = json_object();

	strlist_split(&words, call->argument, ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (put_word(body, words.items[i], k, name, known, err))
			return -ERR_NOTFOUND;
	}
	*ret = TAKE(body);
	return 0;
}

bool aws_call_needs_record(const struct kind_call *call)
{
	return call->argument && strstr(call->argument, "=@");
}

static void put(json_t *body, const char *member, const char *value)
{
	if (member && !str_empty(value))
		json_object_set_new(body, member, json_string(value));
}

static void put_time(json_t *body, const char *member, int64_t ms)
{
	if (member && ms != TIME_UNKNOWN)
		json_object_set_new(body, member, json_real((double)ms / 1000));
}

/* The row's first sort key is the usual one; of its directions the second begins with
 * the newest. */
static void put_order(json_t *body, const struct kind_list *l)
{
	AUTO(strlist) struct strlist keys = {0};
	AUTO(strlist) struct strlist directions = {0};

	if (l->sort_keys)
		strlist_split(&keys, l->sort_keys, ' ');
	if (l->directions)
		strlist_split(&directions, l->directions, ' ');
	if (keys.n)
		put(body, "SortBy", keys.items[0]);
	if (directions.n)
		put(body, "SortOrder", directions.items[1]);
}

static json_t *list_body(const struct kind *k, const struct resource_query *q)
{
	const struct kind_list *l = &k->list;
	AUTO(strlist) struct strlist fixed = {0};
	json_t *body = json_object();

	if (l->fixed)
		strlist_split(&fixed, l->fixed, ' ');
	for (size_t i = 0; i < fixed.n; i++)
		put_fixed(body, fixed.items[i]);
	if (l->page_size)
		json_object_set_new(body, l->page_size, json_integer(l->page));
	put_order(body, l);
	put(body, l->parent, q->parent);
	put(body, l->name_contains ? l->name_contains : l->name_prefix, q->name);
	put(body, l->status_equals, q->status);
	put_time(body, l->created_after, q->created_after_ms);
	put_time(body, l->modified_after, q->modified_after_ms);
	put(body, "NextToken", q->token);
	return body;
}

static void add_filter(json_t *filters, const char *name, const char *operator, const char * value)
{
	if (!str_empty(value))
		json_array_append_new(filters,
				      json_pack("{s:s, s:s, s:s}", "Name", name, "Operator", operator, "Value", value));
}

static json_t *search_body(const struct kind *k, const struct resource_query *q)
{
	AUTO(json) json_t *filters = json_array();
	bool own =
		!strchr(k->search.item, '.') || k->class == &job_class; /* its members are properties of the resource */
	json_t *body =
		json_pack("{s:s, s:i, s:s, s:s}", "Resource", k->search.resource, "MaxResults", 100, "SortBy",
			  own && k->members.modified ? "LastModifiedTime" : "CreationTime", "SortOrder", "Descending");
	char time[TIMEFMT_LEN];

	if (q->modified_after_ms != TIME_UNKNOWN && k->members.modified)
		add_filter(filters, "LastModifiedTime", "GreaterThanOrEqualTo",
			   timefmt_search(time, q->modified_after_ms));
	if (k->search.filter_name)
		add_filter(filters, k->search.filter_name, "Contains", k->search.filter_value);
	if (own) {
		add_filter(filters, k->members.name, "Contains", q->name);
		if (k->members.status)
			add_filter(filters, k->members.status, "Equals", q->status);
	}
	if (json_array_size(filters))
		json_object_set_new(body, "SearchExpression", json_pack("{s:O}", "Filters", filters));
	put(body, "NextToken", q->token);
	return body;
}

/* --- pages ------------------------------------------------------------------------------ */

struct page_call {
	struct aws_client *client;
	const struct aws_op *op;
	const struct kind *kind;
	char *parent;
	bool search;
	resource_page_fn *fn;
	void *user;
};

/* A record that cannot be read is left out and counted: the others are what the user
 * has. What is another thing of the same Search resource is none of ours. */
static size_t add_item(const struct page_call *c, struct resource_page *page, const json_t *item)
{
	const char *path = c->search ? c->kind->search.item : NULL;

	if (path && json_is_object(item) && !(item = aws_resource_at(item, path)))
		return 0;
	if (!json_is_object(item) || aws_resource_parse(c->kind, item, c->search ? DETAIL_SEARCHED : DETAIL_SUMMARY,
							c->parent, &page->items[page->n], NULL))
		return 1;
	page->n++;
	return 0;
}

static void read_page(const struct page_call *c, const json_t *reply, struct resource_page *page)
{
	AUTO(strlist) struct strlist members = {0};
	const char *token = json_get_str(reply, "NextToken");
	size_t n = 0, left_out = 0, i;
	json_t *item;

	strlist_split(&members, c->search ? "Results" : c->kind->list.items, ' ');
	for (size_t m = 0; m < members.n; m++)
		n += json_array_size(json_object_get(reply, members.items[m]));
	page->items = xcalloc(n + 1, sizeof(struct resource *));
	page->next_token = str_empty(token) ? NULL : token;
	page->total_hint = json_get_i64(json_object_get(reply, "TotalHits"), "Value", -1);
	for (size_t m = 0; m < members.n; m++) {
		json_array_foreach(json_object_get(reply, members.items[m]), i, item) left_out +=
			add_item(c, page, item);
	}
	aws_note_left_out(c->client, c->op, left_out);
}

static void on_page(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct page_call *c = ctx;
	struct resource_page page = {.total_hint = -1};

	if (!err)
		read_page(c, reply->json, &page);
	c->fn(c->user, err ? NULL : &page, err);
	for (size_t i = 0; i < page.n; i++)
		resource_free(page.items[i]);
	free(page.items);
	free(c->parent);
	free(c);
}

static struct aws_request *page_request(struct aws_client *aws, const struct kind *k, const struct resource_query *q,
					bool search, enum aws_priority p, resource_page_fn *fn, void *user)
{
	struct page_call *c = NEW(struct page_call);
	const struct aws_op *op = search ? AWS_OP_ROW(sagemaker, Search) : aws_op_find(k->service, k->list.operation);

	*c = (struct page_call){aws, op, k, search ? NULL : xstrdup(q->parent), search, fn, user};
	return aws_call_named(aws, op, p, search ? search_body(k, q) : list_body(k, q), on_page, c);
}

struct aws_request *aws_resource_list(struct aws_client *c, const struct kind *k, const struct resource_query *q,
				      enum aws_priority p, resource_page_fn *fn, void *user)
{
	return page_request(c, k, q, false, p, fn, user);
}

struct aws_request *aws_resource_search(struct aws_client *c, const struct kind *k, const struct resource_query *q,
					enum aws_priority p, resource_page_fn *fn, void *user)
{
	return page_request(c, k, q, true, p, fn, user);
}

/* --- one thing ---------------------------------------------------------------------------- */

struct one_call {
	const struct kind *kind;
	char *name, *parent;
	resource_one_fn *one;
	resource_done_fn *done;
	resource_tags_fn *tags;
	void *user;
};

static struct one_call *one_call_new(const struct kind *k, const char *name, void *user)
{
	struct one_call *c = NEW(struct one_call);

	c->kind = k;
	c->name = xstrdup(name);
	c->user = user;
	return c;
}

static void one_call_free(struct one_call *c)
{
	free(c->name);
	free(c->parent);
	free(c);
}

/* A thing that is not there is told in many ways: by code, or by a ValidationException
 * with one of these in its text. */
static void class_missing(struct err *err)
{
	static const char *const codes[] = {"ResourceNotFound", "ResourceNotFoundException", "DashboardNotFoundError",
					    "ObjectNotFoundException"};
	static const char *const texts[] = {"not found", "could not find", "can't find", "does not exist",
					    "recordnotfound"};
	AUTO(str) char *message = xstrdup(err->msg);

	str_lower(message);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (str_eq(err->aws_code, codes[i]))
			err->code = ERR_NOTFOUND;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts) && str_eq(err->aws_code, "ValidationException"); i++) {
		if (strstr(message, texts[i]))
			err->code = ERR_NOTFOUND;
	}
}

static void on_one(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct one_call *c = ctx;
	struct resource *r = NULL;
	struct err bad = err ? *err : (struct err){0};

	if (err) {
		class_missing(&bad);
	} else {
		const char *path = c->kind->describe.item;
		const json_t *item = path ? aws_resource_at(reply->json, path) : reply->json;

		if (!item)
			(void)err_set(&bad, ERR_NOTFOUND, "there is no %s '%s'", c->kind->name, c->name);
		else if (aws_resource_parse(c->kind, item, DETAIL_DESCRIBED, c->parent, &r, &bad))
			r = NULL;
	}
	c->one(c->user, r, bad.code ? NULL : reply->json, bad.code ? &bad : NULL);
	one_call_free(c);
}

static void on_done(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct one_call *c = ctx;
	struct err copy = err ? *err : (struct err){0};

	if (err)
		class_missing(&copy);
	c->done(c->user, err ? &copy : NULL);
	one_call_free(c);
}

static int send_call(struct aws_client *aws, struct one_call *c, const struct kind_call *call,
		     const struct resource *known, enum aws_priority p, aws_reply_fn *fn, struct err *err)
{
	json_t *body = NULL;
	int rc = aws_resource_arguments(c->kind, call, c->name, known, &body, err);

	if (rc)
		one_call_free(c);
	else
		(void)aws_call_named(aws, aws_op_find(c->kind->service, call->operation), p, body, fn, c);
	return rc;
}

int aws_resource_describe(struct aws_client *aws, const struct kind *k, const char *name, const struct resource *known,
			  enum aws_priority p, resource_one_fn *fn, void *user, struct err *err)
{
	struct one_call *c = one_call_new(k, name, user);

	c->one = fn;
	c->parent = known ? xstrdup(known->parent) : NULL;
	return send_call(aws, c, &k->describe, known, p, on_one, err);
}

int aws_resource_call(struct aws_client *aws, const struct kind *k, const struct kind_call *call, const char *name,
		      const struct resource *known, resource_done_fn *fn, void *user, struct err *err)
{
	struct one_call *c = one_call_new(k, name, user);

	c->done = fn;
	return send_call(aws, c, call, known, AWS_USER_ACTION, on_done, err);
}

/* --- tags ----------------------------------------------------------------------------------- */

/* By service: who lists tags by ARN. The Scheduler tags groups only. A resource has at most
 * 50 tags, a page of ListTags holds 100: one call is all. */
static const struct {
	const char *service, *operation, *argument;
} tag_calls[] = {{"sagemaker", "ListTags", "ResourceArn"},
		 {"events", "ListTagsForResource", "ResourceARN"},
		 {"cloudwatch", "ListTagsForResource", "ResourceARN"},
		 {"application-autoscaling", "ListTagsForResource", "ResourceARN"}};

static void on_tags(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct one_call *c = ctx;
	AUTO(strmap) struct strmap tags = {0};
	const json_t *list = err ? NULL : json_object_get(reply->json, "Tags");
	const char *key;
	json_t *value;

	if (json_is_array(list))
		sm_parse_tags(list, &tags);
	json_object_foreach((json_t *)list, key, value)
	{
		AUTO(str) char *clean_key = utf8_sanitize_dup(key);
		AUTO(str) char *clean_value = utf8_sanitize_dup(json_string_value(value));

		strmap_set(&tags, clean_key, str_or(clean_value, ""));
	}
	c->tags(c->user, err ? NULL : &tags, err);
	one_call_free(c);
}

bool aws_resource_tags(struct aws_client *aws, const struct kind *k, const char *arn, enum aws_priority p,
		       resource_tags_fn *fn, void *user)
{
	for (size_t i = 0; i < ARRAY_LEN(tag_calls); i++) {
		const struct aws_op *op = aws_op_find(k->service, tag_calls[i].operation);

		if (!str_eq(tag_calls[i].service, k->service) || !op)
			continue;
		struct one_call *c = one_call_new(k, arn, user);

		c->tags = fn;
		(void)aws_call_named(aws, op, p, json_pack("{s:s}", tag_calls[i].argument, arn), on_tags, c);
		return true;
	}
	return false;
}
