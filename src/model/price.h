/* price.h - what an instance-hour or a GB-month costs, with where the figure came from.
 *
 * Money is integer micro-dollars. A price is never guessed: no row means
 * unknown, and unknown is shown as '?', never as 0. Rows come from the shipped
 * table (share/prices.csv), which is the floor; from the Price List API or its offer
 * files (`sagetop prices update`), which are newer; and from the settings, which win. */
#ifndef SAGETOP_MODEL_PRICE_H
#define SAGETOP_MODEL_PRICE_H

#include "base/map.h"
#include "model/instance.h"

#define USD_UNKNOWN ((int64_t)-1)
#define USD_MICRO_MAX ((int64_t)4000000000000000000) /* more is no sum of money, but unknown */

enum price_unit { PRICE_HOUR = 0, PRICE_GB_MONTH };
#define PRICE_OWN 'O'		/* the grade of an own rate */
#define PRICE_STORAGE "storage" /* the instance type of rows by the GB-month; "Training Storage" is their component */

struct price {
	char *instance_type; /* ml.m5.xlarge */
	char *region;	     /* us-east-1 */
	char *component;     /* Training, SpotTraining, "Training Warm Pool", Processing, Hosting ... */
	int64_t usd_micro;   /* per hour or GB-month, as we pay it */
	char *as_of;	     /* 2026-09-24; of an own rate "own" */
	char grade;	     /* A: price list or bill; B: AWS-authored table or neighbouring component; O: own rate */
	char *source;
	enum price_unit unit;
	int64_t list_micro;	   /* as published, before own discounts; 0: the same */
	int64_t fetched_ms;	   /* when it was asked for; TIME_UNKNOWN: shipped, or an own rate */
	struct instance_spec spec; /* as the price list says; empty where it does not */
};
/* Frees its strings, of a row that owns them. */
void price_row_done(struct price *p);

struct price_table {
	struct price *items;
	size_t n, cap;
	struct map index; /* private */
};

void price_table_done(struct price_table *t);
AUTO_EMBEDDED(price_table, struct price_table, price_table_done)
/* Adds or replaces (instance type, region, component); a newer as_of wins, an own rate always. */
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

/* The next larger type of the same family in that region: the row for training of the one with the least memory that is
 * more. NULL where there is none, or the type is not known. */
const struct price *price_larger(const struct price_table *t, const char *instance_type, const char *region);

/* The rate of what a warm pool is kept for, for want of its row that of training. */
const struct price *price_warm_pool(const struct price_table *t, const char *instance_type, const char *region);

/* A spot rate above the one on demand: on the one bill that has such rows the hours were
 * fewer in turn, so that the rate alone is not what spot costs. */
bool price_is_doubtful(const struct price_table *t, const struct price *p);
/* Processors and memory of a type: as one of its rows says, else by its family. */
bool price_table_spec(const struct price_table *t, const char *instance_type, struct instance_spec *ret);
/* The newest date of that region's rows, own rates left out; "" without one. Borrowed. */
const char *price_table_as_of(const struct price_table *t, const char *region);

/* USD_UNKNOWN where one of them is, or where no integer holds the sum. */
int64_t money_sum(int64_t a_micro, int64_t b_micro);

/* "$0.035", "$12.40", "$1,204"; "?" for USD_UNKNOWN. buf holds 24 bytes. */
char *money_text(char *buf, int64_t usd_micro);
/* Marks the text of a sum in place: '*' where some of it is an estimate, "+?" where some of it is
 * not known; "?" in place of a sum of which nothing is known. text has room for two more. */
char *money_mark_sum(char *text, int64_t usd_micro, bool estimate, bool unknown);
/* A rate with all its decimals: "$0.230", "$1.515", "$25.251", "$4.00". buf holds 24 bytes. */
char *money_rate_text(char *buf, int64_t usd_micro);

#endif
