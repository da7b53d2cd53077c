/* archive_members.c - tar's blocks from a stream, which zlib unpacks piece by piece: a reader that asks for its input
 * would have to wait for the network, and the whole of an archive is nothing to keep. */
#include "app/archive_members.h"

#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

#define BLOCK 512
#define PIECE ((size_t)65536)
#define LONG_NAME_MAX ((size_t)65536) /* of a record that holds a long name */
#define AUTO_FORMAT (MAX_WBITS + 32)

/* A header's fields as POSIX has them: where they begin, and their bytes. */
enum { NAME_AT = 0, NAME_N = 100, SIZE_AT = 124, SIZE_N = 12, TIME_AT = 136, TIME_N = 12, SUM_AT = 148, SUM_N = 8 };
enum { TYPE_AT = 156, MAGIC_AT = 257, PREFIX_AT = 345, PREFIX_N = 155 };

struct archive_members {
	archive_member_fn *fn;
	void *user;
	bool begun, packed;
	z_stream z;
	bool z_ended; /* a member of the gzip file has ended; another may begin */
	int64_t unpacked;

	unsigned char header[BLOCK];
	size_t n_header;
	int64_t rest, padding; /* bytes of the entry's data, and up to the next block */
	char taking;	       /* the type of an entry whose data name the next one; 0: they are passed over */
	struct buf taken;
	char *long_name; /* of the next entry; NULL: its own header's */
	int64_t long_size;
	size_t n_zero; /* blocks of zeros: two are the end */
};

bool archive_is_named(const char *key)
{
	return str_ends(key, ".tar.gz") || str_ends(key, ".tgz") || str_ends(key, ".tar");
}

struct archive_members *archive_members_new(archive_member_fn *fn, void *user)
{
	struct archive_members *a = NEW(struct archive_members);

	a->fn = fn;
	a->user = user;
	a->long_size = -1;
	buf_init(&a->taken, LONG_NAME_MAX);
	return a;
}

void archive_members_free(struct archive_members *a)
{
	if (!a)
		return;
	if (a->packed)
		inflateEnd(&a->z);
	buf_done(&a->taken);
	free(a->long_name);
	free(a);
}

int64_t archive_members_unpacked(const struct archive_members *a)
{
	return a->unpacked;
}

/* --- a header ------------------------------------------------------------------------------ */

/* Octal digits, or with its first bit set a number in base 256, as GNU tar writes those that are too large. */
static int64_t number_at(const unsigned char *p, size_t n)
{
	int64_t v = 0;

	if (*p & 0x80) {
		for (size_t i = 1; i < n; i++) {
			if (v > INT64_MAX >> 8)
				return -1;
			v = v << 8 | p[i];
		}
		return v;
	}
	for (size_t i = 0; i < n && p[i]; i++)
		if (p[i] >= '0' && p[i] <= '7')
			v = v * 8 + (p[i] - '0');
	return v;
}

