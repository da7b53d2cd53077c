/* sweep.c - the jobs of a sweep in the durable queue, and how they stand.
 *
 * A row's pack is a digest of its request, so that the same grid finds its rows and another request of the
 * same name is one of its own, which the service then refuses. Its cycle counts how often that request was
 * refused before. */
#include "sync/sweep.h"

#include "base/digest.h"
#include "sync/sync_priv.h"

#define LAUNCHES_SHOWN 1000

void sweep_rows_done(struct sweep_rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->items[i].error);
	free(r->items);
	*r = (struct sweep_rows){0};
}

static char *run_of(const struct launch_plan *p)
{
	return xasprintf("%s%s", LAUNCH_SWEEP, p->name);
}

static int64_t digest_of(const json_t *spec)
{
	AUTO(str) char *text = json_dumps(spec, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t digest[SHA256_LEN];
	uint64_t n = 0;

	sha256(text, strlen(text), digest);
	for (size_t i = 0; i < sizeof(n); i++)
		n = n << 8 | digest[i];
	return (int64_t)(n >> 1);
}

/* Returns how many rows wait for jobs that are not among these. */
static size_t find_cycles(struct sweep_rows *r, const struct launch *old, size_t n)
{
	size_t others = 0;

	for (size_t k = 0; k < n; k++) {
		bool found = false;

		for (size_t i = 0; i < r->n; i++) {
			bool same = old[k].pack == r->items[i].pack;

			found |= same;
			r->items[i].cycle += same && old[k].state == LAUNCH_REFUSED;
		}
		others += !found && old[k].state == LAUNCH_QUEUED;
	}
	return others;
}

static int earlier_waits(const struct launch_plan *p, size_t n, struct err *err)
{
	return err_set(
		err, ERR_EXISTS,
		"%zu other jobs of an earlier sweep %s wait still: sagetop launches --send %s sends them, --discard %s "
		"takes them back",
		n, p->name, p->name, p->name);
}

static int put(struct sync *s, const struct launch_plan *p, const struct sweep_rows *r, struct err *err)
{
	struct launch *rows = xcalloc(p->n_jobs, sizeof(*rows));

	for (size_t i = 0; i < p->n_jobs; i++)
		rows[i] = (struct launch){.name = xstrdup(p->jobs[i].name),
					  .spec_json = json_text(p->jobs[i].spec),
					  .run = run_of(p),
					  .cycle = r->items[i].cycle,
					  .pack = r->items[i].pack};
	int rc = launch_enqueue(s, rows, p->n_jobs, err);

	launch_list_free(rows, p->n_jobs);
	return rc;
}

int sweep_enqueue(struct sync *s, const struct launch_plan *p, struct sweep_rows *ret, struct err *err)
{
	AUTO(str) char *run = run_of(p);
	struct launch *old = NULL;
	size_t n = 0;
	int rc = store_launch_list_run(s->store, run, &old, &n, err);

	sweep_rows_done(ret);
	*ret = (struct sweep_rows){xcalloc(p->n_jobs, sizeof(*ret->items)), p->n_jobs};
	for (size_t i = 0; i < ret->n; i++)
		ret->items[i].pack = digest_of(p->jobs[i].spec);
	size_t others = find_cycles(ret, old, n);

	launch_list_free(old, n);
	if (rc == 0 && others)
		rc = earlier_waits(p, others, err);
	if (rc == 0)
		rc = put(s, p, ret, err);
	if (rc == 0)
		rc = store_launch_adopt_waiting(s->store, run, err);
	return rc ? rc : sweep_look(s, p, ret, err);
}

int sweep_look(struct sync *s, const struct launch_plan *p, struct sweep_rows *rows, struct err *err)
{
	AUTO(str) char *run = run_of(p);
	struct launch *found = NULL;
	size_t n = 0;
	int rc = store_launch_list_run(s->store, run, &found, &n, err);

	for (size_t i = 0; i < rows->n; i++) {
		struct sweep_row *row = &rows->items[i];

		for (size_t k = 0; k < n; k++) {
			if (found[k].pack != row->pack || found[k].cycle != row->cycle)
				continue;
			row->state = found[k].state;
			str_set(&row->error, found[k].error);
		}
	}
	launch_list_free(found, n);
	return rc;
}

int sweep_resume(struct sync *s, const char *name, struct err *err)
{
	AUTO(str) char *run = xasprintf("%s%s", LAUNCH_SWEEP, name);
	size_t n[LAUNCH_STATES];

	if (s->opt.read_only)
		return err_set(err, ERR_DENIED, "not launched: sagetop runs read-only");
	if (store_launch_count_run(s->store, run, n, err) < 0)
		return -err->code;
	if (!(n[LAUNCH_QUEUED] + n[LAUNCH_SENT]))
		return err_set(err, ERR_NOTFOUND, "nothing waits of a sweep %s: sagetop launches lists what does",
			       name);
	return store_launch_adopt_waiting(s->store, run, err);
}

int launch_discard(struct sync *s, const char *name, struct launch_discarded *ret, struct err *err)
{
	*ret = (struct launch_discarded){0};
	if (s->opt.read_only)
		return err_set(err, ERR_DENIED, "not taken back: sagetop runs read-only");
	int rc = store_launch_discard(s->store, name, "taken back before it was sent", ret, err);

	if (rc == 0 && ret->queued + ret->sent == 0)
		rc = err_set(err, ERR_NOTFOUND, "nothing waits under the name %s: sagetop launches lists what does",
			     name);
	return rc;
}

void sync_launches(struct sync *s)
{
	struct err err = {0};

	if (store_launch_summaries(s->store, LAUNCHES_SHOWN, &s->session->launches, &err))
		sync_note_error(s, "launches", &err);
	s->session->launches_generation++;
}

void sweep_row_settled(struct sync *s, const char *run)
{
	size_t n[LAUNCH_STATES];
	struct err err = {0};

	if (!run || !str_starts(run, LAUNCH_SWEEP))
		return;
	const char *name = run + strlen(LAUNCH_SWEEP);

	if (store_launch_count_run(s->store, run, n, &err))
		sync_note_error(s, "launch queue", &err);
	else if (n[LAUNCH_QUEUED] + n[LAUNCH_SENT])
		return;
	else if (n[LAUNCH_REFUSED])
		session_notify(s->session, NOTICE_WARNING, "sweep %s: %zu of %zu jobs were launched, %zu refused", name,
			       n[LAUNCH_ACCEPTED], n[LAUNCH_ACCEPTED] + n[LAUNCH_REFUSED], n[LAUNCH_REFUSED]);
	else
		session_notify(s->session, NOTICE_INFO, "sweep %s: all %zu jobs were launched", name,
			       n[LAUNCH_ACCEPTED]);
}
