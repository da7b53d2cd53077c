/* jobs.c - the table of jobs by name. */
#include "model/jobs.h"

void jobs_done(struct jobs *t)
{
	for (size_t i = 0; i < t->n; i++)
		job_free(t->items[i]);
	free(t->items);
	map_done(&t->by_name);
	*t = (struct jobs){.generation = t->generation + 1};
}

struct job *jobs_find(const struct jobs *t, const char *name)
{
	return name ? map_get(&t->by_name, name) : NULL;
}

void jobs_reserve(struct jobs *t, size_t n)
{
	GROW(t->items, t->cap, n);
}

struct job *jobs_put(struct jobs *t, struct job *j, bool *ret_changed)
{
	struct job *known = jobs_find(t, j->name);
	bool changed = true;

	if (known) {
		t->n_active -= job_is_active(known);
		changed = job_merge(known, j);
	} else {
		job_derive(j);
		GROW(t->items, t->cap, t->n + 1);
		t->items[t->n++] = j;
		map_put(&t->by_name, j->name, j);
		known = j;
	}
	t->n_active += job_is_active(known);
	if (changed)
		t->generation++;
	if (ret_changed)
		*ret_changed = changed;
	return known;
}

bool jobs_remove(struct jobs *t, const char *name)
{
	struct job *j = map_remove(&t->by_name, name);

	if (!j)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i] == j) {
			memmove(&t->items[i], &t->items[i + 1], (t->n - i - 1) * sizeof(t->items[0]));
			t->n--;
			break;
		}
	}
	t->n_active -= job_is_active(j);
	t->generation++;
	job_free(j);
	return true;
}
