/* store_logs.c - the logs of finished jobs, in packed chunks.
 *
 * A chunk is a sequence of lines: time as the zigzag difference to the line
 * before, index of the stream, length (varints), text. A hundred thousand lines
 * are some dozen rows. What was read longest ago makes room for the new. */
#include "store/store_priv.h"

#include "base/clock.h"

#define CHUNK_BYTES ((size_t)256 << 10)
#define CHUNK_MAX ((size_t)8 << 20)
/* All cached logs together. */
#define LOGS_MAX_BYTES ((int64_t)1 << 30)

static void put_varint(struct buf *b, uint64_t v)
{
	while (v >= 0x80) {
		(void)buf_addc(b, (char)(v | 0x80));
		v >>= 7;
	}
	(void)buf_addc(b, (char)v);
}

static bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static int delete_log(struct store *s, const char *job, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "DELETE FROM log WHERE scope_id = ? AND job = ?", err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, job);
	return db_step_done(&s->cache, st, err);
}

static int insert_log(struct store *s, const char *job, const struct loglines *l, int64_t *ret_id, struct err *err)
{
	AUTO(buf) struct buf streams = BUF_INIT(BUF_MAX_TEXT);
	sqlite3_stmt *st = db_prepare(&s->cache,
				      "INSERT INTO log (scope_id, job, streams, n_lines, bytes, saved_ms)"
				      " VALUES (?, ?, ?, ?, ?, ?)",
				      err);

	if (!st)
		return -ERR_DB;
	for (size_t i = 0; i < l->streams.n; i++)
		(void)buf_addf(&streams, "%s%s", i ? "\n" : "", l->streams.items[i]);
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, job);
	db_bind_text(st, 3, buf_str(&streams));
	sqlite3_bind_int64(st, 4, (int64_t)l->n);
	sqlite3_bind_int64(st, 5, (int64_t)l->bytes);
	sqlite3_bind_int64(st, 6, clock_now_ms());
	int rc = db_step_done(&s->cache, st, err);

	*ret_id = sqlite3_last_insert_rowid(s->cache.handle);
	return rc;
}

static int insert_chunk(struct store *s, int64_t id, int64_t seq, size_t n_lines, const struct buf *data,
			struct err *err)
{
	sqlite3_stmt *st =
		db_prepare(&s->cache, "INSERT INTO log_chunk (log_id, seq, n_lines, data) VALUES (?, ?, ?, ?)", err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int64(st, 2, seq);
	sqlite3_bind_int64(st, 3, (int64_t)n_lines);
	sqlite3_bind_blob(st, 4, data->data, (int)data->len, SQLITE_STATIC);
	return db_step_done(&s->cache, st, err);
}

static int insert_lines(struct store *s, int64_t id, const struct loglines *l, struct err *err)
{
	AUTO(buf) struct buf data = BUF_INIT(CHUNK_MAX);
	int64_t seq = 0, last_ms = 0;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < l->n; i++) {
		const struct log_line *line = &l->lines[i];
		int64_t delta = line->time_ms - last_ms;

		put_varint(&data, ((uint64_t)delta << 1) ^ (uint64_t)(delta >> 63));
		put_varint(&data, line->stream);
		put_varint(&data, line->len);
		(void)buf_add(&data, line->text, line->len);
		last_ms = line->time_ms;
		n++;
		if (data.overflow)
			return err_set(err, ERR_TOOBIG, "a log line is too long for the cache");
		if (data.len >= CHUNK_BYTES || i + 1 == l->n) {
			rc = insert_chunk(s, id, seq++, n, &data, err);
			buf_clear(&data);
			n = 0;
			last_ms = 0; /* a chunk can be read by itself */
		}
	}
	return rc;
}

/* Make room: the logs that were saved longest ago go first. */
static int prune(struct store *s, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache,
				      "DELETE FROM log WHERE id IN (SELECT id FROM (SELECT id, sum(bytes) OVER"
				      " (ORDER BY saved_ms DESC, id DESC) AS total FROM log) WHERE total > ?)",
				      err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, LOGS_MAX_BYTES);
	return db_step_done(&s->cache, st, err);
}

