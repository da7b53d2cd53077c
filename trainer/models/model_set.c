/* What a model folder holds, loaded and predicting. */
#include "trainer/models/model_set.h"
#include "trainer/models/schema.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>

#include "base/fs.h"
#include "trainer/models/pack.h"
#include "trainer/read/parallel.h"

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
	pack_free(m->pack);
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

/* All models of a set are of one kind. */
static int model_set_agrees(const struct model_set *m, const struct booster_info *info, const char *name,
			    struct err *err)
{
	if (strcmp(info->objective, m->info.objective) || info->features != m->info.features ||
	    info->classes != m->info.classes)
		return err_set(err, ERR_INVALID, "%s: the model differs from the first in objective or columns", name);
	return 0;
}

static int model_set_add(struct model_set *m, struct booster *b, const char *name, struct err *err)
{
	struct booster_info info;
	int r = booster_describe(b, &info, err);

	if (!r && !m->n)
		m->info = info;
	if (!r)
		r = model_set_agrees(m, &info, name, err);
	if (r)
		return r;
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
	AUTO(str) char *limit = booster_attr(*b, "best_ntree_limit");
	AUTO(str) char *iteration = booster_attr(*b, "best_iteration");
	struct booster_info info;

	if (!limit && !iteration)
		return 0;
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

/* One model of an archive; several threads may do so at once. */
static int model_read(const struct pack *pack, size_t i, int threads, struct booster **ret, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;
	AUTO(str) char *member = NULL;
	const void *bytes;
	size_t n;
	int r = pack_read_member(pack, i, &member, &bytes, &n, err);

	if (!r)
		r = booster_load_threads(bytes, n, threads, &b, err);
	if (!r)
		r = cut_to_best(&b, pack_name(pack, i), err);
	if (r)
		return err_prefix(err, "%s", pack_name(pack, i));
	*ret = TAKE(b);
	return 0;
}

static int model_set_add_pack(struct model_set *m, const char *dir, const struct model_options *opt, struct err *err)
{
	AUTO(pack) struct pack *pack = NULL;
	int r = pack_open(dir, &pack, err);

	for (size_t i = 0; !r && i < pack_count(pack); i++) {
		AUTO(booster) struct booster *b = NULL;

		map_put(&m->entity_index, pack_name(pack, i), (void *)(uintptr_t)(i + 1));
		if (opt->late && m->n)
			continue;
		r = model_read(pack, i, opt->threads, &b, err);
		if (!r)
			r = model_set_add(m, b, pack_name(pack, i), err);
		if (!r)
			(void)TAKE(b);
	}
	if (!r && !m->n)
		r = err_set(err, ERR_NOTFOUND, "%s: the archive holds no model", dir);
	if (!r && opt->late)
		m->pack = TAKE(pack);
	return r;
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
		r = model_set_add_pack(m, path, opt, err);
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

/* Rows by entity, on several threads: each entity's go to places of their own. */
struct entity_pass {
	const struct model_set *m;
	const struct dataset *d;
	const struct predict_options *opt;
	int threads; /* of one prediction */
	size_t *first, *rows;
	struct predictions all;
	pthread_mutex_t lock;
	struct err err; /* the first */
};

/* The first to come makes the room. */
static int entity_put(struct entity_pass *s, const struct predictions *p, const size_t *rows, size_t n, struct err *err)
{
	pthread_mutex_lock(&s->lock);
	if (!s->all.values) {
		s->all = (struct predictions){.rows = s->d->rows, .columns = p->columns};
		s->all.values = xcalloc(MAX(s->d->rows * p->columns, (size_t)1), sizeof(float));
	}
	pthread_mutex_unlock(&s->lock);
	if (p->columns != s->all.columns)
		return err_set(err, ERR_INVALID, "the models differ in the number of their outputs");
	for (size_t i = 0; i < n; i++)
		memcpy(s->all.values + rows[i] * p->columns, p->values + i * p->columns, p->columns * sizeof(float));
	return 0;
}

static int entity_model(const struct entity_pass *s, size_t place, const char *name, struct booster **ret,
			struct err *err)
{
	struct booster_info info;
	int r = model_read(s->m->pack, place, s->threads, ret, err);

	if (!r)
		r = booster_describe(*ret, &info, err);
	return r ? r : model_set_agrees(s->m, &info, name, err);
}

static int entity_predict(struct entity_pass *s, size_t entity, struct err *err)
{
	const char *name = s->d->entity_names.items[entity];
	const size_t *rows = s->rows + s->first[entity], n = s->first[entity + 1] - s->first[entity];
	uintptr_t place = (uintptr_t)map_get(&s->m->entity_index, name);
	AUTO(dataset) struct dataset *part = NULL;
	AUTO(booster) struct booster *own = NULL;
	AUTO(predictions) struct predictions p = {0};
	struct model_input in = {0};
	int r = 0;

	if (!place)
		return err_set(err, ERR_NOTFOUND, "there is no model of the entity '%.100s'", name);
	if (s->m->pack && place > 1)
		r = entity_model(s, place - 1, name, &own, err);
	part = model_set_pick(s->d, rows, n);
	if (!r)
		r = model_input_make(s->m, part, s->threads, &in, err);
	if (!r)
		r = model_input_predict(&in, own ? own : s->m->boosters[place - 1], s->opt, &p, err);
	matrix_free(in.matrix);
	return r ? r : entity_put(s, &p, rows, n, err);
}

static void entity_step(void *context, size_t entity)
{
	static __thread bool ready;
	struct entity_pass *s = context;
	struct err err = {0};

	if (s->first[entity + 1] == s->first[entity])
		return;
	pthread_mutex_lock(&s->lock);
	bool over = s->err.code;
	pthread_mutex_unlock(&s->lock);
	if (over)
		return;
	if (!ready)
		booster_thread_init(0);
	ready = true;
	if (!entity_predict(s, entity, &err))
		return;
	pthread_mutex_lock(&s->lock);
	if (!s->err.code)
		s->err = err;
	pthread_mutex_unlock(&s->lock);
}

/* Group the rows by entity (a counting sort), then predict group by group. Models that are read for
 * it are small ones: one thread each, several at a time. */
static int model_set_predict_entities(const struct model_set *m, const struct dataset *d,
				      const struct predict_options *opt, int threads, struct predictions *ret,
				      struct err *err)
{
	size_t names = d->entity_names.n;
	size_t *first = xcalloc(names + 2, sizeof(*first)), *rows = xcalloc(d->rows + 1, sizeof(*rows));
	struct entity_pass s = {.m = m,
				.d = d,
				.opt = opt,
				.threads = m->pack ? 1 : threads,
				.first = first,
				.rows = rows,
				.lock = PTHREAD_MUTEX_INITIALIZER};

	for (size_t i = 0; i < d->rows; i++)
		first[d->entities[i] + 2]++;
	for (size_t e = 0; e < names; e++)
		first[e + 2] += first[e + 1];
	for (size_t i = 0; i < d->rows; i++)
		rows[first[d->entities[i] + 1]++] = i;
	/* Small models: one thread each, several at a time. */
	parallel_for(names, m->pack ? threads : 1, entity_step, &s);
	free(first);
	free(rows);
	pthread_mutex_destroy(&s.lock);
	if (!s.err.code) {
		*ret = s.all;
		return 0;
	}
	predictions_done(&s.all);
	return err_set(err, s.err.code, "%s", s.err.msg);
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
