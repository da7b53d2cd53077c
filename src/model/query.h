/* query.h - the filter language of every list, on the screen and on the command line.
 *
 *   nba-dfs                 substring of the name (a regular expression where it
 *                           holds one of its characters), case ignored
 *   status:failed,stopped   field:value, any of a list; inst: tag.k: hp.k= spot:yes
 *   cost>5  age<2h  train>=10m  created>2026-11-01  objective<7.5
 *   name~^a.*b$             a regular expression, whatever it holds; !~ none that matches
 *   !term                   not; terms beside each other mean and
 *   a or (b !(c or d))      or binds less; parentheses group, those of a regular
 *                           expression stand within one word
 *   tag.run:"a b"           quotes hold blanks together
 *
 * The words are the fields of the kind (field.h). An unknown figure (a cost without
 * a price) matches no comparison. Pure: parsed once, matched per thing.
 */
#ifndef SAGETOP_MODEL_QUERY_H
#define SAGETOP_MODEL_QUERY_H

#include "model/field.h"

struct query;
struct resources;

/* ERR_INVALID names the term and suggests the nearest field. "" matches all. */
int query_parse(const struct kind *kind, const char *text, struct query **ret, struct err *err) NODISCARD;
void query_free(struct query *q);
AUTO_POINTER(query, struct query, query_free)
/* q NULL matches all. */
bool query_match(const struct query *q, const struct resource *r, const struct field_context *x);
/* Whether it asks for that field: "tag.". */
bool query_reads(const struct query *q, const char *field);
/* Where the search for a vain term has got to, from all zero on. */
struct query_vain {
	size_t term, thing;
	const char *word; /* its first term that no thing matches by itself, as it was typed; borrowed; NULL */
};
/* Goes on for so many looks; true once word is what it will be. */
bool query_vain_turn(const struct query *q, const struct resources *t, const struct field_context *x,
		     struct query_vain *at, size_t looks);
/* Add the fields that it asks for, but the name; q may be NULL. */
void query_fields(const struct query *q, struct field_list *ret);
/* Add the cold fields that it reads: they must be filled before (field.h). */
void query_cold_fields(const struct query *q, struct field_list *ret);

#endif
