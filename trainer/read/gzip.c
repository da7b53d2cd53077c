/* Compressed bytes, told by their first ones, as plain ones. */
#include "trainer/read/gzip.h"

#include <limits.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	const uint8_t *data;
	size_t n, taken; /* taken: given to zlib so far */
	char *name;
	bool finished;
};

int gzip_new(const void *data, size_t n, const char *name, struct gzip **ret, struct err *err)
{
	struct gzip *g = NEW(struct gzip);

	g->data = data;
	g->n = n;
	g->name = xstrdup(name);
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g->name);
		free(g);
		return err_set(err, ERR_INTERNAL, "%s: zlib cannot be started", name);
	}
	*ret = g;
	return 0;
}

void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g->name);
	free(g);
}

size_t gzip_consumed(const struct gzip *g)
{
	return g->taken - g->z.avail_in;
}

/* Give zlib its next input. */
static void gzip_feed(struct gzip *g)
{
	size_t n = MIN(g->n - g->taken, (size_t)UINT_MAX / 2);

	if (g->z.avail_in || !n)
		return;
	g->z.next_in = (Bytef *)(uintptr_t)(g->data + g->taken);
	g->z.avail_in = (uInt)n;
	g->taken += n;
}

/* After a member's end: another member may follow; zeros are padding (as gzip
 * itself has it), anything else is damage. */
static int gzip_next_member(struct gzip *g, struct err *err)
{
	size_t at = gzip_consumed(g);

	while (at < g->n && g->data[at] == 0)
		at++;
	if (at == g->n) {
		g->finished = true;
		return 0;
	}
	if (!gzip_is(g->data + at, g->n - at))
		return err_set(err, ERR_PARSE, "%s: damaged gzip data: rubbish after its end at byte %zu", g->name, at);
	g->taken = at;
	g->z.avail_in = 0;
	if (inflateReset(&g->z) != Z_OK)
		return err_set(err, ERR_INTERNAL, "%s: zlib cannot be restarted", g->name);
	return 0;
}

int gzip_read(struct gzip *g, void *out, size_t n, size_t *got, struct err *err)
{
	size_t done = 0;

	while (done < n && !g->finished) {
		uInt room = (uInt)MIN(n - done, (size_t)UINT_MAX / 2);
		int r, z;

		gzip_feed(g);
		g->z.next_out = (Bytef *)out + done;
		g->z.avail_out = room;
		z = inflate(&g->z, Z_NO_FLUSH);
		done += room - g->z.avail_out;
		if (z == Z_STREAM_END) {
			r = gzip_next_member(g, err);
			if (r)
				return r;
		} else if (z == Z_BUF_ERROR || (z == Z_OK && g->taken == g->n && !g->z.avail_in && g->z.avail_out)) {
			return err_set(err, ERR_PARSE, "%s: the gzip data is cut short at byte %zu", g->name, g->n);
		} else if (z != Z_OK) {
			return err_set(err, ERR_PARSE, "%s: damaged gzip data at byte %zu: %s", g->name,
				       gzip_consumed(g), g->z.msg ? g->z.msg : zError(z));
		}
	}
	*got = done;
	return 0;
}

int gzip_unpack(const void *data, size_t n, size_t max, size_t slack, const char *name, char **ret, size_t *ret_n,
		struct err *err)
{
	AUTO(gzip) struct gzip *g = NULL;
	AUTO(str) char *out = NULL;
	size_t cap = MIN(max, n * 4) + 1, len = 0, got;
	int r = gzip_new(data, n, name, &g, err);

	if (r)
		return r;
	for (;;) {
		out = xrealloc(out, cap + slack);
		r = gzip_read(g, out + len, cap - len, &got, err);
		if (r)
			return r;
		len += got;
		if (len > max)
			return err_set(err, ERR_TOOBIG, "%s: unpacks to more than %zu bytes", name, max);
		if (len < cap)
			break;
		cap = MIN(cap * 2, max) + 1;
	}
	memset(out + len, 0, slack);
	*ret = TAKE(out);
	*ret_n = len;
	return 0;
}
