/* Kept models: found, added to, fetched from the jobs that trained them. */
#include "app/backtest_kept.h"

#include <unistd.h>

#include "aws/s3.h"
#include "base/fs.h"

#define INDEX_MAX ((size_t)256 << 20)
#define ARCHIVE_MAX ((size_t)4 << 30)

struct kept_model {
	char *name;
	void *bytes;
	size_t n;
};

void backtest_kept_done(struct backtest_kept *k)
{
	free(k->dir);
	pack_free(k->pack);
	map_done(&k->index);
	json_decref(k->about);
	for (size_t i = 0; i < k->n_fresh; i++) {
		free(k->fresh[i].name);
		free(k->fresh[i].bytes);
	}
	free(k->fresh);
	*k = (struct backtest_kept){0};
}

/* folder/models/c<cycle>; owned by the caller. */
static char *cycle_dir(const char *folder, size_t cycle)
{
	AUTO(str) char *below = xasprintf("models/c%zu", cycle);

	return fs_join(folder, below);
}

int backtest_kept_open(const char *folder, size_t cycle, struct backtest_kept *ret, struct err *err)
{
	*ret = (struct backtest_kept){.dir = cycle_dir(folder, cycle)};
	AUTO(str) char *index = fs_join(ret->dir, PACK_INDEX);

	if (pack_present(ret->dir) &&
	    (pack_open(ret->dir, &ret->pack, err) < 0 || json_parse_file(index, INDEX_MAX, &ret->about, err) < 0)) {
		int rc = err_prefix(err, "%s", ret->dir);

		backtest_kept_done(ret);
		return rc;
	}
	for (size_t i = 0; ret->pack && i < pack_count(ret->pack); i++)
		map_put(&ret->index, pack_name(ret->pack, i), (void *)(uintptr_t)(i + 1));
	return 0;
}

void backtest_kept_forget(struct backtest_kept *k)
{
	pack_free(TAKE(k->pack));
	map_clear(&k->index);
}

const char *backtest_kept_learnt(const struct backtest_kept *k, size_t cycle)
{
	AUTO(str) char *path = xasprintf("learnt.c%zu", cycle);

	return json_string_value(json_path_get(k->about, path));
}

int backtest_kept_find(void *context, const struct forecast_model *m, const void **ret, size_t *n, struct err *err)
{
	struct backtest_kept *k = context;
	AUTO(str) char *name = forecast_model_name(m->cycle, m->of, m->entity);
	uintptr_t at = (uintptr_t)map_get(&k->index, name);

	*n = 0;
	return at ? pack_read(k->pack, at - 1, ret, n, err) : 0;
}

static void add_fresh(struct backtest_kept *k, const char *name, const void *bytes, size_t n)
{
	GROW(k->fresh, k->cap_fresh, k->n_fresh + 1);
	k->fresh[k->n_fresh++] = (struct kept_model){xstrdup(name), xmemdup(bytes, n), n};
}

int backtest_kept_add(void *context, const struct forecast_model *m, struct err *err)
{
	AUTO(str) char *name = forecast_model_name(m->cycle, m->of, m->entity);

	add_fresh(context, name, m->bytes, m->n);
	return err_clear(err), 0;
}

static int compare_models(const void *a, const void *b)
{
	return strcmp(((const struct kept_model *)a)->name, ((const struct kept_model *)b)->name);
}

/* What is there already is written again, with the rest. */
static int take_old(struct backtest_kept *k, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; k->pack && rc == 0 && i < pack_count(k->pack); i++) {
		const void *bytes;
		size_t n;

		rc = pack_read(k->pack, i, &bytes, &n, err);
		if (rc == 0)
			add_fresh(k, pack_name(k->pack, i), bytes, n);
	}
	return rc;
}

int backtest_kept_save(struct backtest_kept *k, size_t cycle, json_t *columns, const char *learnt, struct err *err)
{
	AUTO(pack_writer) struct pack_writer *w = NULL;
	AUTO(str) char *name = xasprintf("c%zu", cycle);
	AUTO(json)
	json_t *about = json_pack("{s:{s:s}, s:O}", "learnt", name, str_or(learnt, ""), "columns", columns);

	if (!k->n_fresh)
		return 0;
	int rc = take_old(k, err);

	if (rc == 0)
		rc = fs_mkdirs(k->dir, 0700, err);
	if (rc == 0)
		rc = pack_create(k->dir, "", &w, err);
	qsort(k->fresh, k->n_fresh, sizeof(*k->fresh), compare_models);
	for (size_t i = 0; rc == 0 && i < k->n_fresh; i++)
		rc = pack_add(w, k->fresh[i].name, k->fresh[i].bytes, k->fresh[i].n, NULL, err);
	return rc ? rc : pack_finish(w, about, err);
}

