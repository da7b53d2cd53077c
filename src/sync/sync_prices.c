/* sync_prices.c - the price table: the shipped floor, what was asked for, own rates; and
 * the asking. */
#include "sync/sync_priv.h"

#include "aws/paging.h"
#include "aws/pricing.h"
#include "base/clock.h"
#include "base/fs.h"

#define PRICES_MAX ((size_t)8 << 20)
#define OFFER_QUIET_MS 30000
#define PATIENCE_MS 120000	  /* whole pages may hold nothing that is a price of an instance */
#define ROWS_MAX ((size_t)200000) /* of one region: more is no price list */

static int load_shipped(struct price_table *t, struct err *err)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	AUTO(buf) struct buf text = BUF_INIT(PRICES_MAX);

	if (!path)
		return err_set(err, ERR_NOTFOUND, "the price table prices.csv is missing: costs are not known");
	if (fs_read(path, &text, err) < 0)
		return -err->code;
	return price_table_parse(t, buf_str(&text), text.len, path, err);
}

void sync_prices_reload(struct sync *s)
{
	struct session *session = s->session;
	struct err err = {0};

	price_table_done(&session->prices);
	if (load_shipped(&session->prices, &err) < 0)
		session_notify(session, NOTICE_WARNING, "prices: %s", err.msg);
	err_clear(&err);
	if (store_prices_load(s->store, session->region, &session->prices, &err) < 0)
		session_notify(session, NOTICE_WARNING, "prices: %s", err.msg);
	price_rules_apply(&s->opt.prices, &session->prices, session->region);
	str_copy(session->prices_as_of, sizeof(session->prices_as_of),
		 price_table_as_of(&session->prices, session->region));
	for (size_t i = 0; i < KIND_COUNT; i++)
		session->tables[i].generation++;
}

void sync_usages(struct sync *s)
{
	struct usages all = {0};
	struct err err = {0};

	if (store_usage_load(s->store, &all, &err) < 0) {
		sync_note_error(s, "cache", &err);
		usages_done(&all);
		return;
	}
	usages_done(&s->session->usages);
	s->session->usages = all;
	s->session->usages_generation++;
}

/* The first type among the jobs that has no price; NULL. */
static const char *unpriced_type(const struct session *session)
{
	const struct resources *jobs = session_jobs(session);

	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = jobs_at(jobs, i);

		if (j->instance_type && !j->rare->n_groups && !j->rare->training_plan &&
		    !price_training(&session->prices, j->instance_type, session->region, j->spot))
			return j->instance_type;
	}
	return NULL;
}

static char *asked_key(const struct sync *s, const char *region)
{
	return xasprintf("prices_asked/%s", region ? region : s->session->region);
}

/* When a region's (NULL: ours) were last asked for; TIME_UNKNOWN: never. */
static int64_t asked_ms(struct sync *s, const char *region)
{
	AUTO(str) char *key = asked_key(s, region);
	AUTO(str) char *text = store_meta_get(s->store, key);
	int64_t ms = TIME_UNKNOWN;

	(void)str_to_i64(str_or(text, ""), &ms);
	return ms;
}

/* Only the dashboard runs by itself. Whoever has asked today has what there is. */
void sync_prices_offer(struct sync *s)
{
	struct session *session = s->session;
	int64_t now = clock_now_ms(), last = TIME_UNKNOWN;
	AUTO(str) char *offered = s->started && !session->local ? store_meta_get(s->store, "prices_offered") : NULL;
	AUTO(str) char *text = xasprintf("%lld", (long long)now);

	if (!s->started || session->local || session->notice.at_ms > now - OFFER_QUIET_MS)
		return; /* what is said already comes first */
	(void)str_to_i64(str_or(offered, ""), &last);
	const char *type = now - last >= DAY_MS && now - asked_ms(s, NULL) >= DAY_MS ? unpriced_type(session) : NULL;

	if (!type || store_meta_set(s->store, "prices_offered", text, NULL) < 0)
		return;
	session_notify(session, NOTICE_INFO, "no price of %s in %s: :cost, then p asks for it", type, session->region);
}

/* --- asking -------------------------------------------------------------------------- */

struct asking {
	struct sync *s;
	char *region;
	struct price_table rows;
	struct paging pages;
	sync_prices_fn *fn;
	void *user;
};

static void asking_end(struct asking *a, const struct err *err)
{
	a->fn(a->user, err ? 0 : a->rows.n, err);
	price_table_done(&a->rows);
	paging_done(&a->pages);
	free(a->region);
	free(a);
}

static bool row_of_table(void *user, size_t i, struct price *ret)
{
	*ret = ((const struct price_table *)user)->items[i];
	return true;
}

static void keep(struct asking *a, struct err *err)
{
	struct price_rows rows = {.n = a->rows.n, .get = row_of_table, .user = &a->rows, .whole = true};

	if (a->rows.n == 0)
		(void)err_set(err, ERR_NOTFOUND, "the price list has no prices of instances in %s: is that a region?",
			      a->region);
	else if (store_prices_put(a->s->store, &rows, err) == 0)
		sync_prices_reload(a->s);
}

static void on_page(void *user, const struct price *rows, size_t n, const char *next_token, const struct err *err)
{
	struct asking *a = user;
	struct err failed = err ? *err : (struct err){0};
	int64_t now_ms = clock_now_ms();

	if (!err && a->rows.n + n > ROWS_MAX)
		(void)err_set(&failed, ERR_TOOBIG, "the price list of %s has more than %zu prices: none was kept",
			      a->region, ROWS_MAX);
	for (size_t i = 0; i < n && !failed.code; i++) {
		struct price p = rows[i];

		p.fetched_ms = now_ms;
		price_table_add(&a->rows, &p);
	}
	if (!failed.code && paging_next(&a->pages, "GetProducts", next_token, n, &failed) > 0) {
		pricing_get_products(a->s->aws, a->region, NULL, NULL, a->pages.token, on_page, a);
		return;
	}
	if (!failed.code)
		keep(a, &failed);
	asking_end(a, failed.code ? &failed : NULL);
}

void sync_prices_update(struct sync *s, const char *region, sync_prices_fn *fn, void *user)
{
	struct asking *a = NEW(struct asking);
	AUTO(str) char *key = asked_key(s, region);
	AUTO(str) char *now = xasprintf("%lld", (long long)clock_now_ms());

	*a = (struct asking){.s = s, .region = xstrdup(str_or(region, s->session->region)), .fn = fn, .user = user};
	a->pages.patience_ms = PATIENCE_MS;
	(void)!store_meta_set(s->store, key, now, NULL);
	pricing_get_products(s->aws, a->region, NULL, NULL, NULL, on_page, a);
}
