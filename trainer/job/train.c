/* The command train: a job from its contract to its model. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "trainer/fit/checkpoint.h"
#include "trainer/job/backtest_job.h"
#include "trainer/job/entities.h"
#include "trainer/job/kfold.h"
#include "trainer/job/outputs.h"
#include "trainer/job/train.h"
#include "trainer/models/schema.h"
#include "trainer/read/spill.h"

#define CELLS_PER_THREAD 50000 /* fewer are not worth a thread */
#define MODEL_MAX ((size_t)4 << 30)
#define SLOW_LOSS_ROWS 10000 /* fewer are trained on in so few steps that the start matters */

static volatile sig_atomic_t stop_signal;

/* Signals go to a thread of their own: a poll of the library that one interrupts
 * would count as a lost host. */
static void *wait_for_stop(void *set)
{
	int number;

	while (!sigwait(set, &number))
		stop_signal = number;
	return NULL;
}

static void catch_stop(void)
{
	static sigset_t set;
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (pthread_create(&thread, NULL, wait_for_stop, &set))
		pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* then they end the process at once */
	else
		pthread_detach(thread);
}

static void train_run_done(struct train_run *r)
{
	dataset_free(r->train);
	dataset_free(r->validation);
	hyper_done(&r->hyper);
	contract_done(&r->contract);
	*r = (struct train_run){0};
}
AUTO_EMBEDDED(train_run, struct train_run, train_run_done)

/* --- data ------------------------------------------------------------------------- */

/* "text/csv; label_size=1", or without the parameter. */
static bool has_one_label(const char *content_type)
{
	AUTO(strlist) struct strlist parts = {0};
	bool one = true;

	strlist_split(&parts, str_or(content_type, ""), ';');
	for (size_t i = 1; i < parts.n; i++) {
		AUTO(strlist) struct strlist pair = {0};
		int64_t n;

		strlist_split(&pair, parts.items[i], '=');
		if (pair.n == 2 && str_ieq(pair.items[0], "label_size"))
			one = str_to_i64(pair.items[1], &n) && n == 1;
	}
	return one;
}

static int channel_options(const struct train_run *r, const struct channel *c, bool has_label,
			   struct dataset_options *opt, struct strlist *categorical, struct err *err)
{
	const struct hyper *h = &r->hyper;
	const char *delimiter = hyper_text(h, HP_delimiter);

	*opt = (struct dataset_options){
		.format = DATA_LIBSVM, /* what SageMaker's image takes it for */
		.header = hyper_bool(h, HP_header),
		.label_column = hyper_text(h, HP_label_column),
		.csv_weights = hyper_int(h, HP_csv_weights) == 1,
		.entity_column = hyper_text(h, HP_entity_column),
		.date_column = hyper_text(h, HP_entity_date_column),
		.threads = r->threads,
		.delimiter = !delimiter			? 0
			     : str_eq(delimiter, "\\t") ? '\t'
							: *delimiter,
	};
	if (c->content_type)
		opt->format = data_format_parse(c->content_type);
	if (opt->format == DATA_UNKNOWN)
		return err_set(err, ERR_INVALID,
			       "channel %s: ContentType '%s' is not supported: use text/csv, text/libsvm, "
			       "application/x-parquet or application/x-recordio-protobuf",
			       c->name, c->content_type);
	if (has_label && opt->format == DATA_CSV && !has_one_label(c->content_type))
		return err_set(
			err, ERR_INVALID,
			"channel %s: ContentType '%.80s' is not supported: training takes one label, label_size=1",
			c->name, c->content_type);
	hyper_items(h, HP_categorical_columns, categorical);
	if (categorical->n)
		opt->categorical = categorical;
	return 0;
}

/* From how many bytes on the cells of a channel live in a file. The bins that hist makes
 * of them take half of that, so half of the memory leaves room for both; for more than 256
 * bins the grower looks for room itself (grower_takes). */
static size_t spill_above(const struct hyper *h)
{
	const char *choice = hyper_text(h, HP_external_memory);

	if (str_eq(choice, "false"))
		return 0;
	return str_eq(choice, "true") ? 1 : spill_memory_available() / 2;
}

