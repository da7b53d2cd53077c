/* sagetop advise: what the jobs of the last 30 days could have cost less by. */
#include <math.h>

#include "app/advise_endpoints.h"
#include "app/commands.h"
#include "app/estimate_spec.h"
#include "app/listing.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/map.h"

#define LOOK_MS (30 * DAY_MS)
#define DAYS_LEAST 7.0 /* a month is not told by a day */
#define FETCH_MAX 20   /* jobs whose metrics are asked for */

struct advising {
	struct advice_job *jobs; /* the oldest first */
	struct job **owned;	 /* those that were read from the cache, beside jobs */
	size_t n, cap, cap_owned;
	size_t measured;
};

static void advising_done(struct advising *w)
{
	for (size_t i = 0; i < w->n; i++)
		job_free(w->owned[i]);
	free(w->owned);
	free(w->jobs);
}

/* --- measurements ----------------------------------------------------------------------------- */

static bool is_measured(const struct advice_job *j)
{
	return j->cpu_pct >= 0 && j->memory_pct >= 0;
}

static void measure_cached(struct app *a, struct advice_job *j)
{
	AUTO(series_set) struct series_set set = {0};

	if (store_metrics_load(sync_store(a->sync), TRAINING_KIND, j->job->name, &set, NULL) == 0)
		advice_job_measure(j, &set);
}

static int fetch(struct app *a, struct advice_job *j, struct err *err)
{
	const char *name = j->job->name;
	struct app_reply reply = {0};

	sync_metrics(a->sync, TRAINING_KIND, name, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0) {
		if (err->code == ERR_CANCELLED)
			return -ERR_CANCELLED;
		fprintf(stderr, "sagetop: metrics of %s: %s\n", name, err->msg);
		*err = (struct err){0};
		return 0;
	}
	const struct feed *feed = session_find_feed(sync_session(a->sync), TRAINING_KIND, name);

	if (feed)
		advice_job_measure(j, &feed->metrics);
	return 0;
}

/* The newest of each group that has none, where it ran long enough to tell. */
static int measure_groups(struct app *a, struct advising *w, struct err *err)
{
	AUTO(map) struct map known = {0};
	size_t fetched = 0;

	for (size_t i = 0; i < w->n; i++) {
		AUTO(str) char *key = is_measured(&w->jobs[i]) ? advice_group_key(&w->jobs[i]) : NULL;

		if (key)
			map_put(&known, key, w);
	}
	for (size_t i = w->n; i-- > 0 && fetched < FETCH_MAX;) {
		struct advice_job *j = &w->jobs[i];
		AUTO(str) char *key = advice_group_key(j);

		if (j->job->status != JOB_COMPLETED || j->job->training_s < ADVICE_SHORT_S || map_get(&known, key))
			continue;
		map_put(&known, key, w);
		fetched++;
		if (fetch(a, j, err) < 0)
			return -ERR_CANCELLED;
	}
	for (size_t i = 0; i < w->n; i++)
		w->measured += is_measured(&w->jobs[i]);
	return 0;
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int compare_created(const void *a, const void *b)
{
	const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;

	return (x->created_ms > y->created_ms) - (x->created_ms < y->created_ms);
}

static void take_job(struct app *a, struct advising *w, const struct job *j)
{
	struct job *whole = NULL;

	if (store_job_load_one(sync_store(a->sync), j->name, &whole, NULL) < 0)
		return;
	GROW(w->jobs, w->cap, w->n + 1);
	GROW(w->owned, w->cap_owned, w->n + 1);
	w->owned[w->n] = whole;
	w->jobs[w->n] = advice_job_of(whole);
	measure_cached(a, &w->jobs[w->n]);
	w->n++;
}

static void take_jobs(struct app *a, struct advising *w, const struct query *q)
{
	const struct resources *t = session_jobs(sync_session(a->sync));
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	const struct job **picked = xcalloc(t->n + 1, sizeof(*picked));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct job *j = jobs_at(t, i);

		if (job_is_terminal(j) && j->created_ms >= x.now_ms - LOOK_MS && query_match(q, t->items[i], &x))
			picked[n++] = j;
	}
	qsort(picked, n, sizeof(*picked), compare_created);
	for (size_t i = 0; i < n; i++)
		take_job(a, w, picked[i]);
	free(picked);
}

/* --- output ----------------------------------------------------------------------------------- */

static char *saving_text(char buf[32], int64_t micro)
{
	char usd[24];

	money_text(usd, micro == ADVICE_UNKNOWN ? USD_UNKNOWN : llabs(micro));
	snprintf(buf, 32, "%s%s", micro < 0 && micro != ADVICE_UNKNOWN ? "-" : "", usd);
	return buf;
}

/* Where there are several scopes, what is pasted has to say which. The caller's. */
static char *command_of(const struct app *a, const struct advice *x)
{
	const struct session *s = sync_session(a->sync);

	if (a->scopes.n == 1 || str_empty(x->command))
		return xstrdup(str_or(x->command, ""));
	return xasprintf("%s --profile %s --region %s", x->command, str_or(s->profile, "default"), s->region);
}

/* What was found in one scope, which is entered while it is printed. */
struct advised {
	struct advising jobs;
	struct advise_endpoints endpoints;
	struct advices found;
	double days;
};

