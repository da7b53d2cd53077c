/* SHA-256 is called directly, which OpenSSL 3 calls old-fashioned: the first digest
 * through its providers costs 2 MB of memory and most of a millisecond, and nothing
 * else in a training job needs them. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <unistd.h>

void hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static void digest(const EVP_MD *md, const void *data, size_t n, uint8_t *out)
{
	if (!EVP_Digest(data, n, out, NULL, md, NULL))
		abort(); /* only memory or a broken libcrypto can make it fail */
}

void sha256(const void *data, size_t n, uint8_t out[SHA256_LEN])
{
	SHA256_CTX c; /* SHA256() itself goes through the providers */
	if (!SHA256_Init(&c) || !SHA256_Update(&c, data, n) || !SHA256_Final(out, &c))
		abort();
}

void sha256_hex(const void *data, size_t n, char out[SHA256_HEX_LEN])
{
	uint8_t d[SHA256_LEN];

	sha256(data, n, d);
	hex_encode(d, sizeof(d), out);
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[SHA256_LEN])
{
	unsigned len = SHA256_LEN;

	if (!HMAC(EVP_sha256(), key, (int)key_len, data, n, out, &len))
		abort();
}

void sha1_hex(const void *data, size_t n, char out[41])
{
	uint8_t d[20];

	digest(EVP_sha1(), data, n, d);
	hex_encode(d, sizeof(d), out);
}

void md5_hex(const void *data, size_t n, char out[33])
{
	uint8_t d[16];

	digest(EVP_md5(), data, n, d);
	hex_encode(d, sizeof(d), out);
}

struct sha256_stream {
	SHA256_CTX ctx;
};

struct sha256_stream *sha256_stream_new(void)
{
	struct sha256_stream *s = NEW(struct sha256_stream);

	if (!SHA256_Init(&s->ctx))
		abort();
	return s;
}

void sha256_stream_add(struct sha256_stream *s, const void *data, size_t n)
{
	if (!SHA256_Update(&s->ctx, data, n))
		abort();
}

void sha256_stream_finish_hex(struct sha256_stream *s, char out[SHA256_HEX_LEN])
{
	uint8_t d[SHA256_LEN];

	if (!SHA256_Final(d, &s->ctx))
		abort();
	hex_encode(d, sizeof(d), out);
	free(s);
}

int sha256_file_hex(const char *path, char out[SHA256_HEX_LEN], struct err *err)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_IO, "cannot open '%s': %s", path, strerror(errno));
	struct sha256_stream *s = sha256_stream_new();
	char chunk[65536];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			sha256_stream_add(s, chunk, (size_t)n);
	int failed = n < 0 ? errno : 0;
	sha256_stream_finish_hex(s, out);
	return failed ? err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(failed)) : 0;
}

uint32_t crc32_ieee(const void *data, size_t n)
{
	static uint32_t table[256];

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;
			for (int bit = 0; bit < 8; bit++)
				c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
			table[i] = c;
		}
	}
	const uint8_t *p = data;
	uint32_t crc = 0xffffffffu;
	for (size_t i = 0; i < n; i++)
		crc = table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

char *base64_encode(const void *data, size_t n)
{
	char *out = xmalloc((n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, data, (int)n);
	return out;
}

int base64_decode(const char *s, struct buf *out, struct err *err)
{
	size_t n = strlen(s), padding = 0;

	if (n % 4)
		return err_set(err, ERR_PARSE, "base64 text of %zu characters is cut off", n);
	while (padding < 2 && padding < n && s[n - 1 - padding] == '=')
		padding++;
	if (buf_reserve(out, n / 4 * 3) < 0)
		return err_set(err, ERR_TOOBIG, "base64 text is larger than %zu bytes", out->max);
	int len = n ? EVP_DecodeBlock((unsigned char *)out->data + out->len, (const unsigned char *)s, (int)n) : 0;
	if (len < 0 || (size_t)len < padding)
		return err_set(err, ERR_PARSE, "text is not base64");
	out->len += (size_t)len - padding;
	out->data[out->len] = '\0';
	return 0;
}

void uuid4(char out[37])
{
	uint8_t r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		abort();
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	char hex[33];
	hex_encode(r, sizeof(r), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
