/* One job: state, phases, what it cost, what went in, where it went. */
#include <math.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/doc.h"
#include "tui/jobtext.h"
#include "tui/view.h"

#define VALUE_COLUMN 14

struct job_state {
	char *name;
	struct doc doc;
	int width; /* it was laid out for */
	bool stale;
};

static const struct job *job_of(struct view *v)
{
	const struct job_state *st = v->state;

	return jobs_find(session_jobs(ui_session(v->ui)), st->name);
}

static int job_open(struct view *v, const char *arg, struct err *err)
{
	struct job_state *st = v->state;

	if (str_empty(arg))
		return err_set(err, ERR_INVALID, "job needs the name of a job: :job NAME");
	if (!jobs_find(session_jobs(ui_session(v->ui)), arg))
		return err_set(err, ERR_NOTFOUND, "there is no job %s", arg);
	st->name = xstrdup(arg);
	if (ui_host(v->ui)->watch)
		ui_host(v->ui)->watch(ui_host(v->ui)->user, st->name, true);
	return 0;
}

static void job_close(struct view *v)
{
	struct job_state *st = v->state;

	if (st->name && ui_host(v->ui)->watch)
		ui_host(v->ui)->watch(ui_host(v->ui)->user, st->name, false);
	doc_done(&st->doc);
	free(st->name);
}

static uint64_t job_generation(struct view *v)
{
	const struct job_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	const struct feed *f = session_find_feed(s, TRAINING_KIND, st->name);
	const struct job *j = job_of(v);
	uint64_t second = j && job_is_active(j) ? (uint64_t)(ui_now_ms(v->ui) / 1000) : 0;

	return (session_jobs(s)->generation + (f ? f->metrics.generation : 0)) * 1000003 + second;
}

static void job_update(struct view *v)
{
	struct job_state *st = v->state;

	st->stale = true;
}

/* --- parts of the page --- */

static void label(struct doc *d, const char *name)
{
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, name);
	doc_at(d, VALUE_COLUMN);
}

static void add_failure(struct doc *d, const struct job *j, int width)
{
	if (str_empty(j->failure_reason))
		return;
	doc_wrapped(d, ST_BAD, 1, width - 2, j->failure_reason);
	doc_line(d);
}

static int64_t transition_ms(const struct job_transition *t, const struct job *j, int64_t now_ms)
{
	int64_t end = t->end_ms != TIME_UNKNOWN ? t->end_ms : job_is_terminal(j) ? j->end_ms : now_ms;

	if (t->start_ms == TIME_UNKNOWN || end == TIME_UNKNOWN || end < t->start_ms)
		return -1;
	return end - t->start_ms;
}

static bool is_final(const char *status)
{
	return str_eq(status, "Completed") || str_eq(status, "Failed") || str_eq(status, "Stopped");
}

static enum style phase_style(const struct job_transition *t, const struct job *j)
{
	if (is_final(t->status))
		return jobtext_style(j);
	if (str_eq(t->status, "Training"))
		return ST_RUNNING;
	return str_eq(t->status, "Interrupted") ? ST_WARN : ST_PENDING;
}

static void add_bar(struct doc *d, enum style st, int cells)
{
	AUTO(buf) struct buf bar = BUF_INIT(4096);

	for (int i = 0; i < cells; i++)
		(void)buf_adds(&bar, "█");
	doc_add(d, ST_DIM, "▕");
	doc_add(d, st, buf_str(&bar));
	doc_add(d, ST_DIM, "▏");
}

/* Phases beside each other, each bar as long as its share of the whole; clock
 * times below. A row that is full goes on below. */
