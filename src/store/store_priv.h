/* store_priv.h - what the files of the store share. */
#ifndef SAGETOP_STORE_PRIV_H
#define SAGETOP_STORE_PRIV_H

#include "store/db.h"
#include "store/store.h"

#include "base/buf.h"

struct store {
	struct db cache, state;
	char *scope;
	int64_t scope_id; /* of the cache */
	unsigned begun;	  /* how often the cache was begun anew */
	char *notice;
};

extern const char *const store_cache_migrations[];
extern const char *const store_state_migrations[];

/* After a failure of the cache (or the state): where it was damage, a new
 * database is begun. Returns true where the call is worth one more try. */
bool store_recover_cache(struct store *s);
bool store_recover_state(struct store *s);

/* A statement of the cache about the things of a kind: its first parameters, scope, kind and name (NULL: not that
 * one), are bound. NULL where it fails. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, const struct kind *kind, const char *name,
			    struct err *err);

/* What a row of any kind has, from parameter or column `at` on: detail, created_ms, modified_ms, start_ms, end_ms,
 * failure_reason. */
void store_bind_common(sqlite3_stmt *st, int at, const struct resource *r);
void store_read_common(sqlite3_stmt *st, int at, struct resource *r);

/* The cold part of a job as JSON text, and back. job_cold_read fills j. */
int job_cold_write(const struct job *j, struct buf *out) NODISCARD;
int job_cold_read(struct job *j, const char *text, size_t n, struct err *err) NODISCARD;

/* Run a statement sequence, and once more where damage was repaired:
 * RETRY_CACHE(s, err, save_jobs(s, jobs, n, &e)) with `struct err e`. */
#define RETRY_CACHE(s, err, call)                          \
	({                                                 \
		struct err e = {0};                        \
		int retry_rc_ = (call);                    \
		if (retry_rc_ && store_recover_cache(s)) { \
			e = (struct err){0};               \
			retry_rc_ = (call);                \
		}                                          \
		if (retry_rc_ && (err) && !(err)->code)    \
			*(err) = e;                        \
		retry_rc_;                                 \
	})
#define RETRY_STATE(s, err, call)                          \
	({                                                 \
		struct err e = {0};                        \
		int retry_rc_ = (call);                    \
		if (retry_rc_ && store_recover_state(s)) { \
			e = (struct err){0};               \
			retry_rc_ = (call);                \
		}                                          \
		if (retry_rc_ && (err) && !(err)->code)    \
			*(err) = e;                        \
		retry_rc_;                                 \
	})

#endif
