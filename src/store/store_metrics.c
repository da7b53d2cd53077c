/* store_metrics.c - metric series, one row of packed points per metric. */
#include "store/store_priv.h"

/* A stored point: time and step little-endian, the value's bits. */
#define POINT_BYTES 24

static void put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static uint8_t *pack(const struct series *x)
{
	uint8_t *data = xmalloc(x->n * POINT_BYTES + 1);

	for (size_t i = 0; i < x->n; i++) {
		uint8_t *p = data + i * POINT_BYTES;
		uint64_t bits;

		memcpy(&bits, &x->points[i].value, sizeof(bits));
		put_u64(p, (uint64_t)x->points[i].time_ms);
		put_u64(p + 8, (uint64_t)x->points[i].step);
		put_u64(p + 16, bits);
	}
	return data;
}

static int save_series(struct store *s, const struct kind *kind, const char *name, const struct series *x,
		       struct err *err)
{
	sqlite3_stmt *st = store_prepare(s,
					 "INSERT OR REPLACE INTO metric (scope_id, kind, name, metric, source, unit,"
					 " n_points, points) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
					 kind, name, err);

	if (!st)
		return -ERR_DB;
	uint8_t *data = pack(x);

	db_bind_text(st, 4, x->name);
	db_bind_text(st, 5, str_or(x->source, ""));
	db_bind_text(st, 6, x->unit);
	sqlite3_bind_int64(st, 7, (int64_t)x->n);
	sqlite3_bind_blob(st, 8, data, (int)(x->n * POINT_BYTES), SQLITE_STATIC);
	int rc = db_step_done(&s->cache, st, err);

	free(data);
	return rc;
}

static int metrics_save(struct store *s, const struct kind *kind, const char *name, const struct series_set *set,
			struct err *err)
{
	int rc = db_begin(&s->cache, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < set->n; i++) {
		if (!set->items[i].is_final) /* the thing's own record has those */
			rc = save_series(s, kind, name, &set->items[i], err);
	}
	return db_end(&s->cache, rc, err);
}

int store_metrics_save(struct store *s, const struct kind *kind, const char *name, const struct series_set *set,
		       struct err *err)
{
	if (set->n == 0)
		return 0;
	return RETRY_CACHE(s, err, metrics_save(s, kind, name, set, &e));
}

static void unpack(const uint8_t *p, size_t n, struct series *x)
{
	for (size_t i = 0; i < n; i++, p += POINT_BYTES) {
		uint64_t bits = get_u64(p + 16);
		double value;

		memcpy(&value, &bits, sizeof(value));
		series_append(x, (int64_t)get_u64(p), (int64_t)get_u64(p + 8), value);
	}
}

static void take_row(sqlite3_stmt *st, struct series_set *ret)
{
	const char *name = (const char *)sqlite3_column_text(st, 0), *source = (const char *)sqlite3_column_text(st, 1);
	const uint8_t *p = sqlite3_column_blob(st, 3);

	if (!name || !p)
		return;
	struct series *x = series_get_of_log(ret, name, source);

	str_set(&x->unit, (const char *)sqlite3_column_text(st, 2));
	unpack(p, (size_t)sqlite3_column_bytes(st, 3) / POINT_BYTES, x);
	ret->generation++;
}

static int metrics_load(struct store *s, const struct kind *kind, const char *name, struct series_set *ret,
			struct err *err)
{
	sqlite3_stmt *st = store_prepare(s,
					 "SELECT metric, source, unit, points FROM metric WHERE scope_id = ?"
					 " AND kind = ? AND name = ? ORDER BY rowid",
					 kind, name, err);
	int step;
	bool any = false;

	if (!st)
		return -ERR_DB;
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		take_row(st, ret);
		any = true;
	}
	int rc = step == SQLITE_DONE ? 0 : db_fail(&s->cache, err);

	sqlite3_reset(st);
	if (rc == 0 && !any)
		return err_set(err, ERR_NOTFOUND, "no metrics of %s are in the cache", name);
	return rc;
}

int store_metrics_load(struct store *s, const struct kind *kind, const char *name, struct series_set *ret,
		       struct err *err)
{
	return RETRY_CACHE(s, err, metrics_load(s, kind, name, ret, &e));
}
