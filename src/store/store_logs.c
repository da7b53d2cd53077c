/* store_logs.c - logs that cannot grow any more, in packed chunks.
 *
 * A chunk is a sequence of lines: time as the zigzag difference to the line
 * before, index of the stream, length (varints), text. A hundred thousand lines
 * are about a hundred rows. What was read longest ago makes room for the new. */
#include "store/store_priv.h"

#include "base/clock.h"

#define CHUNK_BYTES ((size_t)64 << 10) /* read in a millisecond */
#define CHUNK_MAX ((size_t)8 << 20)
/* All cached logs together. */
#define LOGS_MAX_BYTES ((int64_t)1 << 30)
#define LOG_MAX_BYTES ((int64_t)256 << 20) /* one of them */
#define UNFINISHED_MS DAY_MS

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

/* A log's pages are met once: what SQLite kept of them is of no use to who comes next. */
static void forget_pages(struct store *s)
{
	(void)sqlite3_db_release_memory(s->cache.handle);
}

static int delete_log(struct store *s, const struct kind *kind, const char *name, struct err *err)
{
	sqlite3_stmt *st =
		store_prepare(s, "DELETE FROM log WHERE scope_id = ? AND kind = ? AND name = ?", kind, name, err);

	if (!st)
		return -ERR_DB;
	return db_step_done(&s->cache, st, err);
}

static int insert_log(struct store *s, const struct kind *kind, const char *name, int64_t *ret_id, struct err *err)
{
	sqlite3_stmt *st = store_prepare(s,
					 "INSERT INTO log (scope_id, kind, name, whole, n_lines, bytes, saved_ms)"
					 " VALUES (?, ?, ?, 0, 0, 0, ?)",
					 kind, name, err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 4, clock_now_ms());
	int rc = db_step_done(&s->cache, st, err);

	*ret_id = sqlite3_last_insert_rowid(s->cache.handle);
	return rc;
}

/* --- writing --------------------------------------------------------------------- */

struct log_writer {
	struct store *s;
	int64_t id, seq, n_lines, bytes;
	int64_t last_ms; /* of the chunk's last line */
	size_t n_chunk;	 /* lines of the chunk that is being filled */
	struct buf chunk;
	bool committed;
};

static int flush_chunk(struct log_writer *w, struct err *err)
{
	struct store *s = w->s;

	if (w->n_chunk == 0)
		return 0;
	sqlite3_stmt *st =
		db_prepare(&s->cache, "INSERT INTO log_chunk (log_id, seq, n_lines, data) VALUES (?, ?, ?, ?)", err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, w->id);
	sqlite3_bind_int64(st, 2, w->seq++);
	sqlite3_bind_int64(st, 3, (int64_t)w->n_chunk);
	sqlite3_bind_blob(st, 4, w->chunk.data, (int)w->chunk.len, SQLITE_STATIC);
	int rc = db_step_done(&s->cache, st, err);

	w->bytes += (int64_t)w->chunk.len;
	w->n_lines += (int64_t)w->n_chunk;
	buf_clear(&w->chunk);
	w->n_chunk = 0;
	w->last_ms = 0; /* a chunk can be read by itself */
	return rc;
}

int store_log_append_some(struct log_writer *w, const struct loglines *l, size_t i, size_t n, struct err *err)
{
	for (size_t end = i + n; i < end; i++) {
		const struct log_line *line = &l->lines[i];
		int64_t delta = line->time_ms - w->last_ms;

		put_varint(&w->chunk, ((uint64_t)delta << 1) ^ (uint64_t)(delta >> 63));
		put_varint(&w->chunk, line->stream);
		put_varint(&w->chunk, line->len);
		(void)buf_add(&w->chunk, line->text, line->len);
		w->last_ms = line->time_ms;
		w->n_chunk++;
		if (w->chunk.overflow)
			return err_set(err, ERR_TOOBIG, "a log line is too long for the cache");
		if (w->chunk.len >= CHUNK_BYTES && flush_chunk(w, err))
			return -ERR_DB;
		if (w->bytes > LOG_MAX_BYTES)
			return err_set(err, ERR_TOOBIG, "the log is too long for the cache");
	}
	return 0;
}

int store_log_append(struct log_writer *w, const struct loglines *l, struct err *err)
{
	return store_log_append_some(w, l, 0, l->n, err);
}

/* Make room: the logs that were saved longest ago go first, and what was begun and
 * never ended. */
static int prune(struct store *s, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache,
				      "DELETE FROM log WHERE (whole = 0 AND saved_ms < ?) OR id IN (SELECT id FROM"
				      " (SELECT id, sum(bytes) OVER (ORDER BY saved_ms DESC, id DESC) AS total"
				      " FROM log) WHERE total > ?)",
				      err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, clock_now_ms() - UNFINISHED_MS);
	sqlite3_bind_int64(st, 2, LOGS_MAX_BYTES);
	return db_step_done(&s->cache, st, err);
}

