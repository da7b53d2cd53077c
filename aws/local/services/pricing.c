/* Pricing GetProducts, from the shipped table share/prices.csv, with what the service has
 * among its products that is no price of an instance-hour: a client must tell them apart. */
#include "aws/local/kept/training_job.h"
#include "aws/local/services/ops.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/timefmt.h"

/* The columns: instance_type,region,component,usd_per_hour,as_of,grade,source; then what
 * the table does not have. */
struct row {
	const char *fields[7];
	const char *family, *usage, *platform, *unit, *currency; /* usage: before the colon */
};

static const struct row ordinary = {.family = "ML Instance", .unit = "Hrs", .currency = "USD"};

/* In every region of the table. Prices are of the right order of magnitude. */
static const struct row traps[] = {
	{.fields = {"ml.m5.xlarge", NULL, "Training", "0.0000000000"},
	 .family = "ML Instance",
	 .usage = "TrainDebugFreeTier",
	 .platform = "TrainDebugFreeTier",
	 .unit = "Hrs",
	 .currency = "USD"},
	{.fields = {"ml.g5.xlarge", NULL, "Training", "0.0000204000"},
	 .family = "ML Instance",
	 .usage = "ServerlessTraining",
	 .platform = "ServerlessTraining",
	 .unit = "Hrs",
	 .currency = "USD"},
	{.fields = {"ml.p5.48xlarge", NULL, "Training", "31.4640000000"},
	 .family = "ML Instance",
	 .usage = "TrainingPlanUpfrontFee",
	 .platform = "Training",
	 .unit = "Quantity",
	 .currency = "USD"},
	{.fields = {"ml.m5.2xlarge", NULL, "Training", "3.7200000000"},
	 .family = "ML Instance",
	 .usage = "Train",
	 .platform = "Training",
	 .unit = "Hrs",
	 .currency = "CNY"},
	{.fields = {"NA", NULL, "Training", "0.1400000000"},
	 .family = "Storage",
	 .usage = "Train:VolumeUsage.gp2",
	 .platform = "Training",
	 .unit = "GB-Mo",
	 .currency = "USD"},
};

/* One line apart, quotes as in RFC 4180. Fields point into the line. */
static bool split_line(char *line, struct row *row)
{
	size_t n = 0;

	*row = ordinary;
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

/* "ml.m5.xlarge-Training", bare, "NA" or nothing: the service has no rule. */
static char *irregular_type(const struct row *row, unsigned how)
{
	if (how % 4 == 0)
		return xasprintf("%s-%s", row->fields[0], row->fields[2]);
	return xstrdup(how % 4 == 1 ? row->fields[0] : how % 4 == 2 ? "NA" : "");
}

static json_t *attributes_of(const struct row *row, unsigned how)
{
	AUTO(str) char *type = irregular_type(row, how);
	const char *word = row->usage ? row->usage : str_eq(row->fields[2], "Training") ? "Train" : row->fields[2];
	AUTO(str)
	char *usage = strchr(word, ':') ? xasprintf("USE1-%s", word) : xasprintf("USE1-%s:%s", word, row->fields[0]);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "instanceName",
			 row->fields[0], "instanceType", type, "component", row->fields[2], "platoinstancetype",
			 row->platform ? row->platform : row->fields[2], "regionCode", row->fields[1], "operation",
			 "RunInstance", "usagetype", usage, "servicecode", "AmazonSageMaker", "servicename",
			 "Amazon SageMaker", "locationType", "AWS Region", "vCpu", "N/A", "memory", "N/A", "gpu",
			 "N/A");
}

static json_t *terms_of(const struct row *row, const char *sku, const char *start)
{
	AUTO(str) char *term = xasprintf("%s.JRTCKXETXF", sku);
	AUTO(str) char *rate = xasprintf("%s.6YS6EN2CT7", term);
	json_t *dimension =
		json_pack("{s:s, s:s, s:s, s:s, s:[], s:{s:s}}", "unit", row->unit, "beginRange", "0", "endRange",
			  "Inf", "rateCode", rate, "appliesTo", "pricePerUnit", row->currency, row->fields[3]);

	return json_pack("{s:{s:{s:s, s:s, s:s, s:{}, s:{s:o}}}}", "OnDemand", term, "offerTermCode", "JRTCKXETXF",
			 "sku", sku, "effectiveDate", start, "termAttributes", "priceDimensions", rate, dimension);
}

