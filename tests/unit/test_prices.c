/* test_prices.c - instance types, offer files in pieces of any size, ends of CSV fields, rules of the settings. */
#include "unit.h"

#include "aws/price_offer.h"
#include "base/csv_marks.h"
#include "model/price_rules.h"

static const char json_file[] =
	"{ \"formatVersion\" : \"v1.0\", \"disclaimer\" : \"{\\\"[not]\\\"} a \\\\\", \"offerCode\" : "
	"\"AmazonSageMaker\",\n"
	" \"publicationDate\" : \"2026-11-13T18:00:00Z\", \"list\" : [1, -2.5e3, true, null, [], {}, [{\"a\":[]}]],\n"
	" \"products\" : {\"AAAA\" : {\"sku\" : \"AAAA\", \"productFamily\" : \"ML Instance\", \"attributes\" : {"
	"\"servicecode\" : \"AmazonSageMaker\", \"instanceName\" : \"ml.m5.xlarge\", \"regionCode\" : \"us-east-1\","
	"\"component\" : \"Train\\u0069ng\", \"usagetype\" : \"USE1-Train:ml.m5.xlarge\", \"vCpu\" : \"4\","
	"\"memory\" : \"16 GiB\", \"gpu\" : \"N/A\"}}},\n"
	" \"terms\" : {\"Reserved\" : {\"AAAA\" : {\"x\" : {\"priceDimensions\" : {\"y\" : {\"unit\" : \"Hrs\","
	"\"pricePerUnit\" : {\"USD\" : \"0.01\"}}}}}}, \"OnDemand\" : {"
	"\"AAAA\" : {\"AAAA.1\" : {\"effectiveDate\" : \"2026-11-01T00:00:00Z\", \"priceDimensions\" : {\"r\" : {"
	"\"unit\" : \"Hrs\", \"pricePerUnit\" : {\"USD\" : \"0.2300000000\"}}}},"
	"\"AAAA.0\" : {\"effectiveDate\" : \"2025-01-01T00:00:00Z\", \"priceDimensions\" : {\"r\" : {"
	"\"unit\" : \"Hrs\", \"pricePerUnit\" : {\"USD\" : \"0.9900000000\"}}}}}}}}\n";

static const char csv_file[] =
	"\"FormatVersion\",\"v1.0\"\r\n\"Publication Date\",\"2026-11-13T18:00:00Z\"\r\n"
	"\"OfferCode\",\"AmazonSageMaker\"\r\n"
	"\"SKU\",\"TermType\",\"PriceDescription\",\"EffectiveDate\",\"Unit\",\"PricePerUnit\",\"Currency\","
	"\"Product Family\",\"Instance Name\",\"Region Code\",\"Component\",\"usageType\",\"vCPU\",\"Memory\"\r\n"
	"\"AAAA\",\"OnDemand\",\"so \"\"cheap\"\",\n really\",\"2026-11-01\",\"Hrs\",\"0.2300000000\",\"USD\","
	"\"ML Instance\",\"ml.m5.xlarge\",\"us-east-1\",\"Training\",\"USE1-Train:ml.m5.xlarge\",4,\"16 GiB\"\r\n";

static void check_row(const struct price_offer *o)
{
	struct price p;

	assert_int_equal(price_offer_count(o), 1);
	assert_true(price_offer_row(o, 0, &p));
	assert_string_equal(p.instance_type, "ml.m5.xlarge");
	assert_string_equal(p.region, "us-east-1");
	assert_string_equal(p.component, "Training");
	assert_int_equal(p.usd_micro, 230000);
	assert_string_equal(p.as_of, "2026-11-13");
	assert_int_equal(p.spec.vcpu, 4);
	assert_int_equal(p.spec.memory_mib, 16384);
}

/* The same whatever the size of the pieces, and an error wherever it is cut. */
static void check_file(const char *text, size_t n)
{
	for (size_t piece = 1; piece <= n; piece = piece < 8 ? piece + 1 : piece * 3) {
		AUTO(price_offer) struct price_offer *o = price_offer_new("offer", NULL);

		for (size_t at = 0; at < n; at += piece)
			assert_int_equal(price_offer_feed(o, text + at, MIN(piece, n - at), NULL), 0);
		assert_int_equal(price_offer_end(o, NULL), 0);
		check_row(o);
	}
	for (size_t cut = 0; cut + 1 < n; cut++) {
		AUTO(price_offer) struct price_offer *o = price_offer_new("offer", NULL);
		struct err err = {0};
		int rc = price_offer_feed(o, text, cut, &err);

		rc = rc ? rc : price_offer_end(o, &err);
		if (rc == 0) /* a CSV is whole at the end of each record */
			assert_true(text[cut - 1] == '\n' || text[cut] == '\n');
	}
}

static void test_pieces(void **state)
{
	check_file(json_file, sizeof(json_file) - 1);
	check_file(csv_file, sizeof(csv_file) - 1);
}

