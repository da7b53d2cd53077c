/* What a model folder holds, loaded and predicting. */
#include "trainer/models/model_set.h"
#include "trainer/models/schema.h"

#include <dirent.h>
#include <math.h>

#include "base/fs.h"
#include "trainer/models/pack.h"

#define MODEL_SET_MAX_MODELS 10000

void model_set_free(struct model_set *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++)
		booster_free(m->boosters[i]);
	free(m->boosters);
	map_done(&m->entity_index);
	dataset_free(m->schema);
	free(m->path);
	free(m);
}

/* --- loading ------------------------------------------------------------------- */

/* xgboost-model-N -> N, else -1. */
static int model_fold(const char *name)
{
	static const char prefix[] = "xgboost-model-";
	int64_t n;

	if (strncmp(name, prefix, sizeof(prefix) - 1) || !str_to_i64(name + sizeof(prefix) - 1, &n) || n < 0 ||
	    n >= MODEL_SET_MAX_MODELS)
		return -1;
	return (int)n;
}

static int fold_compare(const void *a, const void *b)
{
	return model_fold(*(char *const *)a) - model_fold(*(char *const *)b);
}

/* The files of a folder that are models: xgboost-model, or the folds, or the only
 * file there is. */
static int model_set_find(const char *dir, struct strlist *ret, struct err *err)
{
	AUTO(strlist) struct strlist all = {0};
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		AUTO(str) char *path = fs_join(dir, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.' && !fs_is_dir(path))
			strlist_add(&all, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	if (n < 0)
		return err_set(err, ERR_NOTFOUND, "%s cannot be read", dir);
	if (strlist_has(&all, "xgboost-model")) {
		strlist_add(ret, "xgboost-model");
		return 0;
	}
	for (size_t i = 0; i < all.n; i++)
		if (model_fold(all.items[i]) >= 0)
			strlist_add(ret, all.items[i]);
	if (ret->n) {
		qsort(ret->items, ret->n, sizeof(*ret->items), fold_compare);
		return 0;
	}
	if (all.n == 1) {
		strlist_add(ret, all.items[0]);
		return 0;
	}
	return err_set(err, ERR_NOTFOUND, all.n ? "%s holds no file named xgboost-model" : "%s holds no model", dir);
}

static int model_set_add(struct model_set *m, struct booster *b, const char *name, struct err *err)
{
	struct booster_info info;
	int r = booster_describe(b, &info, err);

	if (r)
		return r;
	if (!m->n)
		m->info = info;
	else if (strcmp(info.objective, m->info.objective) || info.features != m->info.features ||
		 info.classes != m->info.classes)
		return err_set(err, ERR_INVALID, "%s: the model differs from the first in objective or columns", name);
	m->most_trees = MAX(m->most_trees, info.trees);
	m->linear |= str_eq(info.booster, "gblinear");
	m->boosters = xreallocarray(m->boosters, m->n + 1, sizeof(*m->boosters));
	m->boosters[m->n++] = b;
	return 0;
}

/* The rounds up to the best one, where training went on behind it without need: what
 * SageMaker's image predicts with. All of them where the model does not say. */
static int best_rounds(struct booster *b, const struct booster_info *info)
{
	AUTO(str) char *limit = booster_attr(b, "best_ntree_limit");
	AUTO(str) char *iteration = booster_attr(b, "best_iteration");
	int64_t n;

	if (str_to_i64(limit, &n) && n > 0 && info->forest > 0)
		n /= info->forest;
	else if (str_to_i64(iteration, &n) && n >= 0 && n < INT32_MAX)
		n++;
	else
		return info->rounds;
	return info->forest && n > 0 && n < info->rounds ? (int)n : info->rounds;
}

/* Cut *b to its best round. */
static int cut_to_best(struct booster **b, const char *name, struct err *err)
{
	AUTO(booster) struct booster *cut = NULL;
	struct booster_info info;
	int r = booster_describe(*b, &info, err);
	int rounds = r ? 0 : best_rounds(*b, &info);

	if (r || rounds == info.rounds)
		return r;
	r = booster_cut(*b, rounds, &cut, err);
	if (r)
		return r;
	fprintf(stderr, "sagetop-trainer: %s: the first %d of its %d rounds are used, the best ones\n", name, rounds,
		info.rounds);
	booster_free(*b);
	*b = TAKE(cut);
	return 0;
}

static int model_set_add_file(struct model_set *m, const char *path, int threads, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;
	int r = booster_load_file(path, threads, &b, err);

	if (!r)
		r = cut_to_best(&b, path, err);
	if (!r)
		r = model_set_add(m, b, path, err);
	if (r)
		return r;
	(void)TAKE(b);
	return 0;
}

static int model_set_add_pack(struct model_set *m, const char *dir, int threads, struct err *err)
{
	AUTO(pack) struct pack *pack = NULL;
	AUTO(strmap) struct strmap params = {0};
	char text[16];
	int r = pack_open(dir, &pack, err);

	if (r)
		return r;
	snprintf(text, sizeof(text), "%d", threads);
	strmap_set(&params, "nthread", text);
	for (size_t i = 0; i < pack_count(pack); i++) {
		AUTO(booster) struct booster *b = NULL;
		size_t n;
		const void *bytes;

		r = pack_read(pack, i, &bytes, &n, err);
		if (!r)
			r = booster_load(bytes, n, &params, NULL, NULL, 0, &b, err);
		if (!r)
			r = cut_to_best(&b, pack_name(pack, i), err);
		if (!r)
			r = model_set_add(m, b, pack_name(pack, i), err);
		if (r)
			return err_prefix(err, "%s", pack_name(pack, i));
		(void)TAKE(b);
		map_put(&m->entity_index, pack_name(pack, i), (void *)(uintptr_t)m->n);
	}
	return m->n ? 0 : err_set(err, ERR_NOTFOUND, "%s: the archive holds no model", dir);
}

/* The schema that the model carries, or one that only knows the number of columns. */
static int model_set_take_schema(struct model_set *m, struct err *err)
{
	AUTO(str) char *text = booster_attr(m->boosters[0], MODEL_SCHEMA_ATTRIBUTE);
	int r;

	if (!text) {
		m->schema = NEW(struct dataset);
		m->schema->columns = m->info.features;
		return 0;
	}
	r = schema_parse(text, &m->schema, err);
	if (r)
		return r;
	if (m->schema->columns > m->info.features)
		return err_set(err, ERR_INVALID, "%s: the model's schema has %zu columns, the model %zu", m->path,
			       m->schema->columns, m->info.features);
	return 0;
}

int model_set_load(const char *path, const struct model_options *opt, struct model_set **ret, struct err *err)
{
	AUTO(model_set) struct model_set *m = NEW(struct model_set);
	AUTO(strlist) struct strlist files = {0};
	int r = 0;

	m->path = xstrdup(path);
	if (pack_present(path))
		r = model_set_add_pack(m, path, opt->threads, err);
	else if (fs_is_dir(path))
		r = model_set_find(path, &files, err);
	else if (!fs_exists(path))
		r = err_set(err, ERR_NOTFOUND, "%s: there is no such model", path);
	while (opt->first_alone && files.n > 1)
		free(files.items[--files.n]);
	if (!r && !files.n && !m->n)
		r = model_set_add_file(m, path, opt->threads, err);
	for (size_t i = 0; !r && i < files.n; i++) {
		AUTO(str) char *file = fs_join(path, files.items[i]);

		r = model_set_add_file(m, file, opt->threads, err);
	}
	if (!r)
		r = model_set_take_schema(m, err);
	if (r)
		return r;
	m->kind = m->entity_index.n ? MODEL_SET_ENTITIES : m->n > 1 ? MODEL_SET_FOLDS : MODEL_SET_SINGLE;
	*ret = TAKE(m);
	return 0;
}

/* --- prediction ------------------------------------------------------------------ */

static bool model_set_votes(const struct model_set *m)
{
	return str_eq(m->info.objective, "multi:softmax") || str_eq(m->info.objective, "binary:hinge");
}

/* The value that most models gave; the smallest of them where several did. */
static float model_vote(const struct predictions *all, size_t n, size_t cell)
{
	size_t best = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		size_t votes = 0;

		for (size_t k = 0; k < n; k++)
			votes += all[k].values[cell] == all[i].values[cell];
		if (votes > most || (votes == most && all[i].values[cell] < all[best].values[cell])) {
			most = votes;
			best = i;
		}
	}
	return all[best].values[cell];
}

static void model_set_combine(const struct model_set *m, const struct predictions *all, bool vote,
			      struct predictions *ret)
{
	size_t cells = ret->rows * ret->columns;

	ret->values = xcalloc(MAX(cells, (size_t)1), sizeof(float));
	for (size_t c = 0; c < cells; c++) {
		double sum = 0;

		for (size_t i = 0; i < m->n; i++)
			sum += all[i].values[c];
		ret->values[c] = vote ? model_vote(all, m->n, c) : (float)(sum / (double)m->n);
	}
}

/* What to predict: the rows, and for models without trees a matrix of them. */
struct model_input {
	const struct dataset *d;
	struct matrix *matrix;
};

static int model_input_make(const struct model_set *m, const struct dataset *d, int threads, struct model_input *ret,
			    struct err *err)
{
	struct matrix_options opt = {.threads = threads, .columns = m->info.features};

	*ret = (struct model_input){.d = d};
	return m->linear ? matrix_new(d, &opt, &ret->matrix, err) : 0;
}

static int model_input_predict(const struct model_input *in, struct booster *b, const struct predict_options *opt,
			       struct predictions *ret, struct err *err)
{
	return in->matrix ? booster_predict(b, in->matrix, opt, ret, err)
			  : booster_predict_rows(b, in->d, opt, ret, err);
}

static int model_set_predict_folds(const struct model_set *m, const struct model_input *in,
				   const struct predict_options *opt, struct predictions *ret, struct err *err)
{
	struct predictions *all = xcalloc(m->n, sizeof(*all));
	int r = 0;

	for (size_t i = 0; !r && i < m->n; i++)
		r = model_input_predict(in, m->boosters[i], opt, &all[i], err);
	for (size_t i = 1; !r && i < m->n; i++)
		if (all[i].columns != all[0].columns)
			r = err_set(err, ERR_INVALID, "the models differ in the number of their outputs");
	if (!r) {
		*ret = (struct predictions){.rows = all[0].rows, .columns = all[0].columns};
		model_set_combine(m, all, model_set_votes(m) && !opt->margin, ret);
	}
	for (size_t i = 0; i < m->n; i++)
		predictions_done(&all[i]);
	free(all);
	return r;
}

/* The rows of one entity as a data set of their own. rows: their numbers. */
static struct dataset *model_set_pick(const struct dataset *d, const size_t *rows, size_t n)
{
	struct dataset *part = NEW(struct dataset);
	size_t values = 0;

	part->rows = n;
	part->columns = d->columns;
	if (d->categorical)
		part->categorical = xmemdup(d->categorical, d->columns);
	if (d->dense) {
		part->dense = xreallocarray(NULL, MAX(n * d->columns, (size_t)1), sizeof(float));
		for (size_t i = 0; i < n; i++)
			memcpy(part->dense + i * d->columns, d->dense + rows[i] * d->columns,
			       d->columns * sizeof(float));
		return part;
	}
	for (size_t i = 0; i < n; i++)
		values += d->row_start[rows[i] + 1] - d->row_start[rows[i]];
	part->row_start = xcalloc(n + 1, sizeof(*part->row_start));
	part->column_index = xcalloc(MAX(values, (size_t)1), sizeof(*part->column_index));
	part->values = xcalloc(MAX(values, (size_t)1), sizeof(*part->values));
	for (size_t i = 0; i < n; i++) {
		size_t from = d->row_start[rows[i]], count = d->row_start[rows[i] + 1] - from, to = part->row_start[i];

		memcpy(part->column_index + to, d->column_index + from, count * sizeof(*d->column_index));
		memcpy(part->values + to, d->values + from, count * sizeof(*d->values));
		part->row_start[i + 1] = to + count;
	}
	return part;
}

static int model_set_predict_entity(const struct model_set *m, const struct dataset *d, uint32_t entity,
				    const size_t *rows, size_t n, const struct predict_options *opt, int threads,
				    struct predictions *ret, struct err *err)
{
	const char *name = d->entity_names.items[entity];
	uintptr_t place = (uintptr_t)map_get(&m->entity_index, name);
	AUTO(dataset) struct dataset *part = NULL;
	struct model_input in;
	AUTO(predictions) struct predictions p = {0};
	int r;

	if (!place)
		return err_set(err, ERR_NOTFOUND, "there is no model of the entity '%.100s'", name);
	part = model_set_pick(d, rows, n);
	r = model_input_make(m, part, threads, &in, err);
	if (!r)
		r = model_input_predict(&in, m->boosters[place - 1], opt, &p, err);
	matrix_free(in.matrix);
	if (r)
		return r;
	if (!ret->values) {
		*ret = (struct predictions){.rows = d->rows, .columns = p.columns};
		ret->values = xcalloc(MAX(d->rows * p.columns, (size_t)1), sizeof(float));
	}
	if (p.columns != ret->columns)
		return err_set(err, ERR_INVALID, "the models differ in the number of their outputs");
	for (size_t i = 0; i < n; i++)
		memcpy(ret->values + rows[i] * p.columns, p.values + i * p.columns, p.columns * sizeof(float));
	return 0;
}

/* Group the rows by entity (a counting sort), then predict group by group. */
static int model_set_predict_entities(const struct model_set *m, const struct dataset *d,
				      const struct predict_options *opt, int threads, struct predictions *ret,
				      struct err *err)
{
	size_t names = d->entity_names.n;
	size_t *first = xcalloc(names + 2, sizeof(*first)), *rows = xcalloc(d->rows + 1, sizeof(*rows));
	AUTO(predictions) struct predictions all = {0};
	int r = 0;

	for (size_t i = 0; i < d->rows; i++)
		first[d->entities[i] + 2]++;
	for (size_t e = 0; e < names; e++)
		first[e + 2] += first[e + 1];
	for (size_t i = 0; i < d->rows; i++)
		rows[first[d->entities[i] + 1]++] = i;
	for (size_t e = 0; !r && e < names; e++)
		if (first[e + 1] > first[e])
			r = model_set_predict_entity(m, d, (uint32_t)e, rows + first[e], first[e + 1] - first[e], opt,
						     threads, &all, err);
	free(first);
	free(rows);
	if (r)
		return r;
	*ret = all;
	all.values = NULL;
	return 0;
}

int model_set_predict(const struct model_set *m, const struct dataset *d, bool margin, int threads,
		      struct predictions *ret, struct err *err)
{
	struct predict_options opt = {.margin = margin};
	struct model_input in;
	int r;

	if (m->kind == MODEL_SET_ENTITIES) {
		if (!d->entities)
			return err_set(err, ERR_INVALID,
				       "the data names no entity, and every entity has a model of its own");
		return model_set_predict_entities(m, d, &opt, threads, ret, err);
	}
	r = model_input_make(m, d, threads, &in, err);
	if (!r)
		r = m->kind == MODEL_SET_FOLDS ? model_set_predict_folds(m, &in, &opt, ret, err)
					       : model_input_predict(&in, m->boosters[0], &opt, ret, err);
	matrix_free(in.matrix);
	return r;
}
