/* job_merge.c - two records of one job become one; the derived fields. */
#include "model/job.h"

#include "model/job_facets.h"
#include "model/resource_merge.h"

#include <math.h>

/* The time without instances after the start. A spot job waits for capacity
 * between its interruptions, and none of that is billed. */
static void derive_waiting(struct job *j)
{
	int64_t waited_ms = 0, since_ms = TIME_UNKNOWN;

	j->waited_s = -1;
	if (job_has_rare(j))
		j->rare->waiting_since_ms = TIME_UNKNOWN;
	if (j->start_ms == TIME_UNKNOWN || j->cold->n_transitions == 0)
		return;
	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		const struct job_transition *t = &j->cold->transitions[i];
		int64_t from = MAX(t->start_ms, j->start_ms);

		if (t->start_ms == TIME_UNKNOWN || job_state_is_billed(t->status))
			continue;
		if (t->end_ms == TIME_UNKNOWN)
			since_ms = from;
		else
			waited_ms += MAX(t->end_ms - from, (int64_t)0);
	}
	j->waited_s = waited_ms / 1000;
	if (since_ms != TIME_UNKNOWN)
		job_own_rare(j)->waiting_since_ms = since_ms;
}

void job_derive(struct job *j)
{
	if (j->trimmed)
		return;
	job_facets_derive(j);
	if (job_has_rare(j) && !str_eq(j->objective, job_objective_name(j))) {
		j->rare->best_value = NAN; /* of another metric */
		j->rare->best_step = -1;
	}
	j->objective = intern(job_objective_name(j));
	if (!job_objective(j, &j->objective_value))
		j->objective_value = NAN;
	j->interruptions = (uint16_t)MIN(job_interruptions(j), UINT16_MAX);
	derive_waiting(j);
}

static bool merge_int(int *into, int from, bool older)
{
	if (from == 0 || *into == from || (older && *into != 0))
		return false;
	*into = from;
	return true;
}

static bool transitions_differ(const struct job *a, const struct job *b)
{
	if (a->cold->n_transitions != b->cold->n_transitions)
		return true;
	for (size_t i = 0; i < a->cold->n_transitions; i++) {
		const struct job_transition *x = &a->cold->transitions[i], *y = &b->cold->transitions[i];

		if (!str_eq(x->status, y->status) || x->start_ms != y->start_ms || x->end_ms != y->end_ms ||
		    !str_eq(x->message, y->message))
			return true;
	}
	return false;
}

/* nan is the same as nan. */
static bool differ(double a, double b)
{
	return a != b && (a == a || b == b);
}

static bool finals_differ(const struct job *a, const struct job *b)
{
	if (a->cold->n_final_metrics != b->cold->n_final_metrics)
		return true;
	for (size_t i = 0; i < a->cold->n_final_metrics; i++) {
		const struct job_final_metric *x = &a->cold->final_metrics[i], *y = &b->cold->final_metrics[i];

		if (!str_eq(x->name, y->name) || differ(x->value, y->value) || x->time_ms != y->time_ms)
			return true;
	}
	return false;
}

/* Whether the tags of `from` are not those that the facets of a trimmed job hold. */
static bool facet_tags_differ(const struct job *trimmed, const struct job *from)
{
	AUTO(strmap) struct strmap known = {0};

	if (!from->tags_known)
		return false;
	job_facets_tags(trimmed, &known);
	return strmap_differs(&known, &from->tags);
}

static bool has_cold(const struct job *j)
{
	return j->detail >= DETAIL_SEARCHED && !j->trimmed;
}

static bool merge_cold_strings(struct job *into, struct job *from, bool older)
{
	bool changed = false;

	changed |= merge_text(&into->arn, &from->arn, older);
	changed |= merge_text(&into->cold->image, &from->cold->image, older);
	changed |= merge_text(&into->cold->input_mode, &from->cold->input_mode, older);
	changed |= merge_text(&into->cold->role_arn, &from->cold->role_arn, older);
	changed |= merge_text(&into->cold->output_uri, &from->cold->output_uri, older);
	changed |= merge_text(&into->cold->model_uri, &from->cold->model_uri, older);
	changed |= merge_text(&into->cold->checkpoint_uri, &from->cold->checkpoint_uri, older);
	changed |= merge_text(&into->cold->tuning_job_arn, &from->cold->tuning_job_arn, older);
	changed |= merge_text(&into->cold->vpc, &from->cold->vpc, older);
	return changed;
}

static void swap_lists(struct job_cold *a, struct job_cold *b)
{
	SWAP(a->hyperparameters, b->hyperparameters);
	SWAP(a->environment, b->environment);
	SWAP(a->particulars, b->particulars);
	SWAP(a->channels, b->channels);
	SWAP(a->n_channels, b->n_channels);
	SWAP(a->cap_channels, b->cap_channels);
	SWAP(a->transitions, b->transitions);
	SWAP(a->n_transitions, b->n_transitions);
	SWAP(a->cap_transitions, b->cap_transitions);
	SWAP(a->final_metrics, b->final_metrics);
	SWAP(a->n_final_metrics, b->n_final_metrics);
	SWAP(a->cap_final_metrics, b->cap_final_metrics);
	SWAP(a->metric_definitions, b->metric_definitions);
	SWAP(a->n_metric_definitions, b->n_metric_definitions);
	SWAP(a->cap_metric_definitions, b->cap_metric_definitions);
}

