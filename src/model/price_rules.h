/* price_rules.h - what the settings say of prices: own rates, own discounts, and another
 * currency beside the dollar.
 *
 *   own-rates:  {ml.m5.xlarge: 0.20, ml.g5.xlarge/Hosting: 1.1, us-east-2/ml.m5.xlarge/Processing: 0.21}
 *   discounts:  {all: 8%, m5: 27%}
 *   currency:   EUR 0.92
 *
 * An own rate stands instead of the list's. A family's discount (a savings plan) goes for
 * its hours on demand, instead of the one for `all` (an enterprise discount); spot and
 * storage have that for all only. Prices keep what the list says beside what is paid. */
#ifndef SAGETOP_MODEL_PRICE_RULES_H
#define SAGETOP_MODEL_PRICE_RULES_H

#include "model/price.h"

struct price_rules {
	const struct strmap *rates, *discounts; /* borrowed; NULL: none */
};

/* ERR_INVALID says what an entry must look like. */
int price_rule_check_rate(const char *key, const char *value, struct err *err) NODISCARD;
int price_rule_check_discount(const char *key, const char *value, struct err *err) NODISCARD;
/* Apply them to a whole table. Rates without a region go for `region`. Entries that are
 * not right are passed over. */
void price_rules_apply(const struct price_rules *r, struct price_table *t, const char *region);

/* "EUR 0.92": a code of three letters, and so many of it for a dollar. */
struct money_currency {
	char code[4];	    /* "" : none */
	int64_t rate_micro; /* millionths of it for a dollar */
};
int money_currency_parse(const char *text, struct money_currency *ret, struct err *err) NODISCARD;
/* "EUR 11.41"; "?" where unknown. buf holds 32 bytes. */
char *money_currency_text(char *buf, const struct money_currency *c, int64_t usd_micro);

#endif
