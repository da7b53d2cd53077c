/* fuzz_parquet.c - Parquet: footer, page headers, levels, dictionaries, packed pages.
 * The first byte chooses whether columns have a role. What a column says must not
 * depend on what is made of the others. */
#include "fuzz_readers.h"

/* The same file again, its last feature left out. */
static void check_without_last(const uint8_t *data, size_t n, struct dataset_options *opt, const struct dataset *d)
{
	AUTO(strlist) struct strlist last = {0};
	AUTO(dataset) struct dataset *again = NULL;

	strlist_add(&last, d->feature_names.items[d->feature_names.n - 1]);
	opt->ignore = &last;
	FUZZ_CHECK(!dataset_load_memory(data, n, "f", opt, &again, NULL));
	FUZZ_CHECK(again->rows == d->rows && again->columns + 1 == d->columns);
	FUZZ_CHECK(fuzz_same(again->labels, d->labels, d->rows * sizeof(float)));
	for (size_t r = 0; r < d->rows; r++)
		FUZZ_CHECK(!memcmp(again->dense + r * again->columns, d->dense + r * d->columns,
				   again->columns * sizeof(float)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(strlist) struct strlist words = {0};
	struct dataset_options opt = {.format = DATA_PARQUET, .has_label = true};
	AUTO(dataset) struct dataset *d = NULL;

	if (!n)
		return 0;
	strlist_add(&words, "t");
	if (data[0] & 1)
		opt.categorical = &words;
	if (data[0] & 2) { /* as a request to serve has it */
		opt.entity_first = true;
		opt.has_label = false;
	}
	if (data[0] & 4)
		opt.date_column = "t";
	d = fuzz_read(data + 1, n - 1, &opt);
	if (d && d->columns > 1 && d->feature_names.n && !opt.categorical)
		check_without_last(data + 1, n - 1, &opt, d);
	return 0;
}
