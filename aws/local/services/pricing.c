/* Pricing GetProducts, from the shipped table share/prices.csv, with what the service has
 * among its products that is no price of an instance-hour: a client must tell them apart. */
#include "aws/local/core/token.h"
#include "aws/local/services/price_rows.h"
#include "base/digest.h"

/* In every region of the table. Prices are of the right order of magnitude. */
static const struct price_row traps[] = {
	{.fields = {[PRICE_TYPE] = "ml.m5.xlarge", [PRICE_COMPONENT] = "Training", [PRICE_USD] = "0.0000000000"},
	 .family = "ML Instance",
	 .usage = "TrainDebugFreeTier",
	 .platform = "TrainDebugFreeTier",
	 .unit = "Hrs",
	 .currency = "USD"},
	{.fields = {[PRICE_TYPE] = "ml.g5.xlarge", [PRICE_COMPONENT] = "Training", [PRICE_USD] = "0.0000204000"},
	 .family = "ML Instance",
	 .usage = "ServerlessTraining",
	 .platform = "ServerlessTraining",
	 .unit = "Hrs",
	 .currency = "USD"},
	{.fields = {[PRICE_TYPE] = "ml.p5.48xlarge", [PRICE_COMPONENT] = "Training", [PRICE_USD] = "31.4640000000"},
	 .family = "ML Instance",
	 .usage = "TrainingPlanUpfrontFee",
	 .platform = "Training",
	 .unit = "Quantity",
	 .currency = "USD"},
	{.fields = {[PRICE_TYPE] = "ml.m5.2xlarge", [PRICE_COMPONENT] = "Training", [PRICE_USD] = "3.7200000000"},
	 .family = "ML Instance",
	 .usage = "Train",
	 .platform = "Training",
	 .unit = "Hrs",
	 .currency = "CNY"},
	{.fields = {[PRICE_TYPE] = "NA", [PRICE_COMPONENT] = "Training", [PRICE_USD] = "0.1400000000"},
	 .family = "Storage",
	 .usage = "Train:VolumeUsage.gp2",
	 .platform = "Training",
	 .unit = "GB-Mo",
	 .currency = "USD"},
};

/* Names of attributes as the Price List gives them. */
static const char *attribute(const struct price_row *row, const char *name)
{
	if (str_ieq(name, "instanceName"))
		return row->fields[PRICE_TYPE];
	if (str_ieq(name, "regionCode"))
		return row->fields[PRICE_REGION];
	if (str_ieq(name, "component"))
		return row->fields[PRICE_COMPONENT];
	if (str_ieq(name, "productFamily"))
		return row->family;
	if (str_ieq(name, "servicecode") || str_ieq(name, "ServiceCode"))
		return "AmazonSageMaker";
	if (str_ieq(name, "locationType"))
		return "AWS Region";
	return NULL;
}

static bool in_list(const char *list, const char *value)
{
	AUTO(strlist) struct strlist items = {0};

	strlist_split(&items, list, ',');
	return strlist_has(&items, value);
}

static bool matches(const struct price_row *row, const json_t *filters)
{
	size_t i;
	json_t *f;

	json_array_foreach((json_t *)filters, i, f)
	{
		const char *have = attribute(row, json_get_str(f, "Field")), *want = json_get_str(f, "Value");
		const char *type = json_get_str(f, "Type");
		bool ok = str_eq(type, "CONTAINS")  ? have && strstr(have, want)
			  : str_eq(type, "ANY_OF")  ? have && in_list(want, have)
			  : str_eq(type, "NONE_OF") ? !have || !in_list(want, have)
						    : str_ieq(have, want);

		if (!ok)
			return false;
	}
	return true;
}

/* "ml.m5.xlarge-Training", bare, "NA" or nothing: the service has no rule. */
static char *irregular_type(const struct price_row *row, unsigned how)
{
	if (how % 4 == 0)
		return xasprintf("%s-%s", row->fields[PRICE_TYPE], row->fields[PRICE_COMPONENT]);
	return xstrdup(how % 4 == 1 ? row->fields[PRICE_TYPE] : how % 4 == 2 ? "NA" : "");
}

static json_t *attributes_of(const struct price_row *row, unsigned how)
{
	AUTO(str) char *type = irregular_type(row, how);
	const char *word = row->usage					      ? row->usage
			   : str_eq(row->fields[PRICE_COMPONENT], "Training") ? "Train"
									      : row->fields[PRICE_COMPONENT];
	AUTO(str)
	char *usage =
		strchr(word, ':') ? xasprintf("USE1-%s", word) : xasprintf("USE1-%s:%s", word, row->fields[PRICE_TYPE]);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "instanceName",
			 row->fields[PRICE_TYPE], "instanceType", type, "component", row->fields[PRICE_COMPONENT],
			 "platoinstancetype", row->platform ? row->platform : row->fields[PRICE_COMPONENT],
			 "regionCode", row->fields[PRICE_REGION], "operation", "RunInstance", "usagetype", usage,
			 "servicecode", "AmazonSageMaker", "servicename", "Amazon SageMaker", "locationType",
			 "AWS Region", "vCpu", "N/A", "memory", "N/A", "gpu", "N/A");
}

