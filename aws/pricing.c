/* The price list: GetProducts, whose items are JSON within JSON. */
#include "aws/pricing.h"

#include "aws/op.h"
#include "aws/reply_json.h"
#include "base/utf8.h"

struct call {
	pricing_fn *fn;
	void *user;
};

/* The on-demand price, of the newest term that has one. */
static enum price_verdict find_rate(const json_t *product, bool volume, int64_t *ret_micro)
{
	enum price_verdict verdict = PRICE_NOT_ON_DEMAND;
	const char *key, *rate_key, *newest = "";
	json_t *term, *dimension;

	json_object_foreach(json_path_get(product, "terms.OnDemand"), key, term)
	{
		const char *since = str_or(json_get_str(term, "effectiveDate"), "");

		json_object_foreach(json_object_get(term, "priceDimensions"), rate_key, dimension)
		{
			struct price_rate rate = {
				.unit = json_get_str(dimension, "unit"),
				.usd = json_get_str(json_object_get(dimension, "pricePerUnit"), "USD")};
			int64_t micro;
			enum price_verdict v = price_rate_judge(&rate, volume, &micro);

			if (v == PRICE_TAKEN && (verdict != PRICE_TAKEN || strcmp(since, newest) >= 0)) {
				*ret_micro = micro;
				newest = since;
				verdict = v;
			} else if (verdict != PRICE_TAKEN) {
				verdict = v;
			}
		}
	}
	return verdict;
}

int pricing_parse_product(const char *text, size_t n, struct price *ret, struct err *err)
{
	AUTO(json) json_t *j = NULL;
	int64_t micro;
	int rc = reply_json_parse(text, n, "PriceList item", &j, err);

	if (rc)
		return rc;
	const json_t *a = json_path_get(j, "product.attributes");
	const char *published = json_get_str(j, "publicationDate");
	const struct price_product p = {.service = json_get_str(a, "servicecode"),
					.family = json_get_str(json_object_get(j, "product"), "productFamily"),
					.name = json_get_str(a, "instanceName"),
					.region = json_get_str(a, "regionCode"),
					.component = json_get_str(a, "component"),
					.platform = json_get_str(a, "platoinstancetype"),
					.usage = json_get_str(a, "usagetype"),
					.vcpu = json_get_str(a, "vCpu"),
					.memory = json_get_str(a, "memory"),
					.gpu = json_get_str(a, "gpu")};
	bool volume = price_product_is_volume(&p);
	char component[64];

	if (price_product_judge(&p) != PRICE_TAKEN || find_rate(j, volume, &micro) != PRICE_TAKEN)
		return 0;
	*ret = (struct price){.instance_type = utf8_sanitize_dup(price_product_type(&p)),
			      .region = utf8_sanitize_dup(p.region),
			      .component = utf8_sanitize_dup(price_product_component(&p, component)),
			      .usd_micro = micro,
			      .as_of = xstrndup(published ? published : "", 10),
			      .grade = 'A',
			      .source = xstrdup("AWS Price List API"),
			      .unit = volume ? PRICE_GB_MONTH : PRICE_HOUR,
			      .spec = price_product_spec(&p)};
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
		price_row_done(&rows[i]);
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
	/* All of a region: its volumes are of another family. */
	if (instance_type || component)
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
