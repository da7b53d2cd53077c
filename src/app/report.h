/* report.h - `sagetop report`: jobs, or things of another kind, as a page that a person can mail: a table with its
 * sums, the hyperparameters that differ, the curves of metrics, and the ends of logs.
 *
 * Curves are thinned and logs are cut as they are read, so that neither memory nor the page grows with the length of a
 * job; of how many jobs they are read is bounded too, and the page says what it leaves out. */
#ifndef SAGETOP_APP_REPORT_H
#define SAGETOP_APP_REPORT_H

#include "app/listing.h"
#include "app/svg.h"
#include "model/objective.h"

#define REPORT_JOBS_MAX 500	   /* rows of the table */
#define REPORT_READ_MAX SVG_COLORS /* jobs whose curves and logs are read: a colour each */
#define REPORT_CHARTS_MAX 24
#define REPORT_LINES 20 /* of a log's end, where nothing else is asked for */
#define REPORT_LINES_MAX 5000

/* One series of a job. */
struct report_curve {
	char *name;	      /* with its instance where several report it */
	char *group;	      /* what is drawn together (series_group) */
	char *unit;	      /* NULL */
	int job;	      /* index among the jobs */
	bool steps;	      /* its points know their round */
	struct point *points; /* the least and the greatest of each stretch; a value that is nan lifts the pen */
	size_t n;
	double best; /* NAN: no direction is known, or no value is a number */
	int64_t best_step;
	enum metric_direction direction;
};

struct report_job {
	const struct resource *r;      /* borrowed from the session */
	char *name;		       /* of several scopes PROFILE/REGION:NAME */
	bool read;		       /* its curves and its log were asked for */
	struct loglines log;	       /* the end of it */
	char *metrics_note, *log_note; /* why there is none, or not all; NULL */
};

struct report {
	const char *asked; /* borrowed: the words of the command line */
	const struct kind *kind;
	const struct field_list *columns; /* borrowed: of other kinds than training jobs */
	struct strlist left_out;	  /* scopes that could not be asked, with why */
	struct report_job *jobs;
	size_t n;
	size_t n_found; /* as many as there are: more than n where the table is cut */
	size_t n_lines; /* of each log */
	struct report_curve *curves;
	size_t n_curves, cap_curves;
	struct field_context x;
};
void report_done(struct report *r);
AUTO_EMBEDDED(report, struct report, report_done)

/* What the command line asks for: things by KIND/NAME, of a tuning job its training jobs, the best first; else training
 * jobs by their names, or those that the filter lets through. ERR_NOTFOUND where there is none. */
int report_choose(struct app *a, const struct listing *l, struct report *r, struct err *err) NODISCARD;
/* The kind of what is named by KIND/NAME (of a tuning job that of its training jobs); TRAINING_KIND of other words. */
int report_kind(struct app *a, const struct kind **ret, struct err *err) NODISCARD;

/* Curves and the log's end of the first REPORT_READ_MAX jobs, a few at a time. What cannot be read is told in their
 * notes; an error is an interrupt. */
int report_read(struct app *a, struct report *r, struct err *err) NODISCARD;

/* The page, and its part with the charts: one for each group of metrics. */
void report_page(struct buf *out, const struct report *r);
void report_charts(struct buf *out, const struct report *r);

#endif
