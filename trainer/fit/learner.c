/* The choice between the grower and the library, behind one set of calls. */
#include "trainer/fit/learner.h"
#include "trainer/grow/grow.h"

#define MODEL_MAX ((size_t)8 << 30)

struct learner_kit {
	bool tried;		  /* below is what came of it */
	struct booster *shell;	  /* with the settings, without trees: it judges what the grower makes */
	struct grow_mould *mould; /* NULL: the settings are not for the grower */
};

struct learner {
	struct learner_job job;
	size_t sets;
	struct learner_kit *own_kit;	       /* where the job brings none */
	struct matrix *matrices[LEARNER_SETS]; /* where there is a grower: without cells, made when first needed */
	struct booster *booster;	       /* NULL where there is a grower */
	struct grower *grower;		       /* NULL: the library trains */
	bool loaded;			       /* and said so */
};

struct learner_kit *learner_kit_new(void)
{
	return NEW(struct learner_kit);
}

void learner_kit_free(struct learner_kit *k)
{
	if (!k)
		return;
	booster_free(k->shell);
	grow_mould_free(k->mould);
	free(k);
}

void learner_free(struct learner *l)
{
	if (!l)
		return;
	grower_free(l->grower);
	booster_free(l->booster);
	for (size_t i = 0; i < LEARNER_SETS; i++)
		matrix_free(l->matrices[i]);
	learner_kit_free(l->own_kit);
	free(l);
}

static const struct learner_kit *kit_of(const struct learner *l)
{
	return l->own_kit ? l->own_kit : l->job.kit;
}

static bool is_method(const struct learner *l, const char *method)
{
	return str_eq(hyper_text(l->job.hyper, HP_tree_method), method);
}

static bool is_linear(const struct learner *l)
{
	return str_eq(hyper_text(l->job.hyper, HP_booster), "gblinear");
}

/* hist reads nothing but the bins, and they are the same whether kept alone or made
 * from a full matrix. Not so on several hosts: there all must sketch together. */
static struct matrix_options training_options(const struct learner *l)
{
	struct matrix_options opt = l->job.matrix;

	opt.quantile =
		is_method(l, "hist") && !hyper_given(l->job.hyper, HP_updater) && !is_linear(l) && !l->job.shared;
	return opt;
}

static int say_loaded(struct learner *l, struct err *err)
{
	if (l->loaded || !l->job.loaded)
		return 0;
	l->loaded = true;
	return l->job.loaded(l->job.context, err);
}

static int make_library(struct learner *l, const struct strmap *params, struct err *err)
{
	struct matrix_options train = training_options(l);
	int rc = 0;

	for (size_t i = 0; i < l->sets; i++) {
		rc = matrix_new(l->job.data[i], i ? &l->job.matrix : &train, &l->matrices[i], err);
		if (rc)
			return err_prefix(err, "%s", l->job.names[i]);
	}
	if (!rc)
		rc = say_loaded(l, err);
	return rc ? rc : booster_new(params, l->job.metrics, l->matrices, l->sets, &l->booster, err);
}

static int name_features(const struct learner *l, struct booster *b, struct err *err)
{
	const struct strlist *names = &l->job.data[0]->feature_names;

	return names->n == l->job.matrix.columns ? booster_set_names(b, names, err) : 0;
}

/* The grower is for the library that its tests knew: one that grows other trees does so alone. */
static int try_grower(struct learner_kit *kit, const struct strmap *params, struct err *err)
{
	bool same = false;
	int rc = kit->mould ? grow_trial(params, &same, err) : 0;

	if (!rc && !same) {
		grow_mould_free(kit->mould);
		kit->mould = NULL;
	}
	return rc;
}

/* The library learns the number of columns from a matrix: one row without cells. */
static int make_kit(struct learner *l, const struct strmap *params, struct err *err)
{
	struct learner_kit *kit = l->job.kit ? l->job.kit : (l->own_kit = learner_kit_new());
	struct dataset row = {.rows = 1};
	struct matrix_options opt = {.threads = 1, .columns = l->job.matrix.columns};
	AUTO(matrix) struct matrix *m = NULL;

	if (kit->tried)
		return 0;
	kit->tried = true;
	int rc = matrix_new_bare(&row, &opt, &m, err);
	if (!rc)
		rc = booster_new(params, l->job.metrics, &m, 1, &kit->shell, err);
	if (!rc)
		rc = name_features(l, kit->shell, err);
	if (!rc)
		rc = grow_mould_new(kit->shell, &kit->mould, err);
	return rc ? rc : try_grower(kit, params, err);
}

/* l->grower stays NULL where the settings turn out not to be for it. */
static int make_grower(struct learner *l, const struct strmap *params, struct err *err)
{
	int rc = make_kit(l, params, err);

	if (rc || !kit_of(l)->mould)
		return rc;
	struct grow_job job = {.mould = kit_of(l)->mould,
			       .data = {l->job.data[0], l->job.data[1]},
			       .columns = l->job.matrix.columns,
			       .threads = l->job.matrix.threads};
	return grower_new(&job, &l->grower, err);
}

static bool wants_grower(const struct learner *l)
{
	const struct learner_job *j = &l->job;

	return is_method(l, "hist") && str_eq(hyper_text(j->hyper, HP_booster), "gbtree") &&
	       !hyper_given(j->hyper, HP_updater) && !j->shared &&
	       grower_takes(j->data, j->matrix.columns, (int)hyper_int(j->hyper, HP_max_bin));
}

