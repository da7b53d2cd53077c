/* What a transform job's request asks for, and what of it is refused. */
#include "aws/local/running/transform_impl.h"

#define PAYLOAD_DEFAULT_MB 6
#define PRODUCT_MAX 100 /* MaxConcurrentTransforms times MaxPayloadInMB */
#define TIMEOUT_DEFAULT_S 600
#define RETRIES_DEFAULT 3
#define MAX_ENVIRONMENT 16

/* --- the members ---------------------------------------------------------------------------------- */

static int split_of(const json_t *input)
{
	static const char *const names[] = {"None", "Line", "RecordIO", "TFRecord"};
	const char *name = str_or(json_get_str(input, "SplitType"), "None");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(name, names[i]))
			return (int)i;
	}
	return SPLIT_NONE;
}

/* What is not given, and 0 of the calls at a time, is the model's to say. */
static int multi_of(const json_t *request)
{
	const char *strategy = json_get_str(request, "BatchStrategy");

	return strategy ? str_eq(strategy, "MultiRecord") : -1;
}

static int read_filters(const json_t *processing, struct transform_settings *s, struct err *err)
{
	const char *input = str_or(json_get_str(processing, "InputFilter"), "$");
	const char *output = str_or(json_get_str(processing, "OutputFilter"), "$");

	s->join = str_eq(json_get_str(processing, "JoinSource"), "Input");
	if (!s->join && str_eq(input, "$") && str_eq(output, "$"))
		return 0;
	if (s->format == FORMAT_OTHER)
		return err_set(
			err, ERR_INVALID,
			"DataProcessing needs the ContentType text/csv, application/json or application/jsonlines.");
	int rc = transform_filter_parse(input, s->format, "InputFilter", &s->input, err);

	return rc < 0 ? rc : transform_filter_parse(output, s->format, "OutputFilter", &s->output, err);
}

/* A join, or a filter of what is stored, works on records that look alike on both sides. */
static int check_join(const json_t *request, const struct transform_settings *s, struct err *err)
{
	bool assembled = str_eq(json_get_str(json_object_get(request, "TransformOutput"), "AssembleWith"), "Line");

	if (!s->join && !s->output.n)
		return 0;
	if (!str_eq(s->content_type, s->accept))
		return err_set(err, ERR_INVALID,
			       "JoinSource and OutputFilter need a ContentType (%.80s) that equals Accept (%.80s).",
			       s->content_type, str_or(s->accept, "not given"));
	if (s->split != (assembled ? SPLIT_LINE : SPLIT_NONE))
		return err_set(err, ERR_INVALID,
			       "JoinSource and OutputFilter need a SplitType that equals AssembleWith (%s).",
			       assembled ? "Line" : "None");
	return 0;
}

int transform_settings_read(const json_t *request, struct transform_settings *ret, struct err *err)
{
	const json_t *input = json_object_get(request, "TransformInput");
	const json_t *output = json_object_get(request, "TransformOutput");
	const json_t *client = json_object_get(request, "ModelClientConfig");
	int64_t concurrent = json_get_i64(request, "MaxConcurrentTransforms", 0);

	*ret = (struct transform_settings){
		.content_type = json_get_str(input, "ContentType"),
		.accept = json_get_str(output, "Accept"),
		.split = (enum transform_split)split_of(input),
		.gzip = str_eq(json_get_str(input, "CompressionType"), "Gzip"),
		.lines = str_eq(json_get_str(output, "AssembleWith"), "Line"),
		.format = transform_format(json_get_str(input, "ContentType")),
		.concurrent = concurrent ? concurrent : -1,
		.payload_mb = json_get_i64(request, "MaxPayloadInMB", -1),
		.multi = multi_of(request),
		.timeout_ms = 1000 * json_get_i64(client, "InvocationsTimeoutInSeconds", TIMEOUT_DEFAULT_S),
		.retries = json_get_i64(client, "InvocationsMaxRetries", RETRIES_DEFAULT)};
	int rc = read_filters(json_object_get(request, "DataProcessing"), ret, err);

	if (rc == 0)
		rc = check_join(request, ret, err);
	if (rc < 0)
		transform_settings_done(ret);
	return rc;
}

void transform_settings_done(struct transform_settings *s)
{
	transform_filter_done(&s->input);
	transform_filter_done(&s->output);
}

