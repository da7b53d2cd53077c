/* page_job.c - the page of a training job: what it costs, where it runs, what went in
 * and where it goes. */
#include "model/page.h"

#include <math.h>

#include "base/timefmt.h"
#include "model/badge.h"
#include "model/cost.h"
#include "model/diagnosis.h"
#include "model/objective.h"
#include "model/session.h"

#define CURVE_AT 39
#define CURVE_CELLS 16

static void add_status(struct page *p, const struct job *j, int64_t now_ms)
{
	char text[TIMEFMT_LEN];

	page_text(p, "Name", j->name);
	(void)page_line(p, "Status");
	page_part(p, PAGE_NORMAL, job_state_text(j));
	if (job_is_active(j) && j->created_ms != TIME_UNKNOWN)
		page_partf(p, PAGE_NORMAL, ", %s old", timefmt_duration(text, MAX(now_ms - j->created_ms, 0)));
	else if (j->end_ms != TIME_UNKNOWN)
		page_partf(p, PAGE_NORMAL, " after %s", timefmt_duration(text, j->end_ms - j->created_ms));
	page_text(p, "Reason", j->failure_reason);
}

/* In a text; the screen has it above all lines. */
static void add_diagnosis(struct page *p, const struct resource *r, const struct field_context *x)
{
	AUTO(diagnosis) struct diagnosis d = {0};

	if (!diagnosis_find(&d, r, x))
		return;
	page_text(p, "Diagnosis", d.words);
	page_text(p, "Try", d.attempt);
	page_text(p, "Remedy", d.remedy);
}

static void add_reckoning_text(struct buf *b, const struct job *j, const struct cost *c)
{
	char rate[24], kept[TIMEFMT_LEN];
	int64_t instances = j->rare->n_groups ? 1 : MAX(j->instance_count, 1);
	int64_t rate_micro = j->rare->n_groups ? c->rate_micro : c->price->usd_micro;

	if (c->seconds >= 0)
		(void)buf_addf(b, "%s%lld s x %s/h", b->len ? ": " : "", (long long)(c->seconds * instances),
			       money_rate_text(rate, rate_micro));
	else
		(void)buf_addf(b, "%s%s/h", b->len ? ": " : "nothing yet: ", money_rate_text(rate, c->rate_micro));
	if (c->retained_s > 0)
		(void)buf_addf(b, " + %s of warm pool", timefmt_duration(kept, c->retained_s * 1000));
	(void)buf_addf(b, ", price of %s", c->price->as_of);
}

/* In a text: "$0.022 billed: 692 s x $0.115/h, price of 2026-09-24". */
static void add_cost_text(struct page *p, const struct job *j, const struct session *s, const struct cost *c)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);
	char text[TIMEFMT_LEN];

	if (c->kind != COST_UNKNOWN) {
		(void)buf_addf(&b, "%s %s", money_text(text, c->usd_micro),
			       c->kind == COST_BILLED ? "billed" : "so far");
		if (c->estimate)
			(void)buf_adds(&b, " (estimate)");
		if (c->saved_micro > 0)
			(void)buf_addf(&b, ", %s saved by spot", money_text(text, c->saved_micro));
	} else if (j->start_ms != TIME_UNKNOWN) {
		(void)buf_adds(&b, "?");
	}
	if (c->price)
		add_reckoning_text(&b, j, c);
	else if (c->plan)
		(void)buf_addf(&b, "%sthe training plan %s pays for it", b.len ? ": " : "", c->plan);
	else if (c->unpriced)
		(void)buf_addf(&b, "%sno price known for %s in %s", b.len ? ": " : "", c->unpriced,
			       str_or(s->region, "this region"));
	page_text(p, "Cost", buf_str(&b));
}

static void add_cost_screen(struct page *p, const struct job *j, const struct session *s, const struct cost *c)
{
	bool known = c->kind != COST_UNKNOWN && c->usd_micro != USD_UNKNOWN, begun;
	char money[24];

	(void)page_line(p, "Cost");
	begun = j->start_ms != TIME_UNKNOWN || j->billable_s >= 0;
	page_partf(p, PAGE_STRONG, "%s%s",
		   known   ? money_text(money, c->usd_micro)
		   : begun ? "?"
			   : "–",
		   known && c->estimate ? "*" : "");
	if (!j->cold->n_transitions) { /* else the phases say it */
		AUTO(buf) struct buf b = BUF_INIT(BUF_MAX_TEXT);

		cost_reckoning_add(&b, j, c);
		if (b.len)
			page_clausef(p, PAGE_DIM, "%s", buf_str(&b));
	}
	if (c->saved_micro > 0)
		page_clausef(p, PAGE_GOOD, "spot saved %s (%d%%)", money_text(money, c->saved_micro),
			     job_spot_saving_pct(j));
	if (c->price)
		page_clausef(p, PAGE_DIM, "price of %s%s", c->price->as_of,
			     c->price->grade == 'A' ? "" : ", neighbouring component");
	else if (c->plan)
		page_clausef(p, PAGE_DIM, "the training plan %s pays for it", c->plan);
	else if (c->unpriced)
		page_clausef(p, PAGE_DIM, "no price known for %s in %s", c->unpriced, str_or(s->region, "this region"));
}

