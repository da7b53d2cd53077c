/* spend.c - charges summed by groups, within a period. */
#include "model/spend.h"

#include <ctype.h>

#include "model/grid.h"

#define NAMES_MAX 8 /* so many are named of what is not known */

const char *const spend_waste_names[WASTE_COUNT] = {[WASTE_NONE] = "",
						    [WASTE_FAILED] = "failed",
						    [WASTE_STOPPED] = "stopped",
						    [WASTE_IDLE] = "idle",
						    [WASTE_INTERRUPTED] = "interrupted"};

const char *spend_unknown_words(enum spend_unknown u)
{
	static const char *const words[UNKNOWN_COUNT] = {[UNKNOWN_NOT] = "",
							 [UNKNOWN_PRICE] = "no price",
							 [UNKNOWN_TIME] = "no times",
							 [UNKNOWN_STORAGE] = "no price of storage",
							 [UNKNOWN_BY_USE] = "billed by use",
							 [UNKNOWN_PLAN] = "paid by a training plan"};

	return words[u];
}

static const char *const by_names[BY_COUNT] = {[BY_DAY] = "day",
					       [BY_WEEK] = "week",
					       [BY_MONTH] = "month",
					       [BY_KIND] = "kind",
					       [BY_PREFIX] = "prefix",
					       [BY_TAG] = "tag:",
					       [BY_TYPE] = "type",
					       [BY_STATUS] = "status",
					       [BY_USER] = "user",
					       [BY_BACKTEST] = "backtest",
					       [BY_PARENT] = "parent",
					       [BY_SWEEP] = "sweep",
					       [BY_COMPONENT] = "component",
					       [BY_PROFILE] = "profile",
					       [BY_REGION] = "region",
					       [BY_SCOPE] = "scope",
					       [BY_NAME] = "name"};

const char *spend_by_name(enum spend_by by)
{
	return by_names[by];
}

