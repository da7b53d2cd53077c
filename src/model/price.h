/* price.h - what an instance-hour costs, with where the figure came from.
 *
 * Money is integer micro-dollars. A price is never guessed: no row means
 * unknown, and unknown is shown as '?', never as 0. Rows come from the shipped
 * table (share/prices.csv) and, later, from the Price List API. */
#ifndef SAGETOP_MODEL_PRICE_H
#define SAGETOP_MODEL_PRICE_H

#include "base/map.h"
#include "base/str.h"

#define USD_UNKNOWN ((int64_t)-1)
#define USD_MICRO_MAX ((int64_t)4000000000000000000) /* more is no sum of money, but unknown */

struct price {
	char *instance_type; /* ml.m5.xlarge */
	char *region;	     /* us-east-1 */
	char *component;     /* Training, SpotTraining, "Training Warm Pool", Processing, Hosting ... */
	int64_t usd_micro;   /* per hour */
	char *as_of;	     /* 2026-09-24 */
	char grade;	     /* A: price list or bill; B: AWS-authored table or neighbouring component */
	char *source;
};

struct price_table {
	struct price *items;
	size_t n, cap;
	struct map index; /* private */
};

void price_table_done(struct price_table *t);
AUTO_EMBEDDED(price_table, struct price_table, price_table_done)
/* Adds or replaces (instance type, region, component); a newer as_of wins. */
void price_table_add(struct price_table *t, const struct price *row);
/* Parse the table's CSV text (header in the first line). */
int price_table_parse(struct price_table *t, const char *csv, size_t n, const char *what, struct err *err) NODISCARD;

/* The exact row, or NULL. */
const struct price *price_find(const struct price_table *t, const char *instance_type, const char *region,
			       const char *component);
/* The rate for training in that region: the Training row, or for want of one a
 * neighbouring component of the same type and region (grade B). spot prefers a
 * SpotTraining row, then the Training one. NULL where unknown. */
const struct price *price_training(const struct price_table *t, const char *instance_type, const char *region,
				   bool spot);

/* The rate of what a warm pool is kept for, for want of its row that of training. */
const struct price *price_warm_pool(const struct price_table *t, const char *instance_type, const char *region);

/* USD_UNKNOWN where one of them is, or where no integer holds the sum. */
int64_t money_sum(int64_t a_micro, int64_t b_micro);

/* "$0.035", "$12.40", "$1,204"; "?" for USD_UNKNOWN. buf holds 24 bytes. */
char *money_text(char *buf, int64_t usd_micro);
/* A rate with all its decimals: "$0.230", "$1.515", "$25.251", "$4.00". buf holds 24 bytes. */
char *money_rate_text(char *buf, int64_t usd_micro);

#endif
