/* store_jobs.c - jobs: a row of hot columns each, and the cold part as JSON. */
#include "store/store_priv.h"

#include <math.h>

/* The order of the hot columns in every statement below. */
#define HOT_COLUMNS                                                                                                   \
	"name, status, secondary, detail, created_ms, modified_ms, start_ms, end_ms, failure_reason, instance_type,"  \
	" instance_count, volume_gb, spot, tags_known, training_s, billable_s, max_runtime_s, max_wait_s,"            \
	" keep_alive_s, objective, objective_value, facets, interruptions, seen_ms, warm_pool, retained_s, waited_s," \
	" waiting_since_ms, instance_groups, best_value, best_step, training_plan"
#define N_HOT_COLUMNS 32

static const char save_hot_sql[] =
	"INSERT OR REPLACE INTO job (scope_id, " HOT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	" ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32,"
	" ?33)";
static const char save_cold_sql[] = "INSERT OR REPLACE INTO job_cold (scope_id, name, record) VALUES (?1, ?2, ?3)";
static const char load_sql[] = "SELECT " HOT_COLUMNS " FROM job WHERE scope_id = ?1";
static const char load_newest_sql[] = "SELECT " HOT_COLUMNS " FROM job WHERE scope_id = ?1"
				      " ORDER BY created_ms DESC LIMIT ?2";
static const char load_next_sql[] = "SELECT " HOT_COLUMNS " FROM job WHERE scope_id = ?1 AND name > ?3"
				    " ORDER BY name LIMIT ?2";
static const char count_sql[] = "SELECT count(*) FROM job WHERE scope_id = ?1";
static const char load_one_sql[] = "SELECT " HOT_COLUMNS ", (SELECT record FROM job_cold c WHERE c.scope_id = ?1 AND"
				   " c.name = ?2) FROM job WHERE scope_id = ?1 AND name = ?2";

/* A mixed cluster in one cell: "count, type, name" a line, parted by tabs. */
static void bind_groups(sqlite3_stmt *st, int at, const struct job *j)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < j->rare->n_groups; i++)
		(void)buf_addf(&text, "%d\t%s\t%s\n", j->rare->groups[i].count,
			       str_or(j->rare->groups[i].instance_type, ""), str_or(j->rare->groups[i].name, ""));
	if (text.len)
		sqlite3_bind_text(st, at, buf_str(&text), (int)text.len, SQLITE_TRANSIENT);
}

static void read_groups(struct job *j, const char *text)
{
	AUTO(strlist) struct strlist lines = {0};

	if (text)
		strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		AUTO(strlist) struct strlist cells = {0};
		int64_t count;

		strlist_split(&cells, lines.items[i], '\t');
		if (cells.n >= 2 && str_to_i64(cells.items[0], &count) && count >= 0 && count <= INT32_MAX)
			job_add_group(j, cells.n > 2 ? cells.items[2] : NULL, cells.items[1], (int)count);
	}
}

static int save_hot(struct store *s, const struct job *j, struct err *err)
{
	AUTO(buf) struct buf facets = BUF_INIT(256 * 1024);
	sqlite3_stmt *st = db_prepare(&s->cache, save_hot_sql, err);

	if (!st)
		return -ERR_DB;
	job_facets_write(j, &facets);
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, j->name);
	db_bind_text(st, 3, j->status_text);
	db_bind_text(st, 4, j->secondary_text);
	store_bind_common(st, 5, job_resource(j));
	db_bind_text(st, 11, j->instance_type);
	sqlite3_bind_int(st, 12, j->instance_count);
	sqlite3_bind_int(st, 13, j->volume_gb);
	sqlite3_bind_int(st, 14, j->spot);
	sqlite3_bind_int(st, 15, j->tags_known);
	sqlite3_bind_int64(st, 16, j->training_s);
	sqlite3_bind_int64(st, 17, j->billable_s);
	sqlite3_bind_int64(st, 18, j->max_runtime_s);
	sqlite3_bind_int64(st, 19, j->max_wait_s);
	sqlite3_bind_int64(st, 20, j->rare->keep_alive_s);
	db_bind_text(st, 21, j->objective);
	if (!isnan(j->objective_value))
		sqlite3_bind_double(st, 22, j->objective_value);
	if (facets.len)
		sqlite3_bind_blob(st, 23, facets.data, (int)facets.len, SQLITE_STATIC);
	sqlite3_bind_int(st, 24, j->interruptions);
	sqlite3_bind_int64(st, 25, j->seen_ms);
	db_bind_text(st, 26, j->rare->warm_pool_status);
	sqlite3_bind_int64(st, 27, j->rare->retained_s);
	sqlite3_bind_int64(st, 28, j->waited_s);
	sqlite3_bind_int64(st, 29, j->rare->waiting_since_ms);
	bind_groups(st, 30, j);
	if (isfinite(j->rare->best_value))
		sqlite3_bind_double(st, 31, j->rare->best_value);
	sqlite3_bind_int64(st, 32, j->rare->best_step);
	db_bind_text(st, 33, j->rare->training_plan);
	return db_step_done(&s->cache, st, err);
}

