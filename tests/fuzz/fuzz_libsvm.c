/* fuzz_libsvm.c - libsvm, for training and for prediction. */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dataset_options opt = {.format = DATA_LIBSVM};

	if (!n)
		return 0;
	opt.has_label = !(data[0] & 1);
	opt.expect_columns = data[0] & 2 ? 9 : 0;
	dataset_free(fuzz_read(data + 1, n - 1, &opt));
	return 0;
}