static void add_instance(struct page *p, const struct job *j)
{
	int interruptions = job_interruptions(j), saving = job_spot_saving_pct(j);
	bool text = p->what_for == PAGE_FOR_TEXT;
	AUTO(str) char *instances = job_instances_text(j);

	if (text && !instances)
		return;
	(void)page_line(p, "Instance");
	if (text || j->rare->n_groups)
		page_part(p, PAGE_NORMAL, instances);
	else if (j->instance_type && j->instance_count > 1)
		page_partf(p, PAGE_NORMAL, "%s×%d", j->instance_type, j->instance_count);
	else
		page_part(p, PAGE_NORMAL, str_or(j->instance_type, "–"));
	if (j->volume_gb > 0)
		page_partf(p, PAGE_DIM, "%s%d GB", text ? ", " : "  ", j->volume_gb);
	if (j->spot)
		page_partf(p, PAGE_NORMAL, "%sspot", text ? ", " : "  ");
	if (text && saving >= 0)
		page_partf(p, PAGE_NORMAL, " (%d%% saved)", saving);
	if (interruptions > 0)
		page_partf(p, PAGE_WARN, "%sinterrupted %d time%s", text ? ", " : "  ", interruptions,
			   interruptions > 1 ? "s" : "");
}

static void add_limits(struct page *p, const struct job *j)
{
	char a[TIMEFMT_LEN];

	if (j->max_runtime_s > 0) {
		(void)page_line(p, "Limits");
		page_partf(p, PAGE_NORMAL, "stops after %s", timefmt_duration(a, j->max_runtime_s * 1000));
		if (j->max_wait_s > 0)
			page_partf(p, PAGE_NORMAL, ", waits at most %s for spot",
				   timefmt_duration(a, j->max_wait_s * 1000));
	}
	if (j->rare->keep_alive_s <= 0 && str_empty(j->rare->warm_pool_status))
		return;
	(void)page_line(p, "Warm pool");
	page_part(p, PAGE_NORMAL, str_or(j->rare->warm_pool_status, "asked for"));
	if (j->rare->keep_alive_s > 0)
		page_partf(p, PAGE_DIM, "%skept for %s", p->what_for == PAGE_FOR_TEXT ? ", " : "  ",
			   timefmt_duration(a, j->rare->keep_alive_s * 1000));
	if (j->rare->retained_s >= 0)
		page_partf(p, PAGE_DIM, "%s%s billed", p->what_for == PAGE_FOR_TEXT ? ", " : "  ",
			   timefmt_duration(a, j->rare->retained_s * 1000));
}

static void add_history(struct page *p, const struct job *j)
{
	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		const struct job_transition *t = &j->cold->transitions[i];
		char start[TIMEFMT_LEN], took[TIMEFMT_LEN] = "";

		if (t->end_ms != TIME_UNKNOWN)
			timefmt_duration(took, t->end_ms - t->start_ms);
		(void)page_line(p, i ? "" : "History");
		page_partf(p, PAGE_NORMAL, "%s %-12s %7s  %s", timefmt_clock(start, t->start_ms), t->status, took,
			   str_or(t->message, ""));
	}
}

static void add_time(struct page *p, const char *label, int64_t ms)
{
	char text[TIMEFMT_LEN];

	if (ms != TIME_UNKNOWN)
		page_text(p, label, timefmt_show(text, ms));
}

static void add_times(struct page *p, const struct job *j)
{
	char text[TIMEFMT_LEN];
	AUTO(buf) struct buf b = BUF_INIT(4096);

	add_time(p, "Created", j->created_ms);
	if (p->what_for == PAGE_FOR_SCREEN) {
		if (j->created_ms != TIME_UNKNOWN && j->end_ms != TIME_UNKNOWN)
			page_partf(p, PAGE_DIM, "  ended %s", timefmt_show(text, j->end_ms));
		return;
	}
	add_time(p, "Started", j->start_ms);
	add_time(p, "Ended", j->end_ms);
	if (j->training_s >= 0)
		(void)buf_addf(&b, "%s trained", timefmt_duration(text, j->training_s * 1000));
	if (j->billable_s >= 0)
		(void)buf_addf(&b, "%s%s billable", b.len ? ", " : "", timefmt_duration(text, j->billable_s * 1000));
	page_text(p, "Time", buf_str(&b));
	add_history(p, j);
}

/* "best 7.41 at 61", behind a last value that is another. */
static void add_best(struct page *p, double best, int64_t step, double last)
{
	char value[FIELD_VALUE_LEN], at[32] = "";

	if (!isfinite(best) || best == last)
		return;
	if (step >= 0)
		snprintf(at, sizeof(at), " at %lld", (long long)step);
	page_partf(p, PAGE_DIM, "  best %s%s", field_value_text(value, best), at);
}

/* A line of one series: its last value, on the screen its curve, where one point is
 * none, and the best value. */