static int finish_log(struct log_writer *w, const struct loglines *l, struct err *err)
{
	AUTO(buf) struct buf streams = BUF_INIT(BUF_MAX_TEXT);
	struct store *s = w->s;

	if (flush_chunk(w, err))
		return -ERR_DB;
	sqlite3_stmt *st = db_prepare(
		&s->cache, "UPDATE log SET whole = 1, streams = ?, n_lines = ?, bytes = ? WHERE id = ?", err);

	if (!st)
		return -ERR_DB;
	for (size_t i = 0; i < l->streams.n; i++)
		(void)buf_addf(&streams, "%s%s", i ? "\n" : "", l->streams.items[i]);
	db_bind_text(st, 1, buf_str(&streams));
	sqlite3_bind_int64(st, 2, w->n_lines);
	sqlite3_bind_int64(st, 3, w->bytes);
	sqlite3_bind_int64(st, 4, w->id);
	int rc = db_step_done(&s->cache, st, err);

	if (rc == 0 && w->id % 64 == 0)
		rc = prune(s, err);
	w->committed = rc == 0;
	return rc;
}

static int begin_log(struct store *s, const struct kind *kind, const char *name, struct log_writer *ret,
		     struct err *err)
{
	*ret = (struct log_writer){.s = s, .chunk = BUF_INIT(CHUNK_MAX)};
	int rc = delete_log(s, kind, name, err);

	return rc ? rc : insert_log(s, kind, name, &ret->id, err);
}

int store_log_begin(struct store *s, const struct kind *kind, const char *name, struct log_writer **ret,
		    struct err *err)
{
	struct log_writer w;
	int rc = RETRY_CACHE(s, err, begin_log(s, kind, name, &w, &e));

	if (rc)
		return rc;
	*ret = NEW(struct log_writer);
	**ret = w;
	return 0;
}

int store_log_commit(struct log_writer *w, const struct loglines *l, struct err *err)
{
	return finish_log(w, l, err);
}

void store_log_close(struct log_writer *w)
{
	if (!w)
		return;
	if (!w->committed) {
		sqlite3_stmt *st = db_prepare(&w->s->cache, "DELETE FROM log WHERE id = ?", NULL);

		if (st)
			sqlite3_bind_int64(st, 1, w->id);
		if (st && db_step_done(&w->s->cache, st, NULL))
			w->id = 0; /* prune finds it */
	}
	forget_pages(w->s);
	buf_done(&w->chunk);
	free(w);
}

static int logs_save(struct store *s, const struct kind *kind, const char *name, const struct loglines *l,
		     struct err *err)
{
	struct log_writer w;
	int rc = db_begin(&s->cache, err);

	if (rc)
		return rc;
	rc = begin_log(s, kind, name, &w, err);
	if (rc == 0)
		rc = store_log_append(&w, l, err);
	if (rc == 0)
		rc = finish_log(&w, l, err);
	buf_done(&w.chunk);
	return db_end(&s->cache, rc, err);
}

int store_logs_save(struct store *s, const struct kind *kind, const char *name, const struct loglines *l,
		    struct err *err)
{
	if (!l->complete || l->n_dropped > 0 || l->n_late > 0)
		return err_set(err, ERR_INVALID, "the log of %s is not complete: it is not cached", name);
	return RETRY_CACHE(s, err, logs_save(s, kind, name, l, &e));
}

/* --- reading --------------------------------------------------------------------- */

struct reading {
	struct strlist streams;
	store_line_fn *fn; /* NULL: the lines are only counted */
	void *user;
	int64_t n_lines;
};

static int damaged(struct err *err)
{
	return err_set(err, ERR_DB, "a cached log is damaged: it is read again from the service");
}

static int read_chunk(struct reading *r, const uint8_t *p, size_t n, struct err *err)
{
	const uint8_t *end = p + n;
	int64_t time_ms = 0;

	while (p < end) {
		uint64_t delta, stream, len;

		if (!get_varint(&p, end, &delta) || !get_varint(&p, end, &stream) || !get_varint(&p, end, &len) ||
		    stream >= r->streams.n || len > (uint64_t)(end - p))
			return damaged(err);
		time_ms += (int64_t)(delta >> 1) ^ -(int64_t)(delta & 1);
		if (r->fn)
			r->fn(r->user, r->streams.items[stream], time_ms, (const char *)p, (size_t)len);
		p += len;
		r->n_lines++;
	}
	return 0;
}

static int read_chunks(struct store *s, int64_t id, struct reading *r, struct err *err)
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
		rc = read_chunk(r, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), err);
	}
	sqlite3_reset(st);
	return rc;
}