int spend_by_parse(const char *text, enum spend_by *ret, const char **ret_tag, struct err *err)
{
	*ret_tag = NULL;
	if (str_starts(text, "tag:") && text[4]) {
		*ret = BY_TAG;
		*ret_tag = text + 4;
		return 0;
	}
	for (size_t i = 0; i < BY_COUNT; i++)
		if (i != BY_TAG && str_eq(text, by_names[i])) {
			*ret = (enum spend_by)i;
			return 0;
		}
	const char *near = str_nearest(text, by_names, BY_COUNT);

	return err_set(err, ERR_USAGE,
		       "--by is day, week, month, kind, prefix, tag:KEY, type, status, user, backtest, parent, sweep, "
		       "component, "
		       "profile, region, scope or name, not \"%s\"%s%s%s",
		       text, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* --- keys ------------------------------------------------------------------------------ */

/* Parts behind a hyphen that hold a digit number a name; numbers: so many of them are kept, but
 * never the last. */
static char *numbered_prefix(const char *name, size_t n, int numbers)
{
	for (; numbers > 0 && name[n]; numbers--) {
		size_t next = n + 1 + strcspn(name + n + 1, "-_");

		if (!name[next])
			break;
		n = next;
	}
	return xstrndup(name, n);
}

char *spend_prefix(const char *name, int numbers)
{
	size_t n = strlen(name);

	for (;;) {
		size_t at = n;

		while (at > 0 && name[at - 1] != '-' && name[at - 1] != '_')
			at--;
		bool digits = false;

		for (size_t i = at; i < n; i++)
			digits |= isdigit((unsigned char)name[i]) != 0;
		if (!digits || at < 2)
			return numbered_prefix(name, n, numbers);
		n = at - 1;
	}
}

static const char *tag_of(const struct resource *r, const char *key)
{
	return r->kind->class == &job_class ? job_tag(resource_job(r), key) : strmap_get(&r->tags, key);
}

static char *tag_key(const struct resource *r, const char *key)
{
	const char *value = r ? tag_of(r, key) : NULL;

	return value ? xstrdup(value) : xstrdup(r && r->tags_known ? "(no such tag)" : "?");
}

/* Studio says who in a tag, an app in its name; else it is not known. */
static char *user_key(const struct resource *r, const struct kind *kind, const char *name)
{
	const char *arn = r ? tag_of(r, "sagemaker:user-profile-arn") : NULL;

	if (arn)
		return xstrdup(kind_short_name(arn));
	if (kind->id == KIND_APP && strchr(name, '/')) {
		const char *user = strchr(name, '/') + 1;

		return xstrndup(user, strcspn(user, "/"));
	}
	const char *tag = r ? tag_of(r, "user") : NULL;

	return xstrdup(str_or(tag, "?"));
}

bool spend_wants_tuning(enum spend_by by)
{
	return by == BY_PARENT || by == BY_SWEEP;
}

/* NULL or "" where none began it. */
static const char *tuning_of(const struct spend *s, const struct resource *r)
{
	bool is = r && r->kind->class == &job_class;
	const char *tuning = is ? resource_job(r)->cold->tuning_job_arn : NULL;

	if (!tuning && s->opt.tuning && is) /* of a trimmed job */
		tuning = session_cold_value(s->opt.session, r, &(struct field_ref){.field = s->opt.tuning});
	return tuning;
}

/* Many jobs that were begun together to be compared: by their tag, or by a tuning job. */
static char *sweep_key(const struct spend *s, const struct resource *r)
{
	const char *sweep = r ? tag_of(r, SWEEP_TAG) : NULL, *tuning = tuning_of(s, r);

	if (!str_empty(sweep))
		return xstrdup(sweep);
	return str_empty(tuning) ? xstrdup("(none)") : xasprintf("tuning-job %s", kind_short_name(tuning));
}

/* What began it: a backtest, a tuning job, an execution of a pipeline; "" by itself. */
static char *parent_key(const struct spend *s, const struct resource *r, const char *name)
{
	const char *run = r ? tag_of(r, BACKTEST_TAG) : NULL;
	const char *tuning = tuning_of(s, r);

	if (run)
		return xasprintf("backtest %s", run);
	if (!str_empty(tuning))
		return xasprintf("tuning-job %s", kind_short_name(tuning));
	if (str_starts(name, "pipelines-") && strchr(name + 10, '-'))
		return xasprintf("pipeline-execution %.*s", (int)strcspn(name + 10, "-"), name + 10);
	return xstrdup(r && r->parent ? r->parent : "(by itself)");
}

/* The session of the thing's scope; NULL where nobody said of which. */
static const struct session *own_session(const struct spend *s, const struct resource *r)
{
	return r ? session_own(s->opt.session, r) : s->part;
}

/* "JOB", "KIND/NAME"; of several scopes behind "SCOPE:". */
static char *name_key(const struct spend *s, const struct session *own, const struct kind *kind, const char *name)
{
	bool several = own && s->opt.session && session_parts(s->opt.session) > 1, job = kind->class == &job_class;

	return xasprintf("%s%s%s%s%s", several ? session_label(own) : "", several ? ":" : "", job ? "" : kind->name,
			 job ? "" : "/", name);
}

static char *key_of(const struct spend *s, const struct kind *kind, const char *name, const struct resource *r,
		    const struct charge *c)
{
	const char *run = r && s->opt.by == BY_BACKTEST ? tag_of(r, BACKTEST_TAG) : NULL;
	const struct session *own = own_session(s, r);

	switch (s->opt.by) {
	case BY_KIND:
		return xstrdup(kind->plural);
	case BY_PREFIX:
		return spend_prefix(name, s->opt.numbers);
	case BY_TAG:
		return tag_key(r, s->opt.tag);
	case BY_TYPE:
		return xstrdup(str_or(c->unknown == UNKNOWN_TIME ? NULL : c->type, "?"));
	case BY_STATUS:
		return xstrdup(r ? str_or(r->status_text, "?") : "(gone)");
	case BY_USER:
		return user_key(r, kind, name);
	case BY_BACKTEST:
		return xstrdup(str_or(run, "(none)"));
	case BY_PARENT:
		return parent_key(s, r, name);
	case BY_SWEEP:
		return sweep_key(s, r);
	case BY_COMPONENT:
		return xstrdup(c->component);
	case BY_PROFILE:
		return xstrdup(str_or(own ? own->profile : NULL, "?"));
	case BY_REGION:
		return xstrdup(str_or(own ? own->region : NULL, "?"));
	case BY_SCOPE:
		return xstrdup(own ? session_label(own) : "?");
	default:
		return name_key(s, own, kind, name);
	}
}

char *spend_key(const struct spend_options *opt, const struct resource *r)
{
	const struct spend all = {.opt = *opt};
	const struct job *j = r->kind->class == &job_class ? resource_job(r) : NULL;
	const struct charge whole = {.type = j && j->rare->n_groups > 1 ? "(several types)"
					     : j			? j->instance_type
									: NULL};

	return key_of(&all, r->kind, r->name, r, &whole);
}

/* --- sums -------------------------------------------------------------------------------- */

void spend_init(struct spend *s, const struct spend_options *opt)
{
	*s = (struct spend){.opt = *opt};
}

void spend_done(struct spend *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->rows[i].key);
	free(s->rows);
	for (size_t i = 0; i < UNKNOWN_COUNT; i++)
		strlist_done(&s->unknown[i].names);
	map_done(&s->by_key);
	*s = (struct spend){0};
}

static struct spend_row *row_of(struct spend *s, const char *key)
{
	uintptr_t at = (uintptr_t)map_get(&s->by_key, key);

	if (at)
		return &s->rows[at - 1];
	GROW(s->rows, s->cap, s->n + 1);
	s->rows[s->n++] = (struct spend_row){.key = xstrdup(key)};
	map_put(&s->by_key, key, (void *)(uintptr_t)s->n);
	return &s->rows[s->n - 1];
}

/* What no integer holds stays at the most that one does: a sum of money is never less. */
static void add_money(int64_t *sum, int64_t more)
{
	int64_t total = money_sum(*sum, more);

	*sum = total == USD_UNKNOWN ? USD_MICRO_MAX : total;
}

static void add_to_row(struct spend_row *row, const struct charge *c, int64_t from, int64_t until, const void *identity)
{
	bool unknown = c->unknown != UNKNOWN_NOT;
	int64_t micro = c->unknown != UNKNOWN_NOT ? 0 : charge_money(c, from, until);

	if (row->last != identity) {
		row->things++;
		row->last_unknown = false;
	}
	if (unknown && !row->last_unknown)
		row->unknown++;
	row->last_unknown |= unknown;
	row->last = identity;
	row->estimate |= c->estimate;
	add_money(&row->usd_micro, micro);
	if (c->waste != WASTE_NONE && c->waste != WASTE_INTERRUPTED)
		add_money(&row->waste_micro, micro);
	row->instance_s += charge_seconds(c, from, until);
}

static void add_by_time(struct spend *s, const struct charge *c, int64_t from, int64_t until, const void *identity)
{
	static const enum period_unit units[] = {
		[BY_DAY] = PERIOD_DAY, [BY_WEEK] = PERIOD_WEEK, [BY_MONTH] = PERIOD_MONTH};
	enum period_unit unit = units[s->opt.by];
	int64_t at = MAX(c->from_ms, from), end = MIN(c->until_ms, until);

	while (at < end) {
		int64_t start = period_start(at, unit, 0, s->opt.local);
		int64_t next = period_start(at, unit, 1, s->opt.local);
		char name[16];

		next = MAX(next, at + 1);
		add_to_row(row_of(s, period_name(name, start, unit, s->opt.local)), c, at, MIN(next, end), identity);
		at = next;
	}
}

static void note_waste(struct spend *s, const struct charge *c, int64_t micro, const void *identity)
{
	if (c->waste == WASTE_NONE || c->unknown != UNKNOWN_NOT)
		return;
	s->waste[c->waste].things += s->waste[c->waste].last != identity;
	s->waste[c->waste].last = identity;
	add_money(&s->waste[c->waste].usd_micro, micro);
}

static void note_unknown(struct spend *s, const struct charge *c, const void *identity)
{
	struct strlist *names = &s->unknown[c->unknown].names;

	if (c->unknown == UNKNOWN_NOT)
		return;
	s->unknown[c->unknown].things += s->unknown[c->unknown].last != identity;
	s->unknown[c->unknown].last = identity;
	bool plain = c->unknown != UNKNOWN_PRICE || str_eq(c->component, "Training");
	AUTO(str) char *text = plain ? xstrdup(c->type) : xasprintf("%s for %s", str_or(c->type, "?"), c->component);

	if (text && names->n < NAMES_MAX && !strlist_has(names, text))
		strlist_add(names, text);
}

/* key: of all its charges; NULL: each has its own. */
static void add_charges(struct spend *s, const char *key, const struct kind *kind, const char *name,
			const struct resource *r, const struct charges *l, const void *identity)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct charge *c = &l->items[i];
		int64_t from = MAX(c->from_ms, s->opt.from_ms), until = MIN(c->until_ms, s->opt.until_ms);

		if (until <= from)
			continue;
		note_unknown(s, c, identity);
		if (c->unknown == UNKNOWN_STORAGE)
			continue; /* nothing is known of it but that it is */
		if (s->opt.by <= BY_MONTH) {
			add_by_time(s, c, from, until, identity);
		} else {
			AUTO(str) char *own = key ? NULL : key_of(s, kind, name, r, c);

			add_to_row(row_of(s, key ? key : own), c, from, until, identity);
		}
		add_to_row(&s->total, c, from, until, identity);
		note_waste(s, c, charge_money(c, from, until), identity);
	}
}

