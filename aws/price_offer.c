/* price_offer.c - an offer file by pieces: entries by SKU, and what a file must have been. */
#include "aws/price_offer_impl.h"

#include "base/utf8.h"

#define PIECE ((size_t)256 << 10) /* so much is read at a time of what has gathered */

struct price_offer *price_offer_new(const char *what, const struct strlist *regions)
{
	struct price_offer *o = NEW(struct price_offer);

	o->what = xstrdup(what);
	o->regions = regions;
	buf_init(&o->pending, OFFER_TOKEN_MAX + ((size_t)8 << 20));
	strlist_add(&o->texts, "");
	return o;
}

void price_offer_free(struct price_offer *o)
{
	if (!o)
		return;
	offer_json_free(o->json);
	offer_csv_free(o->csv);
	buf_done(&o->pending);
	free(o->entries);
	free(o->slots);
	free(o->sorted);
	strlist_done(&o->texts);
	map_done(&o->text_places);
	free(o->what);
	free(o);
}

/* --- entries ------------------------------------------------------------------------ */

static uint32_t hash_sku(const char *sku, size_t n)
{
	return (uint32_t)hash_bytes(sku, n);
}

static void rehash(struct price_offer *o)
{
	size_t n = o->n_slots ? o->n_slots * 2 : 4096;
	struct offer_slot *slots = xcalloc(n, sizeof(*slots));

	for (size_t i = 0; i < o->n_slots; i++) {
		size_t at = o->slots[i].hash & (n - 1);

		while (o->slots[i].place && slots[at].place)
			at = (at + 1) & (n - 1);
		if (o->slots[i].place)
			slots[at] = o->slots[i];
	}
	free(o->slots);
	o->slots = slots;
	o->n_slots = n;
}

/* Where that SKU stands, or would. */
static struct offer_slot *slot_of(const struct price_offer *o, const char *sku, size_t n, uint32_t hash)
{
	for (size_t at = hash & (o->n_slots - 1);; at = (at + 1) & (o->n_slots - 1)) {
		struct offer_slot *s = &o->slots[at];

		if (!s->place)
			return s;
		if (s->hash == hash) {
			const char *have = o->entries[s->place - 1].sku;

			if (!memcmp(have, sku, n) && !have[n])
				return s;
		}
	}
}

struct offer_entry *offer_entry_find(const struct price_offer *o, const char *sku, size_t n)
{
	if (!o->n_slots || n == 0 || n >= OFFER_SKU_LEN)
		return NULL;
	const struct offer_slot *s = slot_of(o, sku, n, hash_sku(sku, n));

	return s->place ? &o->entries[s->place - 1] : NULL;
}

struct offer_entry *offer_entry_of(struct price_offer *o, const char *sku, size_t n, struct err *err)
{
	if (n == 0 || n >= OFFER_SKU_LEN || memchr(sku, '\0', n)) {
		(void)err_set(err, ERR_PARSE, "%s: \"%.*s\" is no SKU", o->what, (int)MIN(n, (size_t)40), sku);
		return NULL;
	}
	if (o->n * 2 >= o->n_slots)
		rehash(o);
	uint32_t hash = hash_sku(sku, n);
	struct offer_slot *s = slot_of(o, sku, n, hash);

	if (s->place)
		return &o->entries[s->place - 1];
	if (o->n >= OFFER_ENTRIES_MAX) {
		(void)err_set(err, ERR_TOOBIG, "%s: more than %zu products; ask for one region, --region REGION",
			      o->what, OFFER_ENTRIES_MAX);
		return NULL;
	}
	GROW(o->entries, o->cap, o->n + 1);
	struct offer_entry *e = &o->entries[o->n];

	*e = (struct offer_entry){.last = PRICE_NOT_ON_DEMAND};
	memcpy(e->sku, sku, n);
	*s = (struct offer_slot){(uint32_t)++o->n, hash};
	return e;
}

/* Types, regions and components come again and again. 0 where there is no room. */
static uint16_t text_place(struct price_offer *o, const char *text)
{
	uintptr_t at = (uintptr_t)map_get(&o->text_places, text);

	if (at || o->texts.n >= OFFER_TEXTS_MAX)
		return (uint16_t)at;
	strlist_take(&o->texts, utf8_sanitize_dup(text));
	map_put(&o->text_places, text, (void *)(o->texts.n - 1));
	return (uint16_t)(o->texts.n - 1);
}

int offer_take_product(struct price_offer *o, const char *sku, size_t n, const struct price_product *p,
		       struct offer_entry **ret, struct err *err)
{
	enum price_verdict v = price_product_judge(p);
	char component[64];

