/* checkpoint.h - the state of a training after a round, in one file.
 *
 * The model, every metric so far and a fingerprint of data and settings, closed
 * by a SHA-256: a file that was cut short, or belongs to another job, is passed
 * over in favour of the one before it. The library does not save the state of its
 * random generator, so where rounds draw random numbers (checkpoint_draws), a run
 * starts from a freshly loaded booster with a seed of its own after every
 * checkpoint, interrupted or not: that makes both the same to the byte.
 */
#ifndef SAGETOP_TRAINER_CHECKPOINT_H
#define SAGETOP_TRAINER_CHECKPOINT_H

#include "trainer/fit/fit.h"

struct checkpoint {
	int round; /* rounds in the model */
	struct history history;
	struct buf model;
};
void checkpoint_done(struct checkpoint *c);
AUTO_EMBEDDED(checkpoint, struct checkpoint, checkpoint_done)

int checkpoint_write(const char *dir, const char *fingerprint, const struct checkpoint *c, struct err *err) NODISCARD;

/* The newest valid one of this job into ret, or round 0 where there is none. A
 * line for each file passed over is added to notices. */
int checkpoint_read(const char *dir, const char *fingerprint, struct checkpoint *ret, struct strlist *notices,
		    struct err *err) NODISCARD;

/* The file's bytes, for sending them to other hosts. */
int checkpoint_pack(const char *fingerprint, const struct checkpoint *c, struct buf *out, struct err *err) NODISCARD;
/* fingerprint NULL: of any job. */
int checkpoint_unpack(const void *bytes, size_t n, const char *fingerprint, struct checkpoint *ret,
		      struct err *err) NODISCARD;

/* Whether training draws random numbers under these settings. */
bool checkpoint_draws(const struct hyper *h);
/* The seed of the rounds after a checkpoint at `round`. */
int64_t checkpoint_seed(int64_t seed, int round);

#endif
