/* store_prices.c - prices that were asked for, by region, instance type and component. */
#include "store/store_priv.h"

static const char insert_sql[] =
	"INSERT OR REPLACE INTO price (region, instance_type, component, usd_micro, unit, vcpu, memory_mib, gpus,"
	" as_of, grade, source, fetched_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static int insert_row(struct store *s, const struct price *p, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, insert_sql, err);
	char grade[2] = {p->grade, '\0'};

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, p->region);
	db_bind_text(st, 2, p->instance_type);
	db_bind_text(st, 3, p->component);
	sqlite3_bind_int64(st, 4, p->usd_micro);
	sqlite3_bind_int(st, 5, (int)p->unit);
	sqlite3_bind_int(st, 6, p->spec.vcpu);
	sqlite3_bind_int64(st, 7, p->spec.memory_mib);
	sqlite3_bind_int(st, 8, p->spec.gpus);
	db_bind_text(st, 9, p->as_of);
	db_bind_text(st, 10, grade);
	db_bind_text(st, 11, p->source);
	sqlite3_bind_int64(st, 12, p->fetched_ms);
	return db_step_done(&s->cache, st, err);
}

/* What the list no longer has is no price any more. */
static int drop_region(struct store *s, const char *region, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "DELETE FROM price WHERE region = ?", err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, region);
	return db_step_done(&s->cache, st, err);
}

static int put_rows(struct store *s, const struct price_rows *rows, struct err *err)
{
	AUTO(map) struct map dropped = {0};
	struct price p;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < rows->n; i++) {
		if (!rows->get(rows->user, i, &p))
			continue;
		if (rows->whole && !map_get(&dropped, p.region)) {
			map_put(&dropped, p.region, (void *)rows);
			rc = drop_region(s, p.region, err);
		}
		if (rc == 0)
			rc = insert_row(s, &p, err);
	}
	return rc;
}

static int prices_put(struct store *s, const struct price_rows *rows, struct err *err)
{
	int rc = db_begin(&s->cache, err);

	if (rc == 0)
		rc = put_rows(s, rows, err);
	return db_end(&s->cache, rc, err);
}

int store_prices_put(struct store *s, const struct price_rows *rows, struct err *err)
{
	return RETRY_CACHE(s, err, prices_put(s, rows, &e));
}

/* --- reading ------------------------------------------------------------------------- */

static void add_row(sqlite3_stmt *st, struct price_table *into)
{
	const char *grade = (const char *)sqlite3_column_text(st, 9);
	int unit = sqlite3_column_int(st, 4);
	struct price p = {.region = db_column_dup(st, 0),
			  .instance_type = db_column_dup(st, 1),
			  .component = db_column_dup(st, 2),
			  .usd_micro = sqlite3_column_int64(st, 3),
			  .unit = unit == PRICE_GB_MONTH ? PRICE_GB_MONTH : PRICE_HOUR,
			  .spec = {sqlite3_column_int(st, 5), sqlite3_column_int64(st, 6), sqlite3_column_int(st, 7)},
			  .as_of = db_column_dup(st, 8),
			  .grade = grade && *grade ? *grade : 'B',
			  .source = db_column_dup(st, 10),
			  .fetched_ms = sqlite3_column_int64(st, 11)};

	price_table_add(into, &p);
	price_row_done(&p);
}

static int prices_load(struct store *s, const char *region, struct price_table *into, struct err *err)
{
	sqlite3_stmt *st =
		db_prepare(&s->cache,
			   "SELECT region, instance_type, component, usd_micro, unit, vcpu, memory_mib, gpus,"
			   " as_of, grade, source, fetched_ms FROM price WHERE ?1 IS NULL OR region = ?1",
			   err);
	int rc;

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, region);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		add_row(st, into);
	rc = rc == SQLITE_DONE ? 0 : db_fail(&s->cache, err);
	sqlite3_reset(st);
	return rc;
}

int store_prices_load(struct store *s, const char *region, struct price_table *into, struct err *err)
{
	return RETRY_CACHE(s, err, prices_load(s, region, into, &e));
}
