/* serve_answer.h - from the body of an invocation to its answer, without HTTP: can
 * be done by any thread.
 */
#ifndef SAGETOP_TRAINER_SERVE_ANSWER_H
#define SAGETOP_TRAINER_SERVE_ANSWER_H

#include "trainer/serve/serve.h"

struct serve_request {
	/* headers, borrowed; NULL where absent */
	const char *content_type, *content_encoding, *attributes;
	struct buf accept; /* all of them, with commas; empty where absent */
	struct buf body;
};

struct serve_reply {
	int status;	  /* 0: there is none yet */
	const char *type; /* static; NULL: none */
	char *text;
	size_t n;
	char *drift;	   /* a header's value, or NULL */
	const char *allow; /* static; methods, where another was asked for */
};

void serve_request_done(struct serve_request *q);
void serve_reply_done(struct serve_reply *r);
/* One line of plain text. */
void serve_reply_say(struct serve_reply *r, int status, const char *text);

/* May the answer take more than a few milliseconds? Told from the size of the body and
 * the size of the models only. */
bool serve_is_heavy(const struct served *now, const struct serve_request *q);
void serve_answer(const struct server *s, const struct served *now, const struct serve_request *q,
		  struct serve_reply *ret);

#endif
