/* fuzz_recordio.c - RecordIO frames and the protobuf records in them. */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dataset_options opt = {.format = DATA_RECORDIO};

	if (!n)
		return 0;
	opt.has_label = !(data[0] & 1);
	dataset_free(fuzz_read(data + 1, n - 1, &opt));
	return 0;
}
