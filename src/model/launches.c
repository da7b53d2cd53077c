/* launches.c - launches and sweeps, summed up. */
#include "model/launches.h"

#include <stdio.h>

void launch_summaries_done(struct launch_summaries *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].error);
	}
	free(l->items);
	*l = (struct launch_summaries){0};
}

char *launch_summary_state(const struct launch_summary *l, char *buf)
{
	const struct {
		size_t n;
		const char *word;
	} parts[] = {{l->queued, "queued"}, {l->sent, "sent"}, {l->refused, "refused"}, {l->accepted, "launched"}};
	size_t jobs = launch_summary_jobs(l), at = 0;

	while (at + 1 < ARRAY_LEN(parts) && !parts[at].n)
		at++;
	if (parts[at].n == jobs)
		snprintf(buf, LAUNCH_STATE_LEN, "%s", parts[at].word);
	else
		snprintf(buf, LAUNCH_STATE_LEN, "%zu of %zu %s", parts[at].n, jobs, parts[at].word);
	return buf;
}
