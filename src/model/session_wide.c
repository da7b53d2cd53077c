/* session_wide.c - several sessions looked at as one. */
#include "model/session.h"

#include "model/scope.h"

struct session_wide {
	struct session *parts[SCOPES_MAX];
	size_t n;
	struct strlist labels;
	uint64_t bases[KIND_COUNT];   /* of the tables' generations, above the sum of the parts' */
	uint64_t notices[SCOPES_MAX]; /* that were taken over */
	size_t requests[SCOPES_MAX];
};

const char *session_label(const struct session *s)
{
	return s->label;
}

/* What it has grown by, a wide table has heard of already where a thing is gone (resource.c). */
static uint64_t sum_of_generations(const struct session_wide *w, size_t k)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++)
		sum += w->parts[i]->tables[k].generation;
	return sum;
}

struct session *session_wide_new(struct session *const *parts, size_t n)
{
	struct session *s = session_new();
	struct session_wide *w = NEW(struct session_wide);

	s->wide = w;
	w->n = n;
	for (size_t i = 0; i < n; i++) {
		w->parts[i] = parts[i];
		strlist_add(&w->labels, session_label(parts[i]));
	}
	for (size_t k = 0; k < KIND_COUNT; k++) {
		s->tables[k].scopes = &w->labels;
		for (size_t i = 0; i < n; i++)
			resources_join(&parts[i]->tables[k], &s->tables[k], (uint8_t)i);
	}
	for (size_t k = 0; k < KIND_COUNT; k++)
		w->bases[k] = s->tables[k].generation - sum_of_generations(w, k);
	s->label = xasprintf("%zu scopes", n);
	session_wide_refresh(s);
	return s;
}

void session_wide_leave(struct session *part)
{
	for (size_t k = 0; k < KIND_COUNT; k++) {
		resources_leave(&part->tables[k]);
		part->tables[k].generation++; /* the wide table's has grown as well */
	}
}

void session_wide_free(struct session_wide *w)
{
	for (size_t i = 0; i < w->n; i++)
		session_wide_leave(w->parts[i]);
	strlist_done(&w->labels);
	free(w);
}

/* --- whose is it --- */

size_t session_parts(const struct session *s)
{
	return s->wide ? s->wide->n : 1;
}

const struct session *session_part(const struct session *s, size_t i)
{
	return s->wide ? s->wide->parts[i] : s;
}

const struct session *session_own(const struct session *s, const struct resource *r)
{
	return s && s->wide ? s->wide->parts[r->scope] : s;
}

const struct session *session_within(const struct session *s, const struct kind *kind, const char *name,
				     const char **ret_name)
{
	*ret_name = name;
	if (!s->wide)
		return s;
	size_t scope = scope_of(&s->wide->labels, name, ret_name);

	if (scope < s->wide->n)
		return s->wide->parts[scope];
	const struct resource *r = resources_find(&s->tables[kind->id], name);

	return r ? s->wide->parts[r->scope] : NULL;
}

size_t session_scope_of(const struct session *s, const char *text, const char **ret_name)
{
	*ret_name = text;
	return s->wide ? scope_of(&s->wide->labels, text, ret_name) : 1;
}

const char *session_name_of(const struct session *s, const struct resource *r, struct buf *buf)
{
	if (!s->wide)
		return r->name;
	buf_clear(buf);
	(void)buf_addf(buf, "%s:%s", s->wide->labels.items[r->scope], r->name);
	return buf_str(buf);
}

bool session_lacks_some(const struct session *s)
{
	return s->wide && s->trouble[0];
}

/* --- the summary --- */

/* What all have is whole where it is so of each; of times the oldest says how fresh it is. */
static void sum_table(const struct session_wide *w, struct resources *t, size_t k)
{
	t->n_running = t->total_hint = 0;
	t->partial = false;
	t->complete = true;
	t->failed = ERR_OK;
	t->synced_ms = w->parts[0]->tables[k].synced_ms;
	for (size_t i = 0; i < w->n; i++) {
		const struct resources *part = &w->parts[i]->tables[k];

		t->n_running += part->n_running;
		t->total_hint += part->total_hint;
		t->partial |= part->partial;
		t->complete &= part->complete;
		t->failed = t->failed ? t->failed : part->failed;
		t->synced_ms = MIN(t->synced_ms, part->synced_ms);
	}
	t->generation = w->bases[k] + sum_of_generations(w, k);
}

static void take_notice(struct session *s, size_t i)
{
	struct session_wide *w = s->wide;
	const struct session *part = w->parts[i];

	if (w->notices[i] == part->notice_generation)
		return;
	w->notices[i] = part->notice_generation;
	session_notify(s, part->notice.level, "%s: %s", session_label(part), part->notice.text);
}

static void take_requests(struct session *s, size_t i)
{
	struct session_wide *w = s->wide;
	const struct session *part = w->parts[i];

	w->requests[i] = MAX(w->requests[i], part->n_requests - MIN(part->n_requests, (size_t)REQUEST_LOG_LEN));
	for (; w->requests[i] < part->n_requests; w->requests[i]++) {
		struct request_record rec = part->requests[w->requests[i] % REQUEST_LOG_LEN];

		str_copy(rec.scope, sizeof(rec.scope), session_label(part));
		session_add_request(s, &rec);
	}
}

static void sum_budget(struct api_budget *b, const struct api_budget *part)
{
	b->calls_per_s += part->calls_per_s;
	b->calls += part->calls;
	b->retries += part->retries;
	b->throttled += part->throttled;
	b->errors += part->errors;
	b->throttled_until_ms = MAX(b->throttled_until_ms, part->throttled_until_ms);
	b->silent_ms = MAX(b->silent_ms, part->silent_ms);
}

static void sum_troubles(struct session *s)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < s->wide->n; i++) {
		const struct session *part = s->wide->parts[i];

		if (part->trouble[0])
			(void)buf_addf(&text, "%s%s: %s", text.len ? "; " : "", session_label(part), part->trouble);
	}
	str_copy(s->trouble, sizeof(s->trouble), buf_str(&text));
}

static void sum_states(struct session *s)
{
	s->offline = s->local = s->read_only = true;
	s->usages_generation = s->backtests_generation = 0;
	s->budget = (struct api_budget){.throttled_until_ms = TIME_UNKNOWN};
	for (size_t i = 0; i < s->wide->n; i++) {
		const struct session *part = s->wide->parts[i];

		s->offline &= part->offline;
		s->local &= part->local;
		s->read_only &= part->read_only;
		str_set(&s->read_only_by, part->read_only_by);
		s->usages_generation += part->usages_generation;
		sum_budget(&s->budget, &part->budget);
		if (i == 0 || strcmp(part->prices_as_of, s->prices_as_of) < 0)
			str_copy(s->prices_as_of, sizeof(s->prices_as_of), part->prices_as_of);
	}
}

void session_wide_refresh(struct session *s)
{
	if (!s->wide)
		return;
	for (size_t k = 0; k < KIND_COUNT; k++)
		sum_table(s->wide, &s->tables[k], k);
	sum_states(s);
	sum_troubles(s);
	for (size_t i = 0; i < s->wide->n; i++) {
		take_notice(s, i);
		take_requests(s, i);
	}
}
