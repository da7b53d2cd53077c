/* migrations.c - the schemas, as the ordered steps that made them.
 *
 * A change of a schema is a step appended here; a step that was released is never
 * edited. user_version counts the steps that a file has seen. */
#include "store/store_priv.h"

const char *const store_cache_migrations[] = {
	/* 1. The hot part of a job lies apart from the cold one: the first paint
	 * reads all of the former and none of the latter. */
	"CREATE TABLE scope (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
	"CREATE TABLE job ("
	" scope_id INTEGER NOT NULL, name TEXT NOT NULL, status TEXT, secondary TEXT, detail INTEGER NOT NULL,"
	" created_ms INTEGER, modified_ms INTEGER, start_ms INTEGER, end_ms INTEGER, failure_reason TEXT,"
	" instance_type TEXT, instance_count INTEGER, volume_gb INTEGER, spot INTEGER, tags_known INTEGER,"
	" training_s INTEGER, billable_s INTEGER, max_runtime_s INTEGER, max_wait_s INTEGER, keep_alive_s INTEGER,"
	" objective TEXT, objective_value REAL, facets BLOB, interruptions INTEGER, seen_ms INTEGER,"
	" PRIMARY KEY (scope_id, name)) WITHOUT ROWID;"
	"CREATE TABLE job_cold (scope_id INTEGER NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL,"
	" PRIMARY KEY (scope_id, name));"
	"CREATE TABLE meta (scope_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, PRIMARY KEY (scope_id, key))"
	" WITHOUT ROWID;"
	"CREATE TABLE log (id INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL, job TEXT NOT NULL, streams TEXT NOT NULL,"
	" n_lines INTEGER NOT NULL, bytes INTEGER NOT NULL, saved_ms INTEGER NOT NULL, UNIQUE (scope_id, job));"
	"CREATE TABLE log_chunk (log_id INTEGER NOT NULL REFERENCES log (id) ON DELETE CASCADE, seq INTEGER NOT NULL,"
	" n_lines INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (log_id, seq));"
	"CREATE TABLE metric (scope_id INTEGER NOT NULL, job TEXT NOT NULL, name TEXT NOT NULL, unit TEXT,"
	" n_points INTEGER NOT NULL, points BLOB NOT NULL, PRIMARY KEY (scope_id, job, name));"
	"CREATE TABLE price (instance_type TEXT NOT NULL, region TEXT NOT NULL, component TEXT NOT NULL,"
	" usd_micro INTEGER NOT NULL, as_of TEXT, grade TEXT, source TEXT,"
	" PRIMARY KEY (instance_type, region, component)) WITHOUT ROWID;",

	/* 2. What costs are made of. The mark goes, so that the jobs are asked for once more. */
	"ALTER TABLE job ADD COLUMN warm_pool TEXT;"
	"ALTER TABLE job ADD COLUMN retained_s INTEGER NOT NULL DEFAULT -1;"
	"ALTER TABLE job ADD COLUMN waited_s INTEGER NOT NULL DEFAULT -1;"
	"ALTER TABLE job ADD COLUMN waiting_since_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE job ADD COLUMN instance_groups TEXT;"
	"DELETE FROM meta WHERE key = 'jobs_mark';",

	/* 3. The things of all other kinds. */
	"CREATE TABLE resource (scope_id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, parent TEXT,"
	" status TEXT, detail INTEGER NOT NULL, created_ms INTEGER, modified_ms INTEGER, start_ms INTEGER,"
	" end_ms INTEGER, failure_reason TEXT, seen_ms INTEGER, whole_ms INTEGER, hot TEXT,"
	" PRIMARY KEY (scope_id, kind, name)) WITHOUT ROWID;"
	"CREATE TABLE resource_cold (scope_id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
	" record TEXT NOT NULL, PRIMARY KEY (scope_id, kind, name));",

	/* 4. Logs and metrics of any kind; a log is written while it is read, and counts
	 * once it is whole. What was cached is read again. */
	"DROP TABLE log_chunk; DROP TABLE log; DROP TABLE metric;"
	"CREATE TABLE log (id INTEGER PRIMARY KEY, scope_id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
	" whole INTEGER NOT NULL, streams TEXT, n_lines INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" saved_ms INTEGER NOT NULL, UNIQUE (scope_id, kind, name));"
	"CREATE TABLE log_chunk (log_id INTEGER NOT NULL REFERENCES log (id) ON DELETE CASCADE, seq INTEGER NOT NULL,"
	" n_lines INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (log_id, seq));"
	"CREATE TABLE metric (scope_id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, metric TEXT NOT NULL,"
	" source TEXT NOT NULL, unit TEXT, n_points INTEGER NOT NULL, points BLOB NOT NULL,"
	" PRIMARY KEY (scope_id, kind, name, metric, source));",

	/* 5. The best of a job's curve. */
	"ALTER TABLE job ADD COLUMN best_value REAL; ALTER TABLE job ADD COLUMN best_step INTEGER NOT NULL DEFAULT -1;",

	/* 6. What the first paint shows. */
	"CREATE INDEX job_newest ON job (scope_id, created_ms DESC);",

	/* 7. Prices by region, with their unit, what the type is, and when they were asked for. */
	"DROP TABLE price;"
	"CREATE TABLE price (region TEXT NOT NULL, instance_type TEXT NOT NULL, component TEXT NOT NULL,"
	" usd_micro INTEGER NOT NULL, unit INTEGER NOT NULL, vcpu INTEGER NOT NULL, memory_mib INTEGER NOT NULL,"
	" gpus INTEGER NOT NULL, as_of TEXT, grade TEXT, source TEXT, fetched_ms INTEGER NOT NULL,"
	" PRIMARY KEY (region, instance_type, component)) WITHOUT ROWID;",

	/* 8. Whose instances a job has. */
	"ALTER TABLE job ADD COLUMN training_plan TEXT;", NULL};