static void print_advice(struct app *a, const struct advised *d)
{
	const struct advices *l = &d->found;
	char usd[32], prices[SESSION_PRICES_LEN];
	AUTO(str) char *where = app_scoped(a, "");

	session_prices_text(sync_session(a->sync), prices);
	for (size_t i = 0; i < l->n; i++) {
		const struct advice *x = &l->items[i];
		AUTO(str) char *subject = app_scoped(a, x->subject);
		AUTO(str) char *command = command_of(a, x);

		fprintf(a->out, "%s%s a month  %s: %s (%s)\n", i ? "\n" : "", saving_text(usd, x->saving_micro),
			subject, x->what, advice_name(x->kind));
		fprintf(a->out, "  %s\n", x->evidence);
		if (x->caution)
			fprintf(a->out, "  But: %s\n", x->caution);
		fprintf(a->out, "  %s\n", command);
	}
	fprintf(stderr, "sagetop: %s%s%zu jobs of %.0f days, %zu of them measured: %s (%s)\n", where, *where ? " " : "",
		d->jobs.n, d->days, d->jobs.measured, l->n ? "a month's savings, each by itself" : "nothing to advise",
		prices);
}

static void add_rows(struct app *a, const struct advices *l, struct table *t)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct advice *x = &l->items[i];
		AUTO(str) char *subject = app_scoped(a, x->subject);
		AUTO(str) char *command = command_of(a, x);
		char usd[32] = "", jobs[24];

		if (x->saving_micro != ADVICE_UNKNOWN)
			snprintf(usd, sizeof(usd), "%.6f", (double)x->saving_micro / 1e6);
		snprintf(jobs, sizeof(jobs), "%zu", x->jobs);
		table_cell(t, usd);
		table_cell(t, advice_name(x->kind));
		table_cell(t, subject);
		table_cell(t, jobs);
		table_cell(t, x->what);
		table_cell(t, x->evidence);
		table_cell(t, x->caution);
		table_cell(t, command);
	}
}

static void add_json(struct app *a, const struct advices *l, json_t *list)
{
	const struct session *s = sync_session(a->sync);

	for (size_t i = 0; i < l->n; i++) {
		const struct advice *x = &l->items[i];
		AUTO(str) char *command = command_of(a, x);
		json_t *o = json_object();

		json_put_str(o, "advice", advice_name(x->kind));
		json_put_str(o, "name", x->subject);
		json_put_str(o, "profile", s->profile);
		json_put_str(o, "region", s->region);
		json_object_set_new(o, "jobs", json_integer((json_int_t)x->jobs));
		json_object_set_new(o, "saving_usd_a_month",
				    x->saving_micro == ADVICE_UNKNOWN ? json_null()
								      : json_real((double)x->saving_micro / 1e6));
		json_put_prices(o, s);
		json_put_str(o, "what", x->what);
		json_put_str(o, "evidence", x->evidence);
		json_put_str(o, "caution", x->caution);
		json_put_str(o, "command", command);
		json_array_append_new(list, o);
	}
}

static void print(struct app *a, const struct advised *parts)
{
	static const char *const titles[] = {"SAVING", "ADVICE",   "NAME",    "JOBS",
					     "WHAT",   "EVIDENCE", "CAUTION", "COMMAND"};
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();
	enum output_format format = output_format(a);

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i == 0 || i == 3);
	for (size_t i = 0; i < a->scopes.n; i++) {
		if (!app_enter_part(a, i))
			continue;
		if (format == OUTPUT_JSON)
			add_json(a, &parts[i].found, list);
		else if (format == OUTPUT_TSV)
			add_rows(a, &parts[i].found, &t);
		else
			print_advice(a, &parts[i]);
	}
	app_leave(a);
	if (format == OUTPUT_JSON)
		output_json(a, list);
	if (format != OUTPUT_TSV)
		return;
	table_print(&t, a);
	output_prices(a);
}

/* In the scope that was entered. */
static int advise(struct app *a, const struct query *q, struct advised *d, struct err *err)
{
	AUTO(learned) struct learned *l = NULL;
	int64_t now = clock_now_ms();

	take_jobs(a, &d->jobs, q);
	if (measure_groups(a, &d->jobs, err) < 0 || app_learn(a, &l, err) < 0)
		return -err->code;
	/* Words choose among jobs. */
	if (!a->cli.args.n && advise_endpoints_load(a, &d->endpoints, err) < 0)
		return -err->code;
	const struct session *s = sync_session(a->sync);

	d->days = d->jobs.n ? MAX((double)(now - d->jobs.owned[0]->created_ms) / DAY_MS, DAYS_LEAST) : DAYS_LEAST;
	const struct advice_input in = {.jobs = d->jobs.jobs,
					.n_jobs = d->jobs.n,
					.endpoints = d->endpoints.items,
					.n_endpoints = d->endpoints.n,
					.history = l->history,
					.prices = &s->prices,
					.region = s->region,
					.days = d->days,
					.now_ms = now};

	advice_find(&in, &d->found);
	return 0;
}

int cmd_advise(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	struct advised parts[SCOPES_MAX] = {0};
	int rc = 0;

	if (listing_parse(a, TRAINING_KIND, 0, &listing, err) < 0 || app_each_jobs(a, err) < 0 ||
	    listing_fill_query(a, &listing, err) < 0)
		return -err->code;
	for (size_t i = 0; rc == 0 && i < a->scopes.n; i++)
		if (app_enter_part(a, i))
			rc = advise(a, listing.query, &parts[i], err);
	if (rc == 0)
		print(a, parts);
	for (size_t i = 0; i < SCOPES_MAX; i++) {
		advices_done(&parts[i].found);
		advise_endpoints_done(&parts[i].endpoints);
		advising_done(&parts[i].jobs);
	}
	return rc;
}