static void add_phases(struct doc *d, const struct job *j, int width, int64_t now_ms)
{
	int64_t total = 0;
	int fixed = 0, bars;

	for (size_t i = 0; i < j->n_transitions; i++) {
		int64_t ms = is_final(j->transitions[i].status) ? 0 : transition_ms(&j->transitions[i], j, now_ms);
		total += MAX(ms, 0);
		fixed += utf8_width(j->transitions[i].status) + 13;
	}
	if (!j->n_transitions)
		return;
	bars = MAX(MIN(width - 2 - fixed, 60), (int)j->n_transitions);
	AUTO(buf) struct buf clocks = BUF_INIT(4096);
	int clock_col = 0;
	doc_line(d);
	doc_at(d, 1);
	for (size_t i = 0; i < j->n_transitions; i++) {
		const struct job_transition *t = &j->transitions[i];
		int64_t ms = transition_ms(t, j, now_ms);
		char took[TIMEFMT_LEN], clock[TIMEFMT_LEN];
		int cells = total > 0 && ms > 0 ? MAX(1, (int)((double)bars * (double)ms / (double)total)) : 1;
		bool final = is_final(t->status);
		int need = utf8_width(t->status) + (final ? 0 : cells + 4 + 7);
		if (d->col > 1 && d->col + need > width) {
			doc_line(d);
			doc_at(d, 1);
			doc_add(d, ST_DIM, buf_str(&clocks));
			buf_clear(&clocks);
			clock_col = 0;
			doc_line(d);
			doc_at(d, 1);
		}
		for (; clock_col < d->col - 1; clock_col++)
			(void)buf_addc(&clocks, ' ');
		if (t->start_ms != TIME_UNKNOWN) {
			(void)buf_adds(&clocks, timefmt_clock(clock, t->start_ms));
			clock_col += 8;
		}
		doc_add(d, phase_style(t, j), t->status);
		if (final)
			continue;
		doc_add(d, ST_NORMAL, " ");
		add_bar(d, phase_style(t, j), cells);
		doc_addf(d, ST_NORMAL, " %s", ms < 0 ? "–" : timefmt_duration(took, ms));
		doc_add(d, ST_NORMAL, "   ");
	}
	doc_line(d);
	doc_at(d, 1);
	doc_add(d, ST_DIM, buf_str(&clocks));
	if (j->n_transitions && !str_empty(j->transitions[j->n_transitions - 1].message) && job_is_active(j))
		doc_wrapped(d, ST_DIM, 1, width - 2, j->transitions[j->n_transitions - 1].message);
	doc_line(d);
}

static void add_cost(struct doc *d, const struct job *j, const struct session *s, int64_t now_ms)
{
	struct cost c = cost_of_job(j, &s->prices, s->region, now_ms);
	char text[JOBTEXT_LEN], money[24], rate[24];
	int instances = MAX(j->instance_count, 1);

	label(d, "Cost");
	doc_add(d, ST_STRONG, jobtext_cost(text, j, &c));
	if (c.kind != COST_UNKNOWN && c.price)
		doc_addf(d, ST_DIM, "  %s %lld s × %d × %s/h", c.kind == COST_BILLED ? "billed" : "so far",
			 (long long)(c.billed_s / instances), instances, money_text(rate, c.price->usd_micro));
	if (c.price)
		doc_addf(d, ST_DIM, "; price of %s%s", c.price->as_of,
			 c.price->grade == 'A' ? "" : ", neighbouring component");
	else if (j->instance_type && !price_training(&s->prices, j->instance_type, s->region, j->spot))
		doc_addf(d, ST_DIM, "  no price known for %s in %s", j->instance_type,
			 s->region ? s->region : "this region");
	if (c.saved_micro > 0)
		doc_addf(d, ST_GOOD, "  spot saved %s (%s)", money_text(money, c.saved_micro), jobtext_saving(text, j));
}

static void add_metrics(struct doc *d, const struct job *j, const struct session *s)
{
	const struct feed *f = session_find_feed(s, TRAINING_KIND, j->name);
	char value[JOBTEXT_LEN], spark[16 * 3 + 1];
	bool first = true;

	if (f && f->metrics.n) {
		for (size_t i = 0; i < f->metrics.n; i++) {
			const struct series *m = &f->metrics.items[i];
			if (!m->n)
				continue;
			label(d, first ? "Metrics" : "");
			first = false;
			doc_addf(d, ST_NORMAL, "%-26s %9s%s", m->name, jobtext_value(value, m->points[m->n - 1].value),
				 str_eq(m->unit, "%") ? "%" : "");
			doc_at(d, VALUE_COLUMN + 39);
			doc_add(d, ST_SERIES_1, jobtext_spark(spark, 16, m));
		}
		return;
	}
	for (size_t i = 0; i < j->n_final_metrics; i++) {
		label(d, i ? "" : "Metrics");
		doc_addf(d, ST_NORMAL, "%-26s %9s", j->final_metrics[i].name,
			 jobtext_value(value, j->final_metrics[i].value));
	}
}

