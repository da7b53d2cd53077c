/* transform_filter.h - InputFilter, OutputFilter and JoinSource of a transform job: the part
 * of JSONPath that the service takes, on CSV by column, on JSON by member.
 *
 *   $   .name   ['name','other']   [0]   [0,-1]   [1:]   [-2:]   [*]
 *
 * Several names give an object of these, several elements an array. Of CSV only one step
 * of indices is taken, and its fields stay as they were written, quotes included.
 */
#ifndef SAGETOP_LOCAL_TRANSFORM_FILTER_H
#define SAGETOP_LOCAL_TRANSFORM_FILTER_H

#include "base/json.h"

enum transform_format { FORMAT_OTHER, FORMAT_CSV, FORMAT_JSON, FORMAT_JSON_LINES };
enum transform_format transform_format(const char *content_type); /* FORMAT_OTHER: cannot be filtered */

struct filter_step {
	enum { STEP_NAMES, STEP_INDICES, STEP_RANGE, STEP_ALL } kind;
	struct strlist names;
	int64_t *indices;
	size_t n_indices;
	int64_t from, to; /* of a range, to exclusive; negative ones count from the end */
	bool open;	  /* it has no end */
};

/* Without steps it is "$": everything. */
struct transform_filter {
	struct filter_step *steps;
	size_t n, cap;
};

/* what: "InputFilter", for messages. ERR_INVALID: in the service's words. */
int transform_filter_parse(const char *text, enum transform_format format, const char *what,
			   struct transform_filter *ret, struct err *err) NODISCARD;
void transform_filter_done(struct transform_filter *f);

/* One record without its line end, appended to out. ERR_INVALID says what it does not have. */
int transform_filter_csv(const struct transform_filter *f, const char *record, size_t n, struct buf *out,
			 struct err *err) NODISCARD;
/* New reference in *ret; j is borrowed. */
int transform_filter_json(const struct transform_filter *f, json_t *j, json_t **ret, struct err *err) NODISCARD;

/* A record beside its inference, both borrowed; new reference. */
json_t *transform_join_json(json_t *record, json_t *inference) NODISCARD;

#endif