void transform_settings_of_model(struct transform_settings *s, const json_t *parameters)
{
	const char *strategy = json_get_str(parameters, "BatchStrategy");

	if (s->concurrent < 1)
		s->concurrent = MAX(json_get_i64(parameters, "MaxConcurrentTransforms", 1), 1);
	if (s->payload_mb < 0)
		s->payload_mb = MAX(json_get_i64(parameters, "MaxPayloadInMB", PAYLOAD_DEFAULT_MB), 0);
	if (s->multi < 0)
		s->multi = !str_ieq(strategy, "SINGLE_RECORD");
}

/* --- the process's environment --------------------------------------------------------------------- */

static void set_number(struct strmap *env, const char *name, const json_t *value)
{
	AUTO(str) char *text = json_is_integer(value) ? json_text(value) : NULL;

	if (text)
		strmap_set(env, name, text);
}

void transform_environment(const json_t *request, struct strmap *env)
{
	int multi = multi_of(request);

	layout_request_environment(json_object_get(request, "Environment"), env);
	strmap_set(env, "SAGEMAKER_BATCH", "true");
	set_number(env, "SAGEMAKER_MAX_PAYLOAD_IN_MB", json_object_get(request, "MaxPayloadInMB"));
	set_number(env, "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS", json_object_get(request, "MaxConcurrentTransforms"));
	if (multi >= 0)
		strmap_set(env, "SAGEMAKER_BATCH_STRATEGY", multi ? "MULTI_RECORD" : "SINGLE_RECORD");
}

/* --- what is refused ---------------------------------------------------------------------------------- */

static int check_range(const json_t *in, const char *name, int64_t low, int64_t high, struct err *err)
{
	int64_t n = json_get_i64(in, name, low);

	return n >= low && n <= high ? 0
				     : err_set(err, ERR_INVALID, "%s must be from %lld to %lld.", name, (long long)low,
					       (long long)high);
}

static int check_numbers(const json_t *request, struct err *err)
{
	const json_t *client = json_object_get(request, "ModelClientConfig");
	int64_t concurrent = json_get_i64(request, "MaxConcurrentTransforms", 0);
	int64_t payload = json_get_i64(request, "MaxPayloadInMB", 0);
	int rc = check_range(json_object_get(request, "TransformResources"), "InstanceCount", 1, 100, err);

	if (rc == 0)
		rc = check_range(request, "MaxPayloadInMB", 0, PRODUCT_MAX, err);
	if (rc == 0)
		rc = check_range(client, "InvocationsTimeoutInSeconds", 1, 3600, err);
	if (rc == 0)
		rc = check_range(client, "InvocationsMaxRetries", 0, 3, err);
	if (rc == 0 && concurrent > 0 && payload > 0 && concurrent > PRODUCT_MAX / payload)
		rc = err_set(err, ERR_INVALID,
			     "MaxConcurrentTransforms * MaxPayloadInMB must not be larger than %d; %lld * %lld is.",
			     PRODUCT_MAX, (long long)concurrent, (long long)payload);
	if (rc == 0 && json_object_size(json_object_get(request, "Environment")) > MAX_ENVIRONMENT)
		rc = err_set(
			err, ERR_INVALID,
			"1 validation error detected: Value at 'environment' failed to satisfy constraint: Map must "
			"have at most %d entries",
			MAX_ENVIRONMENT);
	return rc;
}

static int check_model(struct engine *e, const char *model, struct err *err)
{
	const json_t *container = model_container(e, model);

	if (!container)
		return err_set(err, ERR_INVALID,
			       "The model %.63s has not exactly one container; the local engine runs no others.",
			       model);
	if (str_eq(json_get_str(container, "Mode"), "MultiModel"))
		return err_set(err, ERR_INVALID, "The model %.63s is a MultiModel one, which no transform job takes.",
			       model);
	return 0;
}

int transform_check(struct engine *e, const json_t *request, struct err *err)
{
	const char *type = str_or(
		json_get_str(json_path_get(request, "TransformInput.DataSource.S3DataSource"), "S3DataType"), "");
	struct transform_settings s;
	int rc = check_numbers(request, err);

	if (rc < 0)
		return rc;
	if (!str_eq(type, "S3Prefix") && !str_eq(type, "ManifestFile"))
		return err_set(err, ERR_INVALID, "Transform jobs do not take data of the S3DataType %.40s.", type);
	if (json_object_get(request, "DataCaptureConfig"))
		return err_set(
			err, ERR_INVALID,
			"The local engine does not capture data of transform jobs; leave DataCaptureConfig out.");
	rc = check_model(e, json_get_str(request, "ModelName"), err);
	if (rc == 0)
		rc = transform_settings_read(request, &s, err);
	if (rc == 0)
		transform_settings_done(&s);
	return rc;
}
