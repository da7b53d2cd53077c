/* A text file as chunks that end with their lines. */
#include "trainer/read/text.h"

#include "base/utf8.h"
#include "trainer/read/gzip.h"
#include "trainer/read/number.h"
#include "trainer/read/parallel.h"

/* Joined to the chunk before where less is left of a file: number_parse may look
 * a little beyond a chunk, which must still be the file. */
#define TEXT_MIN_TAIL ((size_t)2 * NUMBER_SLACK)
#define TEXT_MAX_LINE ((size_t)1 << 30)

void text_batch_clear(struct text_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->chunks[i].fault);
	for (size_t i = 0; i < b->owned_n; i++)
		free(b->owned[i]);
	b->n = b->owned_n = b->bytes = 0;
}

void text_batch_done(struct text_batch *b)
{
	text_batch_clear(b);
	free(b->chunks);
	free(b->owned);
	*b = (struct text_batch){0};
}

void text_feed_done(struct text_feed *f)
{
	gzip_free(f->gzip);
	free(f->carry);
	f->gzip = NULL;
	f->carry = NULL;
}

static char *text_own(struct text_batch *b, char *p)
{
	GROW(b->owned, b->owned_cap, b->owned_n + 1);
	return b->owned[b->owned_n++] = p;
}

static void text_add_chunk(struct text_feed *f, struct text_batch *b, const char *p, size_t n, bool starts)
{
	GROW(b->chunks, b->cap, b->n + 1);
	b->chunks[b->n++] =
		(struct text_chunk){.data = p, .n = n, .name = f->source->files[f->file].name, .starts_file = starts};
	b->bytes += n;
}

/* The same with bytes that are the end of their file: they move to memory of
 * their own, where a newline and the slack follow them. */
static void text_add_tail(struct text_feed *f, struct text_batch *b, const char *p, size_t n, bool starts)
{
	char *copy = text_own(b, xmalloc(n + 1 + NUMBER_SLACK));

	memcpy(copy, p, n);
	memset(copy + n, 0, 1 + NUMBER_SLACK);
	if (copy[n - 1] != '\n')
		copy[n++] = '\n';
	text_add_chunk(f, b, copy, n, starts);
}

static void text_next_file(struct text_feed *f)
{
	f->file++;
	f->offset = 0;
}

/* Chunks out of a file that is mapped, until the batch is full or the file ends. */
static void text_cut_plain(struct text_feed *f, struct text_batch *b)
{
	struct source_file *file = &f->source->files[f->file];

	while (b->bytes < f->batch_bytes) {
		const char *p = file->data + f->offset;
		size_t left = file->size - f->offset, n = MIN(f->chunk_bytes, left);
		const char *newline = n < left ? memchr(p + n, '\n', left - n) : NULL;

		n = newline ? (size_t)(newline + 1 - p) : left;
		if (left - n < TEXT_MIN_TAIL || left == n) {
			/* the end: whole lines where they lie, what is behind them in a copy */
			size_t whole = left > TEXT_MIN_TAIL ? left - TEXT_MIN_TAIL : 0;

			newline = whole ? memrchr(p, '\n', whole) : NULL;
			whole = newline ? (size_t)(newline + 1 - p) : 0;
			if (whole)
				text_add_chunk(f, b, p, whole, f->offset == 0);
			text_add_tail(f, b, p + whole, left - whole, f->offset == 0 && !whole);
			f->consumed += left;
			text_next_file(f);
			return;
		}
		text_add_chunk(f, b, p, n, f->offset == 0);
		f->offset += n;
		f->consumed += n;
	}
}

/* Cut memory that ends in a newline, with slack behind it. */
static void text_cut_owned(struct text_feed *f, struct text_batch *b, const char *p, size_t n, bool starts)
{
	while (n) {
		size_t take = MIN(f->chunk_bytes, n);
		const char *newline = memchr(p + take - 1, '\n', n - take + 1);

		take = newline ? (size_t)(newline + 1 - p) : n;
		text_add_chunk(f, b, p, take, starts);
		starts = false;
		p += take;
		n -= take;
	}
}

/* The next piece of a gzip file: what was left of the last piece, then as much as
 * the batch takes, up to its last newline. */
