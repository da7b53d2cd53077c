/* columns.h - the columns of `sagetop jobs`: one row each in columns.c, with its
 * text, its JSON value and its order. "hp.NAME", "tag.NAME" and "metric.NAME" are
 * columns too.
 */
#ifndef SAGETOP_APP_COLUMNS_H
#define SAGETOP_APP_COLUMNS_H

#include "base/json.h"
#include "model/session.h"

/* What a cell may need beside the job. */
struct column_context {
	const struct session *session;
	int64_t now_ms;
	bool for_person; /* aligned table: "9m04s"; else plain seconds and ISO times */
};

struct job_column;
struct column_pick {
	const struct job_column *row;
	char *key;   /* of hp., tag. and metric. columns; owned */
	char *title; /* owned */
};
struct column_list {
	struct column_pick *items;
	size_t n, cap;
};
void column_list_done(struct column_list *l);
AUTO_EMBEDDED(column_list, struct column_list, column_list_done)

/* "name,status,hp.eta"; NULL is the usual choice, and a list whose first name
 * begins with '+' is added to it. ERR_USAGE suggests the nearest. */
int columns_parse(const char *text, struct column_list *ret, struct err *err) NODISCARD;
bool column_is_right(const struct column_pick *c);
bool column_is_cold(const struct column_pick *c); /* needs an untrimmed job (job.h) */
/* Append the cell's text to out; nothing where unknown. */
void column_text(const struct column_pick *c, const struct job *j, const struct column_context *x, struct buf *out);

/* Sort by one column (a cold one needs untrimmed jobs); "-created" is descending. Unknown values go last. */
int columns_sort(struct job **jobs, size_t n, const char *by, const struct column_context *x,
		 struct err *err) NODISCARD;

/* A job as one JSON object (all columns, tags, hyperparameters); a new reference. */
json_t *job_to_json(const struct job *j, const struct column_context *x) NODISCARD;

/* The names of all fixed columns, one a line, for completion. */
void columns_print_names(FILE *out);

#endif
