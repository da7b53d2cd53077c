/* search.h - the parts of Search: what can be found, whether it matches, whether
 * the question is allowed. */
#ifndef SAGETOP_LOCAL_SEARCH_H
#define SAGETOP_LOCAL_SEARCH_H

#include "aws/local/kept/training_job.h"
#include "aws/local/services/kinds.h"

enum value_kind { VALUE_ABSENT, VALUE_TEXT, VALUE_NUMBER, VALUE_TIME };

struct property {
	enum value_kind kind;
	const char *text;
	double number; /* epoch seconds for a time */
};

/* A training job or a stored document, or the trial component of either. */
struct candidate {
	const struct training_job *job;
	const struct document *resource;
	const struct document_kind *kind; /* the resource's */
	bool component;
	int64_t seq, created_ms, modified_ms;
	json_t *document; /* made when a property needs it */
	struct property sort_key;
};

/* search_record.c */
json_t *candidate_document(struct call *c, struct candidate *k); /* borrowed; owned by the candidate */

/* search_match.c */
size_t candidate_values(struct call *c, struct candidate *k, const char *name, struct property *ret, size_t max);
bool candidate_matches(struct call *c, struct candidate *k, const json_t *expression);
struct property property_of_time(int64_t ms);

/* search_check.c: 0, or -1 with the fault set. */
int search_expression_check(struct call *c, const json_t *expression) NODISCARD;

#endif
