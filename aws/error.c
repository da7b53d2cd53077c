/* How a failed reply reads: the service's code and message, by protocol, and their class. */
#include "aws/op.h"
#include "aws/reply_json.h"
#include "aws/retry.h"
#include "aws/xml.h"
#include "base/utf8.h"

struct code_class {
	const char *code;
	enum err_code class;
};

static const struct code_class classes[] = {
	{"ExpiredToken", ERR_EXPIRED},
	{"ExpiredTokenException", ERR_EXPIRED},
	{"TokenRefreshRequired", ERR_EXPIRED},
	{"UnrecognizedClientException", ERR_AUTH},
	{"InvalidClientTokenId", ERR_AUTH},
	{"InvalidAccessKeyId", ERR_AUTH},
	{"InvalidToken", ERR_AUTH},
	{"SignatureDoesNotMatch", ERR_AUTH},
	{"InvalidSignatureException", ERR_AUTH},
	{"IncompleteSignature", ERR_AUTH},
	{"MissingAuthenticationToken", ERR_AUTH},
	{"MissingAuthenticationTokenException", ERR_AUTH},
	{"AuthFailure", ERR_AUTH},
	{"RequestTimeTooSkewed", ERR_AUTH},
	{"RequestExpired", ERR_AUTH},
	{"UnauthorizedException", ERR_AUTH},
	{"AccessDenied", ERR_DENIED},
	{"AccessDeniedException", ERR_DENIED},
	{"UnauthorizedOperation", ERR_DENIED},
	{"NotAuthorizedException", ERR_DENIED},
	{"OptInRequired", ERR_DENIED},
	{"ResourceNotFound", ERR_NOTFOUND},
	{"ResourceNotFoundException", ERR_NOTFOUND},
	{"NoSuchKey", ERR_NOTFOUND},
	{"NoSuchBucket", ERR_NOTFOUND},
	{"NoSuchUpload", ERR_NOTFOUND},
	{"RepositoryNotFoundException", ERR_NOTFOUND},
	{"ResourceInUse", ERR_EXISTS},
	{"ResourceInUseException", ERR_EXISTS},
	{"ResourceAlreadyExistsException", ERR_EXISTS},
	{"RepositoryAlreadyExistsException", ERR_EXISTS},
	{"BucketAlreadyExists", ERR_EXISTS},
	{"BucketAlreadyOwnedByYou", ERR_EXISTS},
	{"ConflictException", ERR_EXISTS},
	{"ResourceLimitExceeded", ERR_LIMIT},
	{"ServiceQuotaExceededException", ERR_LIMIT},
	{"LimitExceeded", ERR_LIMIT},
};

/* The class of a service's error code. */
static enum err_code class_of(const char *aws_code, const char *message, int http_status)
{
	if (retry_is_throttling_code(aws_code))
		return ERR_THROTTLED;
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (!strcmp(aws_code, classes[i].code))
			return classes[i].class;
	/* SageMaker's describe and stop calls answer so for a name that does not exist. */
	if (!strcmp(aws_code, "ValidationException") &&
	    (strstr(message, "equested resource not found") || strstr(message, "ould not find")))
		return ERR_NOTFOUND;
	switch (http_status) {
	case 401:
		return ERR_AUTH;
	case 403:
		return ERR_DENIED;
	case 404:
		return ERR_NOTFOUND;
	case 407:
		return ERR_NET;
	case 408:
		return ERR_TIMEOUT;
	case 409:
		return ERR_EXISTS;
	case 429:
		return ERR_THROTTLED;
	}
	return http_status >= 500 || (http_status >= 300 && http_status < 400) ? ERR_SERVICE : ERR_INVALID;
}

/* "aws.protocoltests#Name:http://..." -> "Name". A code is a word; what a peer adds
 * beyond that must not get into messages. */
static void set_code(char *out, size_t size, const char *text)
{
	size_t colon = strcspn(text, ":"), hash = strcspn(text, "#");

	str_copy(out, size, hash < colon ? text + hash + 1 : text);
	out[strspn(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] = '\0';
}

static void read_json(const struct http_reply *r, char *code, size_t size, char **ret_message)
{
	AUTO(json) json_t *j = NULL;
	const char *type = http_reply_header(r, "x-amzn-errortype"), *message;

	if (r->len && !reply_json_parse(r->body, r->len, "reply", &j, NULL) && json_is_object(j)) {
		const char *body_type = json_get_str(j, "__type");

		if (!body_type)
			body_type = json_get_str(j, "code");
		if (body_type)
			type = body_type;
		message = json_get_str(j, "message");
		if (!message)
			message = json_get_str(j, "Message");
		*ret_message = xstrdup(message);
	}
	if (!type) {
		/* CloudWatch's JSON repeats the code of its Query protocol: "Code;Sender". */
		type = http_reply_header(r, "x-amzn-query-error");
	}
	if (type)
		set_code(code, size, type);
}

static void read_xml(const struct http_reply *r, char *code, size_t size, char **ret_message)
{
	AUTO(xml) struct xml_node *root = NULL;
	const struct xml_node *error;

	if (!r->len || xml_parse(r->body, r->len, "reply", &root, NULL))
		return;
	error = !strcmp(root->name, "Error") ? root : xml_find(root, "Error");
	if (!error)
		error = xml_find(root, "Errors/Error");
	if (!error)
		return;
	set_code(code, size, str_or(xml_text(error, "Code"), ""));
	*ret_message = xstrdup(xml_text(error, "Message"));
}

static const char *status_text(int status, enum aws_protocol protocol)
{
	switch (status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return protocol == AWS_REST_XML
			       ? "the bucket is in another region"
			       : "sent elsewhere, as no service of AWS does: a proxy, or a network that "
				 "wants a log-in first";
	case 403:
		return "access denied";
	case 404:
		return "not found";
	case 407:
		return "the proxy refuses: put its name and password into HTTPS_PROXY, as "
		       "http://name:password@proxy:port";
	case 429:
		return "too many requests";
	case 500:
		return "internal error of the service";
	case 502:
	case 503:
	case 504:
		return "the service is unavailable";
	}
	return "unexpected status";
}

static const char *advice(enum err_code class, const char *code)
{
	if (!strcmp(code, "RequestTimeTooSkewed"))
		return " (this machine's clock is wrong)";
	if (class == ERR_EXPIRED)
		return " (sign in again)";
	return "";
}

void aws_reply_error(const struct http_reply *r, enum aws_protocol protocol, const char *operation, struct err *err)
{
	AUTO(str) char *raw = NULL;
	char code[64] = "";
	const char *id = http_reply_header(r, "x-amzn-requestid");

	if (!err || err->code)
		return;
	if (r->status < 500 && r->status != 407 && aws_reply_is_html(r)) {
		aws_reply_html_error(r, operation, err);
		err->http_status = r->status;
		return;
	}
	if (protocol == AWS_JSON || protocol == AWS_REST_JSON)
		read_json(r, code, sizeof(code), &raw);
	else
		read_xml(r, code, sizeof(code), &raw);
	AUTO(str) char *message = utf8_sanitize_dup(str_or(raw, status_text(r->status, protocol)));
	enum err_code class = class_of(code, message, r->status);

	if (*code)
		err_set(err, class, "%s: %s: %s%s", operation, code, message, advice(class, code));
	else
		err_set(err, class, "%s: %s (HTTP %d)", operation, message, r->status);
	err->http_status = r->status;
	str_copy(err->aws_code, sizeof(err->aws_code), code);
	if (!id)
		id = http_reply_header(r, "x-amz-request-id");
	str_copy(err->request_id, sizeof(err->request_id), id ? id : "");
}
