/* diagnosis_impl.h - the rules of diagnosis.def, and what they see of a job; private to diagnosis*.c. */
#ifndef SAGETOP_MODEL_DIAGNOSIS_IMPL_H
#define SAGETOP_MODEL_DIAGNOSIS_IMPL_H

#include "model/diagnosis.h"
#include "model/job.h"
#include "model/session.h"

/* All borrowed. */
struct diagnosis_look {
	const struct job *job;
	const struct session *session; /* its own: prices, region */
	const struct feed *feed;       /* NULL: nothing was read */
	int64_t now_ms;
	const char *said; /* all that is said of it, some lines; "exit code 137" stands on one of its own */
	const char *line; /* that of them that says why; "" where there is none */
	const char *hit;  /* in said: what the row looks for; NULL: it looks for nothing */
};

/* Tell what is known besides the row's own texts; false: it is not that cause after all, and d is as it was. */
typedef bool diagnosis_fn(const struct diagnosis_look *look, struct diagnosis *d);

#define DIAGNOSIS(id, name, said, words, attempt, brief, fn) diagnosis_fn fn;
#include "model/diagnosis.def"
#undef DIAGNOSIS

void diagnosis_tell(char **slot, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Where one of the texts of "this|that" begins in said, capitals or not; NULL. */
const char *diagnosis_hit(const char *said, const char *texts);
/* Whether a text can stand in a command or a policy as it is: letters, digits, blanks and "-_./:@+=,*". */
bool diagnosis_is_plain(const char *text);

#endif
