/* fuzz_gzip.c - gzip data, read piece by piece and at once. */
#include "fuzz_readers.h"
#include "trainer/read/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dataset_options opt = {.format = DATA_CSV, .has_label = true};
	char *out = NULL;
	size_t out_n = 0;
	struct err err = {0};

	dataset_free(fuzz_read(data, n, &opt));
	if (!gzip_is(data, n))
		return 0;
	if (!gzip_unpack(data, n, 1 << 16, 8, "f", &out, &out_n, &err)) {
		AUTO(gzip) struct gzip *g = NULL;
		AUTO(str) char *again = xmalloc(out_n + 1);
		size_t done = 0, got = 1;

		FUZZ_CHECK(!gzip_new(data, n, "f", &g, NULL));
		/* in pieces of seven bytes */
		while (got && done <= out_n) {
			size_t want = MIN((size_t)7, out_n + 1 - done);

			FUZZ_CHECK(!gzip_read(g, again + done, want, &got, NULL));
			done += got;
			if (got < want)
				break;
		}
		FUZZ_CHECK(done == out_n && !memcmp(again, out, out_n));
	} else {
		FUZZ_CHECK(err.msg[0]);
	}
	free(out);
	return 0;
}
