/* jobtext.c - symbols, words and small curves. */
#include "tui/jobtext.h"

/* --- states --- */

struct look_of_state {
	const char *symbol;
	enum style style;
};

static const struct look_of_state waiting = {"◌", ST_PENDING}, works = {"●", ST_RUNNING}, ending = {"◐", ST_WARN};

static struct look_of_state look_of_job(const struct job *j)
{
	static const struct look_of_state restarting = {"↻", ST_PENDING}, interrupted = {"↻", ST_WARN};

	if (str_eq(j->secondary_text, "Interrupted"))
		return interrupted;
	if (str_eq(j->secondary_text, "Restarting"))
		return restarting;
	return str_eq(j->secondary_text, "Training") || str_eq(j->secondary_text, "Uploading") ? works : waiting;
}

static struct look_of_state look_of(const struct resource *r)
{
	static const struct look_of_state looks[STATE_COUNT] = {
		[STATE_UNKNOWN] = {"?", ST_NORMAL}, [STATE_RUNNING] = {"●", ST_RUNNING}, [STATE_GOOD] = {"✓", ST_GOOD},
		[STATE_BAD] = {"✗", ST_BAD},	    [STATE_NEUTRAL] = {"■", ST_STOPPED},
	};
	static const char *const words_ending[] = {"Stopping", "Deleting", "Terminating"};
	static const char *const words_waiting[] = {"Pending", "Creating", "Starting", "Updating"};

	for (size_t i = 0; i < ARRAY_LEN(words_ending); i++)
		if (str_ieq(r->status_text, words_ending[i]))
			return ending;
	if (r->state != STATE_RUNNING)
		return looks[r->state];
	if (r->kind->id == KIND_TRAINING_JOB)
		return look_of_job(resource_job(r));
	for (size_t i = 0; i < ARRAY_LEN(words_waiting); i++)
		if (str_ieq(r->status_text, words_waiting[i]))
			return waiting;
	return works;
}

const char *state_symbol(const struct resource *r)
{
	return look_of(r).symbol;
}

enum style state_style(const struct resource *r)
{
	return look_of(r).style;
}

/* --- figures --- */

/* Of a mixed cluster the first group and how many instances it has besides: "m5.xlarge×2+1". Its page names all. */
char *jobtext_instance(char *buf, const struct job *j)
{
	const struct job_group *g = j->rare->groups;
	bool mixed = j->rare->n_groups > 1;
	const char *type = str_or(g ? g->instance_type : j->instance_type, "–");
	int count = g ? g->count : j->instance_count;
	char times[15] = "", others[15] = "";

	if (count > 1)
		snprintf(times, sizeof(times), "×%d", count);
	if (mixed)
		snprintf(others, sizeof(others), "+%d", j->instance_count - count);
	snprintf(buf, JOBTEXT_LEN, "%.32s%s%s", type + (mixed && str_starts(type, "ml.") ? 3 : 0), times, others);
	return buf;
}

void jobtext_legend_add(struct cost_legend *l, const struct cost *c)
{
	bool known = c->kind != COST_UNKNOWN && c->usd_micro != USD_UNKNOWN;

	l->so_far |= known && c->kind == COST_SO_FAR && c->estimate;
	l->estimate |= known && c->kind == COST_BILLED && c->estimate;
	l->unknown |= c->kind == COST_UNKNOWN && c->rate_micro == USD_UNKNOWN;
}

void jobtext_legend(struct buf *out, const struct cost_legend *l, const char *prices_as_of)
{
	const char *part = "";

	if (l->so_far || l->estimate) {
		(void)buf_adds(out, l->estimate ? "* estimate" : "* so far");
		part = "; ";
	}
	if (l->unknown) {
		(void)buf_addf(out, "%s? no price", part);
		part = "; ";
	}
	if (l->at_least) {
		(void)buf_addf(out, "%s%s at least", part, l->at_least);
		part = "; ";
	}
	if (prices_as_of && *prices_as_of)
		(void)buf_addf(out, "%sprices of %s", part, prices_as_of);
	else if (prices_as_of)
		(void)buf_addf(out, "%sno price table", part);
}

char *jobtext_count(char *buf, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}