static json_t *terms_of(const struct price_row *row, const char *sku, const char *start)
{
	AUTO(str) char *term = xasprintf("%s.JRTCKXETXF", sku);
	AUTO(str) char *rate = xasprintf("%s.6YS6EN2CT7", term);
	json_t *dimension =
		json_pack("{s:s, s:s, s:s, s:s, s:[], s:{s:s}}", "unit", row->unit, "beginRange", "0", "endRange",
			  "Inf", "rateCode", rate, "appliesTo", "pricePerUnit", row->currency, row->fields[PRICE_USD]);

	return json_pack("{s:{s:{s:s, s:s, s:s, s:{}, s:{s:o}}}}", "OnDemand", term, "offerTermCode", "JRTCKXETXF",
			 "sku", sku, "effectiveDate", start, "termAttributes", "priceDimensions", rate, dimension);
}

/* A product as the service writes it: a JSON text inside the JSON. */
static json_t *product(const struct price_row *row)
{
	char hash[SHA256_HEX_LEN], sku[17];
	AUTO(str)
	char *id = xasprintf("%s/%s/%s/%s/%s", row->fields[PRICE_TYPE], row->fields[PRICE_REGION],
			     row->fields[PRICE_COMPONENT], str_or(row->usage, ""), row->currency);
	AUTO(str) char *start = xasprintf("%sT00:00:00Z", row->fields[PRICE_AS_OF]);

	sha256_hex(id, strlen(id), hash);
	str_copy(sku, sizeof(sku), hash);
	for (char *p = sku; *p; p++)
		*p = *p >= 'a' ? (char)(*p - 32) : *p;
	AUTO(json)
	json_t *j = json_pack("{s:{s:s, s:o, s:s}, s:s, s:o, s:s, s:s}", "product", "productFamily", row->family,
			      "attributes", attributes_of(row, (unsigned)hash[0]), "sku", sku, "serviceCode",
			      "AmazonSageMaker", "terms", terms_of(row, sku, start), "version",
			      row->fields[PRICE_AS_OF], "publicationDate", start);
	AUTO(str) char *text = json_text(j);

	return json_string(text);
}

/* Behind the rows of the table the traps of each region. */
static void add_traps(struct price_rows *all)
{
	size_t n = all->n;

	for (size_t i = 0; i < n; i++) {
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first = first &&
				!str_eq(all->items[k].fields[PRICE_REGION], all->items[i].fields[PRICE_REGION]);
		for (size_t t = 0; first && t < ARRAY_LEN(traps); t++) {
			struct price_row row = traps[t];

			row.fields[PRICE_REGION] = all->items[i].fields[PRICE_REGION];
			row.fields[PRICE_AS_OF] = all->items[i].fields[PRICE_AS_OF];
			price_rows_add(all, &row);
		}
	}
}

int op_get_products(struct call *c, json_t **out)
{
	AUTO(price_rows) struct price_rows rows = {0};
	const json_t *filters = json_object_get(c->in, "Filters");
	const char *token = json_get_str(c->in, "NextToken");
	int64_t max = json_get_i64(c->in, "MaxResults", 100), skip = 0, seen = 0;
	json_t *list;
	bool more = false;

	if (!str_eq(json_get_str(c->in, "ServiceCode"), "AmazonSageMaker"))
		return fault_set(c->fault, 400, "NotFoundException", "The specified service code is not served: %.100s",
				 json_get_str(c->in, "ServiceCode"));
	if (!str_empty(token) && !token_decode_number("products", token, &skip))
		return fault_set(c->fault, 400, "InvalidNextTokenException", "The NextToken is invalid.");
	if (price_rows_load(c, &rows) < 0)
		return -1;
	add_traps(&rows);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++) {
		if (!matches(&rows.items[i], filters) || seen++ < skip)
			continue;
		more = (int64_t)json_array_size(list) == max;
		if (more)
			break;
		json_array_append_new(list, product(&rows.items[i]));
	}
	*out = json_pack("{s:s, s:o}", "FormatVersion", "aws_v1", "PriceList", list);
	if (more) {
		AUTO(str) char *next = token_encode_number("products", skip + max);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}
