/* tune_spec.h - CreateHyperParameterTuningJob's request out of a training job and words
 * ("max_depth=3..10 eta=0.01..0.2:log n=50"), and what is to be said of one before it is
 * sent. Pure: no network, no files.
 */
#ifndef SAGETOP_SYNC_TUNE_SPEC_H
#define SAGETOP_SYNC_TUNE_SPEC_H

#include "base/json.h"

#define TUNE_NAME_MAX 32 /* the service's limit of a tuning job's name */

/* job: a CreateTrainingJob specification. A word is NAME=LOW..HIGH[:linear|log|reverselog|auto]
 * (whole numbers: an integer range), NAME=A,B,C (categories), NAME=VALUE (fixed), or one of
 * tune_words.def. ERR_USAGE names the word. *ret is a new reference. */
int tune_spec_make(const json_t *job, const char *name, const struct strlist *words, json_t **ret,
		   struct err *err) NODISCARD;

/* More of a search: search is DescribeHyperParameterTuningJob's reply; asked for again, with that
 * job as the parent of a warm start (same data and algorithm) and what the words change. */
int tune_spec_continue(const json_t *search, const char *name, const struct strlist *words, json_t **ret,
		       struct err *err) NODISCARD;

/* The training job that a tuning job's request asks for, definition i of it: its static
 * hyperparameters, and of each range the least value. NULL behind the last. New reference. */
json_t *tune_spec_child(const json_t *request, size_t i) NODISCARD;
/* What the service would refuse of the rest, named by member: ERR_INVALID. */
int tune_spec_check(const json_t *request, const char *what, struct err *err) NODISCARD;

/* Training jobs in all and at a time; 0: no limit is said. */
int64_t tune_spec_jobs(const json_t *request);
int64_t tune_spec_parallel(const json_t *request);

#endif