	if (v != PRICE_TAKEN) {
		o->left_out[v]++;
		return 0;
	}
	if (o->regions && o->regions->n && !strlist_has(o->regions, p->region))
		return 0;
	struct offer_entry *e = offer_entry_of(o, sku, n, err);

	if (!e)
		return -ERR_PARSE;
	struct instance_spec spec = price_product_spec(p);

	e->volume = price_product_is_volume(p);
	e->type = text_place(o, price_product_type(p));
	e->region = text_place(o, p->region);
	e->component = text_place(o, price_product_component(p, component));
	e->vcpu = (uint16_t)MIN(spec.vcpu, UINT16_MAX);
	e->gpus = (uint16_t)MIN(spec.gpus, UINT16_MAX);
	e->memory_mib = (int32_t)MIN(spec.memory_mib, (int64_t)INT32_MAX);
	*ret = e;
	return 0;
}

void offer_take_rate(struct offer_entry *e, const struct price_rate *r, const char *effective)
{
	int64_t micro = 0;
	bool volume = str_ieq(r->unit, "GB-Mo"); /* its product may come later in the file */
	enum price_verdict v = price_rate_judge(r, volume, &micro);

	if (v == PRICE_TAKEN && (!e->usd_micro || strncmp(effective, e->effective, sizeof(e->effective) - 1) >= 0)) {
		e->usd_micro = micro;
		e->rate_of_volume = volume;
		str_copy(e->effective, sizeof(e->effective), effective);
	}
	if (!e->usd_micro)
		e->last = v;
}

int offer_check_service(const struct price_offer *o, const char *service, struct err *err)
{
	if (str_eq(service, "AmazonSageMaker"))
		return 0;
	return err_set(err, ERR_INVALID, "%s is the offer file of %.60s: that of AmazonSageMaker is wanted", o->what,
		       service);
}

/* --- pieces --------------------------------------------------------------------------- */

static int find_format(struct price_offer *o, struct err *err)
{
	const char *p = buf_str(&o->pending);

	if (str_starts(p, "\xef\xbb\xbf"))
		p = o->pending.data + 3;
	p += strspn(p, " \t\r\n");
	if (*p == '{') {
		o->format = OFFER_JSON;
		o->json = offer_json_new();
	} else if (str_starts(p, "\"FormatVersion\"") || str_starts(p, "FormatVersion") || str_starts(p, "\"SKU\"")) {
		o->format = OFFER_CSV;
		o->csv = offer_csv_new();
	} else if (o->pending.len > 64) {
		return err_set(err, ERR_PARSE, "%s is no offer file of the price list (index.json or index.csv)",
			       o->what);
	}
	return 0;
}

static int read_pending(struct price_offer *o, struct err *err)
{
	size_t used = 0;
	int rc = o->format ? 0 : find_format(o, err);

	if (rc || !o->format)
		return rc;
	rc = o->format == OFFER_JSON ? offer_json_read(o, buf_str(&o->pending), o->pending.len, &used, err)
				     : offer_csv_read(o, o->pending.data, o->pending.len, &used, err);
	o->consumed += used;
	buf_consume(&o->pending, used);
	if (rc == 0 && o->pending.len > OFFER_TOKEN_MAX)
		rc = err_set(err, ERR_PARSE, "%s: a text of more than %zu bytes behind byte %llu", o->what,
			     OFFER_TOKEN_MAX, (unsigned long long)o->consumed);
	return rc;
}

char *price_offer_room(struct price_offer *o, size_t *ret_n)
{
	*ret_n = PIECE - o->pending.len % PIECE;
	return buf_reserve(&o->pending, *ret_n) < 0 ? NULL : o->pending.data + o->pending.len;
}

int price_offer_filled(struct price_offer *o, size_t n, struct err *err)
{
	o->pending.len += n;
	o->pending.data[o->pending.len] = '\0';
	return o->pending.len >= PIECE || !o->format ? read_pending(o, err) : 0;
}

int price_offer_feed(struct price_offer *o, const void *data, size_t n, struct err *err)
{
	int rc = 0;

	for (const char *p = data; n && rc == 0;) {
		size_t room = 0;
		char *to = price_offer_room(o, &room);

		if (!to)
			return err_set(err, ERR_TOOBIG, "%s: no end of a text", o->what);
		room = MIN(room, n);
		memcpy(to, p, room);
		p += room;
		n -= room;
		rc = price_offer_filled(o, room, err);
	}
	return rc;
}