static void add_inputs(struct doc *d, const struct job *j)
{
	for (size_t i = 0; i < j->n_channels; i++) {
		const struct job_channel *c = &j->channels[i];
		label(d, i ? "" : "Input");
		doc_addf(d, ST_NORMAL, "%-12s ", str_or(c->name, "?"));
		doc_add(d, ST_NORMAL, str_or(c->uri, ""));
		if (c->content_type)
			doc_addf(d, ST_DIM, "  %s", c->content_type);
		if (!str_empty(c->input_mode))
			doc_addf(d, ST_DIM, "  %s", c->input_mode);
	}
}

/* name value   name value …, as many on a line as fit. */
static void add_pairs(struct doc *d, const char *title, const struct strmap *m, int width)
{
	if (!m->n)
		return;
	label(d, title);
	for (size_t i = 0; i < m->n; i++) {
		int need = utf8_width(m->items[i].name) + 1 + utf8_width(m->items[i].value);
		if (d->col > VALUE_COLUMN && d->col + need + 3 > width)
			label(d, "");
		else if (d->col > VALUE_COLUMN)
			doc_add(d, ST_NORMAL, "   ");
		doc_addf(d, ST_DIM, "%s ", m->items[i].name);
		doc_add(d, ST_NORMAL, m->items[i].value);
	}
}

static void add_text(struct doc *d, const char *title, const char *value)
{
	if (str_empty(value))
		return;
	label(d, title);
	doc_add(d, ST_NORMAL, value);
}

static void add_limits(struct doc *d, const struct job *j)
{
	char a[TIMEFMT_LEN];

	if (j->max_runtime_s <= 0)
		return;
	label(d, "Limits");
	doc_addf(d, ST_NORMAL, "stops after %s", timefmt_duration(a, j->max_runtime_s * 1000));
	if (j->max_wait_s > 0)
		doc_addf(d, ST_NORMAL, ", waits at most %s for spot", timefmt_duration(a, j->max_wait_s * 1000));
}

static void add_instance(struct doc *d, const struct job *j)
{
	char text[JOBTEXT_LEN];

	label(d, "Instance");
	doc_add(d, ST_NORMAL, jobtext_instance(text, j));
	if (j->volume_gb > 0)
		doc_addf(d, ST_DIM, "  %d GB", j->volume_gb);
	if (j->spot)
		doc_add(d, ST_NORMAL, "  spot");
	int interruptions = job_interruptions(j);
	if (interruptions > 0)
		doc_addf(d, ST_WARN, "  interrupted %d time%s", interruptions, interruptions > 1 ? "s" : "");
}

static void add_times(struct doc *d, const struct job *j)
{
	char text[TIMEFMT_LEN];

	if (j->created_ms == TIME_UNKNOWN)
		return;
	label(d, "Created");
	doc_add(d, ST_NORMAL, timefmt_iso(text, j->created_ms));
	if (j->end_ms != TIME_UNKNOWN)
		doc_addf(d, ST_DIM, "  ended %s", timefmt_iso(text, j->end_ms));
}