/* What is no CSV is told with its record, whatever the pieces. */
static void test_broken_csv(void **state)
{
	static const struct {
		const char *record, *why;
	} bad[] = {{"\"AAAA\"x,\"OnDemand\"\n", "record 6: a quote is not closed"},
		   {"AA\"AA,OnDemand\n", "record 6: a quote is not closed"},
		   {"AAAA\rB,OnDemand\n", "record 6: a quote is not closed"},
		   {"\"AAAA\",\"OnDemand\"\n", "record 6: it has not as many fields"}};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		for (size_t piece = 1; piece < 700; piece += 37) {
			AUTO(price_offer) struct price_offer *o = price_offer_new("offer", NULL);
			AUTO(str) char *text = xasprintf("%s%s", csv_file, bad[i].record);
			struct err err = {0};
			int rc = 0;

			for (size_t at = 0, n = strlen(text); rc == 0 && at < n; at += piece)
				rc = price_offer_feed(o, text + at, MIN(piece, n - at), &err);
			rc = rc ? rc : price_offer_end(o, &err);
			assert_int_equal(rc, -ERR_PARSE);
			assert_non_null(strstr(err.msg, bad[i].why));
		}
}

/* --- ends of CSV fields, against a machine that looks at each byte --------------------- */

enum csv_place { CSV_BEGINNING, CSV_PLAIN, CSV_QUOTED, CSV_CLOSED, CSV_RETURNED };

/* What the byte at i is: an end 'e', the second of two quotes 'd', wrong 'w', nothing '.'. */
static char csv_step(enum csv_place *place, char c)
{
	enum csv_place was = *place;

	if (was == CSV_QUOTED) {
		*place = c == '"' ? CSV_CLOSED : CSV_QUOTED;
		return '.';
	}
	if (was == CSV_CLOSED && c == '"') {
		*place = CSV_QUOTED;
		return 'd';
	}
	if (c == ',' || c == '\n') {
		*place = CSV_BEGINNING;
		return 'e';
	}
	if (was == CSV_RETURNED || (was == CSV_CLOSED && c != '\r') || (was == CSV_PLAIN && c == '"'))
		return 'w';
	*place = c == '\r' ? CSV_RETURNED : c == '"' ? CSV_QUOTED : CSV_PLAIN;
	return '.';
}

/* How many of the text's bytes were looked at until it was wrong. */
static size_t check_marks(const char *text, size_t n)
{
	struct csv_marks marks = CSV_MARKS_START;
	enum csv_place place = CSV_BEGINNING;
	struct csv_block b = {0};

	for (size_t i = 0; i < n; i++) {
		if (i % CSV_BLOCK == 0)
			b = csv_marks_next(&marks, text + i, n - i);
		uint64_t bit = (uint64_t)1 << i % CSV_BLOCK;
		char want = csv_step(&place, text[i]);

		assert_int_equal(!!(b.wrong & bit), want == 'w');
		if (want == 'w')
			return i;
		assert_int_equal(!!(b.ends & bit), want == 'e');
		assert_int_equal(!!(b.newlines & bit), text[i] == '\n');
		assert_int_equal(!!(b.doubled & bit), want == 'd');
	}
	return n;
}

static void test_csv_marks(void **state)
{
	/* Mostly well-formed, so that many go on for several blocks. */
	static const char *const parts[] = {
		"\"a\"\"b\"",
		"\"\"",
		"\"x,\ny\r\n\"",
		"plain",
		"",
		"7",
		"\"\"\"\"",
		"a b",
		"\r",
		"x\ry",
		"q\"r",
		"\"s\"t",
		"\"a long text, of more than one block of sixty-four bytes, that goes on\""};
	uint64_t random = 1;
	size_t long_ones = 0, wrong_ones = 0;

	for (int round = 0; round < 20000; round++) {
		char text[512];
		size_t n = 0;

		for (size_t fields = 0; n < 400; fields++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			unsigned draw = (unsigned)(random >> 40);
			/* one part in a few dozen is a bad one, anywhere */
			size_t which = draw % 41 == 0 ? draw / 41 % ARRAY_LEN(parts) : draw / 41 % 8;
			const char *end = draw % 7 == 0 ? "\r\n" : draw % 5 == 0 ? "\n" : ",";

			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
					      draw % 11 == 0 ? parts[12] : parts[which], end);
		}
		n -= random >> 60; /* cut anywhere */
		size_t until = check_marks(text, n);

		long_ones += until > 4 * (size_t)CSV_BLOCK;
		wrong_ones += until < n;
	}
	assert_true(long_ones > 1000 && wrong_ones > 1000);
}

static void test_regions(void **state)
{
	AUTO(strlist) struct strlist wanted = {0};
	struct err err = {0};

	strlist_add(&wanted, "eu-west-1");
	AUTO(price_offer) struct price_offer *o = price_offer_new("offer", &wanted);

	assert_int_equal(price_offer_feed(o, csv_file, sizeof(csv_file) - 1, NULL), 0);
	assert_int_equal(price_offer_end(o, &err), -ERR_NOTFOUND);
	assert_non_null(strstr(err.msg, "for that region"));
}