/* The sum of all bytes, those of the sum itself as blanks. */
static bool sum_fits(const unsigned char *h)
{
	int64_t sum = SUM_N * ' ';

	for (int i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_N ? 0 : h[i];
	return number_at(h + SUM_AT, SUM_N) == sum;
}

static void tell(struct archive_members *a)
{
	const char *h = (const char *)a->header;
	bool has_prefix = !memcmp(h + MAGIC_AT, "ustar\0", 6) && h[PREFIX_AT];
	AUTO(str)
	char *whole = xasprintf("%.*s%s%.*s", has_prefix ? PREFIX_N : 0, h + PREFIX_AT, has_prefix ? "/" : "", NAME_N,
				h + NAME_AT);
	AUTO(str) char *name = utf8_sanitize_dup(a->long_name ? a->long_name : whole);
	struct archive_member m = {
		.name = name, .size = a->rest, .modified_ms = number_at(a->header + TIME_AT, TIME_N)};

	m.modified_ms = m.modified_ms > 0 && m.modified_ms < INT64_MAX / 1000 ? m.modified_ms * 1000 : TIME_UNKNOWN;
	if (!str_ends(name, "/"))
		a->fn(a->user, &m);
}

static int take_header(struct archive_members *a, struct err *err)
{
	static const unsigned char zeros[BLOCK];
	char type = (char)a->header[TYPE_AT];

	if (!memcmp(a->header, zeros, BLOCK)) {
		a->n_zero++;
		return 0;
	}
	a->rest = number_at(a->header + SIZE_AT, SIZE_N);
	if (!sum_fits(a->header) || a->rest < 0)
		return err_set(err, ERR_PARSE, "no tar archive, or a torn one");
	a->taking = type == 'L' || type == 'x' ? type : 0;
	if (a->taking)
		buf_clear(&a->taken);
	else if (type != 'g' && type != 'K') {
		if (a->long_size >= 0)
			a->rest = a->long_size;
		if (type == '0' || type == '7' || type == '\0')
			tell(a);
		else if (type >= '1' && type <= '6')
			a->rest = 0; /* links, folders and devices have no data, whatever they say */
		free(TAKE(a->long_name));
		a->long_size = -1;
	}
	a->padding = (BLOCK - a->rest % BLOCK) % BLOCK;
	return 0;
}

/* --- long names ---------------------------------------------------------------------------- */

/* "LENGTH KEY=VALUE\n" each; a length that cannot be is where they end. */
static void take_pax(struct archive_members *a)
{
	const char *p = buf_str(&a->taken), *end = p + a->taken.len;

	while (p < end) {
		char *blank;
		unsigned long n = strtoul(p, &blank, 10);
		const char *equals = n > 0 && n <= (size_t)(end - p) ? memchr(p, '=', n - 1) : NULL;

		if (!equals || *blank != ' ' || blank > equals)
			return;
		AUTO(str) char *key = xstrndup(blank + 1, (size_t)(equals - blank - 1));
		AUTO(str) char *value = xstrndup(equals + 1, (size_t)(p + n - equals - 2));

		if (str_eq(key, "path") && *value)
			str_set(&a->long_name, value);
		else if (str_eq(key, "size") && (!str_to_i64(value, &a->long_size) || a->long_size < 0))
			a->long_size = -1;
		p += n;
	}
}

static void taken_whole(struct archive_members *a)
{
	if (a->taking == 'L')
		str_set(&a->long_name, buf_str(&a->taken));
	else if (a->taking == 'x')
		take_pax(a);
	a->taking = 0;
}

/* --- the stream ------------------------------------------------------------------------------ */

static int take_plain(struct archive_members *a, const unsigned char *p, size_t n, struct err *err)
{
	a->unpacked += (int64_t)n;
	if (a->unpacked > ARCHIVE_UNPACKED_MAX)
		return err_set(err, ERR_TOOBIG, "only what its first %lld GB hold unpacked",
			       (long long)(ARCHIVE_UNPACKED_MAX >> 30));
	while (n && a->n_zero < 2) {
		size_t use;

		if (a->rest || a->padding) {
			int64_t *left = a->rest ? &a->rest : &a->padding;

			use = (size_t)MIN((int64_t)n, *left);
			if (a->taking && a->rest && buf_add(&a->taken, (const char *)p, use) < 0)
				return err_set(err, ERR_PARSE, "a name in it is too long to be one");
			*left -= (int64_t)use;
			if (!a->rest && a->taking)
				taken_whole(a);
		} else {
			use = MIN(n, BLOCK - a->n_header);
			memcpy(a->header + a->n_header, p, use);
			a->n_header = (a->n_header + use) % BLOCK;
			if (!a->n_header && take_header(a, err) < 0)
				return -err->code;
		}
		p += use;
		n -= use;
	}
	return 0;
}

static int take_packed(struct archive_members *a, const unsigned char *p, size_t n, struct err *err)
{
	unsigned char plain[PIECE];
	int rc = 0;

	a->z.next_in = (Bytef *)(uintptr_t)p;
	a->z.avail_in = (uInt)n;
	while (rc == 0 && a->n_zero < 2) {
		if (a->z_ended && (!a->z.avail_in || inflateReset(&a->z) != Z_OK))
			return 0;
		a->z.next_out = plain;
		a->z.avail_out = sizeof(plain);
		int z = inflate(&a->z, Z_NO_FLUSH);

		a->z_ended = z == Z_STREAM_END;
		if (z == Z_BUF_ERROR)
			return 0; /* it wants more */
		if (z != Z_OK && z != Z_STREAM_END)
			return err_set(err, ERR_PARSE, "it is torn: %s", str_or(a->z.msg, "no gzip"));
		rc = take_plain(a, plain, sizeof(plain) - a->z.avail_out, err);
	}
	return rc;
}

int archive_members_feed(struct archive_members *a, const void *data, size_t n, struct err *err)
{
	const unsigned char *p = data;

	if (!n)
		return 0;
	if (!a->begun) {
		a->begun = true;
		a->packed = *p == 0x1f;
		if (a->packed && inflateInit2(&a->z, AUTO_FORMAT) != Z_OK) {
			a->packed = false;
			return err_set(err, ERR_INTERNAL, "cannot unpack it: %s", str_or(a->z.msg, "out of memory"));
		}
	}
	while (n) { /* zlib counts in ints */
		size_t piece = MIN(n, PIECE);
		int rc = a->packed ? take_packed(a, p, piece, err) : take_plain(a, p, piece, err);

		if (rc < 0)
			return rc;
		p += piece;
		n -= piece;
	}
	return 0;
}

int archive_members_end(const struct archive_members *a, struct err *err)
{
	bool whole = a->n_zero || (a->begun && !a->rest && !a->padding && !a->n_header && !a->taking);

	return whole ? 0 : err_set(err, ERR_PARSE, "its end is missing");
}
