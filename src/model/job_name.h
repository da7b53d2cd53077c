/* job_name.h - names for jobs that are made of others: of their characters, of 63 at most. Pure. */
#ifndef SAGETOP_MODEL_JOB_NAME_H
#define SAGETOP_MODEL_JOB_NAME_H

#include "model/resource.h"

#define JOB_NAME_MAX 63

/* A name for a job made of another: "-YYMMDD-HHMMSS" behind it, in place of a time
 * that a tool put there before; that of no job in the table
 * (a second later each time; NULL: no table). Owned by the caller. */
char *job_clone_name(const struct resources *jobs, const char *name, int64_t now_ms) NODISCARD;

/* The same for several at once, which have one suffix: the time, without the hyphen. Owned by the caller. */
char *job_clone_suffix(const struct resources *jobs, const struct strlist *names, int64_t now_ms) NODISCARD;
/* Their names with that suffix, appended in their order: each other than all others, and the same whenever names and
 * suffix are. */
void job_clone_names(const struct strlist *names, const char *suffix, struct strlist *ret);

/* base and some digits of a digest of the text, base cut off where it has to be. Owned by the caller. */
char *job_digest_name(const char *base, const char *of) NODISCARD;

#endif