static void add_series(struct page *p, const char *label, const struct series_set *set, const struct series *m,
		       const struct job *j)
{
	enum metric_direction d = metric_direction(m->name, j);
	double best = NAN;
	int64_t step = -1;
	char value[FIELD_VALUE_LEN], name[64], spark[CURVE_CELLS * 3 + 1] = "";
	struct page_line *l = page_line(p, label);

	page_partf(p, PAGE_NORMAL, "%-26s %9s%s", series_label(name, sizeof(name), set, m),
		   field_value_text(value, m->points[m->n - 1].value), str_eq(m->unit, "%") ? "%" : "");
	if (p->what_for == PAGE_FOR_SCREEN)
		page_part(p, PAGE_CURVE, series_spark(spark, CURVE_CELLS, m));
	if (*spark)
		l->parts[l->n - 1].at = CURVE_AT;
	if (d != METRIC_EITHER && series_best(m, d, &best, &step))
		add_best(p, best, step, m->points[m->n - 1].value);
}

static void add_final(struct page *p, const char *label, const struct job *j, const struct job_final_metric *m)
{
	char value[FIELD_VALUE_LEN];
	double best, last;
	int64_t step;

	(void)page_line(p, label);
	if (p->what_for == PAGE_FOR_TEXT)
		page_partf(p, PAGE_NORMAL, "%s %.6g", m->name, m->value);
	else
		page_partf(p, PAGE_NORMAL, "%-26s %9s", m->name, field_value_text(value, m->value));
	if (str_eq(m->name, job_objective_name(j)) && job_best_objective(j, NULL, &best, &step, &last))
		add_best(p, best, step, last);
}

/* The curves where they are at hand, else the final values. */
static void add_metrics(struct page *p, const struct job *j, const struct session *s)
{
	const struct feed *f = session_find_feed(s, TRAINING_KIND, j->name);
	size_t n = 0;

	for (size_t i = 0; f && i < f->metrics.n; i++) {
		const struct series *m = &f->metrics.items[i];
		if (!m->n)
			continue;
		add_series(p, n++ ? "" : "Metrics", &f->metrics, m, j);
	}
	for (size_t i = 0; !n && i < j->cold->n_final_metrics; i++)
		add_final(p, i ? "" : "Metrics", j, &j->cold->final_metrics[i]);
}

static void add_inputs(struct page *p, const struct job *j)
{
	for (size_t i = 0; i < j->cold->n_channels; i++) {
		const struct job_channel *c = &j->cold->channels[i];

		(void)page_line(p, i ? "" : "Input");
		page_partf(p, PAGE_NORMAL, "%-12s %s", str_or(c->name, "?"), str_or(c->uri, "?"));
		if (!str_empty(c->content_type))
			page_partf(p, PAGE_DIM, "  %s", c->content_type);
		if (!str_empty(c->input_mode))
			page_partf(p, PAGE_DIM, "  %s", c->input_mode);
	}
}

/* What calls for a look, and why. */
static void add_badges(struct page *p, const struct job *j, const struct session *s, int64_t now_ms)
{
	const struct badge_look look = {
		.job = j, .feed = session_find_feed(s, TRAINING_KIND, j->name), .now_ms = now_ms};
	bool first = true;

	for (int i = 0; i < BADGE_COUNT; i++) {
		AUTO(str) char *why = NULL;

		if (!badge_of((enum badge_id)i, &look, &why))
			continue;
		(void)page_line(p, first ? "Look" : "");
		page_partf(p, PAGE_WARN, "%s: ", badge_word((enum badge_id)i));
		page_part(p, PAGE_NORMAL, why);
		first = false;
	}
}

void page_add_job(struct page *p, const struct resource *r, const struct field_context *x)
{
	const struct job *j = resource_job(r);
	const struct session *s = x->session;
	struct cost c = cost_of_job(j, &s->prices, s->region, x->now_ms);

	if (p->what_for == PAGE_FOR_TEXT) {
		add_status(p, j, x->now_ms);
		add_diagnosis(p, r, x);
		add_cost_text(p, j, s, &c);
	} else {
		add_cost_screen(p, j, s, &c);
	}
	add_badges(p, j, s, x->now_ms);
	add_instance(p, j);
	add_limits(p, j);
	add_times(p, j);
	page_gap(p);
	add_metrics(p, j, s);
	add_inputs(p, j);
	page_pairs(p, "Parameters", &j->cold->hyperparameters);
	page_text(p, "Image", j->cold->image);
	page_text(p, "Output", j->cold->output_uri);
	page_text(p, "Model", j->cold->model_uri);
	page_text(p, "Checkpoints", j->cold->checkpoint_uri);
	page_text(p, "Role", j->cold->role_arn);
	page_text(p, "VPC", j->cold->vpc);
	for (size_t i = 0; i < j->cold->particulars.n; i++)
		page_text(p, j->cold->particulars.items[i].name, j->cold->particulars.items[i].value);
	page_text(p, "Tuning job", j->cold->tuning_job_arn);
	page_pairs(p, "Environment", &j->cold->environment);
	page_pairs(p, "Tags", &j->tags);
	page_text(p, "ARN", j->arn);
}
