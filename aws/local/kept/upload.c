/* A body on its way into the object store. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "aws/local/kept/objects.h"
#include "base/digest.h"

#define UPLOAD_MAX ((int64_t)5 << 30) /* as one PUT or one part on S3 */

static int upload_error(struct upload *u, struct fault *f)
{
	u->failed = true;
	return fault_set(f, errno == ENOSPC ? 507 : 500, "InternalError",
			 "The local engine cannot store the object: %s; check the state folder's disk.",
			 strerror(errno));
}

static int write_all(void *user, const void *data, size_t n)
{
	struct upload *u = user;
	const char *p = data;

	EVP_DigestUpdate(u->md5, data, n);
	while (n) {
		ssize_t w = write(u->fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		p += w;
		n -= (size_t)w;
		u->size += w;
	}
	return 0;
}

int upload_new(struct engine *e, const char *payload_hash, const struct chunk_seed *seed, struct upload **ret,
	       struct fault *f)
{
	struct upload *u = NEW(struct upload);
	AUTO(str) char *path = objects_blob_new(e, u->blob);

	u->e = e;
	u->declared = -1;
	u->md5 = EVP_MD_CTX_new();
	if (!u->md5 || EVP_DigestInit_ex(u->md5, EVP_md5(), NULL) != 1)
		abort();
	u->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (u->fd < 0) {
		upload_error(u, f);
		upload_free(u, false);
		return -1;
	}
	if (payload_hash && str_starts(payload_hash, "STREAMING-")) {
		bool is_signed = str_starts(payload_hash, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");

		if (!is_signed && !str_starts(payload_hash, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")) {
			upload_free(u, false);
			return fault_set(f, 501, "NotImplemented", "The streaming algorithm %s is not served.",
					 payload_hash);
		}
		u->chunked = chunked_new(is_signed ? seed : NULL, write_all, u);
	} else if (payload_hash && !str_eq(payload_hash, "UNSIGNED-PAYLOAD")) {
		str_copy(u->expected_sha256, sizeof(u->expected_sha256), payload_hash);
		u->sha256 = sha256_stream_new();
	}
	*ret = u;
	return 0;
}

int upload_feed(struct upload *u, const void *data, size_t n, struct fault *f)
{
	if (u->failed)
		return -1;
	if (u->size + (int64_t)n > UPLOAD_MAX) {
		u->failed = true;
		return fault_set(f, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
	}
	if (u->sha256)
		sha256_stream_add(u->sha256, data, n);
	int rc = u->chunked ? chunked_feed(u->chunked, data, n, f) : write_all(u, data, n);

	if (rc < 0 && !f->code[0])
		return upload_error(u, f);
	if (rc < 0)
		u->failed = true;
	return rc;
}

static int check_md5(struct upload *u, const uint8_t *digest, struct fault *f)
{
	if (!u->content_md5)
		return 0;
	AUTO(str) char *text = base64_encode(digest, 16);

	if (!str_eq(text, u->content_md5))
		return fault_set(f, 400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
	return 0;
}

int upload_finish(struct upload *u, struct fault *f)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char hex[SHA256_HEX_LEN];

	if (u->failed)
		return fault_set(f, 400, "IncompleteBody", "The request body could not be read");
	if (u->chunked && chunked_finish(u->chunked, f) < 0)
		return -1;
	if (u->declared >= 0 && u->declared != u->size)
		return fault_set(f, 400, "IncompleteBody",
				 "You did not provide the number of bytes specified by the Content-Length HTTP header");
	if (u->sha256) {
		sha256_stream_finish_hex(TAKE(u->sha256), hex);
		if (!str_ieq(hex, u->expected_sha256))
			return fault_set(
				f, 400, "XAmzContentSHA256Mismatch",
				"The provided 'x-amz-content-sha256' header does not match what was computed.");
	}
	EVP_DigestFinal_ex(u->md5, digest, &n);
	hex_encode(digest, 16, u->md5_hex);
	if (check_md5(u, digest, f) < 0)
		return -1;
	int fd = u->fd;

	u->fd = -1;
	return close(fd) < 0 ? upload_error(u, f) : 0;
}

void upload_free(struct upload *u, bool keep_file)
{
	char ignored[SHA256_HEX_LEN];

	if (!u)
		return;
	fd_close(&u->fd);
	EVP_MD_CTX_free(u->md5);
	if (u->sha256)
		sha256_stream_finish_hex(u->sha256, ignored);
	chunked_free(u->chunked);
	free(u->content_md5);
	if (!keep_file)
		objects_blob_remove(u->e, u->blob);
	free(u);
}
