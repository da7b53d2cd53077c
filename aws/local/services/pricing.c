/* Pricing GetProducts, from the shipped table share/prices.csv. */
#include "aws/local/services/ops.h"
#include "base/digest.h"
#include "base/fs.h"

/* The columns: instance_type,region,component,usd_per_hour,as_of,grade,source */
struct row {
	char *fields[7];
};

/* One line apart, quotes as in RFC 4180. Fields point into the line. */
static bool split_line(char *line, struct row *row)
{
	size_t n = 0;

	*row = (struct row){0};
	for (char *p = line; n < ARRAY_LEN(row->fields);) {
		char *out = p;
		bool quoted = *p == '"';

		row->fields[n++] = out;
		if (quoted)
			p++;
		while (*p && (quoted || *p != ',')) {
			if (quoted && *p == '"' && p[1] != '"') {
				quoted = false;
				p++;
				continue;
			}
			if (quoted && *p == '"')
				p++;
			*out++ = *p++;
		}
		bool more = *p == ',';

		*out = 0;
		if (!more)
			break;
		p++;
	}
	return n == ARRAY_LEN(row->fields);
}

/* Names of attributes as the Price List gives them. */
static const char *attribute(const struct row *row, const char *name)
{
	if (str_ieq(name, "instanceName"))
		return row->fields[0];
	if (str_ieq(name, "regionCode"))
		return row->fields[1];
	if (str_ieq(name, "component"))
		return row->fields[2];
	if (str_ieq(name, "productFamily"))
		return "ML Instance";
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

static bool matches(const struct row *row, const json_t *filters)
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

/* A product as the service writes it: a JSON text inside the JSON. */
static json_t *product(const struct row *row)
{
	char hash[SHA256_HEX_LEN], sku[17];
	AUTO(str) char *id = xasprintf("%s/%s/%s", row->fields[0], row->fields[1], row->fields[2]);
	AUTO(str) char *type = xasprintf("%s-%s", row->fields[0], row->fields[2]);
	AUTO(str) char *usd = xasprintf("%s", row->fields[3]);

	sha256_hex(id, strlen(id), hash);
	str_copy(sku, sizeof(sku), hash);
	for (char *p = sku; *p; p++)
		*p = *p >= 'a' ? (char)(*p - 32) : *p;
	AUTO(str) char *term = xasprintf("%s.JRTCKXETXF", sku);
	AUTO(str) char *rate = xasprintf("%s.6YS6EN2CT7", term);
	AUTO(str)
	char *usage = xasprintf("%s:%s", str_eq(row->fields[2], "Training") ? "Train" : row->fields[2], row->fields[0]);
	AUTO(str) char *start = xasprintf("%sT00:00:00Z", row->fields[4]);
	AUTO(json)
	json_t *j = json_pack("{s:{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}, s:s}, s:s, s:{s:{s:{s:s, s:s, "
			      "s:s, s:{s:{s:s, s:s, s:s,"
			      " s:s, s:{s:s}}}}}}, s:s, s:s}",
			      "product", "productFamily", "ML Instance", "attributes", "instanceName", row->fields[0],
			      "instanceType", type, "component", row->fields[2], "regionCode", row->fields[1],
			      "operation", "RunInstance", "usagetype", usage, "servicecode", "AmazonSageMaker",
			      "servicename", "Amazon SageMaker", "locationType", "AWS Region", "sku", sku,
			      "serviceCode", "AmazonSageMaker", "terms", "OnDemand", term, "offerTermCode",
			      "JRTCKXETXF", "sku", sku, "effectiveDate", start, "priceDimensions", rate, "unit", "Hrs",
			      "beginRange", "0", "endRange", "Inf", "rateCode", rate, "pricePerUnit", "USD", usd,
			      "version", row->fields[4], "publicationDate", start);
	AUTO(str) char *text = json_text(j);

	return json_string(text);
}

static int load_table(struct call *c, struct buf *text)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	struct err err = {0};

	if (!path || fs_read(path, text, &err) < 0)
		return fault_set(c->fault, 500, "InternalErrorException",
				 "the price table share/prices.csv is missing");
	return 0;
}

int op_get_products(struct call *c, json_t **out)
{
	AUTO(buf) struct buf text = BUF_INIT((size_t)16 << 20);
	const json_t *filters = json_object_get(c->in, "Filters");
	const char *token = json_get_str(c->in, "NextToken");
	int64_t max = json_get_i64(c->in, "MaxResults", 100), skip = 0, seen = 0;
	json_t *list;
	bool more = false;

	if (!str_eq(json_get_str(c->in, "ServiceCode"), "AmazonSageMaker"))
		return fault_set(c->fault, 400, "NotFoundException", "The specified service code is not served: %.100s",
				 json_get_str(c->in, "ServiceCode"));
	if (!str_empty(token)) {
		AUTO(str) char *position = token_decode("products", token);

		if (!position || !str_to_i64(position, &skip))
			return fault_set(c->fault, 400, "InvalidNextTokenException", "The NextToken is invalid.");
	}
	if (load_table(c, &text) < 0)
		return -1;
	list = json_array();
	char *save = NULL;

	for (char *line = strtok_r(text.data, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		struct row row;

		if (str_starts(line, "instance_type,") || !split_line(line, &row) || !matches(&row, filters) ||
		    seen++ < skip)
			continue;
		if ((int64_t)json_array_size(list) == max) {
			more = true;
			break;
		}
		json_array_append_new(list, product(&row));
	}
	*out = json_pack("{s:s, s:o}", "FormatVersion", "aws_v1", "PriceList", list);
	if (more) {
		AUTO(str) char *position = xasprintf("%lld", (long long)(skip + max));
		AUTO(str) char *next = token_encode("products", position);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}
