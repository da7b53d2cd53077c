/* launch_plan.c - a specification or a clone, checked, priced and explained. */
#include "sync/launch_plan.h"

#include "aws/shape.h"
#include "model/job_name.h"
#include "sync/spec.h"

#define GROUPS_MAX 8 /* the service allows five */
#define WARNINGS_SHOWN 3

void launch_plan_free(struct launch_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_jobs; i++) {
		free(p->jobs[i].name);
		free(p->jobs[i].source);
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

static bool is_member(const char *axis)
{
	AUTO(str) char *member = xstrndup(axis, strcspn(axis, "."));

	return shape_member_of(&shape_create_training_job, member) != NULL;
}

bool launch_grid_has_members(const struct grid *g)
{
	for (size_t k = 0; k < g->n; k++)
		if (is_member(g->axes[k].name))
			return true;
	return false;
}

/* A slip would be a hyperparameter that nothing reads, in every job. */
static int check_axes(const struct launch_input *in, struct launch_plan *p, struct err *err)
{
	const json_t *known = json_object_get(p->spec, "HyperParameters");

	for (size_t i = 0; i < in->grid->n; i++) {
		const char *name = in->grid->axes[i].name;

		if (str_eq(name, "TrainingJobName"))
			return err_set(err, ERR_USAGE, "--grid: the names of the jobs are made of the other values");
		if (!is_member(name) && !json_object_get(known, name))
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

static int set_hyperparameter(json_t *spec, const char *name, const char *value, struct err *err)
{
	if (!json_object_get(spec, "HyperParameters"))
		json_object_set_new(spec, "HyperParameters", json_object());
	return json_object_set_new(json_object_get(spec, "HyperParameters"), name, json_string(value))
		       ? err_set(err, ERR_USAGE, "a name or value is not UTF-8")
		       : 0;
}

/* A member is set as --set does it, anything else is a hyperparameter. */
int launch_spec_vary(json_t *spec, const struct grid *g, size_t i, struct err *err)
{
	int rc = 0;

	for (size_t k = 0; rc == 0 && k < g->n; k++) {
		const char *name = g->axes[k].name, *value = grid_value(g, i, k);
		AUTO(str) char *set = xasprintf("%s=%s", name, value);

		rc = is_member(name) ? spec_set(spec, set, err) : set_hyperparameter(spec, name, value, err);
	}
	return rc ? err_prefix(err, "--grid") : 0;
}

static int make_job(const struct launch_input *in, const json_t *base, size_t i, const char *name,
		    struct launch_plan **ret, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *p = NEW(struct launch_plan);

	p->name = xstrdup(name);
	p->spec = json_deep_copy(base);
	spec_rename(p->spec, name);
	own_checkpoints(p->spec, name);
	if (launch_spec_vary(p->spec, in->grid, i, err) < 0 || spec_check(p->spec, name, NULL, err) < 0)
		return -err->code;
	price_plan(in, p);
	*ret = TAKE(p);
	return 0;
}

/* What is said of one job stands once for all that it is said of, and a sum is known where each of them is. */
static void add_job(struct launch_plan *all, struct strlist *warnings, const struct launch_plan *one)
{
	struct sweep_job *job = &all->jobs[all->n_jobs];
	bool first = all->n_jobs++ == 0;

	*job = (struct sweep_job){xstrdup(one->name), NULL, json_incref(one->spec), one->ceiling_micro};
	if (one->ceiling_micro == USD_UNKNOWN || all->ceiling_micro == USD_UNKNOWN)
		all->ceiling_micro = USD_UNKNOWN;
	else
		all->ceiling_micro += one->ceiling_micro;
	if (one->price_as_of && (!all->price_as_of || strcmp(one->price_as_of, all->price_as_of) < 0))
		str_set(&all->price_as_of, one->price_as_of);
	if (first)
		all->training_plan = xstrdup(one->training_plan);
	else if (!str_eq(one->training_plan, all->training_plan))
		str_set(&all->training_plan, NULL);
	if (one->warning && !strlist_has(warnings, one->warning))
		strlist_add(warnings, one->warning);
}

static void add_warnings(struct launch_plan *all, const struct strlist *warnings)
{
	for (size_t i = 0; i < MIN(warnings->n, (size_t)WARNINGS_SHOWN); i++)
		add_warning(all, "%s", warnings->items[i]);
	if (warnings->n > WARNINGS_SHOWN)
		add_warning(all, "and %zu more about others of them", warnings->n - WARNINGS_SHOWN);
}

static char *sweep_tag(const char *name)
{
	return xasprintf("Tags.%s=%s", SWEEP_TAG, name);
}

static void warn_of_taken(struct launch_plan *p, const struct resources *jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_jobs; i++)
		n += jobs_find(jobs, p->jobs[i].name) != NULL;
	if (n)
		add_warning(p, "%zu of its jobs are there already: none of them is made twice", n);
	if (!p->n_jobs && jobs_find(jobs, p->name))
		add_warning(p, "there is a job named %s already: the service will refuse it", p->name);
}

/* p is the plan of what all have in common; it becomes that of all. */
static int make_sweep(const struct launch_input *in, struct launch_plan *p, struct err *err)
{
	AUTO(strlist) struct strlist names = {0}, warnings = {0};
	AUTO(str) char *tag = sweep_tag(p->name);
	int rc = check_axes(in, p, err);

	p->base = json_deep_copy(p->spec);
	if (rc == 0)
		rc = spec_set(p->spec, tag, err);
	grid_job_names(in->grid, p->name, &names);
	p->jobs = xcalloc(names.n, sizeof(*p->jobs));
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		AUTO(launch_plan) struct launch_plan *one = NULL;

		rc = make_job(in, p->spec, i, names.items[i], &one, err);
		if (one)
			add_job(p, &warnings, one);
	}
	add_warnings(p, &warnings);
	return rc;
}

int launch_plan_join(struct launch_plan *const *plans, const struct strlist *sources, const char *name,
		     const struct resources *jobs, struct launch_plan **ret, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *all = NEW(struct launch_plan);
	AUTO(strlist) struct strlist warnings = {0};
	AUTO(str) char *tag = sweep_tag(name);
	size_t unchanged = 0;

	all->name = xstrdup(name);
	all->jobs = xcalloc(sources->n, sizeof(*all->jobs));
	for (size_t i = 0; i < sources->n; i++) {
		if (spec_set(plans[i]->spec, tag, err) < 0 || spec_check(plans[i]->spec, plans[i]->name, NULL, err) < 0)
			return -err->code;
		add_job(all, &warnings, plans[i]);
		all->jobs[i].source = xstrdup(sources->items[i]);
		unchanged += plans[i]->unchanged;
	}
	all->spec = json_incref(all->jobs[0].spec);
	all->diff = xstrdup(plans[0]->diff);
	if (unchanged)
		add_warning(all, "%zu of the %zu have already what is to be changed: they are made again as they were",
			    unchanged, all->n_jobs);
	warn_of_taken(all, jobs);
	add_warnings(all, &warnings);
	*ret = TAKE(all);
	return 0;
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
	if (in->sets && json_is_object(p->spec)) {
		AUTO(json) json_t *as_it_was = json_deep_copy(p->spec);

		rc = apply_sets(in, p, err);
		p->unchanged = in->sets->n && json_equal(as_it_was, p->spec);
	}
	if (rc == 0)
		rc = spec_check(p->spec, in->what, in->lines, err);
	if (rc)
		return rc;
	p->name = xstrdup(json_get_str(p->spec, "TrainingJobName"));
	if (in->grid)
		rc = make_sweep(in, p, err);
	else
		price_plan(in, p);
	if (rc)
		return rc;
	if (before)
		p->diff = spec_diff(before, p->spec);
	if (p->n_jobs) {
		json_decref(p->spec);
		p->spec = json_incref(p->jobs[0].spec);
	}
	if (before) {
		warn_of_left_out(in, p);
		warn_of_sharing(in, p, before);
	}
	if (!in->part)
		warn_of_taken(p, in->jobs);
	*ret = TAKE(p);
	return 0;
}