const char *const store_state_migrations[] = {
	"CREATE TABLE launch (id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, name TEXT NOT NULL,"
	" spec_json TEXT NOT NULL, state INTEGER NOT NULL, queued_ms INTEGER NOT NULL, sent_ms INTEGER,"
	" settled_ms INTEGER, pid INTEGER, arn TEXT, error TEXT);"
	"CREATE INDEX launch_open ON launch (scope, state);",
	/* 2. A queue: what is created, for which part of which run, when it is due, and
	 * how many of its run may be under way. */
	"ALTER TABLE launch ADD COLUMN operation TEXT NOT NULL DEFAULT 'CreateTrainingJob';"
	"ALTER TABLE launch ADD COLUMN run TEXT;"
	"ALTER TABLE launch ADD COLUMN cycle INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE launch ADD COLUMN pack INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE launch ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE launch ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE launch ADD COLUMN concurrency INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE launch ADD COLUMN ended_ms INTEGER;"
	"ALTER TABLE launch ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;"
	"CREATE UNIQUE INDEX launch_part ON launch (scope, run, operation, cycle, pack) WHERE run IS NOT NULL;",
	/* 3. Backtests, whose launches wait while they are paused; and what takes a place of a
	 * run, found without reading the rows that are over. */
	"CREATE TABLE backtest (scope TEXT NOT NULL, run TEXT NOT NULL, state INTEGER NOT NULL, reason TEXT,"
	" jobs INTEGER NOT NULL, retries INTEGER NOT NULL, concurrency INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
	"changed_ms INTEGER NOT NULL,"
	" PRIMARY KEY (scope, run)) WITHOUT ROWID;"
	"CREATE INDEX launch_busy ON launch (scope, run) WHERE state = 1 OR (state = 2 AND ended_ms IS NULL);",
	/* What was billed while it was there. */
	"CREATE TABLE usage (scope TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL,"
	" instance_type TEXT, count INTEGER NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
	" seen_ms INTEGER NOT NULL, guessed INTEGER NOT NULL, PRIMARY KEY (scope, kind, name, part, from_ms))"
	" WITHOUT ROWID;",
	/* 5. Of thousands of launches the next are found, and those under way counted, without reading rows. */
	"DROP INDEX launch_busy;"
	"CREATE INDEX launch_busy ON launch (scope, run, concurrency) WHERE state = 1 OR (state = 2 AND ended_ms IS "
	"NULL);"
	"CREATE INDEX launch_waiting ON launch (scope, due_ms, id, run) WHERE state = 0;",
	/* 6. What somebody asked for is found among the launches of runs, sweeps without reading rows. */
	"CREATE INDEX launch_by_hand ON launch (scope, id) WHERE run IS NULL;"
	"CREATE INDEX launch_sweeps ON launch (scope, run, operation, pack, cycle, state, queued_ms, error)"
	" WHERE run >= 'sweep/' AND run < 'sweep0';",
	NULL};
