/* job_facets.c - what trimmed jobs keep of hyperparameters and tags, shared among them. */
#include "model/job_facets.h"

#include "base/buf.h"

/* Packed hyperparameters of one job; what does not fit is found untrimmed only. */
#define FACETS_MAX 2048
/* Sets that others are told by, and in how many pairs those differ at most. */
#define BASES_MAX 64
#define CHANGES_MAX 4

/* As it is interned: a word that is a base's number or 0; behind 0 the numbers of the pairs, else
 * those that stand in place of the base's: a byte says which, then come the pair and a NUL. */
struct facet_set {
	const uint32_t *pairs;
	size_t n;
	const char *changes, *end;
};

/* A pair among bytes, without the NUL behind it. */
struct span {
	const char *p;
	size_t n;
};

static uint32_t bases[BASES_MAX];
static size_t n_bases;

static struct facet_set set_at(uint32_t number)
{
	struct facet_set set = {0};
	size_t n;

	if (!number)
		return set;
	const char *text = intern_at(number, &n);
	uint32_t base = *(const uint32_t *)(const void *)text;

	if (base) {
		set.changes = text + sizeof(base);
		set.end = text + n;
		text = intern_at(base, &n);
	}
	set.pairs = (const uint32_t *)(const void *)text + 1;
	set.n = n / sizeof(*set.pairs) - 1;
	return set;
}

static size_t pair_length(const char *pair)
{
	size_t n = strlen(pair) + 1;

	return n + strlen(pair + n);
}

static struct span pair_at(const struct facet_set *set, size_t i)
{
	struct span pair;

	for (const char *p = set->changes; p < set->end; p += 1 + pair_length(p + 1) + 1)
		if ((unsigned char)*p == i)
			return (struct span){p + 1, pair_length(p + 1)};
	pair.p = intern_at(set->pairs[i], &pair.n);
	return pair;
}

/* Those pairs as the base's with a few changes. False where they are too many. */
static bool tell_by(uint32_t base, const struct span *pairs, size_t n, struct buf *out)
{
	struct facet_set set = set_at(base);
	size_t left = MIN((size_t)CHANGES_MAX, (n - 1) / 2);

	if (set.n != n)
		return false;
	buf_clear(out);
	(void)buf_add(out, &base, sizeof(base));
	for (size_t i = 0; i < n; i++) {
		struct span other = pair_at(&set, i);

		if (other.n == pairs[i].n && memcmp(other.p, pairs[i].p, other.n) == 0)
			continue;
		if (left-- == 0 || i > UINT8_MAX)
			return false;
		(void)buf_addc(out, (char)i);
		(void)buf_add(out, pairs[i].p, pairs[i].n + 1);
	}
	return true;
}

static uint32_t whole_set(const struct span *pairs, size_t n, struct buf *out)
{
	uint32_t word = 0;

	buf_clear(out);
	(void)buf_add(out, &word, sizeof(word));
	for (size_t i = 0; i < n; i++) {
		word = intern_bytes(pairs[i].p, pairs[i].n);
		(void)buf_add(out, &word, sizeof(word));
	}
	return intern_bytes(out->data, out->len);
}

static uint32_t set_number(const struct span *pairs, size_t n)
{
	AUTO(buf) struct buf out = BUF_INIT(256 * 1024);

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n_bases; i++)
		if (tell_by(bases[i], pairs, n, &out))
			return out.len == sizeof(uint32_t) ? bases[i] : intern_bytes(out.data, out.len);
	uint32_t number = whole_set(pairs, n, &out);

	if (n_bases < BASES_MAX)
		bases[n_bases++] = number;
	return number;
}

static void add_pairs(struct buf *bytes, char kind, const struct strmap *m)
{
	size_t begin = bytes->len;

	for (size_t i = 0; i < m->n; i++) {
		const char *value = str_or(m->items[i].value, "");

		if (kind == 'h' && (strlen(value) > JOB_FACET_MAX || bytes->len - begin > FACETS_MAX))
			continue;
		(void)buf_addc(bytes, kind);
		(void)buf_add(bytes, m->items[i].name, strlen(m->items[i].name) + 1);
		(void)buf_add(bytes, value, strlen(value) + 1);
	}
}

void job_facets_derive(struct job *j)
{
	AUTO(buf) struct buf bytes = BUF_INIT(256 * 1024);

	add_pairs(&bytes, 't', &j->tags);
	add_pairs(&bytes, 'h', &j->cold->hyperparameters);
	job_facets_read(j, bytes.data, bytes.len);
}

size_t job_facets_count(const struct job *j)
{
	return set_at(j->facets).n;
}

const char *job_facet_find(const struct job *j, char kind, const char *name)
{
	struct facet_set set = set_at(j->facets);

	for (size_t i = 0; i < set.n; i++) {
		const char *pair = pair_at(&set, i).p;

		if (*pair == kind && strcmp(pair + 1, name) == 0)
			return pair + 1 + strlen(name) + 1;
	}
	return NULL;
}

void job_facets_names(const struct job *j, char kind, struct strlist *ret)
{
	struct facet_set set = set_at(j->facets);

	for (size_t i = 0; i < set.n; i++)
		if (*pair_at(&set, i).p == kind)
			strlist_add(ret, pair_at(&set, i).p + 1);
}

void job_facets_tags(const struct job *j, struct strmap *ret)
{
	struct facet_set set = set_at(j->facets);

	for (size_t i = 0; i < set.n; i++) {
		const char *pair = pair_at(&set, i).p;

		if (*pair == 't')
			strmap_set(ret, pair + 1, pair + 1 + strlen(pair + 1) + 1);
	}
}

void job_facet_names(const struct job *j, char kind, struct strlist *ret)
{
	struct facet_set set = set_at(j->facets);

	for (size_t i = 0; i < set.n; i++) {
		const char *pair = pair_at(&set, i).p;

		if (*pair == kind && !strlist_has(ret, pair + 1))
			strlist_add(ret, pair + 1);
	}
}

void job_facets_write(const struct job *j, struct buf *out)
{
	struct facet_set set = set_at(j->facets);

	for (size_t i = 0; i < set.n; i++) {
		struct span pair = pair_at(&set, i);

		(void)buf_add(out, pair.p, pair.n + 1);
	}
}

void job_facets_read(struct job *j, const char *bytes, size_t n)
{
	const char *p = bytes, *end = bytes + n;
	struct span *pairs = NULL;
	size_t n_pairs = 0, cap = 0;

	while (p && p < end) {
		const char *name_end = memchr(p, '\0', (size_t)(end - p));
		const char *value = name_end && name_end + 1 < end ? name_end + 1 : NULL;
		const char *value_end = value ? memchr(value, '\0', (size_t)(end - value)) : NULL;

		if (!value_end)
			break;
		GROW(pairs, cap, n_pairs + 1);
		pairs[n_pairs++] = (struct span){p, (size_t)(value_end - p)};
		p = value_end + 1;
	}
	j->facets = set_number(pairs, n_pairs);
	free(pairs);
}