static int logs_save(struct store *s, const char *job, const struct loglines *l, struct err *err)
{
	int64_t id = 0;
	int rc = db_begin(&s->cache, err);

	if (rc)
		return rc;
	rc = delete_log(s, job, err);
	if (rc == 0)
		rc = insert_log(s, job, l, &id, err);
	if (rc == 0)
		rc = insert_lines(s, id, l, err);
	if (rc == 0 && id % 64 == 0)
		rc = prune(s, err);
	if (rc) {
		db_rollback(&s->cache);
		return rc;
	}
	return db_commit(&s->cache, err);
}

int store_logs_save(struct store *s, const char *job, const struct loglines *l, struct err *err)
{
	if (!l->complete || l->n_dropped > 0 || l->n_late > 0)
		return err_set(err, ERR_INVALID, "the log of %s is not complete: it is not cached", job);
	return RETRY_CACHE(s, err, logs_save(s, job, l, &e));
}

static int read_chunk(const uint8_t *p, size_t n, const struct strlist *streams, struct loglines *ret, struct err *err)
{
	const uint8_t *end = p + n;
	int64_t time_ms = 0;

	while (p < end) {
		uint64_t delta, stream, len;

		if (!get_varint(&p, end, &delta) || !get_varint(&p, end, &stream) || !get_varint(&p, end, &len) ||
		    stream >= streams->n || len > (uint64_t)(end - p))
			return err_set(err, ERR_DB, "a cached log is damaged: it is read again from the service");
		time_ms += (int64_t)(delta >> 1) ^ -(int64_t)(delta & 1);
		loglines_add(ret, streams->items[stream], NULL, time_ms, (const char *)p, (size_t)len);
		p += len;
	}
	return 0;
}

static int read_chunks(struct store *s, int64_t id, const struct strlist *streams, struct loglines *ret,
		       struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "SELECT data FROM log_chunk WHERE log_id = ? ORDER BY seq", err);
	int step, rc = 0;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, id);
	while (rc == 0 && (step = sqlite3_step(st)) != SQLITE_DONE) {
		if (step != SQLITE_ROW) {
			rc = db_fail(&s->cache, err);
			break;
		}
		rc = read_chunk(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), streams, ret, err);
	}
	sqlite3_reset(st);
	return rc;
}

static int logs_load(struct store *s, const char *job, struct loglines *ret, struct err *err)
{
	AUTO(strlist) struct strlist streams = {0};
	sqlite3_stmt *st =
		db_prepare(&s->cache, "SELECT id, streams, n_lines FROM log WHERE scope_id = ? AND job = ?", err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, job);
	int step = sqlite3_step(st);

	if (step != SQLITE_ROW) {
		int rc = step == SQLITE_DONE ? err_set(err, ERR_NOTFOUND, "the log of %s is not in the cache", job)
					     : db_fail(&s->cache, err);
		sqlite3_reset(st);
		return rc;
	}
	int64_t id = sqlite3_column_int64(st, 0), n_lines = sqlite3_column_int64(st, 2);

	strlist_split(&streams, str_or((const char *)sqlite3_column_text(st, 1), ""), '\n');
	sqlite3_reset(st);
	loglines_clear(ret);
	int rc = read_chunks(s, id, &streams, ret, err);

	if (rc == 0 && (int64_t)ret->n != n_lines)
		rc = err_set(err, ERR_DB, "a cached log is damaged: it is read again from the service");
	if (rc) {
		loglines_clear(ret);
		return rc;
	}
	loglines_settle(ret);
	loglines_begin_pass(ret); /* the counts of repeats are not needed any more */
	ret->complete = true;
	return 0;
}

int store_logs_load(struct store *s, const char *job, struct loglines *ret, struct err *err)
{
	return RETRY_CACHE(s, err, logs_load(s, job, ret, &e));
}