/* The cold part of `from` becomes ours. Describe gives no tags: those we know
 * (from Search or ListTags, perhaps only in the facets) stay. */
static bool merge_cold(struct job *into, struct job *from, bool older)
{
	bool had = has_cold(into), changed = false;

	if (had)
		job_own_cold(into);
	if (!has_cold(from))
		return had ? merge_cold_strings(into, from, older) : false;
	if (older && (had || into->trimmed))
		return had ? merge_cold_strings(into, from, older) : false;
	job_own_cold(into);
	job_own_cold(from);
	if (into->trimmed) {
		job_facets_tags(into, &into->tags);
		into->trimmed = into->lost = false;
	}
	if (from->tags_known) {
		changed |= strmap_differs(&into->tags, &from->tags) || !into->tags_known;
		SWAP(into->tags, from->tags);
		into->tags_known = true;
	}
	changed |= had && (transitions_differ(into, from) || finals_differ(into, from));
	swap_lists(into->cold, from->cold);
	changed |= merge_cold_strings(into, from, older) && had;
	return changed || !had;
}

/* What a job runs on is decided with its request: the groups come with the types. */
static bool merge_instances(struct job *into, struct job *from, bool older)
{
	bool changed = merge_interned(&into->instance_type, from->instance_type, older);

	changed |= merge_int(&into->instance_count, from->instance_count, older);
	if (from->rare->n_groups && (!older || !into->rare->n_groups)) {
		struct job_rare *mine = job_own_rare(into);

		SWAP(mine->groups, from->rare->groups);
		SWAP(mine->n_groups, from->rare->n_groups);
		SWAP(mine->cap_groups, from->rare->cap_groups);
	}
	return changed;
}

static bool merge_rare(struct job *into, const struct job *from, bool older)
{
	if (!job_has_rare(from))
		return false;
	struct job_rare *mine = job_own_rare(into);
	bool changed = merge_interned(&mine->warm_pool_status, from->rare->warm_pool_status, older);

	changed |= merge_interned(&mine->training_plan, from->rare->training_plan, older);
	changed |= merge_i64(&mine->retained_s, from->rare->retained_s, -1, older);
	changed |= merge_i64(&mine->keep_alive_s, from->rare->keep_alive_s, -1, older);
	return changed;
}

static bool merge_hot(struct job *into, struct job *from, bool older)
{
	bool changed = resource_merge_common(job_resource(into), job_resource(from), older);

	into->status = job_status_parse(into->status_text);
	changed |= merge_interned(&into->secondary_text, from->secondary_text, older);
	changed |= merge_rare(into, from, older);
	changed |= merge_instances(into, from, older);
	changed |= merge_int(&into->volume_gb, from->volume_gb, older);
	changed |= merge_i64(&into->training_s, from->training_s, -1, older);
	changed |= merge_i64(&into->billable_s, from->billable_s, -1, older);
	changed |= merge_i64(&into->max_runtime_s, from->max_runtime_s, -1, older);
	changed |= merge_i64(&into->max_wait_s, from->max_wait_s, -1, older);
	if (from->detail >= DETAIL_SEARCHED && into->spot != from->spot) {
		into->spot = from->spot;
		changed = true;
	}
	return changed;
}

/* A record is older by its own account; and an over job does not run again, so
 * a lagging index that still calls it running is older too. */
static bool is_older(const struct job *from, const struct job *into)
{
	if (from->modified_ms != TIME_UNKNOWN && into->modified_ms != TIME_UNKNOWN &&
	    from->modified_ms < into->modified_ms)
		return true;
	return job_is_terminal(into) && job_is_active(from);
}

bool job_merge(struct job *into, struct job *from)
{
	bool changed;

	if (resource_is_another(job_resource(into), job_resource(from))) {
		changed = from->created_ms > into->created_ms;
		if (changed) {
			SWAP(*into, *from);
			job_derive(into);
		}
		job_free(from);
		return changed;
	}
	bool older = is_older(from, into);
	bool from_cold = has_cold(from);
	bool same_record = !into->lost && into->modified_ms == from->modified_ms && into->detail >= from->detail;

	changed = merge_hot(into, from, older);
	/* The overlap of two searches brings records that we have: their cold part
	 * is in the store already and need not come back into memory. */
	if (into->trimmed && same_record && !changed && !facet_tags_differ(into, from))
		from_cold = false;
	else
		changed |= merge_cold(into, from, older);
	into->detail = MAX(into->detail, from->detail);
	into->seen_ms = MAX(into->seen_ms, from->seen_ms);
	if (from_cold)
		job_derive(into);
	job_free(from);
	return changed;
}

void job_untrim(struct job *j, struct job *cold)
{
	if (j->trimmed) {
		SWAP(j->tags, cold->tags);
		SWAP(j->arn, cold->arn);
		SWAP(j->cold, cold->cold);
		j->trimmed = j->lost = false;
	}
	job_free(cold);
}
