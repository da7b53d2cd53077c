/* fuzz_hyper.c - hyperparameters.json. What was accepted is in normal form: given once
 * more it is accepted again, and means the same. */
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "fuzz.h"
#include "trainer/settings/hyperparameters.h"

static bool same_map(const struct hyper *a, const struct hyper *b)
{
	AUTO(strmap) struct strmap first = {0}, second = {0};

	hyper_library_params(a, 2, &first);
	hyper_library_params(b, 2, &second);
	for (size_t i = 0; i < first.n; i++)
		if (!str_eq(strmap_get(&second, first.items[i].name), first.items[i].value))
			return false;
	return first.n == second.n;
}

static void check_again(const struct hyper *h)
{
	AUTO(json) json_t *root = json_object();
	AUTO(hyper) struct hyper again = {0};

	for (int i = 0; i < HYPER_COUNT; i++) {
		const char *text = h->given[i];
		double number = hyper_float(h, (enum hyper_id)i);

		if (text)
			json_object_set_new(root, hyper_name((enum hyper_id)i), json_string(text));
		FUZZ_CHECK(isnan(number) || hyper_int(h, (enum hyper_id)i) == (int64_t)number);
	}
	FUZZ_CHECK(!hyper_parse(root, &again, NULL));
	for (int i = 0; i < HYPER_COUNT; i++)
		FUZZ_CHECK(str_eq(h->given[i], again.given[i]) || (!h->given[i] && !again.given[i]));
	FUZZ_CHECK(h->metrics.n == again.metrics.n && same_map(h, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(json) json_t *root = NULL;
	AUTO(hyper) struct hyper h = {0};
	struct err err = {0};

	if (json_parse((const char *)data, n, "hyperparameters.json", &root, &err))
		return 0;
	if (hyper_parse(root, &h, &err)) {
		FUZZ_CHECK(err.msg[0]);
		return 0;
	}
	check_again(&h);
	if (hyper_check_columns(&h, 5, &err))
		FUZZ_CHECK(err.msg[0]);
	return 0;
}
