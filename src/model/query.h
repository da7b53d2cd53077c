/* query.h - the filter language of the jobs table and of `sagetop jobs`.
 *
 *   nba-dfs                 substring of the name (a regular expression where it
 *                           holds one of its characters), case ignored
 *   status:failed,stopped   column:value, any of a list; inst: tag.k: hp.k= spot:yes
 *   cost>5  age<2h  train>=10m  created>2026-11-01  objective<7.5
 *   !term                   not; terms beside each other mean and
 *   tag.run:"a b"           quotes hold blanks together
 *
 * An unknown figure (a cost without a price) matches no comparison. Pure: parsed
 * once, matched per job.
 */
#ifndef SAGETOP_MODEL_QUERY_H
#define SAGETOP_MODEL_QUERY_H

#include "model/cost.h"
#include "model/job.h"

struct query;

/* ERR_INVALID names the term and suggests the nearest column. "" matches all. */
int query_parse(const char *text, struct query **ret, struct err *err) NODISCARD;
void query_free(struct query *q);
AUTO_POINTER(query, struct query, query_free)
/* q NULL matches all. */
bool query_match(const struct query *q, const struct job *j, const struct price_table *prices, const char *region,
		 int64_t now_ms);

/* The columns and what they hold, for help and completion; NULL past the end. */
const char *query_column_name(size_t i);
const char *query_column_help(size_t i);

#endif