int train_load_channel(const struct train_run *r, const char *name, bool has_label, struct dataset **ret,
		       struct err *err)
{
	const struct channel *c = contract_channel(&r->contract, name);
	AUTO(dataset) struct dataset *d = NULL;
	AUTO(strlist) struct strlist categorical = {0};
	struct dataset_options opt;
	int rc = channel_options(r, c, has_label, &opt, &categorical, err);

	if (rc)
		return rc;
	opt.has_label = has_label;
	opt.hash = true;
	opt.spill_above = spill_above(&r->hyper);
	if (r->train && !r->train->row_start) /* sparse data may end at any column */
		opt.like = r->train;
	if (!c->content_type)
		printf("channel %s has no ContentType: read as text/libsvm\n", name);
	rc = dataset_load_dir(c->dir, &opt, &d, err);
	if (rc)
		return err_prefix(err, "channel %s", name);
	for (size_t i = 0; i < d->notes.n; i++)
		printf("channel %s: %s\n", name, d->notes.items[i]);
	if (has_label && !opt.entity_column) /* entities are judged one by one */
		rc = objective_check_labels(r->objective, r->classes, d, name, str_eq(name, "train") && !r->hosts, err);
	if (!rc && d->query_ids == NULL && r->objective->kind == KIND_RANKING && r->hyper.metrics.n == 0)
		printf("channel %s has no query ids: all its rows are one group\n", name);
	if (rc)
		return rc;
	printf("channel %s: %zu rows, %zu columns\n", name, d->rows, d->columns);
	*ret = TAKE(d);
	return 0;
}

struct matrix_options train_matrix_options(const struct train_run *r)
{
	return (struct matrix_options){
		.threads = r->threads,
		.columns = r->columns,
		.max_bin = (int)hyper_int(&r->hyper, HP_max_bin),
		.aft = str_eq(r->objective->name, "survival:aft"),
	};
}

int train_matrix(const struct train_run *r, const struct dataset *d, struct matrix **ret, struct err *err)
{
	struct matrix_options opt = train_matrix_options(r);

	return matrix_new(d, &opt, ret, err);
}

/* --- the model ------------------------------------------------------------------------ */

enum model_format train_model_format(const struct hyper *h)
{
	const char *format = hyper_text(h, HP_model_format);

	return str_eq(format, "json") ? MODEL_JSON : str_eq(format, "deprecated") ? MODEL_LEGACY : MODEL_UBJ;
}

void train_attributes(const struct dataset *d, struct strmap *ret)
{
	if (!d->feature_names.n && !d->categorical)
		return;
	AUTO(str) char *text = schema_text(d);
	strmap_set(ret, "sagetop_schema", text);
}

int train_save_model(const struct train_run *r, struct booster *b, const char *name, struct err *err)
{
	AUTO(buf) struct buf bytes = BUF_INIT(MODEL_MAX);
	AUTO(str) char *path = fs_join(r->contract.model_dir, name);
	int rc = booster_save(b, train_model_format(&r->hyper), &bytes, err);

	if (!rc)
		rc = fs_write_atomic(path, bytes.data, bytes.len, 0644, err);
	return rc ? err_prefix(err, "the model cannot be saved") : 0;
}

/* --- one model --------------------------------------------------------------------------- */

static void report_end(const struct train_run *r, const struct fit_result *result)
{
	if (result->stopped_early)
		printf("stopped early: %s has not improved for %lld rounds, the best is round %d\n",
		       result->best_metric, (long long)hyper_int(&r->hyper, HP_early_stopping_rounds),
		       result->best_round);
	if (result->interrupted)
		printf("stopped by a signal after round %d\n", result->rounds - 1);
}

static int write_single(struct train_run *r, const struct fit_result *result, struct err *err)
{
	int rc = output_metrics(r, result, err);

	if (!rc && r->hosts)
		rc = output_baseline(r, err);
	if (rc || (result->interrupted && !hyper_bool(&r->hyper, HP_save_model_on_termination)))
		return rc;
	AUTO(json)
	json_t *details = json_pack("{s:i, s:b}", "rounds", result->rounds, "interrupted", result->interrupted);
	rc = train_save_model(r, result->booster, "xgboost-model", err);
	if (!rc)
		rc = output_importance(r, result->booster, err);
	if (!rc)
		rc = output_card(r, details, err);
	return rc || result->interrupted ? rc : output_test(r, result->booster, err);
}

/* The learner has taken what it needs, and nothing after it reads single cells but a
 * host's late statistics and a matrix made anew. */
