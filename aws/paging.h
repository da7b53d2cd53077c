/* paging.h - going from page to page of a listing, to an end that comes.
 *
 * The service gives a token with each page but the last. A server that gives a token
 * again would be asked for ever, one that gives empty pages for a very long time: both
 * end in an error, ERR_SERVICE with one of the codes below. Empty pages as such are
 * normal: a filter is applied to a page that was taken before.
 */
#ifndef SAGETOP_AWS_PAGING_H
#define SAGETOP_AWS_PAGING_H

#include "base/str.h"

/* err.aws_code */
#define PAGING_REPEATED "RepeatedPage"
#define PAGING_EMPTY "EmptyPages"
#define PAGING_PATIENCE_MS 20000

/* Zeroed: before the first page. */
struct paging {
	char *token;	     /* to be sent with the next request; NULL with the first */
	int64_t patience_ms; /* of pages without a row; 0: PAGING_PATIENCE_MS */
	/* private */
	uint64_t mark; /* of an earlier token, moved on at ever longer intervals */
	size_t n, move_at;
	int64_t empty_since_ms; /* monotonic; 0: the last page had rows */
};
void paging_done(struct paging *p);
AUTO_EMBEDDED(paging, struct paging, paging_done)

/* A page of n_rows has come with next_token (NULL or "": it was the last). 1: ask for
 * the next with p->token; 0: that was all; negative: it would not end. operation is for
 * the message. Where an operation ends by giving the token back that was sent
 * (GetLogEvents), the caller passes NULL then. */
int paging_next(struct paging *p, const char *operation, const char *next_token, size_t n_rows,
		struct err *err) NODISCARD;

#endif
