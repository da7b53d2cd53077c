/* fuzz_parquet.c - Parquet: footer, page headers, levels, dictionaries, packed pages.
 * The first byte chooses whether columns of text have a role. */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(strlist) struct strlist words = {0};
	struct dataset_options opt = {.format = DATA_PARQUET, .has_label = true};

	if (!n)
		return 0;
	strlist_add(&words, "t");
	if (data[0] & 1)
		opt.categorical = &words;
	if (data[0] & 2)
		opt.entity_first = true;
	dataset_free(fuzz_read(data + 1, n - 1, &opt));
	return 0;
}
