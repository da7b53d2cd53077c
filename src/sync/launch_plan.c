/* launch_plan.c - a specification or a clone, checked, priced and explained. */
#include "sync/launch_plan.h"

#include "aws/shape.h"
#include "sync/spec.h"

#define GROUPS_MAX 8 /* the service allows five */

void launch_plan_free(struct launch_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_jobs; i++) {
		free(p->jobs[i].name);
		json_decref(p->jobs[i].spec);
	}
	free(p->jobs);
	free(p->name);
	json_decref(p->spec);
	json_decref(p->base);
	free(p->diff);
	free(p->warning);
	free(p->price_as_of);
	free(p->training_plan);
	free(p);
}

static void add_warning(struct launch_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add_warning(struct launch_plan *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);

	va_end(ap);
	AUTO(str) char *before = TAKE(p->warning);

	p->warning = before ? xasprintf("%s; %s", before, text) : xstrdup(text);
}

/* --- what it can cost ------------------------------------------------------------- */

static struct job_group group_of(const json_t *o)
{
	int64_t n = json_get_i64(o, "InstanceCount", 0);

	return (struct job_group){.instance_type = (char *)(uintptr_t)json_get_str(o, "InstanceType"),
				  .count = n > 0 && n <= JOB_INSTANCES_MAX ? (int)n : 0};
}

/* The groups of a mixed cluster, or the one that it is. Their types are borrowed. */
static size_t read_groups(const json_t *resources, struct job_group ret[GROUPS_MAX])
{
	const json_t *groups = json_object_get(resources, "InstanceGroups");
	size_t n = json_array_size(groups);

	if (n == 0) {
		ret[0] = group_of(resources);
		return 1;
	}
	for (size_t i = 0; i < MIN(n, (size_t)GROUPS_MAX); i++)
		ret[i] = group_of(json_array_get(groups, i));
	return n <= GROUPS_MAX ? n : 0;
}

/* The day of the oldest price of those that are used. *ret_unpriced: the first type that has none. */
static void look_up_prices(const struct launch_input *in, struct launch_plan *p, const struct job_group *groups,
			   size_t n, bool spot, const char **ret_unpriced)
{
	const char *day = NULL;

	for (size_t i = n; i-- > 0;) {
		const struct price *price = price_training(in->prices, groups[i].instance_type, in->region, spot);

		if (!price)
			*ret_unpriced = str_or(groups[i].instance_type, *ret_unpriced);
		else if (price->as_of && (!day || strcmp(price->as_of, day) < 0))
			day = price->as_of;
	}
	p->price_as_of = xstrdup(day);
}

/* A training plan is paid for as a whole: its jobs cost nothing more. */
static void price_plan(const struct launch_input *in, struct launch_plan *p)
{
	const json_t *resources = json_object_get(p->spec, "ResourceConfig");
	int64_t runtime = json_get_i64(json_object_get(p->spec, "StoppingCondition"), "MaxRuntimeInSeconds", 86400);
	int64_t keep_alive = json_get_i64(resources, "KeepAlivePeriodInSeconds", 0);
	bool spot = json_get_bool(p->spec, "EnableManagedSpotTraining", false);
	const char *by_plan = json_get_str(resources, "TrainingPlanArn"), *unpriced = "these instances";
	struct job_group groups[GROUPS_MAX];
	size_t n = read_groups(resources, groups);

	if (!str_empty(by_plan)) {
		const char *slash = strrchr(by_plan, '/');

		p->training_plan = xstrdup(slash ? slash + 1 : by_plan);
	} else {
		look_up_prices(in, p, groups, n, spot, &unpriced);
		p->ceiling_micro = cost_ceiling_micro(groups, n, runtime, keep_alive, spot, in->prices, in->region);
	}
	if (p->ceiling_micro == USD_UNKNOWN)
		add_warning(p, "the price of %s in %s is not known", unpriced, in->region);
	if (spot && !json_object_get(p->spec, "CheckpointConfig"))
		add_warning(p, "spot without CheckpointConfig begins from zero after an interruption");
}

static void warn_of_taken(const struct launch_input *in, struct launch_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++)
		n += jobs_find(in->jobs, p->jobs[i].name) != NULL;
	if (n)
		add_warning(p, "%zu of its jobs are there already: none of them is made twice", n);
	if (!p->n_jobs && jobs_find(in->jobs, p->name))
		add_warning(p, "there is a job named %s already: the service will refuse it", p->name);
}

/* --- a clone ------------------------------------------------------------------------ */

/* Where the old job still is in the new one's settings. It renames what the clone
 * would write to, and tells of the rest. */
static void warn_of_sharing(const struct launch_input *in, struct launch_plan *p, const json_t *before)
{
	const char *old = json_get_str(before, "TrainingJobName");
	AUTO(strlist) struct strlist shared = {0};

	if (!in->tags)
		add_warning(p, "the tags of %s are not known (ListTags is denied): this job has those that it sets",
			    old);
	spec_shared(before, p->spec, &shared);
	for (size_t i = 0; i < shared.n; i++) {
		if (str_eq(shared.items[i], "CheckpointConfig.S3Uri"))
			add_warning(p, "it shares its checkpoints with %s and would resume from them", old);
		else
			add_warning(p, "%s is still that of %s", shared.items[i], old);
	}
}

/* What a newer service tells of the job and this program cannot ask for. */
static void warn_of_left_out(const struct launch_input *in, struct launch_plan *p)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	spec_left_out(in->reply, &names);
	for (size_t i = 0; i < names.n; i++)
		(void)buf_addf(&all, "%s%s", i ? ", " : "", names.items[i]);
	if (names.n)
		add_warning(p, "left out, since this program does not know it: %s of %s", buf_str(&all),
			    str_or(json_get_str(in->reply, "TrainingJobName"), "the job"));
}