static int save_cold(struct store *s, const struct job *j, struct buf *text, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, save_cold_sql, err);

	if (!st)
		return -ERR_DB;
	buf_clear(text);
	int rc = job_cold_write(j, text);

	if (rc)
		return err_set(err, ERR_TOOBIG, "the record of job %s is too large for the cache", j->name);
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, j->name);
	sqlite3_bind_text(st, 3, buf_str(text), (int)text->len, SQLITE_STATIC);
	return db_step_done(&s->cache, st, err);
}

static int save_jobs(struct store *s, struct job *const *jobs, size_t n, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT((size_t)4 << 20);
	int rc = db_begin(&s->cache, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		job_derive(jobs[i]);
		rc = save_hot(s, jobs[i], err);
		if (rc == 0 && !jobs[i]->trimmed && jobs[i]->detail >= DETAIL_SEARCHED)
			rc = save_cold(s, jobs[i], &text, err);
	}
	return db_end(&s->cache, rc, err);
}

int store_jobs_save(struct store *s, struct job *const *jobs, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	return RETRY_CACHE(s, err, save_jobs(s, jobs, n, &e));
}

static const char *column_interned(sqlite3_stmt *st, int i)
{
	return intern((const char *)sqlite3_column_text(st, i));
}

static void read_rare(struct job *j, sqlite3_stmt *st)
{
	struct job_rare rare = *j->rare;

	rare.keep_alive_s = sqlite3_column_int64(st, 18);
	rare.warm_pool_status = column_interned(st, 24);
	rare.retained_s = sqlite3_column_int64(st, 25);
	rare.waiting_since_ms = sqlite3_column_int64(st, 27);
	if (sqlite3_column_type(st, 29) != SQLITE_NULL)
		rare.best_value = sqlite3_column_double(st, 29);
	rare.best_step = sqlite3_column_int64(st, 30);
	rare.training_plan = column_interned(st, 31);
	if (rare.keep_alive_s >= 0 || rare.warm_pool_status || rare.training_plan || rare.retained_s >= 0 ||
	    rare.waiting_since_ms != TIME_UNKNOWN || isfinite(rare.best_value))
		*job_own_rare(j) = rare;
	read_groups(j, (const char *)sqlite3_column_text(st, 28));
}

/* A job out of a row; NULL where the row makes no sense. */
static struct job *read_hot(sqlite3_stmt *st)
{
	const char *name = (const char *)sqlite3_column_text(st, 0);

	if (str_empty(name))
		return NULL;
	struct job *j = job_new(name);

	job_drop_cold(j);
	job_set_status(j, (const char *)sqlite3_column_text(st, 1));
	j->secondary_text = column_interned(st, 2);
	store_read_common(st, 3, job_resource(j));
	j->instance_type = column_interned(st, 9);
	j->instance_count = sqlite3_column_int(st, 10);
	j->volume_gb = sqlite3_column_int(st, 11);
	j->spot = sqlite3_column_int(st, 12) != 0;
	j->tags_known = sqlite3_column_int(st, 13) != 0;
	j->training_s = sqlite3_column_int64(st, 14);
	j->billable_s = sqlite3_column_int64(st, 15);
	j->max_runtime_s = sqlite3_column_int64(st, 16);
	j->max_wait_s = sqlite3_column_int64(st, 17);
	j->objective = column_interned(st, 19);
	j->objective_value = sqlite3_column_type(st, 20) == SQLITE_NULL ? NAN : sqlite3_column_double(st, 20);
	const char *facets = sqlite3_column_blob(st, 21);
	int n = sqlite3_column_bytes(st, 21);

	if (facets && n > 0)
		job_facets_read(j, facets, (size_t)n);
	j->interruptions = (uint16_t)MIN(MAX(sqlite3_column_int(st, 22), 0), UINT16_MAX);
	j->seen_ms = sqlite3_column_int64(st, 23);
	j->waited_s = sqlite3_column_int64(st, 26);
	read_rare(j, st);
	j->trimmed = j->detail >= DETAIL_SEARCHED;
	return j;
}