/* "no price in US dollars: 12 in another currency, 3 free of charge" */
static int nothing_usable(const struct price_offer *o, struct err *err)
{
	AUTO(buf) struct buf why = BUF_INIT(BUF_MAX_TEXT);
	size_t by_verdict[PRICE_VERDICT_COUNT];

	memcpy(by_verdict, o->left_out, sizeof(by_verdict));
	for (size_t i = 0; i < o->n; i++)
		by_verdict[o->entries[i].last] += o->entries[i].type && !o->entries[i].usd_micro;
	for (size_t v = PRICE_TAKEN + 1; v < PRICE_VERDICT_COUNT; v++)
		if (by_verdict[v])
			buf_addf(&why, "%s%zu %s", why.len ? ", " : "; products: ", by_verdict[v],
				 price_verdict_words((enum price_verdict)v));
	return err_set(err, ERR_NOTFOUND, "%s has no price of instances in US dollars%s%s", o->what,
		       o->regions && o->regions->n ? " for that region" : "", buf_str(&why));
}

/* --- in order -------------------------------------------------------------------------- */

struct ranked_text {
	const char *text;
	uint16_t place;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct ranked_text *)a)->text, ((const struct ranked_text *)b)->text);
}

static int by_key(const void *a, const void *b)
{
	const struct offer_place *x = a, *y = b;

	return x->key != y->key ? (x->key > y->key ? 1 : -1) : (x->at > y->at) - (x->at < y->at);
}

/* By region, type and component, as the price table is: rows that come in its order are
 * written a page once. */
static void sort_entries(struct price_offer *o)
{
	AUTO(str) char *memory = xcalloc(o->texts.n, sizeof(struct ranked_text) + sizeof(uint16_t));
	struct ranked_text *texts = (void *)memory;
	uint16_t *rank = (void *)(texts + o->texts.n);

	for (size_t i = 0; i < o->texts.n; i++)
		texts[i] = (struct ranked_text){o->texts.items[i], (uint16_t)i};
	qsort(texts, o->texts.n, sizeof(*texts), by_text);
	for (size_t i = 0; i < o->texts.n; i++)
		rank[texts[i].place] = (uint16_t)i;
	free(o->sorted);
	o->sorted = xcalloc(o->n, sizeof(*o->sorted));
	for (size_t i = 0; i < o->n; i++) {
		const struct offer_entry *e = &o->entries[i];

		o->sorted[i].key = (uint64_t)rank[e->region] << 32 | (uint64_t)rank[e->type] << 16 | rank[e->component];
		o->sorted[i].at = (uint32_t)i;
	}
	qsort(o->sorted, o->n, sizeof(*o->sorted), by_key);
}

int price_offer_end(struct price_offer *o, struct err *err)
{
	int rc = read_pending(o, err);
	size_t usable = 0;
	struct price row;

	if (rc)
		return rc;
	if (!o->format)
		return err_set(err, ERR_PARSE, "%s is no offer file of the price list: it is %s", o->what,
			       o->pending.len ? "cut off" : "empty");
	if (!o->ended || o->pending.len)
		return err_set(err, ERR_PARSE, "%s is cut off behind byte %llu: get it again", o->what,
			       (unsigned long long)o->consumed);
	sort_entries(o);
	for (size_t i = 0; i < o->n; i++)
		usable += price_offer_row(o, i, &row);
	return usable ? 0 : nothing_usable(o, err);
}

/* --- what came of it ------------------------------------------------------------------ */

size_t price_offer_count(const struct price_offer *o)
{
	return o->n;
}

const char *price_offer_published(const struct price_offer *o)
{
	return o->published;
}

bool price_offer_row(const struct price_offer *o, size_t i, struct price *ret)
{
	const struct offer_entry *e = &o->entries[o->sorted[i].at];

	if (!e->type || !e->region || !e->component || !e->usd_micro || e->volume != e->rate_of_volume)
		return false;
	*ret = (struct price){.instance_type = o->texts.items[e->type],
			      .region = o->texts.items[e->region],
			      .component = o->texts.items[e->component],
			      .usd_micro = e->usd_micro,
			      .as_of = (char *)(uintptr_t)(*o->published ? o->published : e->effective),
			      .grade = 'A',
			      .source = (char *)(uintptr_t) "AWS bulk offer file",
			      .unit = e->volume ? PRICE_GB_MONTH : PRICE_HOUR,
			      .spec = {e->vcpu, e->memory_mib, e->gpus}};
	return true;
}

size_t price_offer_left_out(const struct price_offer *o, enum price_verdict v)
{
	size_t n = o->left_out[v];

	for (size_t i = 0; i < o->n; i++)
		n += o->entries[i].type && !o->entries[i].usd_micro && o->entries[i].last == v;
	return n;
}
