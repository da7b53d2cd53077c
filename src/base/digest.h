/* digest.h - SHA-256, SHA-1, MD5, HMAC (OpenSSL), CRC-32, hexadecimal, base64. */
#ifndef SAGETOP_BASE_DIGEST_H
#define SAGETOP_BASE_DIGEST_H

#include "base/buf.h"

#define SHA256_LEN 32
#define SHA256_HEX_LEN 65 /* with the NUL */

void sha256(const void *data, size_t n, uint8_t out[SHA256_LEN]);
void sha256_hex(const void *data, size_t n, char out[SHA256_HEX_LEN]);
int sha256_file_hex(const char *path, char out[SHA256_HEX_LEN], struct err *err) NODISCARD;
void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[SHA256_LEN]);
void sha1_hex(const void *data, size_t n, char out[41]);
void md5_hex(const void *data, size_t n, char out[33]);

/* Streaming SHA-256. */
struct sha256_stream;
struct sha256_stream *sha256_stream_new(void) NODISCARD;
void sha256_stream_add(struct sha256_stream *s, const void *data, size_t n);
void sha256_stream_finish_hex(struct sha256_stream *s, char out[SHA256_HEX_LEN]); /* frees s */

uint32_t crc32_ieee(const void *data, size_t n);
void hex_encode(const uint8_t *p, size_t n, char *out); /* 2n+1 bytes, lower case */
char *base64_encode(const void *data, size_t n) NODISCARD;
int base64_decode(const char *s, struct buf *out, struct err *err) NODISCARD;

/* 16 random bytes as a UUID (version 4) string of 36 characters. */
void uuid4(char out[37]);

#endif
