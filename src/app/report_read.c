/* report_read.c - what a report says of its jobs beyond their records: curves, thinned, and the ends of logs. */
#include "app/report.h"

#include <math.h>

#define COLUMNS 200 /* stretches of a curve that is thinned, with two points each */

void report_done(struct report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		loglines_done(&r->jobs[i].log);
		free(r->jobs[i].metrics_note);
		free(r->jobs[i].log_note);
	}
	for (size_t i = 0; i < r->n_curves; i++) {
		free(r->curves[i].name);
		free(r->curves[i].group);
		free(r->curves[i].unit);
		free(r->curves[i].points);
	}
	free(r->jobs);
	free(r->curves);
	*r = (struct report){0};
}

/* --- curves ------------------------------------------------------------------- */

/* The least and the greatest of the points from i on up to end, in their order; a gap where none is a number. */
static void add_stretch(struct report_curve *c, const struct series *s, size_t i, size_t end)
{
	size_t least = end, greatest = end;

	for (size_t k = i; k < end; k++) {
		if (!isfinite(s->points[k].value))
			continue;
		if (least == end || s->points[k].value < s->points[least].value)
			least = k;
		if (greatest == end || s->points[k].value > s->points[greatest].value)
			greatest = k;
	}
	if (least == end) {
		c->points[c->n] = s->points[i];
		c->points[c->n++].value = NAN;
		return;
	}
	c->points[c->n++] = s->points[MIN(least, greatest)];
	if (least != greatest)
		c->points[c->n++] = s->points[MAX(least, greatest)];
}

/* A stretch ends where steps begin again, and there is a gap. */
static void thin(struct report_curve *c, const struct series *s)
{
	size_t length = s->n <= (size_t)2 * COLUMNS ? 1 : (s->n + COLUMNS - 1) / COLUMNS, breaks = 0, end;

	for (size_t i = 1; i < s->n; i++)
		breaks += series_breaks_at(s, i);
	c->points = xreallocarray(NULL, 2 * (s->n / length + 1) + 3 * breaks, sizeof(*c->points));
	for (size_t i = 0; i < s->n; i = end) {
		if (i > 0 && series_breaks_at(s, i)) {
			c->points[c->n] = s->points[i];
			c->points[c->n++].value = NAN;
		}
		for (end = i + 1; end < s->n && end < i + length && !series_breaks_at(s, end);)
			end++;
		add_stretch(c, s, i, end);
	}
}

static void add_curve(struct report *r, int job, const struct series_set *set, const struct series *s)
{
	const struct job *j = resource_job(r->jobs[job].r);
	struct report_curve c = {.job = job, .steps = series_has_steps(s), .best = NAN, .best_step = -1};
	char label[160];

	c.name = xstrdup(series_label(label, sizeof(label), set, s));
	c.group = xstrdup(series_group(s->name));
	c.unit = s->unit ? xstrdup(s->unit) : NULL;
	c.direction = metric_direction(s->name, j);
	if (c.direction != METRIC_EITHER && !series_best(s, c.direction, &c.best, &c.best_step))
		c.best = NAN;
	thin(&c, s);
	GROW(r->curves, r->cap_curves, r->n_curves + 1);
	r->curves[r->n_curves++] = c;
}

static int read_curves(struct app *a, struct report *r, int job, struct err *err)
{
	const struct resource *thing = r->jobs[job].r;
	struct app_reply reply = {0};
	struct err why = {0};

	sync_metrics(a->sync, thing->kind, thing->name, app_reply_done, &reply);
	if (app_wait(a, &reply, &why) < 0) {
		if (why.code == ERR_CANCELLED)
			return err_set(err, why.code, "%s", why.msg);
		r->jobs[job].metrics_note = xstrdup(why.msg);
		return 0;
	}
	const struct feed *feed = session_find_feed(sync_session(a->sync), thing->kind, thing->name);

	for (size_t i = 0; feed && i < feed->metrics.n; i++)
		if (feed->metrics.items[i].n)
			add_curve(r, job, &feed->metrics, &feed->metrics.items[i]);
	if (feed && *feed->metrics_note)
		r->jobs[job].metrics_note = xstrdup(feed->metrics_note);
	return 0;
}

/* --- logs --------------------------------------------------------------------- */

static bool wants_all(void *user, const struct log_line *l)
{
	return true;
}

static void keep_line(void *user, const char *stream, const struct log_line *l)
{
	struct report_job *job = user;

	(void)loglines_add(&job->log, stream, NULL, l->time_ms, l->text, l->len);
}

static int read_log(struct app *a, const struct report *r, struct report_job *job, struct err *err)
{
	struct app_reply reply = {0};
	struct err why = {0};
	const struct sync_reading reading = {
		.since_ms = INT64_MIN, .last = r->n_lines, .wants = wants_all, .line = keep_line, .user = job};

	sync_read_log(a->sync, job->r->kind, job->r->name, &reading, app_reply_done, &reply);
	if (app_wait(a, &reply, &why) < 0) {
		if (why.code == ERR_CANCELLED)
			return err_set(err, why.code, "%s", why.msg);
		job->log_note = xstrdup(why.msg);
	}
	loglines_settle(&job->log);
	return 0;
}

int report_read(struct app *a, struct report *r, struct err *err)
{
	for (size_t i = 0; i < MIN(r->n, (size_t)REPORT_READ_MAX); i++) {
		r->jobs[i].read = true;
		if (read_curves(a, r, (int)i, err) < 0 || (r->n_lines && read_log(a, r, &r->jobs[i], err) < 0))
			return -err->code;
	}
	return 0;
}
