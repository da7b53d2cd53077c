/* A run's folder: what it was begun with, and whether that is still what is asked for. */
#include "app/backtest_drive.h"
#include "base/digest.h"
#include "base/fs.h"
#include "sync/spec.h"

#define DOCUMENT_MAX ((size_t)256 << 20)

char *backtest_folder(const char *run)
{
	AUTO(str) char *below = xasprintf("backtests/%s", run);

	return fs_state_path(below);
}

static char *path_in(const char *run, const char *name)
{
	AUTO(str) char *folder = backtest_folder(run);

	return fs_join(folder, name);
}

char *backtest_part_path(const char *run, const struct backtest_job *job, const char *ending)
{
	AUTO(str) char *name = xasprintf("parts/c%zu-p%zu%s", job->first_cycle, job->part, ending);

	return path_in(run, name);
}

/* --- data ---------------------------------------------------------------------------------- */

static int add_sums(const struct strlist *paths, json_t *ret, struct err *err)
{
	char hex[SHA256_HEX_LEN];

	for (size_t i = 0; i < paths->n; i++) {
		if (sha256_file_hex(paths->items[i], hex, err) < 0)
			return -err->code;
		json_array_append_new(ret, json_pack("{s:s, s:s}", "file", paths->items[i], "sha256", hex));
	}
	return 0;
}

static int data_sums(const struct backtest_work *w, json_t **ret, struct err *err)
{
	AUTO(json) json_t *list = json_array();

	if (add_sums(&w->files, list, err) < 0 || add_sums(&w->earlier, list, err) < 0 ||
	    add_sums(&w->own_files, list, err) < 0)
		return -err->code;
	*ret = TAKE(list);
	return 0;
}

/* --- the same run? --------------------------------------------------------------------------- */

static int refuse_change(const struct backtest_work *w, const char *what, const json_t *before, const json_t *now,
			 struct err *err)
{
	AUTO(str) char *diff = spec_diff(before, now);

	if (!*diff)
		return 0;
	fprintf(stderr, "%s%s", diff, str_ends(diff, "\n") ? "" : "\n");
	return err_set(err, ERR_EXISTS,
		       "the run %s was begun with %s (the difference is above): undo the change, or begin another "
		       "run by --name",
		       w->name, what);
}

/* The jobs are cut as they were when the run was begun, whatever the rule is now. */
static int take_jobs(struct backtest_work *w, const json_t *plan, struct err *err)
{
	const json_t *jobs = json_object_get(plan, "jobs"), *o;
	struct backtest_plan *p = w->plan;
	size_t i;

	for (i = 0; i < p->n_jobs; i++)
		free(p->jobs[i].name);
	p->n_jobs = 0;
	json_array_foreach((json_t *)jobs, i, o)
	{
		struct backtest_job j = {.first_cycle = (size_t)json_get_i64(o, "first_cycle", -1),
					 .last_cycle = (size_t)json_get_i64(o, "last_cycle", -1),
					 .part = (size_t)json_get_i64(o, "part", -1),
					 .parts = (size_t)json_get_i64(o, "parts", -1),
					 .units = (size_t)json_get_i64(o, "units", 0),
					 .seconds = json_get_f64(o, "seconds", 0)};

		if (!json_get_str(o, "name") || j.first_cycle > j.last_cycle || j.last_cycle >= w->asked.n ||
		    j.part > j.parts || j.parts > BACKTEST_JOBS_MAX)
			break;
		j.name = xstrdup(json_get_str(o, "name"));
		GROW(p->jobs, p->cap_jobs, p->n_jobs + 1);
		p->jobs[p->n_jobs++] = j;
	}
	if (p->n_jobs && p->n_jobs == json_array_size(jobs))
		return 0;
	return err_set(err, ERR_PARSE, "plan.json of the run %s is damaged: begin another run by --name", w->name);
}

int backtest_folder_check(struct backtest_work *w, bool *ret, struct err *err)
{
	AUTO(str) char *spec_path = path_in(w->name, "spec.json");
	AUTO(str) char *plan_path = path_in(w->name, "plan.json");
	AUTO(json) json_t *spec = NULL, *plan = NULL, *now = NULL, *data = NULL;

	*ret = fs_exists(plan_path); /* written last */
	if (!*ret)
		return 0;
	now = backtest_spec_json(w->spec);
	if (json_parse_file(spec_path, DOCUMENT_MAX, &spec, err) < 0 ||
	    refuse_change(w, "another specification", spec, now, err) < 0 ||
	    json_parse_file(plan_path, DOCUMENT_MAX, &plan, err) < 0 || data_sums(w, &data, err) < 0 ||
	    refuse_change(w, "other data", json_object_get(plan, "data"), data, err) < 0)
		return -err->code;
	return take_jobs(w, plan, err);
}

int backtest_folder_begin(const struct backtest_work *w, struct err *err)
{
	AUTO(str) char *spec_path = path_in(w->name, "spec.json");
	AUTO(str) char *plan_path = path_in(w->name, "plan.json");
	AUTO(str) char *parts = path_in(w->name, "parts");
	AUTO(json) json_t *spec = backtest_spec_json(w->spec);
	AUTO(json) json_t *plan = backtest_plan_json(w);
	json_t *data = NULL;

	if (data_sums(w, &data, err) < 0)
		return -err->code;
	json_object_set_new(plan, "data", data);
	AUTO(str) char *spec_text = json_text_pretty(spec);
	AUTO(str) char *plan_text = json_text_pretty(plan);

	if (fs_mkdirs(parts, 0700, err) < 0 || fs_write_atomic(spec_path, spec_text, strlen(spec_text), 0600, err) < 0)
		return -err->code;
	return fs_write_atomic(plan_path, plan_text, strlen(plan_text), 0600, err);
}

int backtest_folder_lock(const char *run, int *ret_fd, struct err *err)
{
	AUTO(str) char *folder = backtest_folder(run);
	AUTO(str) char *path = fs_join(folder, "lock");
	struct err why = {0};
	int rc = fs_lock(path, ret_fd, &why);

	if (rc == -ERR_EXISTS)
		return err_set(err, ERR_EXISTS,
			       "another sagetop works on the run %s: sagetop backtest status %s tells how far it is",
			       run, run);
	return rc < 0 ? err_set(err, why.code, "%s", why.msg) : 0;
}