static int find_log(struct store *s, const struct kind *kind, const char *name, struct strlist *streams,
		    int64_t *ret_id, int64_t *ret_n, struct err *err)
{
	sqlite3_stmt *st = store_prepare(s,
					 "SELECT id, streams, n_lines FROM log WHERE scope_id = ? AND kind = ?"
					 " AND name = ? AND whole = 1",
					 kind, name, err);

	if (!st)
		return -ERR_DB;
	int step = sqlite3_step(st), rc = 0;

	if (step == SQLITE_ROW) {
		*ret_id = sqlite3_column_int64(st, 0);
		*ret_n = sqlite3_column_int64(st, 2);
		strlist_split(streams, str_or((const char *)sqlite3_column_text(st, 1), ""), '\n');
	} else {
		rc = step == SQLITE_DONE ? err_set(err, ERR_NOTFOUND, "the log of %s is not in the cache", name)
					 : db_fail(&s->cache, err);
	}
	sqlite3_reset(st);
	return rc;
}

static int log_read(struct store *s, const struct kind *kind, const char *name, store_line_fn *fn, void *user,
		    struct err *err)
{
	AUTO(strlist) struct strlist streams = {0};
	int64_t id = 0, n_lines = 0;
	int rc = find_log(s, kind, name, &streams, &id, &n_lines, err);

	if (rc)
		return rc;
	struct reading count = {.streams = streams}, give = {.streams = streams, .fn = fn, .user = user};

	rc = read_chunks(s, id, &count, err);
	if (rc == 0 && count.n_lines != n_lines)
		rc = damaged(err);
	return rc ? rc : read_chunks(s, id, &give, err);
}

int store_log_read(struct store *s, const struct kind *kind, const char *name, store_line_fn *fn, void *user,
		   struct err *err)
{
	return RETRY_CACHE(s, err, log_read(s, kind, name, fn, user, &e));
}

static void add_line(void *user, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	loglines_add(user, stream, NULL, time_ms, text, len);
}

int store_logs_load(struct store *s, const struct kind *kind, const char *name, struct loglines *ret, struct err *err)
{
	loglines_clear(ret);
	int rc = store_log_read(s, kind, name, add_line, ret, err);

	if (rc) {
		loglines_clear(ret);
		return rc;
	}
	loglines_settle(ret);
	loglines_begin_pass(ret); /* the counts of repeats are not needed any more */
	ret->complete = true;
	return 0;
}

/* --- backwards ------------------------------------------------------------------- */

struct log_pages {
	struct store *s;
	struct strlist streams;
	int64_t id, n_lines, n_read;
	int64_t seq; /* of the chunk that comes next; -1: none */
};

static int last_chunk(struct store *s, int64_t id, int64_t *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "SELECT max(seq) FROM log_chunk WHERE log_id = ?", err);
	int rc = 0;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, id);
	if (sqlite3_step(st) == SQLITE_ROW)
		*ret = sqlite3_column_type(st, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 0);
	else
		rc = db_fail(&s->cache, err);
	sqlite3_reset(st);
	return rc;
}

static int open_pages(struct store *s, const struct kind *kind, const char *name, struct log_pages *ret,
		      struct err *err)
{
	strlist_done(&ret->streams); /* of a try before */
	*ret = (struct log_pages){.s = s};
	int rc = find_log(s, kind, name, &ret->streams, &ret->id, &ret->n_lines, err);

	return rc ? rc : last_chunk(s, ret->id, &ret->seq, err);
}

int store_log_open(struct store *s, const struct kind *kind, const char *name, struct log_pages **ret, struct err *err)
{
	struct log_pages *p = NEW(struct log_pages);
	int rc = RETRY_CACHE(s, err, open_pages(s, kind, name, p, &e));

	if (rc) {
		store_log_pages_free(p);
		return rc;
	}
	*ret = p;
	return 0;
}

const struct strlist *store_log_streams(const struct log_pages *p)
{
	return &p->streams;
}

size_t store_log_n(const struct log_pages *p)
{
	return (size_t)MAX(p->n_lines, (int64_t)0);
}

static int one_chunk(struct log_pages *p, struct reading *r, struct err *err)
{
	struct store *s = p->s;
	sqlite3_stmt *st = db_prepare(&s->cache, "SELECT data FROM log_chunk WHERE log_id = ? AND seq = ?", err);
	int rc;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, p->id);
	sqlite3_bind_int64(st, 2, p->seq);
	if (sqlite3_step(st) == SQLITE_ROW)
		rc = read_chunk(r, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), err);
	else
		rc = damaged(err);
	sqlite3_reset(st);
	return rc;
}

int store_log_page(struct log_pages *p, store_line_fn *fn, void *user, bool *ret_more, struct err *err)
{
	struct reading r = {.streams = p->streams, .fn = fn, .user = user};

	if (p->seq >= 0) {
		int rc = one_chunk(p, &r, err);

		if (rc)
			return rc;
		p->n_read += r.n_lines;
		p->seq--;
	}
	*ret_more = p->seq >= 0;
	return !*ret_more && p->n_read != p->n_lines ? damaged(err) : 0;
}

void store_log_pages_free(struct log_pages *p)
{
	if (!p)
		return;
	forget_pages(p->s);
	strlist_done(&p->streams);
	free(p);
}
