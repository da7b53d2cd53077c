/* sagetop backtest promote RUN: the last models with all that predicting by them needs, and a card
 * that says what they are and holds the digest of every file. */
#include "app/backtest.h"

#include "app/backtest_drive.h"
#include "app/upload.h"
#include "aws/s3.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/timefmt.h"
#ifdef WITH_TRAINER
#include "app/backtest_kept.h"
#endif

#define FILE_MAX ((size_t)4 << 30)
#define CARD_MAX ((size_t)64 << 20)

/* --- the card ---------------------------------------------------------------------------- */

int backtest_card_check(const char *folder, struct err *err)
{
	AUTO(str) char *path = fs_join(folder, BACKTEST_CARD);
	AUTO(json) json_t *card = NULL;
	const char *name;
	json_t *digest;

	if (json_parse_file(path, CARD_MAX, &card, err) < 0)
		return -err->code;
	json_object_foreach(json_object_get(card, "sha256"), name, digest)
	{
		AUTO(str) char *file = fs_join(folder, name);
		char hex[SHA256_HEX_LEN];

		if (sha256_file_hex(file, hex, err) < 0)
			return -err->code;
		if (!str_eq(hex, json_string_value(digest)))
			return err_set(err, ERR_PARSE, "%s is not what %s says: promote the run again", file,
				       BACKTEST_CARD);
	}
	return 0;
}

#ifdef WITH_TRAINER

/* What is promoted, and where to. */
struct promotion {
	char *run, *folder; /* it comes from */
	char *to;	    /* a folder */
	struct backtest_result result;
	struct backtest_spec *spec;
	struct backtest_kept kept;
	size_t cycle;
	struct strlist files; /* below both folders */
	json_t *digests;
};

static void promotion_done(struct promotion *p)
{
	free(p->run);
	free(p->folder);
	free(p->to);
	backtest_result_done(&p->result);
	backtest_spec_free(p->spec);
	backtest_kept_done(&p->kept);
	strlist_done(&p->files);
	json_decref(p->digests);
}
AUTO_EMBEDDED(promotion, struct promotion, promotion_done)

static json_t *window_json(const struct backtest_spec *s)
{
	char train[16], from[16], to[16];

	return json_pack("{s:s, s:s, s:s, s:I}", "train_start", day_text(train, s->train_start), "test_start",
			 day_text(from, s->test_start), "test_end", day_text(to, s->test_end), "recalibrate_days",
			 (json_int_t)s->recalibrate_days);
}

static json_t *metrics_json(const struct promotion *p)
{
	const struct judge_measures *m = &judge_whole(&p->result.judge)->measures;
	json_t *o = json_pack("{s:I, s:s}", "rows", (json_int_t)m->n, "headline", p->spec->headline);

	backtest_put_number(o, "mae", m->mae);
	backtest_put_number(o, "rmse", m->rmse);
	backtest_put_number(o, "bias", m->bias);
	backtest_put_number(o, "rank", m->rank);
	json_object_set_new(o, "skill", backtest_skill_json(backtest_skill(&p->result), NULL));
	return o;
}

/* What the run was begun with: the data's digests stand in its plan. */
static int data_json(const struct promotion *p, json_t **ret, struct err *err)
{
	AUTO(str) char *path = fs_join(p->folder, "plan.json");
	AUTO(json) json_t *plan = NULL;
	json_t *list, *o;
	size_t i;

	if (json_parse_file(path, CARD_MAX, &plan, err) < 0)
		return -err->code;
	list = json_array();
	json_array_foreach(json_object_get(plan, "data"), i, o)
	{
		const char *file = str_or(json_get_str(o, "file"), ""), *slash = strrchr(file, '/');

		json_array_append_new(list, json_pack("{s:s, s:s}", "file", slash ? slash + 1 : file, "sha256",
						      str_or(json_get_str(o, "sha256"), "")));
	}
	*ret = list;
	return 0;
}

static int write_card(const struct promotion *p, struct err *err)
{
	AUTO(str) char *path = fs_join(p->to, BACKTEST_CARD);
	AUTO(str) char *verdict = backtest_verdict(backtest_skill(&p->result), p->result.headline_words);
	char now[TIMEFMT_LEN], day[16];
	json_t *data = NULL;

	if (data_json(p, &data, err) < 0)
		return -err->code;
	timefmt_iso(now, clock_now_ms());
	day_text(day, panel_cutoff(p->spec, p->cycle));
	AUTO(json)
	json_t *card = json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:o, s:O?, s:O}", "run", p->run, "promoted", now, "verdict",
		verdict, "outcome", judge_outcome_name(judge_outcome(backtest_skill(&p->result))), "cycle",
		(json_int_t)p->cycle, "trained_before", day, "window", window_json(p->spec), "metrics", metrics_json(p),
		"data", data, "features", json_object_get(p->kept.about, "columns"), "sha256", p->digests);
	AUTO(str) char *text = json_text_pretty(card);

	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

/* --- the files ----------------------------------------------------------------------------- */

static int copy_file(struct promotion *p, const char *name, struct err *err)
{
	AUTO(str) char *from = fs_join(p->folder, name);
	AUTO(str) char *to = fs_join(p->to, name);
	AUTO(buf) struct buf bytes = BUF_INIT(FILE_MAX);
	char hex[SHA256_HEX_LEN];

	if (fs_read(from, &bytes, err) < 0 || fs_mkdir_parent(to, 0700, err) < 0 ||
	    fs_write_atomic(to, bytes.data, bytes.len, 0600, err) < 0)
		return -err->code;
	sha256_hex(bytes.data, bytes.len, hex);
	json_object_set_new(p->digests, name, json_string(hex));
	strlist_add(&p->files, name);
	return 0;
}

