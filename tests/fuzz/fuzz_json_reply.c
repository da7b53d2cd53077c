/* JSON replies of every service we read, errors included. */
#include "aws/cloudwatch.h"
#include "aws/cred_job.h"
#include "aws/logs.h"
#include "aws/op.h"
#include "aws/pricing.h"
#include "aws/reply_json.h"
#include "aws/sagemaker.h"
#include "base/utf8.h"
#include "fuzz.h"

static void clean(const char *s)
{
	FUZZ_CHECK(!s || (utf8_valid(s, strlen(s)) && !strpbrk(s, "\x1b\n\r\t")));
}

/* A traceback keeps its lines. */
static void clean_lines(const char *s)
{
	FUZZ_CHECK(!s || (utf8_valid(s, strlen(s)) && !strpbrk(s, "\x1b\r")));
}

static void read_job(const json_t *o)
{
	struct job *j = NULL;

	if (sm_parse_job(o, DETAIL_DESCRIBED, &j, NULL))
		return;
	clean(j->name);
	clean(j->status_text);
	clean_lines(j->failure_reason);
	clean(j->instance_type);
	for (size_t i = 0; i < j->tags.n; i++)
		clean(j->tags.items[i].value);
	job_free(j);
}

static void read_lists(const json_t *j)
{
	const json_t *events = json_object_get(j, "events"), *list;
	struct log_event *e = calloc(json_array_size(events) + 1, sizeof(*e));
	size_t i;
	json_t *item;

	if (!e)
		abort();
	FUZZ_CHECK(logs_parse_events(events, "s", e) <= json_array_size(events));
	free(e);
	list = json_object_get(j, "Results");
	json_array_foreach((json_t *)list, i, item) read_job(json_object_get(item, "TrainingJob"));
	json_array_foreach(json_object_get(j, "TrainingJobSummaries"), i, item) read_job(item);
	json_array_foreach(json_object_get(j, "MetricDataResults"), i, item)
	{
		struct cw_series s;

		cw_parse_series(item, &s);
		for (size_t k = 1; k < s.n; k++)
			FUZZ_CHECK(s.times_ms[k - 1] <= s.times_ms[k]);
		cw_series_done(&s);
	}
	json_array_foreach(json_object_get(j, "PriceList"), i, item)
	{
		struct price p = {0};

		if (json_is_string(item) &&
		    pricing_parse_product(json_string_value(item), json_string_length(item), &p, NULL) == 1)
			FUZZ_CHECK(p.usd_micro > 0);
		price_row_done(&p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct http_reply reply = {.status = 400, .body = text, .len = size};
	struct aws_credentials *c = NULL;
	struct err err = {0};
	json_t *j = NULL;

	if (!text)
		abort();
	memcpy(text, data, size); /* as the transport gives it: with a NUL behind */
	text[size] = '\0';
	aws_reply_error(&reply, AWS_JSON, "Search", &err);
	FUZZ_CHECK(err.code != ERR_OK);
	clean(err.msg);
	if (!reply_json_parse(text, size, "reply", &j, NULL) && json_is_object(j)) {
		read_job(j);
		read_lists(j);
		if (!cred_from_json(j, "fuzz", &c, NULL))
			FUZZ_CHECK(*c->access_key && *c->secret_key);
		aws_credentials_free(c);
	}
	json_decref(j);
	free(text);
	return 0;
}