static int text_cut_gzip(struct text_feed *f, struct text_batch *b, struct err *err)
{
	const char *name = f->source->files[f->file].name;
	size_t cap = f->carry_n + f->batch_bytes, len = f->carry_n, got = 0, before;
	AUTO(str) char *out = xmalloc(cap + 1 + NUMBER_SLACK);
	const char *newline = NULL;
	bool ended = false;

	if (len)
		memcpy(out, f->carry, len);
	while (!newline && !ended) {
		size_t from = len;
		int r;

		if (cap - len < f->batch_bytes) {
			cap += f->batch_bytes;
			if (cap > TEXT_MAX_LINE)
				return err_set(err, ERR_TOOBIG, "%s: a line is longer than %zu bytes", name,
					       TEXT_MAX_LINE);
			out = xrealloc(out, cap + 1 + NUMBER_SLACK);
		}
		before = gzip_consumed(f->gzip);
		r = gzip_read(f->gzip, out + len, cap - len, &got, err);
		if (r)
			return r;
		f->consumed += gzip_consumed(f->gzip) - before;
		f->unpacked += got;
		if (f->max_unpacked && f->unpacked > f->max_unpacked)
			return err_set(err, ERR_TOOBIG, "%s: unpacks to more than %zu bytes", name, f->max_unpacked);
		len += got;
		ended = len < cap;
		newline = memrchr(out + from, '\n', len - from);
	}
	if (ended && len && out[len - 1] != '\n')
		out[len++] = '\n';
	memset(out + len, 0, NUMBER_SLACK);
	f->carry_n = ended ? 0 : len - (size_t)(newline + 1 - out);
	if (f->carry_n) {
		f->carry = xrealloc(f->carry, f->carry_n);
		memcpy(f->carry, newline + 1, f->carry_n);
		len -= f->carry_n;
	}
	if (!len && !f->offset) {
		int r = source_pass_empty(f->source, &f->source->files[f->file], err);
		if (r)
			return r;
	}
	text_cut_owned(f, b, text_own(b, TAKE(out)), len, f->offset == 0);
	f->offset += len;
	if (ended) {
		gzip_free(f->gzip);
		f->gzip = NULL;
		text_next_file(f);
	}
	return 0;
}

int text_feed_next(struct text_feed *f, struct text_batch *b, struct err *err)
{
	struct source *s = f->source;

	text_batch_clear(b);
	for (; f->released < f->file && f->released < s->n; f->released++)
		source_close(&s->files[f->released]);
	if (f->file < s->n && f->offset && !f->gzip)
		source_release(&s->files[f->file], f->offset);
	while (f->file < s->n && b->bytes < f->batch_bytes) {
		struct source_file *file = &s->files[f->file];
		int r = source_open(file, err);

		if (r)
			return r;
		if (!file->size)
			return err_set(err, ERR_INVALID, "%s is empty", file->name);
		if (!f->gzip && !f->offset && gzip_is(file->data, file->size)) {
			r = gzip_new(file->data, file->size, file->name, &f->gzip, err);
			if (r)
				return r;
		}
		r = 0;
		if (f->gzip)
			r = text_cut_gzip(f, b, err);
		else
			text_cut_plain(f, b);
		if (r)
			return r;
	}
	return b->n > 0;
}

void text_chunk_skip(struct text_chunk *c, size_t n, size_t lines)
{
	c->data += n;
	c->n -= n;
	c->first_line += lines; /* text_count adds the rest */
}

/* A carriage return within the first line, outside of quotes: the file has no other line ends. */
static bool text_has_bare_returns(const struct text_chunk *c)
{
	const char *newline = memchr(c->data, '\n', c->n), *end = newline ? newline : c->data + c->n;
	const char *p = memchr(c->data, '\r', (size_t)(end - c->data));

	if (!p || memchr(c->data, '"', (size_t)(p - c->data)))
		return false;
	while (p < end && *p == '\r')
		p++;
	return p < end;
}

