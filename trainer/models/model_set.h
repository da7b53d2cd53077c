/* model_set.h - what a model folder holds, ready to predict: one model, the models
 * of a cross-validation (their mean, or their vote), or one model for each entity.
 *
 * A set does not change once it is loaded, so any number of threads may predict
 * with it.
 */
#ifndef SAGETOP_TRAINER_MODEL_SET_H
#define SAGETOP_TRAINER_MODEL_SET_H

#include "base/map.h"
#include "trainer/library/booster.h"

enum model_set_kind { MODEL_SET_SINGLE, MODEL_SET_FOLDS, MODEL_SET_ENTITIES };

struct model_set {
	enum model_set_kind kind;
	struct booster **boosters;
	size_t n;
	struct map entity_index;  /* entity -> place of its booster + 1 */
	struct booster_info info; /* of the first model; all agree in objective and features */
	size_t most_trees;	  /* of any of the models */
	struct dataset *schema;	  /* without rows: what request data is held against */
	bool linear;		  /* there is a model without trees among them */
	char *path;		  /* as it was given */
	struct pack *pack;	  /* of models that are read when their rows are predicted, all but the first; NULL */
};

struct model_options {
	int threads;	  /* of one prediction */
	bool first_alone; /* of several models of a cross-validation, the first */
	bool late;	  /* of an archive: a model is read when its rows are predicted, and let go of then */
};

/* A file, or a folder with one model, xgboost-model-N of a cross-validation, or
 * an archive of entities. A model that was trained on behind its best round (attribute
 * best_ntree_limit or best_iteration) is cut to it. ERR_NOTFOUND where there is no
 * model. */
int model_set_load(const char *path, const struct model_options *opt, struct model_set **ret,
		   struct err *err) NODISCARD;
void model_set_free(struct model_set *m);
AUTO_POINTER(model_set, struct model_set, model_set_free)

/* One row of *ret for each of d. Where the set has entities d must name them;
 * an entity without a model is ERR_NOTFOUND. margin: before the objective's
 * transformation. */
int model_set_predict(const struct model_set *m, const struct dataset *d, bool margin, int threads,
		      struct predictions *ret, struct err *err) NODISCARD;

#endif
