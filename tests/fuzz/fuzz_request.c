/* fuzz_request.c - bodies of requests to `serve`, in every content type, held against
 * a schema with names and categories. */
#include "fuzz_readers.h"
#include "trainer/models/schema.h"
#include "trainer/serve/serve_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const types[] = {
		"application/json", "application/jsonlines",	       "text/csv",  "text/csv; header=present",
		"text/libsvm",	    "application/x-recordio-protobuf", "text/html", ""};
	static struct dataset *schema;
	struct model_set m = {.kind = MODEL_SET_SINGLE};
	struct dataset *d = NULL;
	struct err err = {0};

	if (!n)
		return 0;
	if (!schema &&
	    schema_parse(
		    "{\"columns\":3,\"names\":[\"age\",\"pts\",\"team\"],\"categories\":{\"2\":[\"red\",\"blue\"]}}",
		    &schema, NULL))
		abort();
	m.schema = schema;
	if (data[0] & 8)
		m.kind = MODEL_SET_ENTITIES;
	if (input_parse(&m, types[data[0] % 8], data[0] & 16 ? "x" : NULL, data + 1, n - 1, 1 << 20, &d, &err)) {
		FUZZ_CHECK(err.http_status == 400 || err.http_status == 415);
		FUZZ_CHECK(err.msg[0] && !strchr(err.msg, '\n'));
		return 0;
	}
	FUZZ_CHECK(d->rows > 0 && d->columns <= 3);
	for (size_t i = 0; d->dense && i < d->rows * d->columns; i++)
		FUZZ_CHECK(!isinf(d->dense[i]));
	FUZZ_CHECK(m.kind != MODEL_SET_ENTITIES || d->entities);
	for (size_t i = 0; d->entities && i < d->rows; i++)
		FUZZ_CHECK(d->entities[i] < d->entity_names.n);
	dataset_free(d);
	return 0;
}
