/* The body of a request as rows. */
#include "trainer/serve/serve_input.h"

#include <strings.h>

#include "trainer/read/gzip.h"

/* Every row is about the same entity. */
static void input_set_entity(struct dataset *d, const char *entity)
{
	strlist_add(&d->entity_names, entity);
	d->entities = xcalloc(d->rows, sizeof(*d->entities));
}

static bool input_has_parameter(const char *content_type, const char *name)
{
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, content_type, ';');
	for (size_t i = 1; i < parts.n; i++)
		if (str_ieq(parts.items[i], name))
			return true;
	return false;
}

static bool input_type_is(const char *content_type, const char *const *names, size_t n)
{
	size_t len = strcspn(content_type, "; \t");

	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && !strncasecmp(names[i], content_type, len))
			return true;
	return false;
}

static int input_json_body(const struct model_set *m, bool lines, const char *entity, const char *body, size_t n,
			   size_t max_unpacked, struct dataset **ret, struct err *err)
{
	AUTO(str) char *unpacked = NULL;
	size_t unpacked_n;
	int r;

	if (!gzip_is(body, n))
		return input_parse_json(m, lines, entity, body, n, ret, err);
	r = gzip_unpack(body, n, max_unpacked, 0, "body", &unpacked, &unpacked_n, err);
	return r ? r : input_parse_json(m, lines, entity, unpacked, unpacked_n, ret, err);
}

static int input_table_body(const struct model_set *m, const char *content_type, const char *entity, const void *body,
			    size_t n, size_t max_unpacked, struct dataset **ret, struct err *err)
{
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = {.format = data_format_parse(content_type),
				      .like = m->schema,
				      .max_unpacked = max_unpacked,
				      .header = input_has_parameter(content_type, "header=present")};
	int r;

	opt.entity_first = m->kind == MODEL_SET_ENTITIES && !entity && opt.format == DATA_CSV;
	r = dataset_load_memory(body, n, "body", &opt, &d, err);
	if (r)
		return r;
	if (m->kind == MODEL_SET_ENTITIES && !d->entities) {
		if (!entity)
			return err_set(
				err, ERR_INVALID,
				"the request names no entity: send X-Amzn-SageMaker-Custom-Attributes: entity=NAME");
		input_set_entity(d, entity);
	}
	*ret = TAKE(d);
	return 0;
}

int input_parse(const struct model_set *m, const char *content_type, const char *entity, const void *body, size_t n,
		size_t max_unpacked, struct dataset **ret, struct err *err)
{
	static const char *const json[] = {"application/json", "json"};
	static const char *const json_lines[] = {"application/jsonlines", "application/x-jsonlines",
						 "application/x-ndjson", "jsonlines"};
	struct err local = {0};
	enum data_format table;
	bool lines;
	int r;

	if (str_empty(content_type))
		content_type = "text/csv";
	table = data_format_parse(content_type);
	lines = input_type_is(content_type, json_lines, ARRAY_LEN(json_lines));
	if (lines || input_type_is(content_type, json, ARRAY_LEN(json))) {
		r = input_json_body(m, lines, entity, body, n, max_unpacked, ret, &local);
	} else if (table == DATA_UNKNOWN || table == DATA_PARQUET) {
		local.http_status = 415;
		r = err_set(&local, ERR_INVALID,
			    "content type '%.100s' is not supported: use text/csv, text/libsvm, "
			    "application/json, application/jsonlines or application/x-recordio-protobuf",
			    content_type);
	} else {
		r = input_table_body(m, content_type, entity, body, n, max_unpacked, ret, &local);
	}
	if (r && err) {
		*err = local;
		if (!err->http_status)
			err->http_status = 400;
	}
	return r;
}
