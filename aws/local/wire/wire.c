/* Input read and results written in each protocol. */
#include "aws/local/wire/wire.h"

#include "aws/local/wire/cbor.h"
#include "aws/local/wire/validate.h"
#include "base/timefmt.h"

static void xml_add_text(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '<')
			buf_adds(out, "&lt;");
		else if (c == '>')
			buf_adds(out, "&gt;");
		else if (c == '"')
			buf_adds(out, "&quot;");
		else if (c == '\r')
			buf_adds(out, "&#13;");
		else if (c < 32 && c != '\t' && c != '\n')
			buf_addc(out, '?');
		else
			buf_addc(out, *p);
	}
}

void xml_add_element(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "<%s>", name);
	xml_add_text(out, text);
	buf_addf(out, "</%s>", name);
}

/* --- input ------------------------------------------------------------------------ */

int wire_parse_json(const struct request *rq, json_t **ret, struct fault *f)
{
	json_error_t e;

	if (!rq->body.len) {
		*ret = json_object();
		return 0;
	}
	*ret = json_loadb(buf_str(&rq->body), rq->body.len, JSON_REJECT_DUPLICATES, &e);
	if (!*ret || !json_is_object(*ret)) {
		json_decref(*ret);
		*ret = NULL;
		return fault_set(f, 400, "SerializationException", "the request body is not a JSON object");
	}
	return 0;
}

int wire_parse_input(const struct request *rq, enum wire wire, const struct shape *shape, json_t **ret, struct fault *f)
{
	struct err err = {0};

	if (wire == WIRE_CBOR) {
		if (cbor_parse(buf_str(&rq->body), rq->body.len, ret, &err) < 0)
			return fault_set(f, 400, "SerializationException", "%s", err.msg);
		return 0;
	}
	if (wire != WIRE_QUERY)
		return wire_parse_json(rq, ret, f);
	AUTO(strmap) struct strmap pairs = {0};

	if (form_parse(buf_str(&rq->body), rq->body.len, &pairs, &err) < 0)
		return fault_set(f, 400, "MalformedQueryString", "%s", err.msg);
	for (size_t i = 0; i < rq->args.n; i++) {
		if (!str_starts(rq->args.items[i].name, "X-Amz-"))
			strmap_set(&pairs, rq->args.items[i].name, rq->args.items[i].value);
	}
	return shape_from_query(shape, &pairs, ret, f);
}

/* --- output ----------------------------------------------------------------------- */

static void xml_add_value(struct buf *out, const char *name, const json_t *value);

static void xml_add_inside(struct buf *out, const char *name, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;
	char text[TIMEFMT_LEN];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach((json_t *)value, key, member) xml_add_value(out, key, member);
		break;
	case JSON_ARRAY:
		json_array_foreach((json_t *)value, i, member)
		{
			buf_adds(out, "<member>");
			xml_add_inside(out, name, member);
			buf_adds(out, "</member>");
		}
		break;
	case JSON_STRING:
		xml_add_text(out, json_string_value(value));
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		if (cbor_is_time_member(name))
			buf_adds(out, timefmt_iso_ms(text, (int64_t)(json_number_value(value) * 1000 + 0.5)));
		else if (json_is_integer(value))
			buf_addf(out, "%lld", (long long)json_integer_value(value));
		else
			buf_addf(out, "%.15g", json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_adds(out, json_is_true(value) ? "true" : "false");
		break;
	case JSON_NULL:
		break;
	}
}

static void xml_add_value(struct buf *out, const char *name, const json_t *value)
{
	buf_addf(out, "<%s>", name);
	xml_add_inside(out, name, value);
	buf_addf(out, "</%s>", name);
}

static void put_json(struct reply *reply, const json_t *j)
{
	/* 15 digits: the times (10 digits and 3 decimals) stay as short as the service writes them. */
	char *text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(15));

	buf_adds(&reply->body, text ? text : "{}");
	free(text);
}