void spend_add(struct spend *s, const struct kind *kind, const char *name, const struct resource *r,
	       const struct charges *l, const void *identity)
{
	add_charges(s, NULL, kind, name, r, l, identity);
}

void spend_add_to(struct spend *s, const char *key, const struct resource *r, const struct charges *l)
{
	(void)row_of(s, key);
	add_charges(s, key, r->kind, r->name, r, l, r);
}

void spend_add_lacking(struct spend *s, const struct session *part)
{
	const char *key = s->opt.by == BY_PROFILE  ? part->profile
			  : s->opt.by == BY_REGION ? part->region
			  : s->opt.by == BY_SCOPE  ? session_label(part)
						   : NULL;

	if (key)
		row_of(s, key)->lacking = true;
	s->total.lacking = true;
}

static void add_part(struct spend *s, const struct session *session)
{
	const struct usage *first = NULL;
	struct charges charges;

	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct resources *t = &session->tables[k];

		for (size_t i = 0; kind_table[k].price_component && i < t->n; i++) {
			charges_of_resource(t->items[i], session, s->opt.now_ms, &charges);
			spend_add(s, &kind_table[k], t->items[i]->name, t->items[i], &charges, t->items[i]);
		}
	}
	for (size_t i = 0; i < session->usages.n; i++) {
		const struct usage *u = &session->usages.items[i];

		if (!first || first->kind != u->kind || !str_eq(first->name, u->name))
			first = u;
		charges_of_usage(u, session, s->opt.now_ms, &charges);
		spend_add(s, u->kind, u->name, resources_find(&session->tables[u->kind->id], u->name), &charges, first);
	}
}

