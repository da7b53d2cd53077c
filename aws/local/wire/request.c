/* A request taken apart: target, headers, form; faults and replies. */
#include "aws/local/wire/request.h"

#include "base/digest.h"
#include "base/uri.h"
#include "base/utf8.h"

void request_init(struct request *r)
{
	*r = (struct request){.body = BUF_INIT(REQUEST_MAX_BODY)};
	uuid4(r->id);
}

void request_done(struct request *r)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		free((char *)r->headers[i].name);
		free((char *)r->headers[i].value);
	}
	free(r->headers);
	free(r->path);
	free(r->query);
	strmap_done(&r->args);
	buf_done(&r->body);
}

int form_parse(const char *text, size_t n, struct strmap *out, struct err *err)
{
	const char *end = text + n;

	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		const char *stop = amp ? amp : end;
		const char *eq = memchr(text, '=', (size_t)(stop - text));
		AUTO(buf) struct buf name = BUF_INIT(REQUEST_MAX_BODY);
		AUTO(buf) struct buf value = BUF_INIT(REQUEST_MAX_BODY);

		if (uri_decode(&name, text, (size_t)((eq ? eq : stop) - text), true) < 0 ||
		    (eq && uri_decode(&value, eq + 1, (size_t)(stop - eq - 1), true) < 0))
			return err_set(err, ERR_INVALID, "the query has a bad percent escape");
		if (memchr(buf_str(&name), 0, name.len) || memchr(buf_str(&value), 0, value.len))
			return err_set(err, ERR_INVALID, "the query holds a NUL byte");
		if (name.len && !strmap_get(out, buf_str(&name)))
			strmap_set(out, buf_str(&name), buf_str(&value));
		if (out->n > 4096)
			return err_set(err, ERR_TOOBIG, "the query has too many members");
		text = stop + 1;
	}
	return 0;
}

int request_set_target(struct request *r, const char *method, const char *target, struct err *err)
{
	if (strlen(target) > REQUEST_MAX_TARGET)
		return err_set(err, ERR_TOOBIG, "the request's URI is too long");
	if (target[0] != '/')
		return err_set(err, ERR_INVALID, "the request's target is not a path");
	const char *mark = strchr(target, '?');

	str_copy(r->method, sizeof(r->method), method);
	r->path = xstrndup(target, mark ? (size_t)(mark - target) : strlen(target));
	if (!mark)
		return 0;
	r->query = xstrdup(mark + 1);
	return form_parse(r->query, strlen(r->query), &r->args, err);
}

void request_add_header(struct request *r, const char *name, const char *value)
{
	GROW(r->headers, r->cap_headers, r->n_headers + 1);
	r->headers[r->n_headers++] = (struct sigv4_header){.name = xstrdup(name), .value = xstrdup(value ? value : "")};
}

const char *request_header(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (str_ieq(r->headers[i].name, name))
			return r->headers[i].value;
	}
	return NULL;
}

const char *request_arg(const struct request *r, const char *name)
{
	return strmap_get(&r->args, name);
}

#undef fault_set
int fault_set(struct fault *f, int http_status, const char *code, const char *fmt, ...)
{
	va_list ap;

	if (f->code[0])
		return -1;
	f->http_status = http_status ? http_status : 400;
	str_copy(f->code, sizeof(f->code), code);
	va_start(ap, fmt);
	vsnprintf(f->message, sizeof(f->message), fmt, ap);
	va_end(ap);
	/* A value quoted in the message may have been cut within a character. */
	if (!utf8_valid(f->message, strlen(f->message))) {
		for (char *p = f->message; *p; p++)
			*p = (unsigned char)*p < 0x80 ? *p : '?';
	}
	return -1;
}

void reply_init(struct reply *r)
{
	*r = (struct reply){.status = 200, .body = BUF_INIT((size_t)64 << 20), .fd = -1};
}

void reply_done(struct reply *r)
{
	strmap_done(&r->headers);
	buf_done(&r->body);
	fd_close(&r->fd);
}
