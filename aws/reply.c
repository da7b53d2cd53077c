/* What a reply is: the success of its operation, the failure that the service tells, or
 * a page of somebody between us and the service. */
#include <strings.h>

#include "aws/op.h"
#include "aws/reply_json.h"
#include "aws/xml.h"

/* A portal's or proxy's page: by its type, or by how it begins. */
bool aws_reply_is_html(const struct http_reply *r)
{
	const char *type = http_reply_header(r, "content-type"), *text = r->body;

	if (!r->len)
		return false;
	if (type && !strncasecmp(type, "text/html", 9))
		return true;
	text += strspn(text, " \t\r\n");
	return !strncasecmp(text, "<!doctype html", 14) || !strncasecmp(text, "<html", 5);
}

int aws_reply_html_error(const struct http_reply *r, const char *operation, struct err *err)
{
	return err_set(err, ERR_SERVICE,
		       "%s: a page of HTML came instead of the service's answer (HTTP %d): a proxy, or a network that "
		       "wants a log-in first; open any page in a browser, or look at HTTPS_PROXY",
		       operation, r->status);
}

static bool xml_has(const struct xml_node *node, const char *name)
{
	if (!strcmp(node->name, name))
		return true;
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (xml_has(child, name))
			return true;
	return false;
}

struct content {
	const struct http_reply *http;
	const json_t *json;
	const struct xml_node *xml;
};

static bool holds(const char *one, const struct content *c)
{
	if (str_starts(one, "header:"))
		return !str_empty(http_reply_header(c->http, one + strlen("header:")));
	if (c->xml)
		return xml_has(c->xml, one);
	return json_object_get(c->json, one) && !json_is_null(json_object_get(c->json, one));
}

/* What the row asks for and the reply does not have; NULL where it has all. Owned. */
static char *lacks(const struct aws_op *op, const struct content *c)
{
	AUTO(strlist) struct strlist wanted = {0};

	if (*op->reply)
		strlist_split(&wanted, op->reply, ' ');
	for (size_t i = 0; i < wanted.n; i++) {
		AUTO(strlist) struct strlist any = {0};
		bool found = false;

		strlist_split(&any, wanted.items[i], '|');
		for (size_t k = 0; k < any.n && !found; k++)
			found = holds(any.items[k], c);
		if (!found)
			return xstrdup(any.items[0]);
	}
	return NULL;
}

/* Without a body it must be certain that there was to be none. */
static bool is_whole(const struct http_reply *r)
{
	return r->len || r->status == 204 || r->http2 || http_reply_header(r, "content-length") ||
	       http_reply_header(r, "transfer-encoding") || http_reply_header(r, "x-amzn-requestid") ||
	       http_reply_header(r, "x-amz-request-id");
}

static int check(const struct aws_op *op, const struct content *c, struct err *err)
{
	AUTO(str) char *missing = lacks(op, c);
	const char *name = missing && str_starts(missing, "header:") ? missing + strlen("header:") : missing;

	if (missing && !c->http->len && !str_starts(missing, "header:"))
		return err_set(err, ERR_NET, "%s: the reply is empty", op->name);
	if (!is_whole(c->http))
		return err_set(err, ERR_NET, "%s: the reply broke off", op->name);
	if (!missing)
		return 0;
	return err_set(err, ERR_NET, "%s: the reply holds no %s: it is not the service's, or not whole", op->name,
		       str_eq(name, "etag") ? "ETag" : name);
}

static json_t *read_json(const struct aws_op *op, const struct http_reply *r, struct err *err)
{
	AUTO(json) json_t *json = NULL;
	struct err bad = {0};

	if (!r->len)
		json = json_object();
	else if (reply_json_parse(r->body, r->len, "reply", &json, &bad) < 0)
		err_set(err, ERR_NET, "%s: the reply is no JSON, or not whole (%s)", op->name, bad.msg);
	else if (!json_is_object(json))
		err_set(err, ERR_NET, "%s: the reply is no JSON object", op->name);
	if (err->code || check(op, &(struct content){.http = r, .json = json}, err) < 0)
		return NULL;
	return TAKE(json);
}

/* S3 can begin a reply with 200 and end it with an error. */
static void read_xml(const struct aws_op *op, const struct http_reply *r, struct err *err)
{
	AUTO(xml) struct xml_node *root = NULL;
	bool in_header = str_starts(op->reply, "header:");
	struct err bad = {0};

	if (*op->reply && !in_header && r->len && xml_parse(r->body, r->len, "reply", &root, &bad) < 0) {
		err_set(err, ERR_NET, "%s: the reply is no XML, or not whole (%s)", op->name, bad.msg);
	} else if (root && !strcmp(root->name, "Error")) {
		struct http_reply failure = *r;

		failure.status = 500;
		aws_reply_error(&failure, op->service->protocol, op->name, err);
	} else {
		(void)check(op, &(struct content){.http = r, .xml = root}, err);
	}
}

json_t *aws_reply_read(const struct aws_op *op, const struct http_reply *r, struct err *err)
{
	bool may_be_html = op == AWS_OP_ROW(s3, GetObject) || op == AWS_OP_ROW(s3, HeadObject);
	enum aws_protocol protocol = op->service->protocol;
	json_t *json = NULL;

	if (!may_be_html && aws_reply_is_html(r))
		(void)aws_reply_html_error(r, op->name, err);
	else if (protocol == AWS_JSON || protocol == AWS_REST_JSON)
		json = read_json(op, r, err);
	else
		read_xml(op, r, err);
	if (err->code) {
		const char *id = http_reply_header(r, "x-amzn-requestid");

		err->http_status = r->status;
		str_copy(err->request_id, sizeof(err->request_id), str_or(id, ""));
	}
	return json;
}
