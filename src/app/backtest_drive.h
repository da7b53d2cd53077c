/* backtest_drive.h - a backtest carried out: its jobs' requests, their results, and what is
 * made of them. A run's folder, $XDG_STATE_HOME/sagetop/backtests/RUN, holds spec.json and
 * plan.json from the beginning, parts/ (one file a pack, checked) while it runs, and
 * predictions.csv, importances.json and cost.json in the end; standing.json is the error so far. */
#ifndef SAGETOP_APP_BACKTEST_DRIVE_H
#define SAGETOP_APP_BACKTEST_DRIVE_H

#include "app/backtest_work.h"
#include "app/upload.h"
#include "model/backtest_run.h"

#define BACKTEST_STOPPED_WHY "the run was stopped" /* of launches that were not sent for it */
#define BACKTEST_LOCAL_BUCKET "s3://sagetop-backtests"

/* --- requests (backtest_request.c): pure ------------------------------------------------ */

/* "s3://BUCKET/PREFIX/RUN/" and what is below it. Owned by the caller. */
char *backtest_uri(const struct backtest_work *w, const char *below) NODISCARD;
/* The names under which the data's files lie below data/; of the earlier seasons' behind them. */
void backtest_data_names(const struct backtest_work *w, struct strlist *files, struct strlist *earlier);
/* The names of own.files in the channel code. */
void backtest_own_names(const struct backtest_work *w, struct strlist *ret);
/* What the jobs read: the resolved specification, its files as they lie in their channel. */
json_t *backtest_job_spec(const struct backtest_work *w) NODISCARD;
/* CreateTrainingJob for try `number` of a job of the plan. */
json_t *backtest_request(const struct backtest_work *w, const struct backtest_job *job, int number) NODISCARD;

/* --- the folder (backtest_folder.c) ------------------------------------------------------- */

char *backtest_folder(const char *run) NODISCARD; /* owned by the caller */
/* parts/c<cycle>-p<part> with that ending. Owned by the caller. */
char *backtest_part_path(const char *run, const struct backtest_job *job, const char *ending) NODISCARD;
/* Is there a run of that name that was begun (*ret), and as this specification and these data
 * say? ERR_EXISTS where they differ; the difference is printed on standard error. The plan's
 * jobs become those that it was begun with. */
int backtest_folder_check(struct backtest_work *w, bool *ret, struct err *err) NODISCARD;
/* spec.json, plan.json, parts/. */
int backtest_folder_begin(const struct backtest_work *w, struct err *err) NODISCARD;
/* Held as long as this process works on the run; ERR_EXISTS where another does. */
int backtest_folder_lock(const char *run, int *ret_fd, struct err *err) NODISCARD;

/* --- results (backtest_output.c, backtest_merge.c, backtest_never.c) ------------------------------------------ */

/* A job's output.tar.gz: checked against the plan, and written into parts/. ERR_PARSE where it
 * is torn, or is not what this job was to make. */
int backtest_output_take(const struct backtest_work *w, const struct backtest_job *job, const char *archive,
			 struct err *err) NODISCARD;
/* Members of a .tar.gz by their last names, into files; one that is not there leaves its buffer
 * empty. ERR_PARSE where the archive is torn. */
int backtest_archive_read(const char *path, const char *const *names, struct buf *files, size_t n,
			  struct err *err) NODISCARD;
/* All parts as predictions.csv, in order whatever order they came in, and importances.json. */
int backtest_merge(const struct backtest_work *w, struct err *err) NODISCARD;

/* What the first cycle's models would have said of each row, blended with the weights of its
 * cycle (backtest_settle.h); *ret is the caller's, NULL where the packs do not say it of every
 * row. ERR_PARSE where a file of theirs is not of these rows. */
int backtest_never_make(const struct backtest_work *w, const struct backtest_rows *rows, const double *weights,
			double **ret, struct err *err) NODISCARD;

/* The rows of those cycles as they stand in the packs that are here (as the plan has them),
 * settled. */
int backtest_merge_cycles(const struct backtest_work *w, const bool *fetched, const bool *cycles,
			  struct backtest_rows *ret, struct err *err) NODISCARD;

/* --- a model of one's own (backtest_own.c) ------------------------------------------------- */

/* The rows again, for what follows: into w->own. */
int backtest_own_load(struct backtest_work *w, struct err *err) NODISCARD;
void backtest_own_free(struct backtest_own *o);
/* Write what the jobs read whose results are not here yet into a folder of the cache, and add it. */
int backtest_own_write(const struct backtest_work *w, struct upload *u, struct err *err) NODISCARD;
/* What a job's matrix takes at most; 0 where it is not loaded. */
int64_t backtest_own_bytes(const struct backtest_work *w);
/* The folder is not needed once it is uploaded. */
int backtest_own_clean(const struct backtest_work *w, struct err *err) NODISCARD;
/* Its predictions as our jobs write them. ERR_PARSE where they are not of the job's rows, each once and with a
 * number. */
int backtest_own_complete(const struct backtest_work *w, const struct backtest_job *job, const struct buf *theirs,
			  struct buf *ret, size_t *ret_rows, struct err *err) NODISCARD;

/* --- how it stands (backtest_standing.c) -------------------------------------------------- */

/* standing.json of the packs that are here; nothing is written where no cycle is whole. */
int backtest_standing_make(const struct backtest_work *w, const bool *fetched, struct err *err) NODISCARD;
/* As the folder tells, whatever stood in *ret is freed; nothing known where it has none. */
void backtest_standing_load(const char *run, struct backtest_standing *ret);
/* New reference. */
json_t *backtest_standing_json(const struct backtest_standing *p, bool entities) NODISCARD;

#define BACKTEST_CARD "card.json"
/* Are the files of a promoted run what its card says? ERR_PARSE names the first that is not. */
int backtest_card_check(const char *folder, struct err *err) NODISCARD;

/* ERR_DENIED where sagetop runs read-only. */
int backtest_may_write(const struct app *a, struct err *err) NODISCARD;

/* --- the whole (backtest_drive.c) ---------------------------------------------------------------- */

/* Until all packs are done and merged, or somebody or something holds the run. */
int backtest_drive(struct app *a, struct backtest_work *w, struct err *err) NODISCARD;

#endif
