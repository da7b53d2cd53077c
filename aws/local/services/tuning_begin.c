/* The next child of a tuning job: what the tuner proposes, as a training job. */
#include "aws/local/services/tuning_impl.h"
#include "base/digest.h"

#define QUOTA_PAUSE_MS 2000 /* until a quota is asked again */

struct trials {
	struct tuner_trial *items;
	double *values; /* TUNER_MAX_RANGES a trial */
	size_t n;
};

/* Trials of the children that took this definition; those whose values lie outside of its
 * ranges (a parent's) say nothing. */
static void add_trials(const struct look *l, struct trials *t, const json_t *children, size_t definition, bool own)
{
	const struct tuning_definition *d = &l->plan.definitions[definition];
	size_t i;
	json_t *child;

	json_array_foreach((json_t *)children, i, child)
	{
		const json_t *tuned = json_object_get(child, "Tuned"), *objective = json_object_get(child, "Objective");
		double *values = &t->values[t->n * TUNER_MAX_RANGES];
		bool fits = (size_t)json_get_i64(child, "Definition", 0) == definition;

		for (size_t k = 0; fits && k < d->space.n; k++)
			fits = tuner_range_parse(&d->space.ranges[k], json_get_str(tuned, d->space.ranges[k].name),
						 &values[k]);
		if (!fits)
			continue;
		t->items[t->n++] = (struct tuner_trial){.values = values,
							.state = child_runs(child) ? TUNER_PENDING
								 : objective	   ? TUNER_KNOWN
										   : TUNER_FAILED,
							.objective = json_number_value(objective),
							.own = own};
	}
}

static const json_t *parent_children(const struct look *l, size_t i)
{
	const json_t *parents = json_path_get(l->r->doc, "WarmStartConfig.ParentHyperParameterTuningJobs");
	const char *name = json_get_str(json_array_get(parents, i), "HyperParameterTuningJobName");
	const struct document *parent = name ? document_find(l->e, "tuning", name) : NULL;

	return parent ? json_object_get(parent->doc, "Children") : NULL;
}

static uint64_t seed_of(const struct look *l)
{
	unsigned char digest[SHA256_LEN];
	uint64_t seed;
	AUTO(str)
	char *text = xasprintf("%s %lld", l->r->arn, (long long)json_get_time_ms(l->r->doc, "CreationTime"));

	if (l->plan.has_seed)
		return l->plan.seed;
	sha256(text, strlen(text), digest);
	memcpy(&seed, digest, sizeof(seed));
	return seed;
}

static int propose(const struct look *l, size_t definition, double *values, struct err *err)
{
	size_t cap = json_array_size(l->children);

	for (size_t i = 0; i < 5; i++)
		cap += json_array_size(parent_children(l, i));
	struct trials t = {.items = xcalloc(cap + 1, sizeof(*t.items)),
			   .values = xcalloc((cap + 1) * TUNER_MAX_RANGES, sizeof(*t.values))};
	struct tuner_problem p = {.space = &l->plan.definitions[definition].space,
				  .strategy = l->plan.strategy,
				  .maximise = l->plan.definitions[definition].maximise,
				  .seed = seed_of(l) + definition,
				  .parallel = (size_t)l->plan.parallel,
				  .transfer = l->plan.transfer};

	for (size_t i = 0; i < 5; i++)
		add_trials(l, &t, parent_children(l, i), definition, false);
	add_trials(l, &t, l->children, definition, true);
	int rc = tuner_propose(&p, t.items, t.n, values, err);

	free(t.items);
	free(t.values);
	return rc;
}

static char *new_child_name(const struct look *l)
{
	char hash[SHA256_HEX_LEN];
	size_t number = json_array_size(l->children) + 1;
	AUTO(str)
	char *text =
		xasprintf("%s %lld %zu", l->r->arn, (long long)json_get_time_ms(l->r->doc, "CreationTime"), number);

	sha256_hex(text, strlen(text), hash);
	return xasprintf("%s-%03zu-%.8s", l->r->key, number, hash);
}

static void record_child(struct look *l, const char *name, size_t definition, const double *values)
{
	const struct tuner_space *s = &l->plan.definitions[definition].space;
	json_t *tuned = json_object();

	for (size_t k = 0; k < s->n; k++) {
		AUTO(str) char *text = tuner_range_text(&s->ranges[k], values[k]);

		json_object_set_new(tuned, s->ranges[k].name, json_string(text));
	}
	json_array_append_new(l->children, json_pack("{s:s, s:o, s:I, s:s}", "Name", name, "Tuned", tuned, "Definition",
						     (json_int_t)definition, "Status", "InProgress"));
	l->changed = true;
}

/* CreateTrainingJob, as if it had been asked for. False where it is not to be had now. */
static bool create_child(struct look *l, size_t definition, const double *values)
{
	AUTO(str) char *name = new_child_name(l);
	AUTO(json)
	json_t *request = tuning_child_request(l->r, &l->plan.definitions[definition], name, values);
	AUTO(json) json_t *out = NULL;
	AUTO(strlist) struct strlist arn = {0};
	AUTO(request) struct request rq;
	struct fault fault = {0};

	request_init(&rq);
	strlist_split(&arn, l->r->arn, ':');
	str_copy(rq.region, sizeof(rq.region), arn.n > 3 ? arn.items[3] : DEFAULT_REGION);
	struct call c = {.e = l->e,
			 .rq = &rq,
			 .in = request,
			 .fault = &fault,
			 .service = SVC_SAGEMAKER,
			 .name = "CreateTrainingJob"};

	if (op_create_training_job(&c, &out) == 0) {
		record_child(l, name, definition, values);
		return true;
	}
	if (str_eq(fault.code, "ResourceLimitExceeded")) {
		tuning_wake_in(l->e, QUOTA_PAUSE_MS);
		return false;
	}
	tuning_begin_end(l, "Failed", fault.message);
	return false;
}

void tuning_begin_children(struct look *l)
{
	while (!json_object_get(l->r->doc, "Ending") && (int64_t)tuning_count_running(l) < l->plan.parallel) {
		size_t n = json_array_size(l->children), definition = n % l->plan.n;
		double values[TUNER_MAX_RANGES];
		struct err err = {0};

		if (l->plan.max_jobs && (int64_t)n >= l->plan.max_jobs)
			return;
		int rc = propose(l, definition, values, &err);

		if (rc < 0)
			tuning_begin_end(l, "Failed", err.msg);
		if (rc <= 0 || !create_child(l, definition, values))
			return;
	}
}

bool tuning_is_exhausted(const struct look *l)
{
	double values[TUNER_MAX_RANGES];
	size_t n = json_array_size(l->children);

	return (l->plan.max_jobs && (int64_t)n >= l->plan.max_jobs) || propose(l, n % l->plan.n, values, NULL) == 0;
}
