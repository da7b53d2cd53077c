/* booster.h - libxgboost behind two types; no other module includes its header.
 *
 * A matrix is a dataset in the form that training and prediction take; a booster
 * is a model. A booster stays on the thread that made it while it trains (the
 * library's random generator is thread-local). Library errors arrive as one
 * line: place, stack trace and time are cut off. Thread counts are explicit.
 */
#ifndef SAGETOP_TRAINER_BOOSTER_H
#define SAGETOP_TRAINER_BOOSTER_H

#include "base/buf.h"
#include "base/json.h"
#include "trainer/read/dataset.h"

struct matrix;
struct booster;

void matrix_free(struct matrix *m);
AUTO_POINTER(matrix, struct matrix, matrix_free)
void booster_free(struct booster *b);
AUTO_POINTER(booster, struct booster, booster_free)

/* The file that is opened when the library is first needed; static. */
const char *booster_library_file(void);
/* The library's version ("1.7.4"), static; whether it was built with CUDA. */
const char *booster_library_version(void);
bool booster_has_gpu(void);

/* Once per thread before anything else: verbosity 0 (silent) to 3 (debug) of
 * the library's own messages, which go to standard error. */
void booster_thread_init(int verbosity);

struct matrix_options {
	int threads;
	size_t columns; /* at least so many columns (0: as the data); sparse data only */
	bool quantile;	/* histogram bins only: half the memory, training data of hist only */
	int max_bin;	/* quantile: bins a column, 0 for the library's default */
	bool aft;	/* labels become survival bounds: negative is right-censored */
};

/* The dataset is copied: it may be freed as soon as this returns. */
int matrix_new(const struct dataset *d, const struct matrix_options *opt, struct matrix **ret,
	       struct err *err) NODISCARD;
/* The labels, weights and groups of the data with none of its cells, opt->columns
 * wide: with a margin for each row set, the library's metrics judge predictions
 * that were made elsewhere. d->labels may be NULL. */
int matrix_new_bare(const struct dataset *d, const struct matrix_options *opt, struct matrix **ret,
		    struct err *err) NODISCARD;
/* Where prediction starts for each row, before any tree: rows x width values. */
int matrix_set_margin(struct matrix *m, const float *values, size_t width, struct err *err) NODISCARD;

/* params are set in order; every metric is added to the evaluation list. train
 * and others are kept in the booster's prediction cache and must outlive it. */
int booster_new(const struct strmap *params, const struct strlist *metrics, struct matrix *const *cached,
		size_t n_cached, struct booster **ret, struct err *err) NODISCARD;
/* From the bytes of a model file (JSON, UBJ or the legacy format). params,
 * metrics and cached may be NULL (prediction only). */
int booster_load(const void *bytes, size_t n, const struct strmap *params, const struct strlist *metrics,
		 struct matrix *const *cached, size_t n_cached, struct booster **ret, struct err *err) NODISCARD;
/* For prediction only, with so many threads. */
int booster_load_threads(const void *bytes, size_t n, int threads, struct booster **ret, struct err *err) NODISCARD;
int booster_load_file(const char *path, int threads, struct booster **ret, struct err *err) NODISCARD;

int booster_update(struct booster *b, int round, struct matrix *train, struct err *err) NODISCARD;

/* One value of a metric on one evaluation set. */
struct eval_value {
	char name[48]; /* without the set's name: "rmse", "error@0.7" */
	size_t set;    /* index into the sets evaluated */
	double value;
};

struct eval_values {
	struct eval_value *items;
	size_t n, cap;
};
void eval_values_done(struct eval_values *v);
AUTO_EMBEDDED(eval_values, struct eval_values, eval_values_done)
void eval_values_add(struct eval_values *v, size_t set, const char *name, double value);

/* Appends the library's metrics, set by set, to out. */
int booster_evaluate(struct booster *b, int round, struct matrix *const *sets, const char *const *names, size_t n,
		     struct eval_values *out, struct err *err) NODISCARD;

