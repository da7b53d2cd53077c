/* jobtext.c - symbols, words and small curves. */
#include "tui/jobtext.h"

#include "base/utf8.h"

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