/* The rows of a statement, but for those that are there. The last one's name, and how
 * many they were, where the caller wants to know. */
static int take_rows(struct store *s, sqlite3_stmt *st, struct resources *ret, char **ret_last, size_t *ret_n,
		     struct err *err)
{
	int rc;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		struct job *j = resources_find(ret, name) ? NULL : read_hot(st);

		if (j)
			jobs_put(ret, j, NULL);
		if (ret_last)
			str_set(ret_last, name);
		if (ret_n)
			++*ret_n;
	}
	rc = rc == SQLITE_DONE ? 0 : db_fail(&s->cache, err);
	sqlite3_reset(st);
	return rc;
}

static int load_jobs(struct store *s, struct resources *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, count_sql, err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	if (sqlite3_step(st) == SQLITE_ROW)
		resources_reserve(ret, (size_t)MIN(sqlite3_column_int64(st, 0), (int64_t)1000000));
	sqlite3_reset(st);
	st = db_prepare(&s->cache, load_sql, err);
	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	return take_rows(s, st, ret, NULL, NULL, err);
}

int store_jobs_load(struct store *s, struct resources *ret, struct err *err)
{
	return RETRY_CACHE(s, err, load_jobs(s, ret, &e));
}

static int load_newest(struct store *s, size_t n, struct resources *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, load_newest_sql, err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)n);
	return take_rows(s, st, ret, NULL, NULL, err);
}

int store_jobs_load_newest(struct store *s, size_t n, struct resources *ret, struct err *err)
{
	return RETRY_CACHE(s, err, load_newest(s, n, ret, &e));
}

static int load_next(struct store *s, char **after, size_t n, struct resources *ret, bool *ret_more, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, load_next_sql, err);
	AUTO(str) char *from = xstrdup(str_or(*after, ""));
	size_t came = 0;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)n);
	db_bind_text(st, 3, from);
	int rc = take_rows(s, st, ret, after, &came, err);

	*ret_more = rc == 0 && came == n;
	if (!*ret_more)
		(void)sqlite3_db_release_memory(s->cache.handle); /* pages that were read for this alone */
	return rc;
}

int store_jobs_load_next(struct store *s, char **after, size_t n, struct resources *ret, bool *ret_more,
			 struct err *err)
{
	return RETRY_CACHE(s, err, load_next(s, after, n, ret, ret_more, &e));
}

static int load_one(struct store *s, const char *name, struct job **ret, struct err *err)
{
	AUTO(job) struct job *j = NULL;
	sqlite3_stmt *st = db_prepare(&s->cache, load_one_sql, err);
	int rc;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, name);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		j = read_hot(st);
		const char *record = (const char *)sqlite3_column_text(st, N_HOT_COLUMNS);

		rc = 0;
		if (j && record) {
			j->trimmed = false;
			job_own_cold(j);
			rc = job_cold_read(j, record, (size_t)sqlite3_column_bytes(st, N_HOT_COLUMNS), err);
		}
	} else {
		rc = rc == SQLITE_DONE ? 0 : db_fail(&s->cache, err);
	}
	sqlite3_reset(st);
	if (rc)
		return rc;
	if (!j)
		return err_set(err, ERR_NOTFOUND, "job %s is not in the cache", name);
	*ret = TAKE(j);
	return 0;
}

int store_job_load_one(struct store *s, const char *name, struct job **ret, struct err *err)
{
	return RETRY_CACHE(s, err, load_one(s, name, ret, &e));
}

static int delete_job(struct store *s, const char *name, struct err *err)
{
	static const char *const sqls[] = {
		"DELETE FROM job WHERE scope_id = ?1 AND name = ?2",
		"DELETE FROM job_cold WHERE scope_id = ?1 AND name = ?2",
		"DELETE FROM log WHERE scope_id = ?1 AND kind = 'training-job' AND name = ?2",
		"DELETE FROM metric WHERE scope_id = ?1 AND kind = 'training-job' AND name = ?2"};
	int rc = db_begin(&s->cache, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sqls); i++) {
		sqlite3_stmt *st = db_prepare(&s->cache, sqls[i], err);

		if (!st) {
			rc = -ERR_DB;
			break;
		}
		sqlite3_bind_int64(st, 1, s->scope_id);
		db_bind_text(st, 2, name);
		rc = db_step_done(&s->cache, st, err);
	}
	return db_end(&s->cache, rc, err);
}

int store_jobs_delete(struct store *s, const char *name, struct err *err)
{
	return RETRY_CACHE(s, err, delete_job(s, name, &e));
}
