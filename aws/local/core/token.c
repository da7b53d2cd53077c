/* Tokens of the paging operations: which list, and where in it. */
#include "aws/local/core/token.h"

#include "base/buf.h"
#include "base/digest.h"

char *token_encode(const char *kind, const char *position)
{
	AUTO(str) char *text = xasprintf("%s:%s", kind, position);

	return base64_encode(text, strlen(text));
}

char *token_decode(const char *kind, const char *token)
{
	AUTO(buf) struct buf text = BUF_INIT(8 << 10);
	size_t n = strlen(kind);

	if (base64_decode(token, &text, NULL) < 0 || memchr(buf_str(&text), 0, text.len) ||
	    strncmp(buf_str(&text), kind, n) != 0 || buf_str(&text)[n] != ':')
		return NULL;
	return xstrdup(buf_str(&text) + n + 1);
}

char *token_encode_number(const char *kind, int64_t position)
{
	AUTO(str) char *text = xasprintf("%lld", (long long)position);

	return token_encode(kind, text);
}

bool token_decode_number(const char *kind, const char *token, int64_t *ret)
{
	AUTO(str) char *text = token ? token_decode(kind, token) : xstrdup("0");

	/* A page may be added to it without an overflow. */
	return text && str_to_i64(text, ret) && *ret >= 0 && *ret <= INT64_MAX / 2;
}
