/* sagetop clone NAME...|WORD...: the same as launch, of what one job is made of, or of what each of several is. */
#include "app/commands.h"
#include "app/launch_sweep.h"
#include "app/listing.h"
#include "model/field_order.h"

/* --- which ones --- */

/* A name has none of what a filter is made of; a scope before it is none of it. */
static bool is_filter(const struct app *a)
{
	for (size_t i = 0; i < a->cli.args.n; i++) {
		const char *word = a->cli.args.items[i];

		(void)scopes_of_text(&a->scopes, word, &word);
		if (strpbrk(word, ":~=<>!\"() "))
			return true;
	}
	return false;
}

static int in_two_scopes(struct err *err)
{
	return err_set(err, ERR_USAGE, "these jobs lie in several scopes: clone those of one at a time");
}

/* As they are named; in the scope of the first. */
static int choose_named(struct app *a, struct strlist *ret, struct err *err)
{
	const struct sync *in = NULL;

	for (size_t i = 0; i < a->cli.args.n; i++) {
		const char *name = a->cli.args.items[i];

		if (app_enter_name(a, TRAINING_KIND, &name, err) < 0)
			return -err->code;
		if (in && a->sync != in)
			return in_two_scopes(err);
		in = a->sync;
		if (!strlist_has(ret, name))
			strlist_add(ret, name);
	}
	return 0;
}

static int take(struct app *a, struct resource *const *items, size_t n, struct strlist *ret, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i]->scope != items[0]->scope)
			return in_two_scopes(err);
		strlist_add(ret, items[i]->name);
	}
	(void)app_enter_part(a, items[0]->scope); /* what does not answer has none */
	return 0;
}

/* Those that a filter lets through, as sagetop jobs orders them. */
static int choose_filtered(struct app *a, struct strlist *ret, struct err *err)
{
	AUTO(listing) struct listing l = {0};
	size_t n = 0;

	if (listing_parse(a, TRAINING_KIND, 0, &l, err) < 0 || app_each_jobs(a, err) < 0)
		return -err->code;
	struct resource **items = listing_items(a, &l, &n, err);
	const struct field_context x = {.session = app_session(a), .now_ms = clock_now_ms()};

	if (!items)
		return -err->code;
	field_order_sort(items, n, &l.sort, l.descending, &x);
	int rc = n ? take(a, items, n, ret, err)
		   : err_set(err, ERR_NOTFOUND, "no job matches \"%s\": sagetop jobs lists them", l.words);

	free(items);
	return rc;
}

static int choose(struct app *a, struct strlist *ret, struct err *err)
{
	int rc = app_connect(a, err);

	if (rc == 0)
		rc = is_filter(a) ? choose_filtered(a, ret, err) : choose_named(a, ret, err);
	if (rc == 0 && ret->n > GRID_JOBS_MAX)
		rc = err_set(err, ERR_USAGE, "these are %zu jobs: %d are cloned at most", ret->n, GRID_JOBS_MAX);
	return rc;
}

/* --- what is made of them --- */

static int plan(struct app *a, const struct strlist *names, const struct grid *g, struct launch_plan **ret,
		struct err *err)
{
	const char *new_name = app_value(a, OPT_NAME);
	const struct strlist *sets = &a->cli.lists[OPT_SET];

	if (names->n == 1)
		return app_plan_clone(a, names->items[0], new_name, sets, g->n ? g : NULL, ret, err);
	if (g->n)
		return err_set(err, ERR_USAGE, "--grid makes a sweep of one job: these are %zu", names->n);
	return app_plan_clones(a, names, new_name, sets, ret, err);
}

int cmd_clone(struct app *a, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *p = NULL;
	AUTO(strlist) struct strlist names = {0};
	AUTO(grid) struct grid g = {0};

	if (launch_read_grid(a, &g, err) < 0 || choose(a, &names, err) < 0 || plan(a, &names, &g, &p, err) < 0)
		return -err->code;
	return launch_finish(a, p, &g, err);
}
