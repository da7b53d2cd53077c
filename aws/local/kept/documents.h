/* documents.h - stored documents of every kind but training jobs: what a Describe
 * answers, a key, an ARN and tags.
 *
 * A kind is a word of the table of kinds (services/kinds.h), which says what the
 * members mean; here they mean nothing. All are in memory, by order of creation;
 * document_save writes one, and the caller commits before it tells anybody.
 */
#ifndef SAGETOP_LOCAL_DOCUMENTS_H
#define SAGETOP_LOCAL_DOCUMENTS_H

#include "aws/local/core/engine.h"

struct document {
	char *kind, *key, *arn; /* arn: "" where the kind has none */
	int64_t seq;		/* order of creation over all kinds */
	json_t *doc;
	struct strmap tags;
};

struct document_list {
	struct document **items; /* by seq */
	size_t n, cap;
};

int documents_load(struct engine *e, struct err *err) NODISCARD; /* fills e->documents */
void documents_free(struct engine *e);

/* Never NULL; valid until the next change of this kind. */
const struct document_list *documents_of(const struct engine *e, const char *kind);
struct document *document_find(const struct engine *e, const char *kind, const char *key);
struct document *document_by_arn(const struct engine *e, const char *arn); /* in any case */

/* Takes doc. Not saved, not yet in the table: document_add or document_free. */
struct document *document_new(const char *kind, const char *key, const char *arn, json_t *doc);
void document_free(struct document *r);
void document_add(struct engine *e, struct document *r); /* takes r, gives it its seq */
void document_save(struct engine *e, const struct document *r);
void document_remove(struct engine *e, struct document *r); /* from the database too; frees */

#endif
