/* A reply whose list is long is parsed and handed on in slices, each a turn of the loop, so
 * that no key waits for a page of ten thousand log events. */
#include "aws/client_impl.h"

#include "aws/reply_json.h"
#include "aws/reply_list.h"
#include "base/clock.h"

#define SLICE_US 3000
#define PIECE_BYTES ((size_t)8 << 10) /* between two looks at the clock */

void aws_request_slice(struct aws_request *r, const char *member, aws_items_fn *fn)
{
	r->list_member = member;
	r->items_fn = fn;
}

json_t *request_read_reply(struct aws_request *r, const struct http_reply *reply)
{
	size_t from, to;

	if (!r->items_fn || aws_reply_is_html(reply) ||
	    !reply_list_find(str_or(reply->body, ""), reply->len, r->list_member, &from, &to))
		return aws_reply_read(r->op, reply, &r->err);
	AUTO(buf) struct buf rest = BUF_INIT(reply->len + 1);
	struct http_reply without = *reply;

	(void)buf_add(&rest, reply->body, from);
	(void)buf_add(&rest, reply->body + to, reply->len - to);
	without.body = buf_str(&rest);
	without.len = rest.len;
	json_t *json = aws_reply_read(r->op, &without, &r->err);

	if (json) {
		r->list_body = reply->whole ? buf_take(reply->whole) : xmemdup(reply->body, reply->len);
		r->list = r->list_body + from;
		r->list_len = to - from;
	}
	return json;
}

static json_t *parse_items(const struct aws_request *r, const char *text, size_t n)
{
	AUTO(buf) struct buf piece = BUF_INIT(n + 3);
	AUTO(json) json_t *items = NULL;

	(void)buf_addc(&piece, '[');
	(void)buf_add(&piece, text, n);
	(void)buf_addc(&piece, ']');
	if (reply_json_parse(buf_str(&piece), piece.len, r->list_member, &items, NULL) < 0 || !json_is_array(items))
		return NULL;
	return TAKE(items);
}

/* One by one: null in the place of those that cannot be read. */
static json_t *parse_each(const struct aws_request *r, const char *text, size_t n)
{
	json_t *all = json_array();

	for (size_t at = 0, next = 0; at < n; at += next) {
		size_t len = reply_list_items(text + at, n - at, 1, &next);
		AUTO(json) json_t *one = parse_items(r, text + at, len);

		json_array_append_new(all,
				      json_array_size(one) == 1 ? json_incref(json_array_get(one, 0)) : json_null());
		if (next == 0)
			break;
	}
	return all;
}

static void hand_on(struct aws_request *r, const char *text, size_t n)
{
	AUTO(json) json_t *items = parse_items(r, text, n);

	if (!items)
		items = parse_each(r, text, n);
	r->items_fn(r->ctx, items);
}

/* One that is being read, a slice of it; false where nothing is left. */
static bool read_on(struct aws_request *r)
{
	int64_t until = clock_mono_us() + SLICE_US;

	while (r->list_at < r->list_len && !r->cancelled && clock_mono_us() < until) {
		const char *at = r->list + r->list_at;
		size_t next = 0, n = reply_list_items(at, r->list_len - r->list_at, PIECE_BYTES, &next);

		r->list_at = next ? r->list_at + next : r->list_len;
		hand_on(r, at, n);
	}
	return r->list_at < r->list_len;
}

void requests_read(struct aws_client *c)
{
	struct aws_request *r = NULL;

	for (size_t i = 0; i < c->n_requests && !r; i++) {
		if (c->requests[i]->state == REQUEST_READING && !c->requests[i]->cancelled)
			r = c->requests[i];
	}
	if (r && !read_on(r) && !r->cancelled)
		request_read_whole(r);
}
