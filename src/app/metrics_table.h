/* metrics_table.h - what `sagetop metrics` says of metrics beside each other: of each thing and
 * metric the last value, and the best with its step where it is known which way is better. */
#ifndef SAGETOP_APP_METRICS_TABLE_H
#define SAGETOP_APP_METRICS_TABLE_H

#include "app/output.h"
#include "model/objective.h"

struct metric_entry {
	char *thing;	/* as it was named on the command line */
	char *name;	/* the metric's, with its instance where several report it */
	char *instance; /* NULL: unknown */
	char *unit;	/* NULL: none */
	double last;	/* may be nan */
	enum metric_direction direction;
	bool has_best; /* a direction and a number are known */
	double best;
	int64_t best_step; /* -1: unknown */
	bool is_top;	   /* the best of all things that have the metric, of at least two */
};

struct metrics_table {
	struct metric_entry *entries;
	size_t n, cap;
	struct strlist things, metrics; /* in the order in which they came */
};
void metrics_table_done(struct metrics_table *t);
AUTO_EMBEDDED(metrics_table, struct metrics_table, metrics_table_done)

/* An entry for each of these series, which belong to set and are not empty. j: whose they are; NULL where
 * it is no training job. */
void metrics_table_add(struct metrics_table *t, const char *thing, const struct series_set *set,
		       const struct series *const *series, size_t n, const struct job *j);
/* A row for each thing with the last value of each metric. */
void metrics_table_print_last(struct metrics_table *t, const struct app *a);
/* A row for each metric of each thing with best, step, last, and a star at the best of all. */
void metrics_table_print_best(struct metrics_table *t, const struct app *a);
void metrics_table_print_json(struct metrics_table *t, const struct app *a);

/* An entry's members but for those that compare it with other things; the caller's. */
json_t *metric_entry_to_json(const struct metric_entry *e) NODISCARD;
/* "0.125", "nan"; of a table for people in few digits. */
#define METRIC_VALUE_LEN 40
char *metric_value_text(char buf[METRIC_VALUE_LEN], double v);
/* JSON has no number for nan and the infinities: as AWS spells them. */
json_t *metric_value_json(double v) NODISCARD;

#endif
