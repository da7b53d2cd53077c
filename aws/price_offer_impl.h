/* price_offer_impl.h - what the readers of the two formats share. Private to aws/price_offer*.c.
 *
 * A reader is given all bytes that have come and are not consumed yet, and says how many
 * it has dealt with: a piece that ends in the middle of a token is offered again, longer. */
#ifndef SAGETOP_AWS_PRICE_OFFER_IMPL_H
#define SAGETOP_AWS_PRICE_OFFER_IMPL_H

#include "aws/price_offer.h"
#include "base/buf.h"
#include "base/map.h"

#define OFFER_SKU_LEN 24		  /* theirs have 16 */
#define OFFER_TOKEN_MAX ((size_t)1 << 20) /* a string, a CSV record: more is no offer file */
#define OFFER_ENTRIES_MAX ((size_t)1000000)
#define OFFER_TEXTS_MAX ((size_t)60000) /* distinct types, regions and components */

struct offer_entry {
	char sku[OFFER_SKU_LEN];
	uint16_t type, region, component; /* places in texts; 0: not known */
	bool volume, rate_of_volume;	  /* what the product is, what the price is of */
	uint16_t vcpu, gpus;
	int32_t memory_mib;
	int64_t usd_micro;	 /* 0: none yet */
	char effective[11];	 /* day of the price */
	enum price_verdict last; /* why there is none */
};

struct offer_slot {
	uint32_t place, hash; /* of an entry, from 1; 0: none */
};
/* An entry by what rows are sorted by. */
struct offer_place {
	uint64_t key;
	uint32_t at;
};

enum offer_format { OFFER_UNKNOWN = 0, OFFER_JSON, OFFER_CSV };

struct price_offer {
	char *what;
	const struct strlist *regions;
	enum offer_format format;
	struct buf pending; /* what has come and is not consumed */
	uint64_t consumed;

	struct offer_entry *entries;
	size_t n, cap;
	struct offer_slot *slots; /* by SKU */
	size_t n_slots;
	struct offer_place *sorted; /* once all are there */
	struct strlist texts;	    /* [0] is "" */
	struct map text_places;

	char published[11];
	size_t left_out[PRICE_VERDICT_COUNT];
	bool ended; /* the root was closed, or the CSV has its heading */
	struct offer_json *json;
	struct offer_csv *csv;
};

/* The entry of that SKU; NULL where there is none. */
struct offer_entry *offer_entry_find(const struct price_offer *o, const char *sku, size_t n);
/* ... made then; NULL, with err set, where there is no room. */
struct offer_entry *offer_entry_of(struct price_offer *o, const char *sku, size_t n, struct err *err);
/* Take over what a product says: *ret is its entry. One that is left out is counted, and *ret as it was. */
int offer_take_product(struct price_offer *o, const char *sku, size_t n, const struct price_product *p,
		       struct offer_entry **ret, struct err *err) NODISCARD;
/* A price of an entry that may have no product yet; effective is its day. */
void offer_take_rate(struct offer_entry *e, const struct price_rate *r, const char *effective);
int offer_check_service(const struct price_offer *o, const char *service, struct err *err) NODISCARD;

/* The formats. read consumes as much as it can of p[0, n) and returns how much; that of CSV
 * may write into what it consumes. */
struct offer_json *offer_json_new(void) NODISCARD;
void offer_json_free(struct offer_json *j);
int offer_json_read(struct price_offer *o, const char *p, size_t n, size_t *ret_used, struct err *err) NODISCARD;
struct offer_csv *offer_csv_new(void) NODISCARD;
void offer_csv_free(struct offer_csv *c);
int offer_csv_read(struct price_offer *o, char *p, size_t n, size_t *ret_used, struct err *err) NODISCARD;

#endif