void spend_add_session(struct spend *s, const struct session *session)
{
	s->opt.session = session;
	for (size_t i = 0; i < session_parts(session); i++) {
		s->part = session_part(session, i);
		add_part(s, s->part);
	}
}

static int by_key(const void *pa, const void *pb)
{
	return strcmp(((const struct spend_row *)pa)->key, ((const struct spend_row *)pb)->key);
}

static int by_money(const void *pa, const void *pb)
{
	const struct spend_row *a = pa, *b = pb;

	if (a->usd_micro != b->usd_micro)
		return a->usd_micro < b->usd_micro ? 1 : -1;
	return strcmp(a->key, b->key);
}

static int by_key_descending(const void *a, const void *b)
{
	return by_key(b, a);
}

void spend_sort(struct spend *s, bool newest_first)
{
	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows),
		      s->opt.by > BY_MONTH ? by_money
		      : newest_first	   ? by_key_descending
					   : by_key);
	map_done(&s->by_key); /* places are others now */
	s->by_key = (struct map){0};
}

/* --- what is shown ------------------------------------------------------------------------ */

struct remainder {
	int64_t left;
	size_t at;
};

static int by_remainder(const void *pa, const void *pb)
{
	const struct remainder *a = pa, *b = pb;

	if (a->left != b->left)
		return a->left < b->left ? 1 : -1;
	return a->at < b->at ? -1 : a->at > b->at;
}

int64_t spend_round(const int64_t *micro, size_t n, int64_t unit, int64_t *ret)
{
	struct remainder *rest = xreallocarray(NULL, n + 1, sizeof(*rest));
	int64_t sum = 0, whole = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = micro[i] / unit * unit;
		rest[i] = (struct remainder){micro[i] % unit, i};
		add_money(&sum, micro[i]);
		add_money(&whole, ret[i]);
	}
	sum = (sum / unit + (sum % unit * 2 >= unit)) * unit;
	qsort(rest, n, sizeof(*rest), by_remainder);
	for (size_t i = 0; i < n && whole < sum; i++, whole += unit)
		ret[rest[i].at] += unit;
	free(rest);
	return sum;
}

int64_t spend_unit(int64_t total_micro)
{
	return total_micro >= 1000000 || total_micro == 0 ? 10000 : 100;
}

char *spend_money(char *buf, int64_t micro, int64_t unit)
{
	int64_t n = micro / unit, per_dollar = 1000000 / unit;
	int decimals = per_dollar == 100 ? 2 : 4;
	bool less = micro > 0 && n == 0;

	n += less;
	snprintf(buf, 32, "%s$%lld.%0*lld", less ? "<" : "", (long long)(n / per_dollar), decimals,
		 (long long)(n % per_dollar));
	return buf;
}
