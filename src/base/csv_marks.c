/* csv_marks.c - the ends of CSV fields as bits: which bytes are quotes, commas and newlines
 * is asked of 16 at once, what lies within quotes is the running parity of the quotes. */
#include "base/csv_marks.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct bytes {
	uint64_t quotes, commas, newlines, returns;
};

#ifdef __SSE2__
static uint64_t equal_bits(__m128i bytes, char c)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}

static struct bytes find_bytes(const char *p)
{
	struct bytes b = {0};

	for (int i = 0; i < CSV_BLOCK; i += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));

		b.quotes |= equal_bits(bytes, '"') << i;
		b.commas |= equal_bits(bytes, ',') << i;
		b.newlines |= equal_bits(bytes, '\n') << i;
		b.returns |= equal_bits(bytes, '\r') << i;
	}
	return b;
}
#else
static struct bytes find_bytes(const char *p)
{
	struct bytes b = {0};

	for (int i = 0; i < CSV_BLOCK; i++) {
		b.quotes |= (uint64_t)(p[i] == '"') << i;
		b.commas |= (uint64_t)(p[i] == ',') << i;
		b.newlines |= (uint64_t)(p[i] == '\n') << i;
		b.returns |= (uint64_t)(p[i] == '\r') << i;
	}
	return b;
}
#endif

/* Bit i: whether the bits up to i, it among them, are an odd number. */
static uint64_t parity_so_far(uint64_t bits)
{
	for (int by = 1; by < CSV_BLOCK; by *= 2)
		bits ^= bits << by;
	return bits;
}

static struct csv_block next_block(struct csv_marks *m, const char *p)
{
	const struct bytes b = find_bytes(p);
	uint64_t inside = parity_so_far(b.quotes) ^ m->inside; /* an opening quote is, a closing one is not */
	uint64_t opening = b.quotes & inside, closing = b.quotes & ~inside;
	uint64_t ends = (b.commas | b.newlines) & ~inside, returns = b.returns & ~inside;
	uint64_t behind_closing = closing << 1 | m->closed;
	struct csv_block block = {.ends = ends, .newlines = b.newlines, .doubled = opening & behind_closing};

	block.wrong = (opening & ~(ends << 1 | closing << 1 | m->may_open)) |
		      (behind_closing & ~(ends | returns | b.quotes)) | ((returns << 1 | m->returned) & ~ends);
	m->inside = inside >> 63 ? UINT64_MAX : 0;
	m->may_open = (ends | closing) >> 63;
	m->closed = closing >> 63;
	m->returned = returns >> 63;
	return block;
}

struct csv_block csv_marks_next(struct csv_marks *m, const char *p, size_t n)
{
	char last[CSV_BLOCK] = {0};

	if (n >= CSV_BLOCK)
		return next_block(m, p);
	memcpy(last, p, n);
	struct csv_block block = next_block(m, last);

	block.wrong &= ((uint64_t)1 << n) - 1;
	return block;
}
