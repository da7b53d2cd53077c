/* The grower as others see it: which jobs are for it, its rounds, its margins. */
#include <math.h>

#include "trainer/grow/grow_impl.h"
#include "trainer/read/spill.h"

#define MODEL_MAX ((size_t)8 << 30)
#define SPARSE_SHARE 16			 /* sparse data is taken where at least one cell in so many is there */
#define ROOM_CERTAIN ((size_t)256 << 20) /* bytes that need not be looked for */

struct grow_mould {
	struct grow_settings settings;
	char objective[48];
	const struct loss *loss;
	float base;	  /* margin before the first tree */
	struct buf shell; /* bytes of a model around its trees */
};

struct grower {
	struct grow_job job;
	const struct grow_settings *settings; /* the mould's */
	struct team *team;
	struct bins bins;
	struct tree_grower *tree_grower;
	struct mt19937 random;
	struct column_draw columns;
	bool seeded;		     /* columns have drawn their seed */
	struct gradient **gradients; /* groups x rows */
	float *margins[GROW_SETS];   /* rows x groups */
	struct tree tree;	     /* the last one */
	struct buf trees;	     /* their bytes */
	size_t *tree_ends;	     /* where each tree's bytes end */
	size_t n_trees, tree_cap;
};

/* --- settings --------------------------------------------------------------------- */

/* The library gives every value of its configuration as text. */
static double number(const json_t *params, const char *name, double fallback)
{
	double x = fallback;
	const json_t *j = json_object_get(params, name);

	if (json_is_string(j))
		(void)str_to_f64(json_string_value(j), &x);
	return x;
}

static bool is_text(const json_t *params, const char *name, const char *value)
{
	return str_eq(str_or(json_string_value(json_object_get(params, name)), ""), value);
}

static bool grow_settings_read(const json_t *config, struct grow_settings *ret)
{
	const json_t *learner = json_object_get(config, "learner");
	const json_t *booster = json_object_get(learner, "gradient_booster");
	const json_t *p = json_path_get(booster, "updater.grow_quantile_histmaker.train_param");
	const json_t *gbtree = json_object_get(booster, "gbtree_train_param");
	const json_t *objective = json_object_get(learner, "objective");
	const json_t *generic = json_object_get(learner, "generic_param");
	const json_t *version = json_object_get(config, "version");

	if (json_integer_value(json_array_get(version, 0)) != 1 || json_integer_value(json_array_get(version, 1)) != 7)
		return false;
	if (!p || !is_text(booster, "name", "gbtree") || !is_text(gbtree, "process_type", "default") ||
	    !is_text(gbtree, "updater_seq", "grow_quantile_histmaker") ||
	    number(json_object_get(booster, "gbtree_model_param"), "num_parallel_tree", 0) != 1 ||
	    !is_text(p, "monotone_constraints", "()") || !is_text(p, "interaction_constraints", "") ||
	    !is_text(p, "sampling_method", "uniform") || number(generic, "seed_per_iteration", 1) != 0)
		return false;
	*ret = (struct grow_settings){
		.eta = (float)number(p, "learning_rate", 0),
		.gamma = (float)number(p, "min_split_loss", 0),
		.min_child_weight = (float)number(p, "min_child_weight", 0),
		.lambda = (float)number(p, "reg_lambda", 0),
		.alpha = (float)number(p, "reg_alpha", 0),
		.max_delta_step = (float)number(p, "max_delta_step", 0),
		.subsample = (float)number(p, "subsample", 1),
		.by_tree = (float)number(p, "colsample_bytree", 1),
		.by_level = (float)number(p, "colsample_bylevel", 1),
		.by_node = (float)number(p, "colsample_bynode", 1),
		.scale_pos_weight = (float)number(json_object_get(objective, "reg_loss_param"), "scale_pos_weight", 1),
		.poisson_step =
			(float)number(json_object_get(objective, "poisson_regression_param"), "max_delta_step", 0.7),
		.variance_power = (float)number(json_object_get(objective, "tweedie_regression_param"),
						"tweedie_variance_power", 1.5),
		.max_depth = (int)number(p, "max_depth", 0),
		.max_leaves = (int)number(p, "max_leaves", 0),
		.max_bin = (int)number(p, "max_bin", 0),
		.loss_guide = is_text(p, "grow_policy", "lossguide"),
		.groups = MAX(1, (int)number(json_object_get(learner, "learner_model_param"), "num_class", 0)),
		.seed = (uint32_t)(int64_t)number(generic, "seed", 0),
	};
	ret->plain = ret->alpha == 0 && ret->max_delta_step == 0 && ret->min_child_weight > 0;
	return ret->max_bin >= 2 && (ret->max_depth > 0 || ret->max_leaves > 0);
}

/* Whether all of a set's rows are as wide as the job, as far as they are read. */
static bool is_as_wide(const struct dataset *d, size_t columns)
{
	return d->dense ? d->columns == columns : d->columns <= columns;
}

/* The bins of sparse data are dense, and those of dense data may be wider than the
 * library's: what had room there may have none here. */