static int data_loaded(void *context, struct err *err)
{
	struct train_run *r = context;

	if (r->hosts)
		return hosts_enter(r->hosts, err);
	if (!str_eq(hyper_text(&r->hyper, HP_tree_method), "approx"))
		dataset_drop_cells(r->train);
	return 0;
}

static int train_single(struct train_run *r, struct err *err)
{
	AUTO(fit_result) struct fit_result result = {0};
	AUTO(strmap) struct strmap attributes = {0};
	struct fit_job job = {
		.hyper = &r->hyper,
		.objective = r->objective,
		.set_names = {"train", "validation"},
		.data = {r->train, r->validation},
		.matrix = train_matrix_options(r),
		.attributes = &attributes,
		.shared = r->hosts != NULL,
		.loaded = data_loaded,
		.context = r,
		.checkpoint_dir = r->contract.checkpoint_dir,
		.fingerprint = r->fingerprint,
		.stop = r->stop,
	};

	train_attributes(r->train, &attributes);
	int rc = fit_run(&job, &result, err);
	if (rc)
		return rc;
	report_end(r, &result);
	return booster_rank() ? 0 : write_single(r, &result, err);
}

/* --- settings and data ------------------------------------------------------------------------ */

/* Whether a setting may change between a run and its resumption. */
static bool free_to_change(enum hyper_id id, bool entities)
{
	static const enum hyper_id ids[] = {
		HP_nthread,	 HP_verbosity, HP_save_model_on_termination, HP_host_timeout,
		HP_model_format, HP_num_round, HP_early_stopping_rounds};

	for (size_t i = 0; i < ARRAY_LEN(ids) - (entities ? 3 : 0); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void fingerprint(struct train_run *r)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	bool entities = hyper_given(&r->hyper, HP_entity_column);

	for (int i = 0; i < HYPER_COUNT; i++)
		if (hyper_given(&r->hyper, (enum hyper_id)i) && !free_to_change((enum hyper_id)i, entities))
			(void)buf_addf(&text, "%s=%s\n", hyper_name((enum hyper_id)i),
				       hyper_text(&r->hyper, (enum hyper_id)i));
	(void)buf_addf(&text, "train=%s\nvalidation=%s\nlibrary=%s\nhosts=%zu\n", r->train->data_hash,
		       r->validation ? r->validation->data_hash : "", booster_library_version(), r->contract.hosts.n);
	sha256_hex(text.data, text.len, r->fingerprint);
}

static int check_gpu(const struct hyper *h, struct err *err)
{
	if (!str_eq(hyper_text(h, HP_tree_method), "gpu_hist") && !str_eq(hyper_text(h, HP_predictor), "gpu_predictor"))
		return 0;
	if (booster_has_gpu())
		return 0;
	return err_set(err, ERR_INVALID,
		       "tree_method gpu_hist needs a libxgboost built with CUDA, and this one (%s) is not: use hist",
		       booster_library_version());
}

static int load_settings(struct train_run *r, struct err *err)
{
	int rc = hyper_parse(r->contract.hyperparameters, &r->hyper, err);

	if (rc)
		return rc;
	const struct hyper *h = &r->hyper;
	r->objective = objective_find(hyper_text(h, HP_objective));
	r->classes = (int)hyper_int(h, HP_num_class);
	int processors = contract_processors("/sys/fs/cgroup");
	r->threads = hyper_given(h, HP_nthread) ? (int)MIN(hyper_int(h, HP_nthread), 1024) : processors;
	booster_thread_init((int)hyper_int(h, HP_verbosity));
	printf("sagetop-trainer " SAGETOP_VERSION ", libxgboost %s, %d of %d processors\n", booster_library_version(),
	       r->threads, processors);
	AUTO(strlist) struct strlist notices = {0};
	hyper_notices(h, contract_channel(&r->contract, "validation") != NULL, &notices);
	for (size_t i = 0; i < notices.n; i++)
		printf("%s\n", notices.items[i]);
	return check_gpu(h, err);
}

/* On little data threads wait for each other longer than they work. */
static void spare_threads(struct train_run *r)
{
	const struct dataset *d = r->train;
	size_t cells = d->row_start ? d->row_start[d->rows] : d->rows * d->columns;
	size_t useful = 1 + cells / CELLS_PER_THREAD;

	if (hyper_given(&r->hyper, HP_nthread) || hyper_given(&r->hyper, HP_entity_column) ||
	    useful >= (size_t)r->threads)
		return;
	r->threads = (int)useful;
	printf("%d thread%s: the data is small\n", r->threads, r->threads > 1 ? "s" : "");
}

/* It begins at 0.5 and moves by the learning rate times the median, whatever the labels are. */
static void warn_of_slow_loss(const struct train_run *r)
{
	if (str_eq(r->objective->name, "reg:absoluteerror") && r->train->rows < SLOW_LOSS_ROWS)
		printf("reg:absoluteerror on %zu rows: it may be far from its end after %lld rounds; compare with "
		       "reg:squarederror, or set base_score to the labels' median\n",
		       r->train->rows, (long long)hyper_int(&r->hyper, HP_num_round));
}

/* libsvm rows of labels alone: the library's own words for it are no help. */
static int check_features(const struct train_run *r, struct err *err)
{
	return r->columns ? 0 : err_set(err, ERR_INVALID, "channel train: its rows have labels, but no features");
}

static int load_data(struct train_run *r, struct err *err)
{
	int rc = train_load_channel(r, "train", true, &r->train, err);

	if (!rc && contract_channel(&r->contract, "validation"))
		rc = train_load_channel(r, "validation", true, &r->validation, err);
	if (rc)
		return rc;
	r->columns = r->train->columns;
	if (r->validation)
		r->columns = MAX(r->columns, r->validation->columns);
	if (!r->hosts && check_features(r, err)) /* other hosts may have wider data */
		return -ERR_INVALID;
	rc = hyper_fit_columns(&r->hyper, r->columns, &r->train->feature_names, err);
	if (rc)
		return rc;
	fingerprint(r);
	spare_threads(r);
	warn_of_slow_loss(r);
	return 0;
}

/* --- the job ---------------------------------------------------------------------------------- */

static int run_job(struct train_run *r, struct err *err)
{
	bool leave, shared = r->hosts != NULL;
	int rc = shared ? train_hosts_check(r, err) : 0;

	if (!rc && (!shared || train_hosts_have_data(r)))
		rc = load_data(r, err);
	if (!rc)
		rc = train_hosts_meet(r, &leave, err);
	if (!rc && leave)
		puts("this host has no data and is not needed");
	if (!rc && !leave)
		rc = check_features(r, err);
	if (rc || leave)
		return rc;
	if (!shared)
		rc = output_baseline(r, err);
	if (rc)
		return rc;
	if (hyper_given(&r->hyper, HP_entity_column))
		return train_entities(r, err);
	return hyper_given(&r->hyper, HP__kfold) ? train_kfold(r, err) : train_single(r, err);
}

static int train_job(const char *root, struct err *err)
{
	AUTO(train_run) struct train_run r = {.stop = &stop_signal, .started_ms = clock_mono_ms()};
	int rc = contract_load(root, &r.contract, err);

	if (!rc && contract_channel(&r.contract, BACKTEST_CHANNEL))
		return backtest_job(&r.contract, r.stop, err);
	if (!rc)
		rc = load_settings(&r, err);
	if (!rc && r.contract.hosts.n > 1)
		rc = hosts_open(&r.contract, (int)hyper_int(&r.hyper, HP_host_timeout), r.stop, &r.hosts, err);
	if (rc)
		return rc;
	AUTO(str) char *foreign = r.contract.checkpoint_dir ? checkpoint_foreign(r.contract.checkpoint_dir) : NULL;
	if (foreign)
		puts(foreign);
	rc = run_job(&r, err);
	struct err theirs = {0};
	int left = hosts_leave(r.hosts, rc ? err : NULL, &theirs);
	if (!rc && left) {
		*err = theirs;
		return left;
	}
	if (rc != -ERR_CANCELLED)
		return rc;
	puts("stopped by a signal before the first round");
	return 0;
}

int command_train(int argc, char **argv)
{
	struct err err = {0};

	if (argc > 1) {
		fprintf(stderr,
			"sagetop-trainer: unexpected argument '%s': train takes everything from $SAGETOP_ML_ROOT "
			"(default /opt/ml)\n",
			argv[1]);
		return err_exit_status(ERR_USAGE);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	catch_stop();
	if (!train_job(contract_root(), &err))
		return 0;
	contract_fail(contract_root(), &err);
	return 1;
}