int learner_new(const struct learner_job *job, const struct strmap *params, struct learner **ret, struct err *err)
{
	AUTO(learner) struct learner *l = NEW(struct learner);

	*l = (struct learner){.job = *job, .sets = job->data[1] ? 2 : 1};
	l->job.matrix.columns = MAX(job->matrix.columns, job->data[0]->columns);
	int rc = wants_grower(l) ? make_grower(l, params, err) : 0;
	if (!rc && !l->grower)
		rc = make_library(l, params, err);
	if (rc)
		return rc;
	*ret = TAKE(l);
	return 0;
}

int learner_round(struct learner *l, int round, struct err *err)
{
	if (!l->grower)
		return booster_update(l->booster, round, l->matrices[0], err);
	int rc = say_loaded(l, err); /* only now: a model to go on from is applied to the cells */
	return rc ? rc : grower_round(l->grower, err);
}

/* The grower's margins of a set as a matrix that its shell takes for predictions. */
static int show_margins(struct learner *l, size_t set, struct err *err)
{
	int rc = 0;

	if (!l->matrices[set])
		rc = matrix_new_bare(l->job.data[set], &l->job.matrix, &l->matrices[set], err);
	return rc ? rc
		  : matrix_set_margin(l->matrices[set], grower_margins(l->grower, set), grower_groups(l->grower), err);
}

int learner_evaluate(struct learner *l, int round, const char *const *names, struct eval_values *out, struct err *err)
{
	size_t judged = 0;
	int rc = 0;

	if (!l->grower)
		return booster_evaluate(l->booster, round, l->matrices, names, l->sets, out, err);
	while (judged < l->sets && grower_evaluate(l->grower, judged, l->job.metrics, out))
		judged++;
	if (judged)
		return 0; /* a job's sets have the same metrics */
	for (size_t i = 0; !rc && i < l->sets; i++)
		rc = show_margins(l, i, err);
	return rc ? rc : booster_evaluate(kit_of(l)->shell, round, l->matrices, names, l->sets, out, err);
}

int learner_predict(struct learner *l, size_t set, struct predictions *out, struct err *err)
{
	int rc = l->grower ? show_margins(l, set, err) : 0;

	return rc ? rc : booster_predict(l->grower ? kit_of(l)->shell : l->booster, l->matrices[set], NULL, out, err);
}

int learner_save(struct learner *l, struct buf *out, struct err *err)
{
	return l->grower ? grower_model(l->grower, grower_rounds(l->grower), NULL, out, err)
			 : booster_save(l->booster, MODEL_UBJ, out, err);
}

/* approx keeps bins in the matrix that depend on the rows drawn when it was first
 * used: a run that goes on needs a matrix as new as one that resumes has. */
static int renew_matrix(struct learner *l, struct err *err)
{
	struct matrix_options opt = training_options(l);

	if (!is_method(l, "approx"))
		return 0;
	booster_free(TAKE(l->booster)); /* it refers to the old one */
	matrix_free(TAKE(l->matrices[0]));
	return matrix_new(l->job.data[0], &opt, &l->matrices[0], err);
}

static int load_grower(struct learner *l, const struct buf *model, const struct strmap *params, struct err *err)
{
	int64_t seed = 0;
	int rc = grower_rounds(l->grower) ? 0 : grower_restore(l->grower, model->data, model->len, err);

	(void)str_to_i64(str_or(strmap_get(params, "seed"), "0"), &seed);
	grower_reseed(l->grower, (uint32_t)seed);
	return rc;
}

int learner_load(struct learner *l, const struct buf *model, const struct strmap *params, struct err *err)
{
	struct booster *fresh = NULL;

	if (l->grower)
		return load_grower(l, model, params, err);
	int rc = renew_matrix(l, err);
	if (!rc)
		rc = booster_load(model->data, model->len, params, l->job.metrics, l->matrices, l->sets, &fresh, err);
	if (rc)
		return rc;
	booster_free(l->booster);
	l->booster = fresh;
	return 0;
}

static int finish_grower(struct learner *l, int rounds, const struct strmap *attributes, struct booster **ret,
			 struct err *err)
{
	AUTO(buf) struct buf model = BUF_INIT(MODEL_MAX);
	int rc = grower_model(l->grower, rounds, attributes, &model, err);

	grower_free(TAKE(l->grower));
	return rc ? rc : booster_load_threads(model.data, model.len, l->job.matrix.threads, ret, err);
}

int learner_finish(struct learner *l, int rounds, const struct strmap *attributes, struct booster **ret,
		   struct err *err)
{
	int rc = 0;

	if (l->grower)
		return finish_grower(l, rounds, attributes, ret, err);
	if (!is_linear(l) && rounds < booster_rounds(l->booster))
		rc = booster_cut(l->booster, rounds, ret, err);
	else
		*ret = TAKE(l->booster);
	if (!rc)
		rc = name_features(l, *ret, err);
	for (size_t i = 0; !rc && attributes && i < attributes->n; i++)
		rc = booster_set_attr(*ret, attributes->items[i].name, attributes->items[i].value, err);
	return rc;
}

int learner_write(struct learner *l, int rounds, const struct strmap *attributes, enum model_format format,
		  struct buf *out, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;

	if (l->grower && format == MODEL_UBJ)
		return grower_model(l->grower, rounds, attributes, out, err);
	int rc = learner_finish(l, rounds, attributes, &b, err);
	return rc ? rc : booster_save(b, format, out, err);
}