int text_check_start(const struct text_chunk *c, struct err *err)
{
	static const struct {
		const char *start, *what;
	} others[] = {
		{"PAR1", "a Parquet file: set the content type application/x-parquet"},
		{"PK\003\004", "a zip archive: put its files into the channel, or pack them with gzip"},
		{"\x28\xb5\x2f\xfd", "zstd data: unpack it, or pack it with gzip"},
		{"BZh", "bzip2 data: unpack it, or pack it with gzip"},
		{"\xff\xfe", "UTF-16 text: save it as UTF-8"},
		{"\xfe\xff", "UTF-16 text: save it as UTF-8"},
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (c->n >= strlen(others[i].start) && !memcmp(c->data, others[i].start, strlen(others[i].start)))
			return err_set(err, ERR_INVALID, "%s: this is %s", c->name, others[i].what);
	if (text_has_bare_returns(c))
		return err_set(
			err, ERR_INVALID,
			"%s: its lines end with carriage returns alone (CR, as old Macs wrote): save it with LF or "
			"CR LF",
			c->name);
	return 0;
}

/* How often c occurs in n bytes. The compiler makes vector instructions of it;
 * sums stay in bytes for up to 255 steps. */
static size_t text_count_byte(const char *p, size_t n, char c)
{
	typedef unsigned char lane __attribute__((vector_size(16)));
	const lane wanted = (lane){0} + (unsigned char)c;
	size_t count = 0;

	while (n >= sizeof(lane)) {
		size_t steps = MIN(n / sizeof(lane), (size_t)255);
		lane sum = {0}, x;

		for (size_t i = 0; i < steps; i++, p += sizeof(lane)) {
			memcpy(&x, p, sizeof(x));
			sum -= (lane)(x == wanted); /* true is -1 */
		}
		n -= steps * sizeof(lane);
		for (size_t i = 0; i < sizeof(lane); i++)
			count += sum[i];
	}
	for (; n; n--)
		count += *p++ == c;
	return count;
}

static void text_count_chunk(void *context, size_t i)
{
	struct text_batch *b = context;
	struct text_chunk *c = &b->chunks[i];

	c->lines = text_count_byte(c->data, c->n, '\n');
	c->colons = b->count_colons ? text_count_byte(c->data, c->n, ':') : 0;
}

void text_count(struct text_feed *f, struct text_batch *b, int threads)
{
	parallel_for(b->n, threads, text_count_chunk, b);
	for (size_t i = 0; i < b->n; i++) {
		struct text_chunk *c = &b->chunks[i];
		size_t skipped = c->first_line;

		if (c->starts_file)
			f->line = 0;
		c->first_line = f->line + skipped + 1;
		f->line += skipped + c->lines;
	}
}

void text_fault(struct text_chunk *c, size_t line, size_t column, const char *fmt, ...)
{
	va_list ap;

	if (c->fault)
		return;
	c->fault = NEW(struct text_fault);
	c->fault->line = line;
	c->fault->column = column;
	c->fault->code = ERR_INVALID;
	va_start(ap, fmt);
	vsnprintf(c->fault->msg, sizeof(c->fault->msg), fmt, ap);
	va_end(ap);
}

int text_batch_fault(const struct text_batch *b, struct err *err)
{
	const char *unit = b->unit ? b->unit : "line";

	for (size_t i = 0; i < b->n; i++) {
		const struct text_chunk *c = &b->chunks[i];

		if (!c->fault)
			continue;
		if (c->fault->column)
			return err_set(err, c->fault->code, "%s %s %zu column %zu: %s", c->name, unit,
				       c->first_line + c->fault->line, c->fault->column, c->fault->msg);
		return err_set(err, c->fault->code, "%s %s %zu: %s", c->name, unit, c->first_line + c->fault->line,
			       c->fault->msg);
	}
	return 0;
}

const char *text_shown(char buf[TEXT_SHOWN], const char *p, const char *end)
{
	AUTO(buf) struct buf clean = BUF_INIT(1024);
	size_t n = (size_t)(end - p);

	if (utf8_sanitize(&clean, p, MIN(n, (size_t)40), false))
		buf_clear(&clean);
	snprintf(buf, TEXT_SHOWN, "%.56s%s", buf_str(&clean), n > 40 ? "..." : "");
	return buf;
}