/* A product as the service writes it: a JSON text inside the JSON. */
static json_t *product(const struct row *row)
{
	char hash[SHA256_HEX_LEN], sku[17];
	AUTO(str)
	char *id = xasprintf("%s/%s/%s/%s/%s", row->fields[0], row->fields[1], row->fields[2], str_or(row->usage, ""),
			     row->currency);
	AUTO(str) char *start = xasprintf("%sT00:00:00Z", row->fields[4]);

	sha256_hex(id, strlen(id), hash);
	str_copy(sku, sizeof(sku), hash);
	for (char *p = sku; *p; p++)
		*p = *p >= 'a' ? (char)(*p - 32) : *p;
	AUTO(json)
	json_t *j = json_pack("{s:{s:s, s:o, s:s}, s:s, s:o, s:s, s:s}", "product", "productFamily", row->family,
			      "attributes", attributes_of(row, (unsigned)hash[0]), "sku", sku, "serviceCode",
			      "AmazonSageMaker", "terms", terms_of(row, sku, start), "version", row->fields[4],
			      "publicationDate", start);
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

struct rows {
	struct row *items;
	size_t n, cap;
};

static void add_row(struct rows *all, const struct row *row)
{
	GROW(all->items, all->cap, all->n + 1);
	all->items[all->n++] = *row;
}

/* Those of the table, and behind them the traps of each region. */
static void read_rows(char *text, struct rows *all)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		struct row row;

		if (!str_starts(line, "instance_type,") && split_line(line, &row))
			add_row(all, &row);
	}
	size_t n = all->n;

	for (size_t i = 0; i < n; i++) {
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first = first && !str_eq(all->items[k].fields[1], all->items[i].fields[1]);
		for (size_t t = 0; first && t < ARRAY_LEN(traps); t++) {
			struct row row = traps[t];

			row.fields[1] = all->items[i].fields[1];
			row.fields[4] = all->items[i].fields[4];
			add_row(all, &row);
		}
	}
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
	if (!str_empty(token) && !token_decode_number("products", token, &skip))
		return fault_set(c->fault, 400, "InvalidNextTokenException", "The NextToken is invalid.");
	if (load_table(c, &text) < 0)
		return -1;
	list = json_array();
	struct rows rows = {0};

	read_rows(text.data, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		if (!matches(&rows.items[i], filters) || seen++ < skip)
			continue;
		more = (int64_t)json_array_size(list) == max;
		if (more)
			break;
		json_array_append_new(list, product(&rows.items[i]));
	}
	free(rows.items);
	*out = json_pack("{s:s, s:o}", "FormatVersion", "aws_v1", "PriceList", list);
	if (more) {
		AUTO(str) char *next = token_encode_number("products", skip + max);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

/* --- Cost Explorer ------------------------------------------------------------------------ */

/* Dollars an hour of training on a type, as the table has them; 0 where it has none. */
static double training_rate(const struct rows *rows, const char *type)
{
	double usd = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].family == ordinary.family && !rows->items[i].usage &&
		    str_eq(rows->items[i].fields[0], type) && str_eq(rows->items[i].fields[1], DEFAULT_REGION) &&
		    str_eq(rows->items[i].fields[2], "Training"))
			(void)str_to_f64(rows->items[i].fields[3], &usd);
	return usd;
}

/* What a job is billed for between two times: its billable seconds, spread over its run. */
static double billed_hours(const struct training_job *job, int64_t from, int64_t until)
{
	int64_t a = MAX(job->start_ms, from), b = MIN(job->end_ms, until);

	if (!training_job_is_over(job) || job->billable_s < 0 || job->end_ms <= job->start_ms || b <= a)
		return 0;
	return (double)job->billable_s / 3600 * (double)(b - a) / (double)(job->end_ms - job->start_ms);
}

/* The training of a time by usage type: the engine bills nothing else. */
static json_t *groups_of(struct call *c, const struct rows *rows, int64_t from, int64_t until)
{
	json_t *sums = json_object(), *list = json_array(), *amount;
	const char *usage;

	for (size_t i = 0; i < c->e->jobs->n; i++) {
		const struct training_job *job = c->e->jobs->items[i];
		double hours = billed_hours(job, from, until);

		if (hours <= 0)
			continue;
		AUTO(json) json_t *request = training_job_request(c->e, job);
		const json_t *resources = json_object_get(request, "ResourceConfig");
		const char *type = str_or(json_get_str(resources, "InstanceType"), "?");
		AUTO(str) char *key = xasprintf("Train:%s", type);
		double usd = hours * (double)json_get_i64(resources, "InstanceCount", 1) * training_rate(rows, type);

		json_object_set_new(sums, key, json_real(json_get_f64(sums, key, 0) + usd));
	}
	json_object_foreach(sums, usage, amount)
	{
		AUTO(str) char *text = xasprintf("%.10f", json_real_value(amount));

		json_array_append_new(list, json_pack("{s:[s], s:{s:{s:s, s:s}}}", "Keys", usage, "Metrics",
						      "UnblendedCost", "Amount", text, "Unit", "USD"));
	}
	json_decref(sums);
	return list;
}

/* By day, or all of the period as one (which is what a month cut by it is). */
int op_get_cost_and_usage(struct call *c, json_t **out)
{
	const json_t *period = json_object_get(c->in, "TimePeriod");
	bool daily = !str_eq(json_get_str(c->in, "Granularity"), "MONTHLY");
	AUTO(buf) struct buf text = BUF_INIT((size_t)16 << 20);
	int64_t start, end;
	json_t *results, *groups = json_object_get(c->in, "GroupBy");
	struct rows rows = {0};

	if (!timefmt_parse_iso(json_get_str(period, "Start"), &start) ||
	    !timefmt_parse_iso(json_get_str(period, "End"), &end) || start >= end || end - start > 400 * DAY_MS)
		return op_invalid(c, "Start date (and hour) should be before end date (and hour)");
	if (load_table(c, &text) < 0)
		return -1;
	read_rows(text.data, &rows);
	results = json_array();
	for (int64_t at = start, next; at < end; at = next) {
		char from[TIMEFMT_LEN], until[TIMEFMT_LEN];

		next = daily ? MIN(at + DAY_MS, end) : end;
		timefmt_iso(from, at)[10] = '\0';
		timefmt_iso(until, next)[10] = '\0';
		json_array_append_new(results, json_pack("{s:{s:s, s:s}, s:{}, s:o, s:b}", "TimePeriod", "Start", from,
							 "End", until, "Total", "Groups", groups_of(c, &rows, at, next),
							 "Estimated", 0));
	}
	free(rows.items);
	*out = json_pack("{s:o, s:o, s:[]}", "ResultsByTime", results, "GroupDefinitions",
			 groups ? json_incref(groups) : json_array(), "DimensionValueAttributes");
	return 0;
}