/* The cycle whose models are a run's last: the last that has a row. */
static size_t last_cycle(const struct backtest_work *w)
{
	size_t cycle = 0;

	for (size_t i = 0; i < w->asked.n; i++)
		if (w->asked.cycles[i].rows)
			cycle = i;
	return cycle;
}

/* --- from the jobs ------------------------------------------------------------------------------ */

/* The models of one job that are of the cycle. */
static int take_archive(struct backtest_kept *k, size_t cycle, const char *path, struct err *err)
{
	static const char *const members[] = {PACK_FILE, PACK_INDEX};
	struct buf files[ARRAY_LEN(members)] = {BUF_INIT(ARCHIVE_MAX), BUF_INIT(INDEX_MAX)};
	AUTO(str) char *begin = xasprintf("c%zu-", cycle);
	AUTO(json) json_t *index = NULL;
	const char *name;
	json_t *info;
	int rc = backtest_archive_read(path, members, files, ARRAY_LEN(members), err);

	if (rc == 0 && files[1].len)
		rc = json_parse(files[1].data, files[1].len, PACK_INDEX, &index, err);
	json_object_foreach(json_object_get(index, "models"), name, info)
	{
		int64_t offset = json_get_i64(info, "offset", -1), n = json_get_i64(info, "length", -1);

		if (rc || !str_starts(name, begin))
			continue;
		if (offset < 0 || n < 0 || (size_t)offset > files[0].len || (size_t)n > files[0].len - (size_t)offset)
			rc = err_set(err, ERR_PARSE, "%s: the model %.80s lies outside of " PACK_FILE, path, name);
		else
			add_fresh(k, name, files[0].data + offset, (size_t)n);
	}
	if (rc == 0 && index && !k->about)
		k->about = TAKE(index);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		buf_done(&files[i]);
	return rc;
}

static int fetch_job(struct app *a, const struct backtest_work *w, const struct backtest_job *job, const char *name,
		     struct backtest_kept *k, struct err *err)
{
	AUTO(str) char *path = backtest_part_path(w->name, job, ".model.tar.gz");
	AUTO(str) char *below = xasprintf("output/%s/output/model.tar.gz", name);
	AUTO(str) char *uri = backtest_uri(w, below);
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	struct app_reply reply = {0};

	if (s3_uri_split(uri, &bucket, &key, err) < 0)
		return -err->code;
	s3_get_file(sync_client(a->sync), bucket, key, path, app_reply_done, &reply);
	int rc = app_wait(a, &reply, err);

	if (rc < 0 && err->code == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (rc == 0)
		rc = take_archive(k, last_cycle(w), path, err);
	unlink(path);
	return rc < 0 ? err_prefix(err, "%s", uri) : 0;
}

int backtest_kept_fetch(struct app *a, const struct backtest_work *w, const struct backtest_run *run, size_t *ret,
			struct err *err)
{
	AUTO(str) char *folder = backtest_folder(w->name);
	const size_t cycle = last_cycle(w);
	AUTO(backtest_kept) struct backtest_kept k = {.dir = cycle_dir(folder, cycle)};

	*ret = 0;
	if (str_eq(w->spec->keep_models, "none"))
		return 0;
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		const struct backtest_job *job = &w->plan->jobs[i];
		const struct backtest_pack *p = backtest_run_pack(run, (int64_t)job->first_cycle, (int64_t)job->part);

		if (job->first_cycle <= cycle && cycle <= job->last_cycle && p &&
		    fetch_job(a, w, job, p->name, &k, err) < 0)
			return -err->code;
	}
	*ret = k.n_fresh;
	AUTO(str) char *learnt = xstrdup(backtest_kept_learnt(&k, cycle));
	AUTO(json) json_t *columns = json_incref(json_object_get(k.about, "columns"));

	return backtest_kept_save(&k, cycle, columns ? columns : json_null(), learnt, err);
}
