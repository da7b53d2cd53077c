/* dashboard_wide.c - requests of the screens that show several scopes, passed on to the host of each. What needs one
 * scope (a launch, a call of an endpoint), or none (the clipboard), has no member here: the screens ask the host of
 * one. */
#include "app/dashboard_wide.h"

struct dashboard_wide {
	struct ui_host ops;
	const struct scopes *scopes;
	const struct ui_host *hosts[SCOPES_MAX];
};

/* The host of the thing's scope, and its name there; NULL where it is gone. */
static const struct ui_host *host_of(const struct dashboard_wide *w, const struct kind *kind, const char *name,
				     const char **ret_name, struct err *err)
{
	size_t i;

	return scopes_find(w->scopes, kind, name, &i, ret_name, err) < 0 ? NULL : w->hosts[i];
}

/* --- of one thing --- */

static void wide_watch(void *user, const struct kind *kind, const char *name, bool on)
{
	const struct ui_host *h = host_of(user, kind, name, &name, NULL);

	if (h)
		h->watch(h->user, kind, name, on);
}

static void wide_live(void *user, const struct kind *kind, const char *name, bool on)
{
	const struct ui_host *h = host_of(user, kind, name, &name, NULL);

	if (h)
		h->live(h->user, kind, name, on);
}

static void wide_files(void *user, const struct kind *kind, const char *name)
{
	const struct ui_host *h = host_of(user, kind, name, &name, NULL);

	if (h)
		h->files(h->user, kind, name);
}

struct refusal {
	host_done_fn *done;
	void *done_user;
	struct err why;
};

static void refuse(void *user)
{
	struct refusal *r = user;

	r->done(r->done_user, &r->why);
	free(r);
}

/* Answers never come from within the question. */
static void refuse_later(const struct dashboard_wide *w, const struct err *why, host_done_fn *done, void *done_user)
{
	struct refusal *r = NEW(struct refusal);

	*r = (struct refusal){done, done_user, *why};
	(void)aws_client_after(sync_client(w->scopes->items[0]), 0, refuse, r);
}

static void wide_stop(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct err err = {0};
	const struct ui_host *h = host_of(user, kind, name, &name, &err);

	if (h)
		h->stop(h->user, kind, name, done, done_user);
	else
		refuse_later(user, &err, done, done_user);
}

static void wide_remove(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct err err = {0};
	const struct ui_host *h = host_of(user, kind, name, &name, &err);

	if (h)
		h->remove(h->user, kind, name, done, done_user);
	else
		refuse_later(user, &err, done, done_user);
}

static void wide_vary(void *user, const char *endpoint, const char *text, host_done_fn *done, void *done_user)
{
	struct err err = {0};
	const struct ui_host *h = host_of(user, &kind_table[KIND_ENDPOINT], endpoint, &endpoint, &err);

	if (h)
		h->vary(h->user, endpoint, text, done, done_user);
	else
		refuse_later(user, &err, done, done_user);
}

/* --- of all --- */

static void wide_refresh(void *user, const struct kind *kind, const char *parent)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++)
		w->hosts[i]->refresh(w->hosts[i]->user, kind, parent);
}

static void wide_counts(void *user)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++)
		w->hosts[i]->counts(w->hosts[i]->user);
}

static void wide_costs(void *user)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++)
		w->hosts[i]->costs(w->hosts[i]->user);
}

static void wide_prices(void *user)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++)
		w->hosts[i]->prices(w->hosts[i]->user);
}

static void wide_columns(void *user, const struct kind *kind, const struct field_list *fields)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++)
		w->hosts[i]->columns(w->hosts[i]->user, kind, fields);
}

static void wide_traffic(void *user, const struct strlist *names)
{
	const struct dashboard_wide *w = user;

	for (size_t i = 0; i < w->scopes->n; i++) {
		AUTO(strlist) struct strlist own = {0};

		for (size_t j = 0; names && j < names->n; j++) {
			const char *name;

			if (scopes_of_text(w->scopes, names->items[j], &name) == i)
				strlist_add(&own, name);
		}
		if (!names || own.n)
			w->hosts[i]->traffic(w->hosts[i]->user, names ? &own : NULL);
	}
}

static const struct ui_host *wide_of_scope(void *user, size_t i)
{
	const struct dashboard_wide *w = user;

	return w->hosts[i];
}

struct dashboard_wide *dashboard_wide_new(const struct scopes *scopes, struct dashboard_host *const *hosts)
{
	struct dashboard_wide *w = NEW(struct dashboard_wide);

	w->scopes = scopes;
	for (size_t i = 0; i < scopes->n; i++)
		w->hosts[i] = dashboard_host_ops(hosts[i]);
	w->ops = (struct ui_host){
		.user = w,
		.watch = wide_watch,
		.live = wide_live,
		.live_usd_micro = LIVE_TAIL_USD_MICRO,
		.refresh = wide_refresh,
		.counts = wide_counts,
		.costs = wide_costs,
		.prices = wide_prices,
		.traffic = wide_traffic,
		.files = wide_files,
		.stop = wide_stop,
		.vary = wide_vary,
		.remove = wide_remove,
		.columns = wide_columns,
		.of_scope = wide_of_scope,
	};
	return w;
}

void dashboard_wide_free(struct dashboard_wide *w)
{
	free(w);
}

const struct ui_host *dashboard_wide_ops(const struct dashboard_wide *w)
{
	return &w->ops;
}
