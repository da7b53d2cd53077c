/* transform_spec.c - the request for a batch transform job. */
#include "sync/transform_spec.h"

#include "model/content_type.h"
#include "model/price.h"

#define DEFAULT_INSTANCE "ml.m5.large"
#define INSTANCES_MAX 100

/* One of the words, in the service's own letters. */
static int take_word(const char *option, const char *given, const char *const *words, size_t n, const char **ret,
		     struct err *err)
{
	AUTO(buf) struct buf names = BUF_INIT(256);

	for (size_t i = 0; given && i < n; i++) {
		if (str_ieq(given, words[i])) {
			*ret = words[i];
			return 0;
		}
		(void)buf_addf(&names, "%s%s", !i ? "" : i + 1 < n ? ", " : " or ", words[i]);
	}
	return given ? err_set(err, ERR_USAGE, "%s %s: say %s", option, given, buf_str(&names)) : 0;
}

/* How files become requests. */
struct records {
	const char *split, *strategy;
	const char *content_type;
	bool gzip;
};

static int take_records(const struct transform_wish *w, struct records *ret, struct err *err)
{
	static const char *const splits[] = {"None", "Line", "RecordIO", "TFRecord"};
	static const char *const strategies[] = {"MultiRecord", "SingleRecord"};
	const char *sample = w->sample ? w->sample : w->input;
	bool gzip = str_ends(sample, ".gz");
	AUTO(str) char *plain = xstrndup(sample, strlen(sample) - (gzip ? strlen(".gz") : 0));
	struct records r = {.gzip = gzip, .content_type = str_or(w->content_type, content_type_of_name(plain))};

	r.split = content_type_has_lines(r.content_type) ? "Line" : "None";
	if (take_word("--split", w->split, splits, ARRAY_LEN(splits), &r.split, err) < 0)
		return -err->code;
	r.strategy = str_eq(r.split, "None") ? NULL : "MultiRecord";
	if (take_word("--strategy", w->strategy, strategies, ARRAY_LEN(strategies), &r.strategy, err) < 0)
		return -err->code;
	if (str_eq(r.split, "None") && str_eq(r.strategy, "MultiRecord"))
		return err_set(err, ERR_USAGE, "--strategy MultiRecord needs files that are split: say --split Line");
	*ret = r;
	return 0;
}

/* The service joins and filters what looks alike on both sides. */
static int add_processing(json_t *request, const struct transform_wish *w, const struct records *r, struct err *err)
{
	const char *const filters[][2] = {{"InputFilter", w->input_filter}, {"OutputFilter", w->output_filter}};
	static const char *const options[] = {"--input-filter", "--output-filter"};
	json_t *processing = json_object();

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (filters[i][1])
			json_object_set_new(processing, filters[i][0], json_string(filters[i][1]));
	}
	if (w->join)
		json_object_set_new(processing, "JoinSource", json_string("Input"));
	if (json_object_size(processing))
		json_object_set(request, "DataProcessing", processing);
	json_decref(processing);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (filters[i][1] && *filters[i][1] != '$')
			return err_set(err, ERR_USAGE, "%s %s: a JSONPath begins with $, as in '$[1:]'", options[i],
				       filters[i][1]);
	}
	if (!w->join && !w->output_filter)
		return 0;
	if (w->accept && !str_eq(w->accept, r->content_type))
		return err_set(err, ERR_USAGE,
			       "--accept %s: with --join and --output-filter it is the content type, %s", w->accept,
			       r->content_type);
	if (!str_eq(r->split, "Line") && !str_eq(r->split, "None"))
		return err_set(err, ERR_USAGE, "--split %s: what is joined or filtered is split by Line, or not",
			       r->split);
	json_object_set_new(json_object_get(request, "TransformOutput"), "Accept", json_string(r->content_type));
	return 0;
}

static json_t *input_of(const struct transform_wish *w, const struct records *r)
{
	return json_pack("{s:{s:{s:s, s:s}}, s:s, s:s, s:s}", "DataSource", "S3DataSource", "S3DataType", "S3Prefix",
			 "S3Uri", w->input, "ContentType", r->content_type, "CompressionType",
			 r->gzip ? "Gzip" : "None", "SplitType", r->split);
}

static json_t *output_of(const struct transform_wish *w, const struct records *r)
{
	return json_pack("{s:s, s:s*, s:s}", "S3OutputPath", w->output, "Accept", w->accept, "AssembleWith",
			 str_eq(r->split, "Line") ? "Line" : "None");
}

int transform_spec_new(const struct transform_wish *w, json_t **ret, struct err *err)
{
	AUTO(json) json_t *request = NULL;
	struct records r = {0};

	if (w->instances < 0 || w->instances > INSTANCES_MAX)
		return err_set(err, ERR_USAGE, "--count %lld: a transform job has 1 to %d instances",
			       (long long)w->instances, INSTANCES_MAX);
	if (!str_starts(w->output, "s3://"))
		return err_set(err, ERR_USAGE, "--output %s: say s3://BUCKET/PREFIX", w->output);
	if (take_records(w, &r, err) < 0)
		return -err->code;
	request = json_pack("{s:s, s:s, s:s*, s:o, s:o, s:{s:s, s:I}}", "TransformJobName", w->name, "ModelName",
			    w->model, "BatchStrategy", r.strategy, "TransformInput", input_of(w, &r), "TransformOutput",
			    output_of(w, &r), "TransformResources", "InstanceType",
			    str_or(w->instance_type, DEFAULT_INSTANCE), "InstanceCount",
			    (json_int_t)(w->instances ? w->instances : 1));
	if (!request)
		return err_set(err, ERR_INVALID, "%s: a text of the request is not UTF-8", w->name);
	if (add_processing(request, w, &r, err) < 0)
		return -err->code;
	*ret = TAKE(request);
	return 0;
}

int64_t transform_rate_micro(const json_t *request, const struct price_table *prices, const char *region)
{
	const json_t *resources = json_object_get(request, "TransformResources");
	int64_t n = json_get_i64(resources, "InstanceCount", 1);
	const char *type = str_or(json_get_str(resources, "InstanceType"), "");
	const struct price *price = price_find(prices, type, region, "BatchTransform");

	if (!price)
		price = price_find(prices, type, region, "Hosting");
	return price && n >= 0 && n <= INSTANCES_MAX ? price->usd_micro * n : USD_UNKNOWN;
}
