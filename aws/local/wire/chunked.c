/* S3's aws-chunked bodies as a state machine over bytes. */
#include "aws/local/wire/chunked.h"

#include "base/digest.h"

#define MAX_LINE 4096

enum chunked_state { CHUNK_HEAD, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE };

struct chunked {
	enum chunked_state state;
	bool is_signed;
	struct chunk_seed seed; /* its signature is the previous chunk's */
	chunked_sink_fn *sink;
	void *user;
	char line[MAX_LINE];
	size_t line_n;
	uint64_t left;
	int64_t total;
	char chunk_signature[65];
	struct sha256_stream *hash;
	struct buf trailers;
};

struct chunked *chunked_new(const struct chunk_seed *seed, chunked_sink_fn *sink, void *user)
{
	struct chunked *c = NEW(struct chunked);

	c->is_signed = seed != NULL;
	if (seed)
		c->seed = *seed;
	c->sink = sink;
	c->user = user;
	c->trailers = BUF_INIT(16 << 10);
	return c;
}

void chunked_free(struct chunked *c)
{
	char ignored[SHA256_HEX_LEN];

	if (!c)
		return;
	if (c->hash)
		sha256_stream_finish_hex(c->hash, ignored);
	buf_done(&c->trailers);
	free(c);
}

static int malformed(struct fault *f)
{
	return fault_set(f, 400, "InvalidRequest", "The aws-chunked body is malformed.");
}

static int check_signature(struct chunked *c, const char *algorithm, const char *middle, const char *hash,
			   const char *said, struct fault *f)
{
	AUTO(buf) struct buf text = BUF_INIT(8 << 10);
	uint8_t mac[32];
	char hex[65];

	buf_addf(&text, "%s\n%s\n%s\n%s\n%s%s", algorithm, c->seed.amz_date, c->seed.scope, c->seed.signature, middle,
		 hash);
	hmac_sha256(c->seed.key, sizeof(c->seed.key), buf_str(&text), text.len, mac);
	hex_encode(mac, sizeof(mac), hex);
	if (!str_eq(hex, said))
		return fault_set(
			f, 403, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your "
			"key and signing method.");
	str_copy(c->seed.signature, sizeof(c->seed.signature), hex);
	return 0;
}

static int end_chunk(struct chunked *c, struct fault *f)
{
	char hash[SHA256_HEX_LEN], empty[SHA256_HEX_LEN], middle[80];

	if (!c->is_signed)
		return 0;
	sha256_stream_finish_hex(TAKE(c->hash), hash);
	sha256_hex("", 0, empty);
	snprintf(middle, sizeof(middle), "%s\n", empty);
	return check_signature(c, "AWS4-HMAC-SHA256-PAYLOAD", middle, hash, c->chunk_signature, f);
}

static int on_head(struct chunked *c, struct fault *f)
{
	char *rest;
	char *semicolon = strchr(c->line, ';');

	if (!c->line[0] || strspn(c->line, "0123456789abcdefABCDEF") == 0)
		return malformed(f);
	c->left = strtoull(c->line, &rest, 16);
	if (rest != (semicolon ? semicolon : c->line + strlen(c->line)) || rest - c->line > 15)
		return malformed(f);
	c->chunk_signature[0] = 0;
	if (semicolon && str_starts(semicolon, ";chunk-signature="))
		str_copy(c->chunk_signature, sizeof(c->chunk_signature), semicolon + strlen(";chunk-signature="));
	if (c->is_signed)
		c->hash = sha256_stream_new();
	if (c->left) {
		c->state = CHUNK_DATA;
		return 0;
	}
	c->state = CHUNK_TRAILER;
	return end_chunk(c, f);
}

static int on_trailer(struct chunked *c, struct fault *f)
{
	static const char signature_name[] = "x-amz-trailer-signature:";
	char hash[SHA256_HEX_LEN];

	if (!c->line[0]) {
		c->state = CHUNK_DONE;
		return 0;
	}
	if (str_starts(c->line, signature_name)) {
		if (!c->is_signed)
			return 0;
		sha256_hex(buf_str(&c->trailers), c->trailers.len, hash);
		return check_signature(c, "AWS4-HMAC-SHA256-TRAILER", "", hash,
				       str_trim(c->line + sizeof(signature_name) - 1), f);
	}
	return buf_addf(&c->trailers, "%s\n", c->line) < 0 ? malformed(f) : 0;
}

static int on_line(struct chunked *c, struct fault *f)
{
	if (c->line_n && c->line[c->line_n - 1] == '\r')
		c->line_n--;
	c->line[c->line_n] = 0;
	if (strlen(c->line) != c->line_n)
		return malformed(f);
	c->line_n = 0;
	switch (c->state) {
	case CHUNK_HEAD:
		return on_head(c, f);
	case CHUNK_DATA_END:
		if (c->line[0])
			return malformed(f);
		c->state = CHUNK_HEAD;
		return end_chunk(c, f);
	case CHUNK_TRAILER:
		return on_trailer(c, f);
	default:
		return malformed(f);
	}
}

int chunked_feed(struct chunked *c, const void *data, size_t n, struct fault *f)
{
	const char *p = data, *end = p + n;

	while (p < end) {
		if (c->state == CHUNK_DONE)
			return malformed(f);
		if (c->state == CHUNK_DATA) {
			size_t take = (size_t)MIN((uint64_t)(end - p), c->left);

			if (c->hash)
				sha256_stream_add(c->hash, p, take);
			if (c->sink(c->user, p, take) < 0)
				return -1;
			c->total += (int64_t)take;
			c->left -= take;
			p += take;
			if (!c->left)
				c->state = CHUNK_DATA_END;
			continue;
		}
		char ch = *p++;

		if (ch == '\n') {
			if (on_line(c, f) < 0)
				return -1;
		} else {
			if (c->line_n + 2 > sizeof(c->line))
				return malformed(f);
			c->line[c->line_n++] = ch;
		}
	}
	return 0;
}

int chunked_finish(struct chunked *c, struct fault *f)
{
	/* Some clients leave out the last empty line. */
	if (c->state == CHUNK_DONE || (c->state == CHUNK_TRAILER && !c->line_n))
		return 0;
	return fault_set(f, 400, "IncompleteBody", "The request body terminated unexpectedly");
}
