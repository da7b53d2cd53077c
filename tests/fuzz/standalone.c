/* Runs a fuzz target without a fuzzer: over its corpus, then over seeded random
 * mutations of it for a bounded number of runs and seconds. Prints TAP.
 *
 *   fuzz_x [-runs=N] [-seconds=N] [-seed=N] [FILE or FOLDER]...
 *
 * Without a file the corpus is tests/fuzz/corpus/x. An input that crashes is the
 * one written to crash-x in the current folder before each run with -save. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "fuzz.h"

#define LARGEST_FILE ((size_t)1 << 20)
#define MAX_MUTANT ((size_t)16 << 10)

struct input {
	uint8_t *data;
	size_t n;
};

struct run {
	struct input *corpus;
	size_t n, cap;
	uint64_t random;
	const char *save;
};

static uint64_t next_random(struct run *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random;
}

static size_t below(struct run *r, size_t n)
{
	return n ? (size_t)(next_random(r) % n) : 0;
}

static void load(struct run *r, const char *path)
{
	struct buf b = BUF_INIT(LARGEST_FILE);

	if (fs_is_dir(path)) {
		AUTO(strlist) struct strlist names = {0};
		DIR *d = opendir(path);
		struct dirent *e;

		while (d && (e = readdir(d)))
			if (e->d_name[0] != '.')
				strlist_add(&names, e->d_name);
		if (d)
			closedir(d);
		strlist_sort(&names);
		for (size_t i = 0; i < names.n; i++) {
			AUTO(str) char *file = fs_join(path, names.items[i]);

			load(r, file);
		}
		return;
	}
	if (fs_read(path, &b, NULL)) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	GROW(r->corpus, r->cap, r->n + 1);
	/* An exact copy, so that the address sanitiser sees a step beyond the end. */
	r->corpus[r->n].data = xmemdup(b.data ? b.data : "", MAX(b.len, (size_t)1));
	r->corpus[r->n++].n = b.len;
	buf_done(&b);
}

static void execute(struct run *r, const uint8_t *data, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		abort();
	memcpy(exact, data, n);
	if (r->save) {
		FILE *f = fopen(r->save, "wb");

		if (f) {
			fwrite(exact, 1, n, f);
			fclose(f);
		}
	}
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

/* Bytes that parsers care about. */
static uint8_t interesting(struct run *r)
{
	static const char bytes[] = "\0\n\r\t \"'\\{}[]<>&;:=,/%#+-.0123456789eE\xff\x80\xc3\xe2\x7f";

	return below(r, 3) ? (uint8_t)bytes[below(r, sizeof(bytes) - 1)] : (uint8_t)next_random(r);
}

static size_t mutate(struct run *r, uint8_t *out)
{
	const struct input *from = &r->corpus[below(r, r->n)], *other = &r->corpus[below(r, r->n)];
	size_t n = MIN(from->n, MAX_MUTANT), changes = 1 + below(r, 8);

	memcpy(out, from->data, n);
	for (size_t i = 0; i < changes; i++) {
		size_t at = below(r, n + 1), len = 1 + below(r, 1 + n / 4), where;

		switch (below(r, 7)) {
		case 0: /* change a byte */
			if (at < n)
				out[at] = interesting(r);
			break;
		case 1: /* flip a bit */
			if (at < n)
				out[at] ^= (uint8_t)(1u << below(r, 8));
			break;
		case 2: /* insert a byte */
			if (n < MAX_MUTANT) {
				memmove(out + at + 1, out + at, n - at);
				out[at] = interesting(r);
				n++;
			}
			break;
		case 3: /* take out a piece */
			len = MIN(len, n - at);
			memmove(out + at, out + at + len, n - at - len);
			n -= len;
			break;
		case 4: /* repeat a piece */
			len = MIN(MIN(len, n - at), MAX_MUTANT - n);
			memmove(out + at + len, out + at, n - at);
			n += len;
			break;
		case 5: /* put in a piece of another */
			if (!other->n)
				break;
			where = below(r, other->n);
			len = MIN(MIN(len, other->n - where), MAX_MUTANT - n);
			memmove(out + at + len, out + at, n - at);
			memcpy(out + at, other->data + where, len);
			n += len;
			break;
		default: /* cut off */
			n = at;
			break;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	struct run r = {.random = 88172645463325252u};
	int64_t runs = 20000, seconds = 5, done = 0, start_ms = clock_mono_ms(), seed;
	uint8_t *mutant = xmalloc(MAX_MUTANT);

	if (strstr(name, "fuzz_"))
		name = strstr(name, "fuzz_") + strlen("fuzz_");
	for (int i = 1; i < argc; i++) {
		if (str_starts(argv[i], "-runs=") && str_to_i64(argv[i] + 6, &runs))
			continue;
		if (str_starts(argv[i], "-seconds=") && str_to_i64(argv[i] + 9, &seconds))
			continue;
		if (str_starts(argv[i], "-seed=") && str_to_i64(argv[i] + 6, &seed))
			r.random ^= (uint64_t)seed * 0x9e3779b97f4a7c15u;
		else if (!strcmp(argv[i], "-save"))
			r.save = xasprintf("crash-%s", name);
		else
			load(&r, argv[i]);
	}
	if (!r.n) {
		AUTO(str) char *folder = xasprintf("%s/tests/fuzz/corpus/%s", str_or(getenv("SAGETOP_SRC"), "."), name);

		load(&r, folder);
	}
	for (size_t i = 0; i < r.n; i++)
		execute(&r, r.corpus[i].data, r.corpus[i].n);
	printf("ok 1 - %s: %zu corpus files\n", name, r.n);
	fflush(stdout);
	while (r.n && done < runs && clock_mono_ms() - start_ms < seconds * 1000) {
		execute(&r, mutant, mutate(&r, mutant));
		done++;
	}
	printf("ok 2 - %s: %lld mutations\n1..2\n", name, (long long)done);
	for (size_t i = 0; i < r.n; i++)
		free(r.corpus[i].data);
	free(r.corpus);
	free(mutant);
	return r.n ? 0 : 1;
}