struct predict_options {
	bool margin;		    /* before the objective's transformation */
	bool training;		    /* dart: apply dropout */
	int begin_round, end_round; /* 0, 0: all rounds */
};

struct predictions {
	float *values;	      /* rows x columns, row-major, owned */
	size_t rows, columns; /* columns: classes for softprob, else 1 */
};
void predictions_done(struct predictions *p);
AUTO_EMBEDDED(predictions, struct predictions, predictions_done)

/* Several threads may predict with one booster at a time. A matrix whose number
 * of columns is not the model's is an error (fewer is fine where it is sparse). */
int booster_predict(struct booster *b, const struct matrix *m, const struct predict_options *opt,
		    struct predictions *out, struct err *err) NODISCARD;

/* The same for the rows of d as they lie in memory, without a matrix: for models of
 * trees only, and several times as fast for a few rows. opt->training is not heeded.
 * Infinite values are an error. */
int booster_predict_rows(struct booster *b, const struct dataset *d, const struct predict_options *opt,
			 struct predictions *out, struct err *err) NODISCARD;

enum model_format { MODEL_UBJ, MODEL_JSON, MODEL_LEGACY };
/* out's own max is the cap. */
int booster_save(struct booster *b, enum model_format format, struct buf *out, struct err *err) NODISCARD;
/* The first `rounds` rounds as a new booster. */
int booster_cut(struct booster *b, int rounds, struct booster **ret, struct err *err) NODISCARD;

int booster_rounds(struct booster *b);
size_t booster_features(struct booster *b);
/* Attributes travel in the model ("best_iteration"); NULL removes. */
int booster_set_attr(struct booster *b, const char *name, const char *value, struct err *err) NODISCARD;
char *booster_attr(struct booster *b, const char *name) NODISCARD; /* NULL where absent; caller's */

/* The names of its features, as Python's feature_names; none where one is such that
 * Python refuses it ([, ] or <). */
int booster_set_names(struct booster *b, const struct strlist *names, struct err *err) NODISCARD;

/* All settings in force, the library's own defaults too, as it writes them. */
int booster_config(struct booster *b, json_t **ret, struct err *err) NODISCARD;
/* Where every prediction starts, before the objective's transformation. */
int booster_base_margin(struct booster *b, float *ret, struct err *err) NODISCARD;

/* What a model says of itself, read from its configuration. */
struct booster_info {
	char objective[48]; /* "binary:logistic" */
	char booster[16];   /* gbtree, dart, gblinear */
	int classes;	    /* 0 where not a multi-class objective */
	size_t features;
	int rounds;
	size_t trees; /* of all rounds, classes and forests; 0 for gblinear */
	int forest;   /* trees a round and class; 0 for gblinear */
};
int booster_describe(struct booster *b, struct booster_info *ret, struct err *err) NODISCARD;

/* Importance of the features that are used, in the library's order. kind:
 * weight, gain, cover, total_gain, total_cover. */
struct importance {
	struct strlist names;
	double *scores; /* names.n */
};
void importance_done(struct importance *i);
AUTO_EMBEDDED(importance, struct importance, importance_done)
int booster_importance(struct booster *b, const char *kind, struct importance *ret, struct err *err) NODISCARD;

/* Several hosts: join the ring that the tracker at host:port forms, as task
 * `task` (its rank). Data must be loaded before. All hosts must make the same
 * sequence of calls. */
int booster_join(const char *tracker_host, int port, int task, struct err *err) NODISCARD;
int booster_leave(struct err *err) NODISCARD;
int booster_rank(void);
int booster_world(void);
int booster_broadcast(void *bytes, size_t n, int root, struct err *err) NODISCARD;
int booster_sum(double *values, size_t n, struct err *err) NODISCARD; /* in place, over all hosts */

#endif
