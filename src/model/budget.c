/* budget.c - budgets: reading, matching, how much is spent. */
#include "model/budget.h"

#include <math.h>

#define BUDGET_MAX_USD 1e9

void budget_done(struct budget *b)
{
	free(b->what);
	*b = (struct budget){0};
}

static int bad_amount(const char *text, struct err *err)
{
	return err_set(err, ERR_INVALID,
		       "needs dollars with their period, such as 500/month or 50/day hard warn 50%% 80%%, not \"%s\"",
		       text);
}

/* "50/day": without its unit it would be anybody's guess. */
static bool parse_amount(const char *word, struct budget *b)
{
	const char *slash = strchr(word, '/');
	AUTO(str) char *number = xstrndup(word, slash ? (size_t)(slash - word) : strlen(word));
	double usd;

	if (!slash || !str_to_f64(*number == '$' ? number + 1 : number, &usd) || !(usd > 0) || usd > BUDGET_MAX_USD)
		return false;
	b->usd_micro = llround(usd * 1e6);
	b->per = str_eq(slash + 1, "day") ? PERIOD_DAY : PERIOD_MONTH;
	return b->usd_micro > 0 && (str_eq(slash + 1, "day") || str_eq(slash + 1, "month"));
}

static bool parse_share(const char *word, struct budget *b)
{
	AUTO(str) char *number = xstrdup(word);
	size_t n = strlen(number);
	int64_t percent;

	if (n < 2 || number[n - 1] != '%' || b->n_shares == BUDGET_SHARES_MAX)
		return false;
	number[n - 1] = '\0';
	if (!str_to_i64(number, &percent) || percent < 1 || percent > 1000 ||
	    (b->n_shares && percent <= b->shares[b->n_shares - 1]))
		return false;
	b->shares[b->n_shares++] = (int)percent;
	return true;
}

static int parse_key(const char *key, struct budget *b, struct err *err)
{
	const struct kind *kind;

	if (str_eq(key, "total"))
		return 0;
	b->of = str_starts(key, "kind:") ? BUDGET_KIND : str_starts(key, "tag:") ? BUDGET_TAG : BUDGET_PREFIX;
	b->what = xstrdup(b->of == BUDGET_KIND ? key + 5 : b->of == BUDGET_TAG ? key + 4 : key);
	if (b->of == BUDGET_TAG && (!strchr(b->what, '=') || *b->what == '='))
		return err_set(err, ERR_INVALID, "is no tag: tag:KEY=VALUE is wanted");
	if (b->of != BUDGET_KIND)
		return *b->what ? 0 : err_set(err, ERR_INVALID, "needs a name");
	kind = kind_find(b->what);
	if (!kind || !kind_is_charged(kind))
		return err_set(err, ERR_INVALID,
			       "is no kind that is billed: kind:training-jobs, kind:endpoints ... is wanted");
	str_set(&b->what, kind->name);
	return 0;
}

int budget_parse(const char *key, const char *text, struct budget *ret, struct err *err)
{
	AUTO(budget) struct budget b = {.name = key};
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, text, ' ');
	int rc = parse_key(key, &b, err);

	if (rc)
		return rc;
	if (!words.n || !parse_amount(words.items[0], &b))
		return bad_amount(text, err);
	for (size_t i = 1; i < words.n; i++) {
		const char *w = words.items[i];

		if (str_eq(w, "hard"))
			b.hard = true;
		else if (*w && !str_eq(w, "warn") && !parse_share(w, &b))
			return bad_amount(text, err);
	}
	if (!b.n_shares) {
		b.shares[b.n_shares++] = 80;
		b.shares[b.n_shares++] = 100;
	}
	*ret = b;
	b = (struct budget){0};
	return 0;
}

static bool names_it(const struct budget *b, const struct kind *kind, const char *name)
{
	return b->of == BUDGET_TOTAL || (b->of == BUDGET_KIND && str_eq(b->what, kind->name)) ||
	       (b->of == BUDGET_PREFIX && str_starts(name, b->what));
}

bool budget_matches(const struct budget *b, const struct kind *kind, const char *name, const struct strmap *tags)
{
	for (size_t i = 0; b->of == BUDGET_TAG && tags && i < tags->n; i++) {
		AUTO(str) char *pair = xasprintf("%s=%s", tags->items[i].name, tags->items[i].value);

		if (str_eq(pair, b->what))
			return true;
	}
	return names_it(b, kind, name);
}

bool budget_counts(const struct budget *b, const struct kind *kind, const char *name, const struct resource *r)
{
	if (b->of != BUDGET_TAG || !r)
		return names_it(b, kind, name);
	const char *equals = strchr(b->what, '=');
	AUTO(str) char *key = xstrndup(b->what, (size_t)(equals - b->what));
	const char *value = r->kind->class == &job_class ? job_tag(resource_job(r), key) : strmap_get(&r->tags, key);

	return str_eq(value, equals + 1);
}

void budget_begin(const struct budget *b, int64_t now_ms, bool local, struct budget_state *ret)
{
	*ret = (struct budget_state){.from_ms = period_start(now_ms, b->per, 0, local),
				     .until_ms = period_start(now_ms, b->per, 1, local)};
}

void budget_add(const struct budget *b, struct budget_state *st, const struct charges *l)
{
	bool unknown = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct charge *c = &l->items[i];
		int64_t sum = money_sum(st->spent_micro, charge_money(c, st->from_ms, st->until_ms));

		if (c->until_ms <= st->from_ms || c->from_ms >= st->until_ms)
			continue;
		unknown |= c->unknown != UNKNOWN_NOT && c->unknown != UNKNOWN_STORAGE;
		st->spent_micro = sum == USD_UNKNOWN ? USD_MICRO_MAX : sum;
	}
	st->unknown += unknown;
}

void budget_settle(const struct budget *b, struct budget_state *st)
{
	__int128 percent = (__int128)st->spent_micro * 100 / b->usd_micro;

	st->percent = percent > 1000000 ? 1000000 : (int)percent;
	st->passed = 0;
	for (size_t i = 0; i < b->n_shares; i++)
		if (st->percent >= b->shares[i])
			st->passed = b->shares[i];
}