static void lay_out(struct view *v, int width)
{
	struct job_state *st = v->state;
	const struct session *s = ui_session(v->ui);
	const struct job *j = job_of(v);
	struct doc *d = &st->doc;

	doc_clear(d);
	st->width = width;
	st->stale = false;
	if (!j) {
		doc_wrapped(d, ST_NORMAL, 1, width - 2, "The service no longer knows this job.");
		return;
	}
	add_failure(d, j, width);
	add_phases(d, j, width, ui_now_ms(v->ui));
	add_cost(d, j, s, ui_now_ms(v->ui));
	add_instance(d, j);
	add_limits(d, j);
	add_times(d, j);
	doc_line(d);
	add_metrics(d, j, s);
	add_inputs(d, j);
	add_pairs(d, "Parameters", &j->hyperparameters, width - 1);
	add_text(d, "Image", j->image);
	add_text(d, "Output", j->output_uri);
	add_text(d, "Model", j->model_uri);
	add_text(d, "Checkpoints", j->checkpoint_uri);
	add_text(d, "Role", j->role_arn);
	add_text(d, "Tuning job", j->tuning_job_arn);
	add_pairs(d, "Environment", &j->environment, width - 1);
	add_pairs(d, "Tags", &j->tags, width - 1);
	add_text(d, "ARN", j->arn);
	if (j->detail == DETAIL_SUMMARY) {
		doc_line(d);
		doc_wrapped(d, ST_DIM, 1, width - 2,
			    "Only a summary is known so far; the details are being asked for.");
	}
}

static void job_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct job_state *st = v->state;
	const struct job *j = job_of(v);
	char text[JOBTEXT_LEN];

	(void)buf_adds(left, st->name);
	if (!j)
		return;
	(void)buf_addf(right, "%s %s", jobtext_symbol(j), job_state_text(j));
	if (job_elapsed_s(j, ui_now_ms(v->ui)) >= 0)
		(void)buf_addf(right, " %s %s", job_is_terminal(j) ? "after" : "for",
			       jobtext_train(text, j, ui_now_ms(v->ui)));
	const struct session *s = ui_session(v->ui);
	struct cost c = cost_of_job(j, &s->prices, s->region, ui_now_ms(v->ui));
	if (c.kind != COST_UNKNOWN)
		(void)buf_addf(right, " · %s", jobtext_cost(text, j, &c));
}

static void job_draw(struct view *v, struct area a)
{
	struct job_state *st = v->state;

	if (st->stale || st->width != a.cols)
		lay_out(v, a.cols);
	doc_draw(&st->doc, a);
}

static void job_status_line(struct view *v, struct buf *left, struct buf *right)
{
	const struct job_state *st = v->state;
	const struct job *j = job_of(v);

	if (j && job_is_active(j))
		(void)buf_adds(left, "* so far");
	doc_position(&st->doc, right);
}

static bool to_neighbour(struct view *v, int by)
{
	const struct job_state *st = v->state;
	const char *name = ui_neighbour_job(v->ui, st->name, by);
	AUTO(str) char *copy = xstrdup(name);

	if (copy)
		ui_push(v->ui, "job", copy); /* takes our place: v is gone */
	return true;
}

static bool job_view_action(struct view *v, enum action a)
{
	struct job_state *st = v->state;
	AUTO(strlist) struct strlist names = {0};
	AUTO(str) char *clone = NULL;

	switch (a) {
	case ACT_LOGS:
		ui_push(v->ui, "logs", st->name);
		return true;
	case ACT_METRICS:
		ui_push(v->ui, "metrics", st->name);
		return true;
	case ACT_RAW:
		ui_push(v->ui, "raw", st->name);
		return true;
	case ACT_CLONE:
		clone = xasprintf("clone:%s", st->name);
		ui_push(v->ui, "launch", clone);
		return true;
	case ACT_STOP:
		strlist_add(&names, st->name);
		ui_stop_jobs(v, &names);
		return true;
	case ACT_COPY:
		if (ui_host(v->ui)->copy) {
			ui_host(v->ui)->copy(ui_host(v->ui)->user, st->name);
			ui_notice(v->ui, NOTICE_INFO, "copied %s", st->name);
		}
		return true;
	case ACT_NEXT:
		return to_neighbour(v, 1);
	case ACT_PREVIOUS:
		return to_neighbour(v, -1);
	default:
		return doc_action(&st->doc, a);
	}
}

const struct view_ops view_job_ops = {
	.name = "job",
	.argument = "NAME",
	.help = "One job: phases, cost, metrics, inputs, parameters",
	.contexts = {CTX_JOB, CTX_TEXT},
	.state_size = sizeof(struct job_state),
	.open = job_open,
	.close = job_close,
	.generation = job_generation,
	.update = job_update,
	.title = job_title,
	.draw = job_draw,
	.status = job_status_line,
	.action = job_view_action,
};