static json_t *clone_spec(const struct launch_input *in, const json_t *before)
{
	const char *old = json_get_str(before, "TrainingJobName");
	AUTO(str)
	char *name = !str_empty(in->new_name) ? xstrdup(in->new_name)
		     : in->grid		      ? xstrdup(str_or(old, "job"))
					      : job_clone_name(in->jobs, str_or(old, "job"), in->now_ms);
	json_t *spec = json_deep_copy(before);

	spec_rename(spec, name);
	return spec;
}

/* --- a sweep ------------------------------------------------------------------------ */

/* A slip would be a hyperparameter that nothing reads, in every job. */
static int check_axes(const struct launch_input *in, struct launch_plan *p, struct err *err)
{
	const json_t *known = json_object_get(p->spec, "HyperParameters");

	for (size_t i = 0; i < in->grid->n; i++) {
		const char *name = in->grid->axes[i].name;
		AUTO(str) char *member = xstrndup(name, strcspn(name, "."));

		if (shape_member_of(&shape_create_training_job, member))
			return err_set(err, ERR_USAGE,
				       "--grid %s: a grid is one of hyperparameters, by their own names; --set changes "
				       "other members",
				       name);
		if (!json_object_get(known, name))
			add_warning(p, "%s is new among the hyperparameters", name);
	}
	return 0;
}

/* Jobs that shared a folder would resume from each other. */
static void own_checkpoints(json_t *spec, const char *name)
{
	json_t *config = json_object_get(spec, "CheckpointConfig");
	const char *uri = json_get_str(config, "S3Uri");

	if (!uri)
		return;
	AUTO(str) char *own = xasprintf("%s%s%s", uri, str_ends(uri, "/") ? "" : "/", name);

	json_object_set_new(config, "S3Uri", json_string(own));
}

static int make_job(const struct launch_input *in, const json_t *base, size_t i, struct sweep_job *job, struct err *err)
{
	job->spec = json_deep_copy(base);
	json_t *values = json_object_get(job->spec, "HyperParameters");

	if (!values) {
		values = json_object();
		json_object_set_new(job->spec, "HyperParameters", values);
	}
	spec_rename(job->spec, job->name);
	own_checkpoints(job->spec, job->name);
	for (size_t k = 0; k < in->grid->n; k++) {
		const struct grid_axis *x = &in->grid->axes[k];

		if (json_object_set_new(values, x->name, json_string(grid_value(in->grid, i, k))))
			return err_set(err, ERR_USAGE, "--grid: a name or value is not UTF-8");
	}
	return spec_check(job->spec, job->name, NULL, err);
}

/* p is the plan of one job; it becomes that of all. */
static int make_sweep(const struct launch_input *in, struct launch_plan *p, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(str) char *tag = xasprintf("Tags.%s=%s", SWEEP_TAG, p->name);
	int rc = check_axes(in, p, err);

	p->base = json_deep_copy(p->spec);
	if (rc == 0)
		rc = spec_set(p->spec, tag, err);
	grid_job_names(in->grid, p->name, &names);
	p->jobs = xcalloc(names.n, sizeof(*p->jobs));
	for (p->n_jobs = 0; rc == 0 && p->n_jobs < names.n; p->n_jobs++) {
		p->jobs[p->n_jobs].name = xstrdup(names.items[p->n_jobs]);
		rc = make_job(in, p->spec, p->n_jobs, &p->jobs[p->n_jobs], err);
	}
	return rc;
}

/* --- changes ------------------------------------------------------------------------ */

/* Beside others a hyperparameter that was not there before may be a slip: it is told. */
static int apply_sets(const struct launch_input *in, struct launch_plan *p, struct err *err)
{
	static const char prefix[] = "HyperParameters.";
	AUTO(json) json_t *before = json_deep_copy(json_object_get(p->spec, "HyperParameters"));
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->sets->n; i++) {
		const char *set = in->sets->items[i], *name = set + strlen(prefix), *eq = strchr(set, '=');
		AUTO(str) char *key = str_starts(set, prefix) && eq ? xstrndup(name, (size_t)(eq - name)) : NULL;

		rc = spec_set(p->spec, set, err);
		if (key && json_object_size(before) && !json_object_get(before, key) && !str_eq(eq + 1, "null"))
			add_warning(p, "%s is new among the hyperparameters", key);
	}
	return rc;
}

/* --- the whole ---------------------------------------------------------------------- */

int launch_plan_make(const struct launch_input *in, struct launch_plan **ret, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *p = NEW(struct launch_plan);
	AUTO(json) json_t *before = in->spec ? NULL : spec_from_describe(in->reply, in->tags);
	int rc = 0;

	p->spec = before ? clone_spec(in, before) : json_deep_copy(in->spec);
	if (in->sets && json_is_object(p->spec))
		rc = apply_sets(in, p, err);
	if (rc == 0)
		rc = spec_check(p->spec, in->what, in->lines, err);
	if (rc)
		return rc;
	p->name = xstrdup(json_get_str(p->spec, "TrainingJobName"));
	price_plan(in, p);
	if (in->grid)
		rc = make_sweep(in, p, err);
	if (rc)
		return rc;
	if (before)
		p->diff = spec_diff(before, p->spec);
	if (p->n_jobs) {
		json_decref(p->spec);
		p->spec = json_incref(p->jobs[0].spec);
		if (p->ceiling_micro != USD_UNKNOWN)
			p->ceiling_micro *= (int64_t)p->n_jobs;
	}
	if (before) {
		warn_of_left_out(in, p);
		warn_of_sharing(in, p, before);
	}
	warn_of_taken(in, p);
	*ret = TAKE(p);
	return 0;
}