static bool have_room(const struct dataset *d, size_t columns, size_t bins)
{
	const size_t cells = d->rows * columns, slots = columns * (bins + 1);
	size_t bytes = cells * (bins > UINT8_MAX ? 4 : 2) + slots * sizeof(float);

	if (bytes < ROOM_CERTAIN)
		return true;
	size_t available = spill_memory_available();
	return !available || bytes < available / 4 * 3;
}

/* The library adds the weights of equal values in the order that its sort happens to
 * leave; it matters only where bins hold more than one value. And cuts are of rows
 * with weight: one without can lie beyond the last, in whose bin it is all the same,
 * so that its own value sends it another way when training goes on from a model. */
static bool weights_suit(const struct dataset *d, size_t bins)
{
	if (d->rows > bins)
		return false;
	for (size_t i = 0; i < d->rows; i++)
		if (d->weights[i] == 0)
			return false;
	return true;
}

bool grower_takes(const struct dataset *const data[GROW_SETS], size_t columns, int max_bin)
{
	const struct dataset *d = data[0];
	size_t bins = max_bin ? (size_t)max_bin : 256;

	if (d->categorical || d->query_ids || !d->labels || !d->rows || d->rows > UINT32_MAX || !columns ||
	    bins > UINT16_MAX)
		return false;
	if (!d->dense && d->row_start[d->rows] * SPARSE_SHARE < d->rows * columns)
		return false;
	if (!is_as_wide(d, columns) || (data[1] && !is_as_wide(data[1], columns)))
		return false;
	bins = MIN(bins, d->rows);
	if (columns > UINT32_MAX / (bins + 1) || !have_room(d, columns, bins))
		return false;
	return !d->weights || weights_suit(d, bins);
}

/* --- making one -------------------------------------------------------------------- */

void grow_mould_free(struct grow_mould *m)
{
	if (!m)
		return;
	buf_done(&m->shell);
	free(m);
}

int grow_mould_new(struct booster *shell, struct grow_mould **ret, struct err *err)
{
	AUTO(grow_mould) struct grow_mould *m = NEW(struct grow_mould);
	AUTO(json) json_t *config = NULL;

	*ret = NULL;
	buf_init(&m->shell, MODEL_MAX);
	/* What the library cannot make sense of it refuses in its own words. */
	if (booster_config(shell, &config, NULL))
		return 0;
	const char *objective = json_string_value(json_path_get(config, "learner.objective.name"));
	str_copy(m->objective, sizeof(m->objective), str_or(objective, ""));
	m->loss = loss_find(m->objective);
	if (!m->loss || !grow_settings_read(config, &m->settings))
		return 0;
	int rc = booster_base_margin(shell, &m->base, err);
	if (!rc)
		rc = booster_save(shell, MODEL_UBJ, &m->shell, err);
	if (rc)
		return rc;
	*ret = TAKE(m);
	return 0;
}

void grower_free(struct grower *g)
{
	if (!g)
		return;
	tree_grower_free(g->tree_grower);
	bins_done(&g->bins);
	if (g->seeded)
		column_draw_done(&g->columns);
	for (int k = 0; g->gradients && k < g->settings->groups; k++)
		free(g->gradients[k]);
	free(g->gradients);
	for (size_t i = 0; i < GROW_SETS; i++)
		free(g->margins[i]);
	tree_done(&g->tree);
	buf_done(&g->trees);
	free(g->tree_ends);
	team_free(g->team);
	free(g);
}

static void start_margins(struct grower *g, float base)
{
	for (size_t i = 0; i < GROW_SETS && g->job.data[i]; i++) {
		size_t n = g->job.data[i]->rows * (size_t)g->settings->groups;
		g->margins[i] = xreallocarray(NULL, MAX(n, (size_t)1), sizeof(float));
		for (size_t k = 0; k < n; k++)
			g->margins[i][k] = base;
	}
}

static int prepare(struct grower *g, struct err *err)
{
	const struct dataset *train = g->job.data[0];
	int rc = bins_make(train, g->job.columns, g->settings->max_bin, g->team, &g->bins, err);

	if (rc)
		return rc;
	start_margins(g, g->job.mould->base);
	g->gradients = xcalloc((size_t)g->settings->groups, sizeof(*g->gradients));
	for (int k = 0; k < g->settings->groups; k++)
		g->gradients[k] = xreallocarray(NULL, train->rows, sizeof(struct gradient));
	g->tree_grower = tree_grower_new(g->settings, &g->bins, g->team);
	mt19937_seed(&g->random, g->settings->seed);
	return 0;
}

int grower_new(const struct grow_job *job, struct grower **ret, struct err *err)
{
	AUTO(grower) struct grower *g = NEW(struct grower);

	*ret = NULL;
	g->job = *job;
	g->settings = &job->mould->settings;
	buf_init(&g->trees, MODEL_MAX);
	g->team = team_new(job->threads);
	/* The draws and sums of the library depend on the number of threads. */
	if (team_size(g->team) != job->threads)
		return 0;
	int rc = prepare(g, err);
	if (rc)
		return rc;
	*ret = TAKE(g);
	return 0;
}

