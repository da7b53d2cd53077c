/* price_product.c - which products of the price list are prices of instances. */
#include "aws/price_product.h"

#include <strings.h>

const char *price_verdict_words(enum price_verdict v)
{
	static const char *const words[PRICE_VERDICT_COUNT] = {[PRICE_TAKEN] = "taken",
							       [PRICE_OF_OTHER_SERVICE] = "of another service",
							       [PRICE_NOT_ON_DEMAND] = "not on demand",
							       [PRICE_NOT_OF_INSTANCES] = "not of instances",
							       [PRICE_FREE] = "free of charge",
							       [PRICE_IN_OTHER_UNIT] = "in another unit",
							       [PRICE_IN_OTHER_CURRENCY] = "in another currency"};

	return words[v];
}

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

/* Case ignored. strcasestr takes a multiple of the time, and a file asks a million times. */
static bool mentions(const char *text, const char *word)
{
	for (const char *p = str_or(text, ""); *p; p++)
		if ((*p | 0x20) == (*word | 0x20) && !strncasecmp(p, word, strlen(word)))
			return true;
	return false;
}

bool price_product_is_volume(const struct price_product *p)
{
	return mentions(p->usage, "VolumeUsage");
}

/* What a usage type mentions, as bits. A file asks for each of its rows, so a usage type is walked
 * along once. */
enum { USAGE_FREE = 1, USAGE_SERVERLESS = 2, USAGE_FEE = 4, USAGE_VOLUME = 8 };

static unsigned usage_mentions(const char *usage)
{
	static const struct {
		char word[12], first; /* first: in small letters */
		unsigned bit;
	} words[] = {{"FreeTier", 'f', USAGE_FREE},
		     {"Serverless", 's', USAGE_SERVERLESS},
		     {"UpfrontFee", 'u', USAGE_FEE},
		     {"VolumeUsage", 'v', USAGE_VOLUME}};
	unsigned found = 0;

	for (const char *p = str_or(usage, ""); *p; p++)
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if ((*p | 0x20) == words[i].first && (p[1] | 0x20) == words[i].word[1] &&
			    !strncasecmp(p, words[i].word, strlen(words[i].word)))
				found |= words[i].bit;
	return found;
}

enum price_verdict price_product_judge(const struct price_product *p)
{
	if (!str_empty(p->service) && !str_eq(p->service, "AmazonSageMaker"))
		return PRICE_OF_OTHER_SERVICE;
	unsigned usage = usage_mentions(p->usage);

	if (usage & USAGE_FREE || mentions(p->platform, "Free"))
		return PRICE_FREE;
	if (str_empty(p->region) || usage & (USAGE_SERVERLESS | USAGE_FEE))
		return PRICE_NOT_OF_INSTANCES;
	if (usage & USAGE_VOLUME)
		return PRICE_TAKEN;
	/* GetProducts is asked for this family; its items need not repeat it. */
	if ((!str_empty(p->family) && !str_eq(p->family, "ML Instance")) || str_empty(p->component) ||
	    !str_starts(str_or(p->name, ""), "ml."))
		return PRICE_NOT_OF_INSTANCES;
	return PRICE_TAKEN;
}

enum price_verdict price_rate_judge(const struct price_rate *r, bool volume, int64_t *ret_micro)
{
	if (!str_ieq(r->unit, volume ? "GB-Mo" : "Hrs"))
		return PRICE_IN_OTHER_UNIT;
	if (!r->usd)
		return PRICE_IN_OTHER_CURRENCY;
	if (!pricing_parse_usd(r->usd, ret_micro))
		return PRICE_IN_OTHER_UNIT;
	return *ret_micro > 0 ? PRICE_TAKEN : PRICE_FREE;
}

const char *price_product_type(const struct price_product *p)
{
	return price_product_is_volume(p) ? PRICE_STORAGE : p->name;
}

/* Volumes name what they are for in the usage type: "USE1-Train:VolumeUsage.gp2". */
static const char *volume_use(const char *usage)
{
	static const struct {
		const char *word, *component;
	} uses[] = {{"Train", "Training"},  {"Process", "Processing"},
		    {"Host", "Hosting"},    {"Transform", "BatchTransform"},
		    {"Notebk", "Notebook"}, {"Notebook", "Notebook"},
		    {"Studio", "Studio"},   {"Cluster", "Cluster"}};

	for (size_t i = 0; i < ARRAY_LEN(uses); i++)
		if (mentions(usage, uses[i].word))
			return uses[i].component;
	return "Other";
}

char *price_product_component(const struct price_product *p, char *buf)
{
	if (price_product_is_volume(p))
		snprintf(buf, 64, "%s Storage", volume_use(p->usage));
	/* One spelling: the same word in other letters, and spot under its own name. */
	else if (str_ieq(p->component, p->platform) || str_ieq(p->platform, "SpotTraining"))
		str_copy(buf, 64, p->platform);
	else
		str_copy(buf, 64, p->component);
	return buf;
}

/* "1,152 GiB"; 0 where it is no such text. */
static int64_t memory_mib(const char *text)
{
	char digits[32];
	size_t n = 0;
	double gib;

	for (const char *p = str_or(text, ""); *p && *p != ' ' && n + 1 < sizeof(digits); p++)
		if (*p != ',')
			digits[n++] = *p;
	digits[n] = '\0';
	return mentions(text, "GiB") && str_to_f64(digits, &gib) && gib > 0 && gib < 1e6 ? (int64_t)(gib * 1024) : 0;
}

struct instance_spec price_product_spec(const struct price_product *p)
{
	int64_t vcpu = 0, gpus = 0;

	if (!str_to_i64(str_or(p->vcpu, ""), &vcpu) || vcpu < 1 || vcpu > 100000)
		return (struct instance_spec){0};
	if (!str_to_i64(str_or(p->gpu, ""), &gpus) || gpus < 0 || gpus > 100000)
		gpus = 0; /* "N/A" */
	return (struct instance_spec){.vcpu = (int)vcpu, .memory_mib = memory_mib(p->memory), .gpus = (int)gpus};
}