static int copy_all(struct promotion *p, struct err *err)
{
	AUTO(str) char *archive = xasprintf("models/c%zu/" PACK_FILE, p->cycle);
	AUTO(str) char *index = xasprintf("models/c%zu/" PACK_INDEX, p->cycle);

	p->digests = json_object();
	if (copy_file(p, "spec.json", err) < 0 || copy_file(p, "predictions.csv", err) < 0 ||
	    copy_file(p, archive, err) < 0 || copy_file(p, index, err) < 0)
		return -err->code;
	return write_card(p, err);
}

/* The card last: where it lies, the rest is there. */
static int upload_to(struct app *a, const struct promotion *p, const char *uri, struct err *err)
{
	AUTO(str) char *below = xasprintf("%s%s", uri, str_ends(uri, "/") ? "" : "/");
	AUTO(str) char *card = fs_join(p->to, BACKTEST_CARD);
	AUTO(upload) struct upload files = {.skip_same = true}, last = {0};

	if (s3_uri_split(below, &files.bucket, &files.prefix, err) < 0 ||
	    s3_uri_split(below, &last.bucket, &last.prefix, err) < 0 || app_connect(a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < p->files.n; i++) {
		AUTO(str) char *path = fs_join(p->to, p->files.items[i]);

		upload_add(&files, path, p->files.items[i]);
	}
	upload_add(&last, card, BACKTEST_CARD);
	if (upload_make_bucket(a, &files, err) < 0 || upload_run(a, &files, err) < 0 || upload_run(a, &last, err) < 0)
		return err_prefix(err, "%s", uri);
	return 0;
}

/* --- the models ------------------------------------------------------------------------------ */

/* They were fetched when the run ended; where that failed, once more. */
static int fetch_again(struct app *a, struct promotion *p, struct err *err)
{
	AUTO(backtest_work) struct backtest_work w = {0};
	AUTO(backtest_run) struct backtest_run run = {0};
	AUTO(str) char *path = fs_join(p->folder, "spec.json");
	bool begun = false;
	size_t n = 0;

	if (backtest_work_load(a, path, &w, err) < 0 || backtest_folder_check(&w, &begun, err) < 0 ||
	    app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 ||
	    sync_backtest_load(a->sync, p->run, &run, err) < 0)
		return -err->code;
	return backtest_kept_fetch(a, &w, &run, &n, err);
}

static int find_models(struct app *a, struct promotion *p, struct err *err)
{
	if (str_eq(p->spec->keep_models, "none"))
		return err_set(err, ERR_INVALID, "the run %s kept no models: run.keep_models is none", p->run);
	if (backtest_spec_is_own(p->spec))
		return err_set(err, ERR_INVALID, "the run %s kept no models: its model is a program of your own",
			       p->run);
	if (backtest_kept_open(p->folder, p->cycle, &p->kept, err) < 0)
		return -err->code;
	if (p->kept.pack)
		return 0;
	backtest_kept_done(&p->kept);
	if (fetch_again(a, p, err) < 0 || backtest_kept_open(p->folder, p->cycle, &p->kept, err) < 0)
		return -err->code;
	return p->kept.pack
		       ? 0
		       : err_set(err, ERR_NOTFOUND, "the jobs of the run %s left no models in model.tar.gz", p->run);
}

static int load(struct promotion *p, const char *run, struct err *err)
{
	AUTO(str) char *spec = NULL;
	AUTO(str) char *predictions = NULL;

	p->run = xstrdup(run);
	p->folder = backtest_folder(run);
	spec = fs_join(p->folder, "spec.json");
	predictions = fs_join(p->folder, "predictions.csv");
	if (strchr(run, '/') || !fs_exists(spec))
		return err_set(err, ERR_NOTFOUND, "there is no run %s here: sagetop backtest status names them", run);
	if (!fs_exists(predictions))
		return err_set(err, ERR_INVALID, "the run %s is not done: there is no verdict on its models yet", run);
	if (backtest_spec_load(spec, &p->spec, err) < 0 || backtest_result_load(run, NULL, &p->result, err) < 0)
		return -err->code;
	p->cycle = p->result.predictions.n_cycles - 1;
	return 0;
}

int backtest_promote(struct app *a, struct err *err)
{
	AUTO(promotion) struct promotion p = {0};
	const char *to = app_value(a, OPT_TO);
	bool remote = str_starts(str_or(to, ""), "s3://");

	if (backtest_may_write(a, err) < 0 || load(&p, a->cli.args.items[1], err) < 0 || find_models(a, &p, err) < 0)
		return -err->code;
	p.to = to && !remote ? xstrdup(to) : fs_join(p.folder, "promoted");
	if (copy_all(&p, err) < 0 || (remote && upload_to(a, &p, to, err) < 0))
		return -err->code;
	AUTO(str) char *verdict = backtest_verdict(backtest_skill(&p.result), p.result.headline_words);

	fprintf(a->out, "%s\n", remote ? to : p.to);
	fprintf(stderr, "sagetop: %zu models of cycle %zu promoted: %s\n", pack_count(p.kept.pack), p.cycle, verdict);
	return 0;
}

#else

int backtest_promote(struct app *a, struct err *err)
{
	(void)a;
	return err_set(err, ERR_INVALID, "this build has no trainer: configure without --without-trainer");
}

#endif