void wire_result(const struct request *rq, enum wire wire, const struct wire_service *service, const char *operation,
		 const json_t *out, struct reply *reply)
{
	struct buf *b = &reply->body;

	reply->status = 200;
	strmap_set(&reply->headers, "x-amzn-RequestId", rq->id);
	switch (wire) {
	case WIRE_JSON_1_1:
	case WIRE_JSON_1_0:
		reply->content_type =
			wire == WIRE_JSON_1_0 ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
		/* An operation without output has an empty body, as StopTrainingJob has. */
		if (!json_is_null(out))
			put_json(reply, out);
		break;
	case WIRE_REST_JSON:
		reply->content_type = "application/json";
		if (!json_is_null(out))
			put_json(reply, out);
		break;
	case WIRE_CBOR:
		reply->content_type = "application/cbor";
		strmap_set(&reply->headers, "smithy-protocol", "rpc-v2-cbor");
		if (json_is_null(out))
			buf_addc(b, (char)0xa0);
		else
			cbor_write(out, b);
		break;
	case WIRE_QUERY:
		reply->content_type = "text/xml";
		buf_addf(b, "<%sResponse xmlns=\"%s\">\n", operation, str_or(service->xml_ns, ""));
		if (!json_is_null(out)) {
			AUTO(str) char *name = xasprintf("%sResult", operation);

			xml_add_value(b, name, out);
		}
		buf_addf(b, "\n<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>\n</%sResponse>\n", rq->id,
			 operation);
		break;
	case WIRE_S3:
		break;
	}
}

/* The JSON services name some failures with, some without "Exception"; what
 * comes from the shared front end is common to all. SageMaker's own carry
 * `Message`, the front end's `message`. */
static void json_fault(enum wire wire, const struct fault *f, struct reply *reply)
{
	bool own = str_starts(f->code, "Resource") && !str_ends(f->code, "Exception");
	const char *type = str_or(f->shape, f->code);
	AUTO(json) json_t *j = json_pack("{s:s, s:s}", "__type", type, own ? "Message" : "message", f->message);

	strmap_set(&reply->headers, "x-amzn-ErrorType", type);
	if (wire == WIRE_CBOR) {
		reply->content_type = "application/cbor";
		strmap_set(&reply->headers, "smithy-protocol", "rpc-v2-cbor");
		cbor_write(j, &reply->body);
		return;
	}
	reply->content_type = wire == WIRE_REST_JSON  ? "application/json"
			      : wire == WIRE_JSON_1_0 ? "application/x-amz-json-1.0"
						      : "application/x-amz-json-1.1";
	put_json(reply, j);
}

void wire_fault(const struct request *rq, enum wire wire, const struct wire_service *service, const struct fault *f,
		struct reply *reply)
{
	struct buf *b = &reply->body;
	bool sender = f->http_status < 500;

	reply->status = f->http_status;
	buf_clear(b);
	if (wire == WIRE_S3) {
		reply->content_type = "application/xml";
		strmap_set(&reply->headers, "x-amz-request-id", rq->id);
		buf_adds(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
		xml_add_element(b, "Code", f->code);
		xml_add_element(b, "Message", f->message);
		xml_add_element(b, "Resource", str_or(rq->path, "/"));
		xml_add_element(b, "RequestId", rq->id);
		buf_adds(b, "</Error>");
		return;
	}
	strmap_set(&reply->headers, "x-amzn-RequestId", rq->id);
	if (wire == WIRE_QUERY) {
		reply->content_type = "text/xml";
		buf_addf(b, "<ErrorResponse xmlns=\"%s\">\n<Error><Type>%s</Type>",
			 service ? str_or(service->xml_ns, "") : "", sender ? "Sender" : "Receiver");
		xml_add_element(b, "Code", f->code);
		xml_add_element(b, "Message", f->message);
		buf_addf(b, "</Error>\n<RequestId>%s</RequestId>\n</ErrorResponse>\n", rq->id);
		return;
	}
	if (service && service->xml_ns) {
		/* CloudWatch keeps its Query codes for those who know them. */
		AUTO(str) char *code = xasprintf("%s;%s", f->code, sender ? "Sender" : "Receiver");

		strmap_set(&reply->headers, "x-amzn-query-error", code);
	}
	json_fault(wire, f, reply);
}
