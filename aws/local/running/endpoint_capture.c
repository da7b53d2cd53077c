/* Data capture: calls as lines of JSON, stored under DestinationS3Uri. */
#include "aws/local/running/endpoint_impl.h"

#include <time.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "base/utf8.h"

static bool captures(const json_t *config, const char *mode)
{
	const json_t *options = json_object_get(config, "CaptureOptions");
	size_t i;
	json_t *option;

	json_array_foreach((json_t *)options, i, option)
	{
		const char *given = json_get_str(option, "CaptureMode");

		if (str_eq(given, mode) || str_eq(given, "InputAndOutput"))
			return true;
	}
	return false;
}

static bool listed(const json_t *config, const char *list, const char *type)
{
	const json_t *types = json_object_get(json_object_get(config, "CaptureContentTypeHeader"), list);

	for (size_t i = 0; i < json_array_size(types); i++) {
		if (str_ieq(json_string_value(json_array_get(types, i)), type))
			return true;
	}
	return false;
}

/* One side of a call. What is no text, whatever its type says, is base64. */
static json_t *side(const json_t *config, const char *mode, const char *type, const char *data, size_t n)
{
	AUTO(str) char *plain = xstrdup(str_or(type, ""));

	plain[strcspn(plain, "; ")] = 0;
	bool text = utf8_valid(data, n) && !memchr(data, 0, n);
	const char *encoding = text && listed(config, "CsvContentTypes", plain)	   ? "CSV"
			       : text && listed(config, "JsonContentTypes", plain) ? "JSON"
										   : "BASE64";
	AUTO(str) char *coded = str_eq(encoding, "BASE64") ? base64_encode(data, n) : xstrndup(data, n);

	return json_pack("{s:s, s:s, s:s, s:s}", "observedContentType", str_or(type, ""), "mode", mode, "data", coded,
			 "encoding", encoding);
}

static const char *header(const struct strmap *headers, const char *name)
{
	for (size_t i = 0; i < headers->n; i++) {
		if (str_ieq(headers->items[i].name, name))
			return headers->items[i].value;
	}
	return NULL;
}

static json_t *event_metadata(struct engine *e, const struct strmap *headers)
{
	const char *inference = header(headers, "X-Amzn-SageMaker-Inference-Id");
	const char *custom = header(headers, "X-Amzn-SageMaker-Custom-Attributes");
	char id[37], when[TIMEFMT_LEN];

	uuid4(id);
	json_t *event = json_pack("{s:s, s:s}", "eventId", id, "inferenceTime", timefmt_iso(when, engine_now_ms(e)));

	if (inference)
		json_object_set_new(event, "inferenceId", json_string(inference));
	if (custom)
		json_object_set_new(event, "customAttributes", json_pack("[s]", custom));
	return event;
}

static bool is_drawn(const json_t *config)
{
	return json_get_bool(config, "EnableCapture", false) &&
	       100.0 * endpoint_draw() < json_get_f64(config, "InitialSamplingPercentage", 100);
}

char *endpoint_capture_line(const struct fleet *f, const struct strmap *headers, const struct buf *body,
			    const struct http_answer *a)
{
	const json_t *config = json_object_get(f->config, "DataCaptureConfig");

	if (!is_drawn(config))
		return NULL;
	AUTO(json) json_t *data = json_object();

	if (captures(config, "Input"))
		json_object_set_new(data, "endpointInput",
				    side(config, "INPUT", header(headers, "Content-Type"), buf_str(body), body->len));
	if (captures(config, "Output"))
		json_object_set_new(data, "endpointOutput",
				    side(config, "OUTPUT", strmap_get(&a->headers, "content-type"), buf_str(&a->body),
					 a->body.len));
	AUTO(json)
	json_t *line = json_pack("{s:O, s:o, s:s}", "captureData", data, "eventMetadata",
				 event_metadata(f->endpoint->e, headers), "eventVersion", "0");

	return json_text(line);
}

/* <destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/mm-ss-ms-uuid.jsonl */
static char *object_key(const struct endpoint *ep, const char *prefix, const char *variant)
{
	int64_t now = engine_now_ms(ep->e);
	time_t seconds = (time_t)(now / 1000);
	struct tm t;
	char id[37], hour[32], minute[16];

	uuid4(id);
	gmtime_r(&seconds, &t);
	strftime(hour, sizeof(hour), "%Y/%m/%d/%H", &t);
	strftime(minute, sizeof(minute), "%M-%S", &t);
	return xasprintf("%s%s/%s/%s/%s-%03d-%s.jsonl", prefix, ep->name, variant, hour, minute, (int)(now % 1000), id);
}

void endpoint_store_captures(struct endpoint *ep, const char *destination, const char *variant, const struct buf *lines)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	char blob[OBJECT_BLOB_LEN], md5[33];

	if (!lines->len || !s3_uri_parse(destination, &bucket, &key) || !bucket_exists(ep->e, bucket))
		return;
	AUTO(str) char *prefix = s3_folder_key(key);
	AUTO(str) char *name = object_key(ep, prefix, variant);
	AUTO(str) char *path = objects_blob_new(ep->e, blob);

	md5_hex(lines->data, lines->len, md5);
	if (fs_write_atomic(path, lines->data, lines->len, 0600, NULL) == 0)
		objects_put(ep->e, bucket, name, blob, (int64_t)lines->len, md5,
			    "{\"Content-Type\":\"application/jsonlines\"}");
}
