/* report_read.c - what a report says of its jobs beyond their records: curves, thinned, and the ends of logs. */
#include "app/report.h"

#include <math.h>

#define COLUMNS 200 /* stretches of a curve that is thinned, with two points each */
#define AT_A_TIME 4 /* jobs, so that few feeds are held; the service's rates are the client's business */

void report_done(struct report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		loglines_done(&r->jobs[i].log);
		free(r->jobs[i].name);
		free(r->jobs[i].metrics_note);
		free(r->jobs[i].log_note);
	}
	for (size_t i = 0; i < r->n_curves; i++) {
		free(r->curves[i].name);
		free(r->curves[i].group);
		free(r->curves[i].unit);
		free(r->curves[i].points);
	}
	strlist_done(&r->left_out);
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
	const struct job *j = r->kind == TRAINING_KIND ? resource_job(r->jobs[job].r) : NULL;
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

/* From its feed, which stays until others push it out. */
static void take_curves(struct report *r, int job, const struct feed *feed)
{
	for (size_t i = 0; feed && i < feed->metrics.n; i++)
		if (feed->metrics.items[i].n)
			add_curve(r, job, &feed->metrics, &feed->metrics.items[i]);
	if (feed && *feed->metrics_note)
		r->jobs[job].metrics_note = xstrdup(feed->metrics_note);
}

/* In the order of their jobs, whichever was read first. */
static void order_curves(struct report *r)
{
	struct report_curve *ordered = xreallocarray(NULL, r->n_curves + 1, sizeof(*ordered));
	size_t n = 0;

	for (int job = 0; n < r->n_curves; job++)
		for (size_t i = 0; i < r->n_curves; i++)
			if (r->curves[i].job == job)
				ordered[n++] = r->curves[i];
	free(r->curves);
	r->curves = ordered;
	r->cap_curves = r->n_curves + 1;
}

/* --- a few jobs at a time --------------------------------------------------------- */

struct reader {
	struct app *a;
	struct report *r;
	size_t next, n_running;
	bool stopped; /* the connections are being closed */
	struct place {
		struct reader *reader;
		int job;
		bool log_is_next; /* begun by the loop: the reading for the metrics ends with its callback */
	} places[AT_A_TIME];
};

static void read_next(struct place *p);

static void job_ends(struct place *p)
{
	p->reader->n_running--;
	if (!p->reader->stopped)
		read_next(p);
}

static bool wants_all(void *user, const struct log_line *l)
{
	return true;
}

static void keep_line(void *user, const char *stream, const struct log_line *l)
{
	const struct place *p = user;

	(void)loglines_add(&p->reader->r->jobs[p->job].log, stream, NULL, l->time_ms, l->text, l->len);
}

static void on_log(void *user, const struct err *err)
{
	struct place *p = user;
	struct report_job *job = &p->reader->r->jobs[p->job];

	if (err)
		job->log_note = xstrdup(err->msg);
	loglines_settle(&job->log);
	job_ends(p);
}

static void read_log(struct place *p)
{
	const struct report *r = p->reader->r;
	const struct resource *thing = r->jobs[p->job].r;
	const struct sync_reading reading = {
		.since_ms = INT64_MIN, .last = r->n_lines, .wants = wants_all, .line = keep_line, .user = p};

	p->log_is_next = false;
	sync_read_log(app_sync_of(p->reader->a, thing), thing->kind, thing->name, &reading, on_log, p);
}

static void on_metrics(void *user, const struct err *err)
{
	struct place *p = user;
	struct report *r = p->reader->r;
	const struct resource *thing = r->jobs[p->job].r;

	if (p->reader->stopped) {
		job_ends(p);
		return;
	}
	if (err)
		r->jobs[p->job].metrics_note = xstrdup(err->msg);
	else
		take_curves(r, p->job, session_find_feed(session_own(r->x.session, thing), thing->kind, thing->name));
	p->log_is_next = r->n_lines && thing->kind->log_group;
	if (!p->log_is_next)
		job_ends(p);
}

/* A place takes the next job that nobody has. */
static void read_next(struct place *p)
{
	struct reader *reader = p->reader;
	struct report *r = reader->r;

	if (reader->next >= MIN(r->n, (size_t)REPORT_READ_MAX))
		return;
	p->job = (int)reader->next++;
	reader->n_running++;
	r->jobs[p->job].read = true;
	const struct resource *thing = r->jobs[p->job].r;

	sync_metrics(app_sync_of(reader->a, thing), thing->kind, thing->name, on_metrics, p);
}

int report_read(struct app *a, struct report *r, struct err *err)
{
	struct reader reader = {.a = a, .r = r};

	for (size_t i = 0; i < AT_A_TIME; i++) {
		reader.places[i] = (struct place){.reader = &reader};
		read_next(&reader.places[i]);
	}
	while (reader.n_running) {
		if (app_turn(a, 1000, err) < 0) {
			reader.stopped = true;
			app_disconnect(a);
			return -err->code;
		}
		for (size_t i = 0; i < AT_A_TIME; i++)
			if (reader.places[i].log_is_next)
				read_log(&reader.places[i]);
	}
	order_curves(r);
	return 0;
}