static void test_instances(void **state)
{
	static const struct {
		const char *type;
		struct instance_spec want;
	} rows[] = {{"ml.m5.xlarge", {4, 16384, 0}},	   {"m5.24xlarge", {96, 393216, 0}},
		    {"ml.c5n.18xlarge", {72, 196608, 0}},  {"ml.g5.12xlarge", {48, 196608, 4}},
		    {"ml.p4d.24xlarge", {96, 1179648, 8}}, {"ml.t3.medium", {2, 4096, 0}}};
	static const char *const unknown[] = {"",
					      "ml.",
					      "ml.m5",
					      "ml.m5.",
					      "ml.m5.huge",
					      "ml.m5.0xlarge",
					      "ml.m5.1xlarge",
					      "ml.m5.999999999999999999999xlarge",
					      "ml.z9.xlarge"};
	struct instance_spec spec;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(instance_spec_find(rows[i].type, &spec));
		assert_memory_equal(&spec, &rows[i].want, sizeof(spec));
	}
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
		assert_false(instance_spec_find(unknown[i], &spec));
		assert_int_equal(spec.vcpu, 0);
	}
	assert_false(instance_spec_find(NULL, &spec));
}

static void add(struct price_table *t, const char *type, const char *component, int64_t micro)
{
	struct price p = {.instance_type = (char *)(uintptr_t)type,
			  .region = (char *)(uintptr_t) "r",
			  .component = (char *)(uintptr_t)component,
			  .usd_micro = micro,
			  .as_of = (char *)(uintptr_t) "2026-11-01",
			  .grade = 'A'};

	price_table_add(t, &p);
}

static void test_rules(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(strmap) struct strmap rates = {0}, discounts = {0};
	const struct price_rules rules = {.rates = &rates, .discounts = &discounts};

	add(&t, "ml.m5.xlarge", "Training", 230000);
	add(&t, "ml.m5.xlarge", "SpotTraining", 300000);
	add(&t, "ml.c5.xlarge", "Training", 204001);
	strmap_set(&discounts, "all", "10%");
	strmap_set(&discounts, "m5", "27.5");
	strmap_set(&rates, "ml.g5.xlarge", "1.25");
	assert_true(price_is_doubtful(&t, price_find(&t, "ml.m5.xlarge", "r", "SpotTraining")));
	price_rules_apply(&rules, &t, "r");
	assert_int_equal(price_find(&t, "ml.m5.xlarge", "r", "Training")->usd_micro, 166750);
	assert_int_equal(price_find(&t, "ml.m5.xlarge", "r", "Training")->list_micro, 230000);
	assert_int_equal(price_find(&t, "ml.m5.xlarge", "r", "SpotTraining")->usd_micro, 270000);
	assert_int_equal(price_find(&t, "ml.c5.xlarge", "r", "Training")->usd_micro, 183601); /* 183600.9 */
	assert_int_equal(price_training(&t, "ml.g5.xlarge", "r", false)->usd_micro, 1250000);
	assert_string_equal(price_table_as_of(&t, "r"), "2026-11-01"); /* an own rate has no date */
	add(&t, "ml.g5.xlarge", "Training", 9000000);
	assert_int_equal(price_find(&t, "ml.g5.xlarge", "r", "Training")->usd_micro, 1250000);
}

/* A family's next size that has a price, by memory; another family's, another region's and a smaller one are none. */
static void test_larger(void **state)
{
	AUTO(price_table) struct price_table t = {0};

	add(&t, "ml.m5.12xlarge", "Training", 2765000);
	add(&t, "ml.m5.4xlarge", "Training", 922000);
	add(&t, "ml.m5.xlarge", "Training", 230000);
	add(&t, "ml.r5.4xlarge", "Training", 1210000);
	assert_string_equal(price_larger(&t, "ml.m5.xlarge", "r")->instance_type, "ml.m5.4xlarge");
	assert_string_equal(price_larger(&t, "ml.m5.4xlarge", "r")->instance_type, "ml.m5.12xlarge");
	assert_null(price_larger(&t, "ml.m5.12xlarge", "r"));
	assert_null(price_larger(&t, "ml.m5.xlarge", "elsewhere"));
	assert_null(price_larger(&t, "ml.unheard.xlarge", "r"));
	assert_null(price_larger(&t, NULL, "r"));
}

static void test_currency(void **state)
{
	static const char *const bad[] = {"", "EUR", "EUR ", "EUR x", "EUR 0", "EUR -1", "eur 1", "EURO 1", "EUR 1e9"};
	struct money_currency c;
	char text[32];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(money_currency_parse(bad[i], &c, NULL), -ERR_INVALID);
	assert_int_equal(money_currency_parse("EUR 0.92", &c, NULL), 0);
	assert_string_equal(money_currency_text(text, &c, 12400000), "EUR 11.41"); /* 11.408 */
	assert_string_equal(money_currency_text(text, &c, USD_UNKNOWN), "EUR ?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces),    cmocka_unit_test(test_broken_csv),
					   cmocka_unit_test(test_csv_marks), cmocka_unit_test(test_regions),
					   cmocka_unit_test(test_instances), cmocka_unit_test(test_rules),
					   cmocka_unit_test(test_currency),  cmocka_unit_test(test_larger)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