/* --- a round ------------------------------------------------------------------------- */

static void gradients_share(void *context, int thread)
{
	struct grower *g = context;
	const struct dataset *d = g->job.data[0];
	size_t threads = (size_t)team_size(g->team);

	loss_gradients(g->job.mould->loss, g->settings, g->margins[0], d->labels, d->weights,
		       d->rows * (size_t)thread / threads, d->rows * ((size_t)thread + 1) / threads, g->gradients);
}

struct applying {
	struct grower *g;
	const struct tree *tree;
	const struct dataset *data;
	float *margins; /* of this group */
};

static void apply_share(void *context, int thread)
{
	const struct applying *a = context;
	size_t threads = (size_t)team_size(a->g->team), rows = a->data->rows;
	float *scratch = xreallocarray(NULL, a->g->job.columns, sizeof(float));

	for (size_t i = rows * (size_t)thread / threads; i < rows * ((size_t)thread + 1) / threads; i++)
		a->margins[i * (size_t)a->g->settings->groups] +=
			tree_value(a->tree, row_cells(a->data, i, a->g->job.columns, scratch));
	free(scratch);
}

static void apply_tree(struct grower *g, size_t set, int group)
{
	struct applying a = {g, &g->tree, g->job.data[set], g->margins[set] + group};

	if (g->job.data[set])
		team_run(g->team, apply_share, &a);
}

static void note_tree(struct grower *g)
{
	GROW(g->tree_ends, g->tree_cap, g->n_trees + 1);
	g->tree_ends[g->n_trees++] = g->trees.len;
}

static int grow_group(struct grower *g, int group, struct err *err)
{
	struct gradient *gradients = g->gradients[group];

	if (!g->seeded) {
		column_draw_init(&g->columns, g->settings, g->job.columns, mt19937_next(&g->random));
		g->seeded = true;
	}
	if (g->settings->subsample < 1)
		rows_draw(gradients, g->bins.rows, g->settings->subsample, mt19937_next(&g->random),
			  team_size(g->team));
	tree_grow(g->tree_grower, &g->columns, gradients, &g->tree);
	tree_grower_add(g->tree_grower, g->margins[0] + group, (size_t)g->settings->groups);
	apply_tree(g, 1, group);
	int rc = model_add_tree(&g->trees, &g->tree, g->n_trees, g->job.columns, err);
	if (!rc)
		note_tree(g);
	return rc;
}

int grower_round(struct grower *g, struct err *err)
{
	int rc = 0;

	team_run(g->team, gradients_share, g);
	for (int k = 0; !rc && k < g->settings->groups; k++)
		rc = grow_group(g, k, err);
	return rc;
}

int grower_rounds(const struct grower *g)
{
	return (int)(g->n_trees / (size_t)g->settings->groups);
}

const float *grower_margins(const struct grower *g, size_t set)
{
	return g->margins[set];
}

bool grower_evaluate(const struct grower *g, size_t set, const struct strlist *names, struct eval_values *out)
{
	return rows_judge(g->job.mould->objective, names, g->margins[set], g->job.data[set], g->team, set, out);
}

size_t grower_groups(const struct grower *g)
{
	return (size_t)g->settings->groups;
}

/* --- the model -------------------------------------------------------------------------- */

int grower_model(const struct grower *g, int rounds, const struct strmap *attributes, struct buf *out, struct err *err)
{
	size_t n = MIN((size_t)rounds * (size_t)g->settings->groups, g->n_trees);
	struct model_parts parts = {
		.shell = &g->job.mould->shell,
		.attributes = attributes,
		.trees = buf_str(&g->trees),
		.len = n ? g->tree_ends[n - 1] : 0,
		.n = n,
		.groups = g->settings->groups,
	};

	return model_assemble(&parts, out, err);
}

void grower_reseed(struct grower *g, uint32_t seed)
{
	mt19937_seed(&g->random, seed);
	if (g->seeded)
		column_draw_done(&g->columns);
	g->seeded = false;
}

int grower_restore(struct grower *g, const void *model, size_t len, struct err *err)
{
	size_t at, end, n;
	int rc = model_find_trees(model, len, &at, &end, &n, err);

	if (!rc && n % (size_t)g->settings->groups)
		rc = err_set(err, ERR_PARSE, "the model's last round is not whole");
	for (size_t i = 0; !rc && i < n; i++) {
		size_t from = at;
		int group = (int)(i % (size_t)g->settings->groups);
		rc = model_read_tree(model, end, &at, &g->tree, err);
		for (size_t k = 0; !rc && k < g->tree.n; k++)
			if (g->tree.nodes[k].left >= 0 && g->tree.nodes[k].column >= g->job.columns)
				rc = err_set(err, ERR_PARSE, "the model has more columns than the data");
		if (rc)
			break;
		for (size_t set = 0; set < GROW_SETS; set++)
			apply_tree(g, set, group);
		(void)buf_add(&g->trees, (const char *)model + from, at - from);
		note_tree(g);
	}
	return rc;
}
