/* cost_sum.c - the session's things, and what was noted down, summed by groups. */
#include "app/cost.h"
#include "app/listing.h"

void cost_report_done(struct cost_report *r)
{
	spend_done(&r->spend);
	for (size_t i = 0; i < SCOPES_MAX; i++)
		usages_done(&r->usages[i]);
	strlist_done(&r->left_out);
}

/* The words as a filter of that kind; false where they ask for what it does not have. */
static bool filter_of(struct app *a, const struct kind *k, const char *words, struct query **ret,
		      struct cost_report *report, struct err *err)
{
	struct err why = {0};

	if (query_parse(k, words, ret, &why) == 0)
		return true;
	if (k->class == &job_class)
		*err = why;
	else
		strlist_take(&report->left_out, xasprintf("%s: the filter does not go for them", k->title));
	return false;
}

/* Cold fields that the filter reads, or the groups, are filled first. */
static int fill(struct app *a, const struct kind *k, const struct query *q, struct cost_report *report, struct err *err)
{
	AUTO(field_list) struct field_list cold = {0};
	const struct field *tuning = field_find(k, "tuning_job", NULL);

	query_cold_fields(q, &cold);
	if (spend_wants_tuning(report->spend.opt.by) && tuning)
		field_list_add(&cold, tuning, NULL);
	if (!cold.n)
		return 0;
	if (listing_fill(a, k, &cold, err) < 0)
		return -err->code;
	if (tuning)
		report->spend.opt.tuning = tuning;
	return 0;
}

static int sum_kind(struct app *a, const struct kind *k, const char *words, struct cost_report *report, struct err *err)
{
	const struct session *s = app_session(a);
	const struct resources *t = &s->tables[k->id];
	const struct field_context x = {.session = s, .now_ms = report->spend.opt.now_ms};
	AUTO(query) struct query *q = NULL;
	struct charges charges;

	if (t->n == 0 || !filter_of(a, k, words, &q, report, err))
		return err->code ? -err->code : 0;
	if (fill(a, k, q, report, err) < 0)
		return -err->code;
	for (size_t i = 0; i < t->n; i++) {
		if (!query_match(q, t->items[i], &x))
			continue;
		charges_of_resource(t->items[i], session_own(s, t->items[i]), x.now_ms, &charges);
		spend_add(&report->spend, k, t->items[i]->name, t->items[i], &charges, t->items[i]);
	}
	return 0;
}

/* Of what is gone only its name is left for the filter. */
static bool usage_matches(const struct usage *u, const char *words, const struct field_context *x,
			  const struct resource **ret)
{
	const struct resource *r = resources_find(&x->session->tables[u->kind->id], u->name);
	AUTO(resource) struct resource *gone = r ? NULL : resource_new(u->kind, u->name);
	AUTO(query) struct query *q = NULL;

	*ret = r;
	return query_parse(u->kind, words, &q, NULL) == 0 && query_match(q, r ? r : gone, x);
}

/* What was noted down in the scope that was entered. */
static int sum_usage(struct app *a, const char *words, struct usages *all, struct cost_report *report, struct err *err)
{
	const struct session *s = sync_session(a->sync);
	const struct field_context x = {.session = s, .now_ms = report->spend.opt.now_ms};
	const struct usage *first = NULL;
	struct charges charges;

	if (store_usage_load(sync_store(a->sync), all, err) < 0)
		return -err->code;
	report->spend.part = s;
	for (size_t i = 0; i < all->n; i++) {
		const struct usage *u = &all->items[i];
		const struct resource *r;

		if (!first || first->kind != u->kind || !str_eq(first->name, u->name))
			first = u;
		if (!usage_matches(u, words, &x, &r))
			continue;
		charges_of_usage(u, s, x.now_ms, &charges);
		spend_add(&report->spend, u->kind, u->name, r, &charges, first);
	}
	return 0;
}

static int sum_usages(struct app *a, const char *words, struct cost_report *report, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->scopes.n; i++) {
		if (app_enter_part(a, i))
			rc = sum_usage(a, words, &report->usages[i], report, err);
		else
			spend_add_lacking(&report->spend, sync_session(a->scopes.items[i]));
	}
	app_leave(a);
	return rc;
}

/* What is beyond the first rows becomes one of them. */
static void keep_top(struct cost_report *r)
{
	struct spend *s = &r->spend;

	if (!r->top || s->n <= r->top + 1)
		return;
	size_t n_others = s->n - r->top;
	struct spend_row *others = &s->rows[r->top];

	for (size_t i = r->top + 1; i < s->n; i++) {
		others->usd_micro += s->rows[i].usd_micro;
		others->waste_micro += s->rows[i].waste_micro;
		others->instance_s += s->rows[i].instance_s;
		others->things += s->rows[i].things;
		others->unknown += s->rows[i].unknown;
		others->estimate |= s->rows[i].estimate;
		others->lacking |= s->rows[i].lacking;
		free(s->rows[i].key);
	}
	s->n = r->top + 1;
	free(others->key);
	others->key = xasprintf("(%zu others)", n_others);
}

int cost_sum(struct app *a, const struct spend_options *opt, struct cost_report *ret, struct err *err)
{
	AUTO(str) char *words = listing_words(&a->cli.args, 0);

	spend_init(&ret->spend, opt);
	ret->spend.opt.session = app_session(a);
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kind_is_charged(&kind_table[i]) && !kind_table[i].price_while &&
		    sum_kind(a, &kind_table[i], words, ret, err) < 0)
			return -err->code;
	if (sum_usages(a, words, ret, err) < 0)
		return -err->code;
	spend_sort(&ret->spend, false);
	keep_top(ret);
	return 0;
}
