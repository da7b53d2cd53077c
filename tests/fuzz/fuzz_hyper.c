/* fuzz_hyper.c - hyperparameters.json. */
#include <stdio.h>

#include "base/json.h"
#include "fuzz.h"
#include "trainer/hyperparameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(json) json_t *root = NULL;
	AUTO(hyper) struct hyper h = {0};
	struct err err = {0};

	if (json_parse((const char *)data, n, "hyperparameters.json", &root, &err))
		return 0;
	if (hyper_parse(root, &h, &err))
		FUZZ_CHECK(err.msg[0]);
	else if (hyper_check_columns(&h, 5, &err))
		FUZZ_CHECK(err.msg[0]);
	return 0;
}
