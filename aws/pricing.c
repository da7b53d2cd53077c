/* The price list: GetProducts, whose items are JSON within JSON. */
#include "aws/pricing.h"

#include <strings.h>

#include "aws/op.h"
#include "aws/reply_json.h"
#include "base/utf8.h"

struct call {
	pricing_fn *fn;
	void *user;
};

bool pricing_parse_usd(const char *text, int64_t *ret_micro)
{
	int64_t micro = 0, scale = 1000000;
	const char *p = text;
	bool point = false, digits = false;

	for (; *p; p++) {
		if (*p == '.' && !point) {
			point = true;
		} else if (*p >= '0' && *p <= '9') {
			digits = true;
			if (!point) {
				if (micro > INT64_MAX / 100000000)
					return false;
				micro = micro * 10 + (*p - '0') * 1000000;
			} else if (scale > 1) {
				scale /= 10;
				micro += (*p - '0') * scale;
			} else if (scale == 1) {
				micro += *p >= '5';
				scale = 0; /* beyond the millionth: rounded once */
			}
		} else {
			return false;
		}
	}
	if (!digits)
		return false;
	*ret_micro = micro;
	return true;
}

/* The on-demand price per hour; false where there is none in US dollars. */
static bool find_hourly(const json_t *product, int64_t *ret_micro)
{
	const char *key, *rate_key;
	json_t *term, *rate;

	json_object_foreach(json_path_get(product, "terms.OnDemand"), key, term)
	{
		json_object_foreach(json_object_get(term, "priceDimensions"), rate_key, rate)
		{
			const char *unit = json_get_str(rate, "unit");
			const char *usd = json_get_str(json_object_get(rate, "pricePerUnit"), "USD");

			if (str_ieq(unit, "Hrs") && usd && pricing_parse_usd(usd, ret_micro) && *ret_micro > 0)
				return true;
		}
	}
	return false;
}

static bool mentions(const char *text, const char *word)
{
	return text && strcasestr(text, word);
}

void pricing_row_done(struct price *p)
{
	free(p->instance_type);
	free(p->region);
	free(p->component);
	free(p->as_of);
	free(p->source);
	*p = (struct price){0};
}

int pricing_parse_product(const char *text, size_t n, struct price *ret, struct err *err)
{
	AUTO(json) json_t *j = NULL;
	const json_t *a;
	const char *name, *region, *component, *platform, *usage, *published;
	int64_t micro;
	int rc = reply_json_parse(text, n, "PriceList item", &j, err);

	if (rc)
		return rc;
	a = json_path_get(j, "product.attributes");
	name = json_get_str(a, "instanceName");
	region = json_get_str(a, "regionCode");
	component = json_get_str(a, "component");
	platform = json_get_str(a, "platoinstancetype");
	usage = json_get_str(a, "usagetype");
	published = json_get_str(j, "publicationDate");
	if (!name || !region || !component || !str_starts(name, "ml.") || mentions(platform, "Free") ||
	    mentions(usage, "Free") || mentions(usage, "Serverless") || !find_hourly(j, &micro))
		return 0;
	/* One spelling: the same word in other letters, and spot under its own name. */
	if (str_ieq(component, platform) || str_ieq(platform, "SpotTraining"))
		component = platform;
	*ret = (struct price){.instance_type = utf8_sanitize_dup(name),
			      .region = utf8_sanitize_dup(region),
			      .component = utf8_sanitize_dup(component),
			      .usd_micro = micro,
			      .as_of = xstrndup(published ? published : "", 10),
			      .grade = 'A',
			      .source = xstrdup("AWS Price List API")};
	return 1;
}

static void on_products(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	const json_t *list = err ? NULL : json_object_get(reply->json, "PriceList");
	const char *token = err ? NULL : json_get_str(reply->json, "NextToken");
	struct price *rows = xcalloc(json_array_size(list) + 1, sizeof(*rows));
	struct err bad = {0};
	size_t i, n = 0;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		int rc = pricing_parse_product(str_or(json_string_value(item), ""), json_string_length(item), &rows[n],
					       &bad);

		if (rc < 0)
			break;
		n += (size_t)rc;
	}
	if (bad.code)
		err = &bad;
	k->fn(k->user, rows, err ? 0 : n, err || str_empty(token) ? NULL : token, err);
	for (i = 0; i < n; i++)
		pricing_row_done(&rows[i]);
	free(rows);
	free(k);
}

/* Where the API answers for a region. */
static const char *api_region(const char *region)
{
	if (str_starts(region, "cn-"))
		return "cn-northwest-1";
	if (str_starts(region, "eu-"))
		return "eu-central-1";
	if (str_starts(region, "ap-"))
		return "ap-south-1";
	return "us-east-1";
}

static void add_filter(json_t *filters, const char *field, const char *value)
{
	if (!str_empty(value))
		json_array_append_new(
			filters, json_pack("{s:s, s:s, s:s}", "Type", "TERM_MATCH", "Field", field, "Value", value));
}

struct aws_request *pricing_get_products(struct aws_client *c, const char *region, const char *instance_type,
					 const char *component, const char *next_token, pricing_fn *fn, void *user)
{
	struct call *k = NEW(struct call);
	json_t *filters = json_array();
	AUTO(json) json_t *body = NULL;
	struct aws_call call = {
		.op = AWS_OP_ROW(pricing, GetProducts), .region = api_region(region), .fn = on_products, .ctx = k};

	k->fn = fn;
	k->user = user;
	add_filter(filters, "productFamily", "ML Instance");
	add_filter(filters, "regionCode", region);
	add_filter(filters, "instanceName", instance_type);
	add_filter(filters, "component", component);
	body = json_pack("{s:s, s:s, s:i, s:o}", "ServiceCode", "AmazonSageMaker", "FormatVersion", "aws_v1",
			 "MaxResults", 100, "Filters", filters);
	if (next_token)
		json_object_set_new(body, "NextToken", json_string(next_token));

	AUTO(str) char *text = json_text(body);
	call.body = text;
	call.body_len = strlen(text);
	return aws_call(c, &call);
}
