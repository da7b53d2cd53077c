/* Log groups, streams and events in the database. */
#include "aws/local/kept/log_store.h"

#include "base/utf8.h"

bool log_group_exists(struct engine *e, const char *group)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT 1 FROM log_groups WHERE name = ?");

	state_bind_text(st, 1, group);
	bool found = state_step(e->db, st);

	state_done(st);
	return found;
}

void log_group_create(struct engine *e, const char *group)
{
	sqlite3_stmt *st = state_prepare(e->db, "INSERT OR IGNORE INTO log_groups VALUES (?, ?)");

	state_bind_text(st, 1, group);
	state_bind_i64(st, 2, engine_now_ms(e));
	state_exec(e->db, st);
}

int64_t log_stream_find(struct engine *e, const char *group, const char *stream)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT id FROM log_streams WHERE grp = ? AND name = ?");
	int64_t id = 0;

	state_bind_text(st, 1, group);
	state_bind_text(st, 2, stream);
	if (state_step(e->db, st))
		id = sqlite3_column_int64(st, 0);
	state_done(st);
	return id;
}

int64_t log_stream_create(struct engine *e, const char *group, const char *stream)
{
	int64_t id = log_stream_find(e, group, stream);

	if (id)
		return id;
	log_group_create(e, group);
	sqlite3_stmt *st = state_prepare(e->db, "INSERT INTO log_streams (grp, name, created) VALUES (?, ?, ?)");

	state_bind_text(st, 1, group);
	state_bind_text(st, 2, stream);
	state_bind_i64(st, 3, engine_now_ms(e));
	state_exec(e->db, st);
	return state_last_id(e->db);
}

void log_append(struct engine *e, int64_t stream_id, int64_t time_ms, const char *text, size_t n)
{
	int64_t now = engine_now_ms(e);
	sqlite3_stmt *take = state_prepare(e->db, "UPDATE log_streams SET next_seq = next_seq + 1, bytes = bytes + ?2,"
						  " first = CASE WHEN first = 0 THEN ?3 ELSE MIN(first, ?3) END,"
						  " last = MAX(last, ?3), ingested = ?4 WHERE id = ?1");
	sqlite3_stmt *add =
		state_prepare(e->db, "INSERT INTO log_events SELECT ?1, ?2, next_seq, ?3, ?4 FROM log_streams"
				     " WHERE id = ?1");

	state_bind_i64(take, 1, stream_id);
	state_bind_i64(take, 2, (int64_t)n + 26);
	state_bind_i64(take, 3, time_ms);
	state_bind_i64(take, 4, now);
	state_exec(e->db, take);
	state_bind_i64(add, 1, stream_id);
	state_bind_i64(add, 2, time_ms);
	state_bind_i64(add, 3, now);
	state_bind_blob(add, 4, text, n);
	state_exec(e->db, add);
	if (e->log_listener)
		e->log_listener(e, stream_id, time_ms, now, text, n);
}

size_t log_clean(struct buf *out, const char *raw, size_t n)
{
	const char *p = raw, *end = raw + n;

	while (p < end && out->len + 4 <= LOG_MAX_EVENT) {
		unsigned char c = (unsigned char)*p;
		uint32_t cp;

		if (c < 32 || c == 127) {
			buf_addf(out, "#%03o", c);
			p++;
		} else if (c < 128) {
			buf_addc(out, *p++);
		} else {
			char text[4];
			size_t used = utf8_decode(p, (size_t)(end - p), &cp);

			buf_add(out, text, utf8_encode(cp, text));
			p += used;
		}
	}
	return (size_t)(p - raw);
}

void log_row_done(struct log_row *row)
{
	free(row->text);
	row->text = NULL;
}
