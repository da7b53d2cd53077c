/* A cycle of tokens is found as Brent does it: one token is remembered, a later one in its
 * place after 1, 2, 4 ... pages, so that a cycle of any length is closed around it soon. */
#include "aws/paging.h"

#include "base/clock.h"
#include "base/map.h"

void paging_done(struct paging *p)
{
	free(p->token);
	*p = (struct paging){.patience_ms = p->patience_ms};
}

static int endless(const char *code, struct err *err)
{
	if (err)
		str_copy(err->aws_code, sizeof(err->aws_code), code);
	return -ERR_SERVICE;
}

int paging_next(struct paging *p, const char *operation, const char *next_token, size_t n_rows, struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	int64_t patience_ms = p->patience_ms ? p->patience_ms : PAGING_PATIENCE_MS;

	if (str_empty(next_token)) {
		paging_done(p);
		return 0;
	}

	uint64_t mark = hash_bytes(next_token, strlen(next_token));
	if (str_eq(next_token, p->token) || (p->n && mark == p->mark)) {
		err_set(err, ERR_SERVICE,
			"%s: the service gives a page that it gave before (page %zu has the token of an earlier one): "
			"the list would never end",
			operation, p->n + 1);
		return endless(PAGING_REPEATED, err);
	}
	if (n_rows)
		p->empty_since_ms = 0;
	else if (!p->empty_since_ms)
		p->empty_since_ms = now_ms;
	else if (now_ms - p->empty_since_ms > patience_ms) {
		err_set(err, ERR_SERVICE, "%s: nothing but empty pages for %lld seconds (%zu so far)", operation,
			(long long)(now_ms - p->empty_since_ms) / 1000, p->n + 1);
		return endless(PAGING_EMPTY, err);
	}
	if (p->n++ == p->move_at) {
		p->mark = mark;
		p->move_at = p->n * 2;
	}
	str_set(&p->token, next_token);
	return 1;
}
