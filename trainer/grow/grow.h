/* grow.h - boosted trees by histogram, grown here.
 *
 * The library spends most of a small model's time in the upkeep of threads and of
 * empty bins, and most of a large one's before its first round. This grower makes
 * the same trees from the same settings in a fraction of it; the library still judges
 * them (metrics), stores and applies them. What it does not cover (other tree methods
 * and boosters, categories, constraints, rankings ...) is the library's as before:
 * grower_takes and grow_mould_new say so, and nobody else needs to know. That the trees
 * are the same is tested case by case, and once at the start of each job (grow_trial).
 *
 * One bit can differ: the sign of a split condition that is 0, where a column holds
 * zeros of both signs. No row is parted otherwise by it.
 */
#ifndef SAGETOP_TRAINER_GROW_H
#define SAGETOP_TRAINER_GROW_H

#include "base/json.h"
#include "trainer/library/booster.h"

/* What growers of the same settings share: read only once it is made, and by
 * several threads at a time. */
struct grow_mould;
void grow_mould_free(struct grow_mould *m);
AUTO_POINTER(grow_mould, struct grow_mould, grow_mould_free)
/* shell: with the job's settings and number of columns, without trees. *ret is NULL,
 * without an error, where the settings are not for this grower. */
int grow_mould_new(struct booster *shell, struct grow_mould **ret, struct err *err) NODISCARD;

/* *same: the library that is here grows the tree that we do, of the job's loss, with
 * draws of rows and columns; false as well on a processor that no test ran on. */
int grow_trial(const struct strmap *params, bool *same, struct err *err) NODISCARD;

struct grower;
void grower_free(struct grower *g);
AUTO_POINTER(grower, struct grower, grower_free)

#define GROW_SETS 2 /* train, validation */

struct grow_job {
	const struct grow_mould *mould;
	/* [1] may be NULL; needed while the grower lives, but for the cells of [0]. */
	const struct dataset *data[GROW_SETS];
	size_t columns; /* of every dense set, and at least those of a sparse one */
	int threads;
};

/* Whether a job's data can be taken at all, and its bins have room in memory; cheap,
 * and before a mould is made. */
bool grower_takes(const struct dataset *const data[GROW_SETS], size_t columns, int max_bin);

/* *ret is NULL, without an error, where the threads cannot be had. */
int grower_new(const struct grow_job *job, struct grower **ret, struct err *err) NODISCARD;

int grower_round(struct grower *g, struct err *err) NODISCARD;
int grower_rounds(const struct grower *g);
/* Before the objective's transformation, rows x groups; the grower's. */
const float *grower_margins(const struct grower *g, size_t set);
/* Appends the library's metrics of a set, as it would compute them; false, and
 * nothing, where they need the library. names: none for the objective's own. */
bool grower_evaluate(const struct grower *g, size_t set, const struct strlist *names, struct eval_values *out);
size_t grower_groups(const struct grower *g); /* values a row: classes, or 1 */

/* The first `rounds` rounds as the bytes of a model (UBJSON), as the library would
 * write them; attributes may be NULL. */
int grower_model(const struct grower *g, int rounds, const struct strmap *attributes, struct buf *out,
		 struct err *err) NODISCARD;
/* Go on from such bytes: on a fresh grower only. */
int grower_restore(struct grower *g, const void *model, size_t n, struct err *err) NODISCARD;
/* As a library booster newly made from the model so far would: draws begin anew. */
void grower_reseed(struct grower *g, uint32_t seed);

#endif
