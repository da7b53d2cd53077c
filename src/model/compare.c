/* compare.c - the fields of several things, row by row. */
#include "model/compare.h"

#include <math.h>

#include "base/csv.h"
#include "model/job.h"
#include "model/kind.h"
#include "model/objective.h"
#include "model/session.h"

static void row_done(struct compare_row *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(r->values[i]);
	free(r->values);
	free(r->label);
}

void compare_done(struct compare *c)
{
	for (size_t i = 0; i < c->n; i++)
		row_done(&c->rows[i], c->n_things);
	free(c->rows);
	strlist_done(&c->names);
	*c = (struct compare){0};
}

/* The text with every place of its thing's own name put aside. Owned by the caller. */
static char *without_name(const char *text, const char *name)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	size_t n = strlen(name);

	for (const char *at; (at = strstr(text, name)); text = at + n) {
		(void)buf_add(&out, text, (size_t)(at - text));
		(void)buf_addc(&out, '\n');
	}
	(void)buf_adds(&out, text);
	return buf_take(&out);
}

static bool differ(const struct compare_row *r, const struct resource *const *things, size_t n)
{
	AUTO(str) char *first = r->values[0] ? without_name(r->values[0], things[0]->name) : NULL;

	for (size_t i = 1; i < n; i++) {
		AUTO(str) char *other = r->values[i] ? without_name(r->values[i], things[i]->name) : NULL;
		if (!str_eq(r->values[0], r->values[i]) && !str_eq(first, other))
			return true;
	}
	return false;
}

/* By the name of the metric; -1 where all are equal. */
static long best_of(const struct field_ref *ref, const struct resource *const *things, size_t n,
		    const struct field_context *x)
{
	bool distinct = false;
	double least = 0;
	long best = -1;

	for (size_t i = 0; i < n; i++) {
		struct field_value v = field_get(ref, things[i], x);
		const struct job *j = things[i]->kind->id == KIND_TRAINING_JOB ? resource_job(things[i]) : NULL;
		const char *metric = ref->key ? ref->key : j ? job_objective_name(j) : NULL;
		enum metric_direction d = metric && j ? metric_direction(metric, j) : METRIC_EITHER;
		double value = d == METRIC_LARGER ? -v.number : v.number;

		if (!v.known || d == METRIC_EITHER || isnan(value))
			continue;
		distinct |= best >= 0 && value != least;
		if (best < 0 || value < least) {
			best = (long)i;
			least = value;
		}
	}
	return distinct ? best : -1;
}

static void add_row(struct compare *c, const struct field_ref *ref, const struct resource *const *things, size_t n,
		    enum field_style style, const struct field_context *x)
{
	struct compare_row row = {.values = xcalloc(n, sizeof(char *)), .best = -1};
	char title[FIELD_HEADING_LEN];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
		field_text(ref, things[i], x, style, &text);
		if (text.len)
			row.values[i] = buf_take(&text);
		any |= row.values[i] != NULL;
	}
	if (!any) {
		row_done(&row, n);
		return;
	}
	field_title(ref, title);
	if (!ref->key)
		str_lower(title);
	row.label = xstrdup(title);
	row.differs = differ(&row, things, n);
	if (ref->field->type == FIELD_SPARK || ref->field->type == FIELD_VALUE)
		row.best = best_of(ref, things, n, x);
	GROW(c->rows, c->cap, c->n + 1);
	c->rows[c->n++] = row;
	c->n_differ += row.differs;
}

/* The keys that any of them has, in order. */
static void collect_keys(const struct field *f, const struct resource *const *things, size_t n, struct strlist *ret)
{
	bool job = things[0]->kind->id == KIND_TRAINING_JOB;

	for (size_t i = 0; i < n; i++) {
		const struct strmap *m = f->map ? f->map(things[i]) : NULL;
		const struct job *j = job ? resource_job(things[i]) : NULL;

		for (size_t k = 0; m && k < m->n; k++)
			if (!strlist_has(ret, m->items[k].name))
				strlist_add(ret, m->items[k].name);
		for (size_t k = 0; j && str_eq(f->name, "channel.") && k < j->cold->n_channels; k++)
			if (!strlist_has(ret, j->cold->channels[k].name))
				strlist_add(ret, j->cold->channels[k].name);
		for (size_t k = 0; j && str_eq(f->name, "metric.") && k < j->cold->n_final_metrics; k++)
			if (!strlist_has(ret, j->cold->final_metrics[k].name))
				strlist_add(ret, j->cold->final_metrics[k].name);
	}
	strlist_sort(ret);
}

/* What came of it stands first, then what it cost, what it was given, the rest, times. */
static int rank_of(const struct field *f)
{
	if (f->type == FIELD_STATE || f->type == FIELD_SPARK || f->type == FIELD_VALUE)
		return 0;
	if (f->type == FIELD_MONEY || f->type == FIELD_SECONDS)
		return 1;
	if (f->flags & FIELD_KEYED)
		return 2;
	return f->type == FIELD_TIME || f->type == FIELD_AGE ? 4 : 3;
}
#define RANKS 5

static void add_field(struct compare *c, const struct field *f, const struct resource *const *things, size_t n,
		      enum field_style style, const struct field_context *x)
{
	static const char *const said[] = {"name", "secondary", "estimate"}; /* by the heading, status and cost */
	AUTO(strlist) struct strlist keys = {0};

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		if (str_eq(f->name, said[i]))
			return;
	if (f->flags & FIELD_NO_COLUMN)
		return;
	if (!(f->flags & FIELD_KEYED)) {
		add_row(c, &(struct field_ref){.field = f}, things, n, style, x);
		return;
	}
	collect_keys(f, things, n, &keys);
	for (size_t k = 0; k < keys.n; k++)
		add_row(c, &(struct field_ref){f, keys.items[k]}, things, n, style, x);
}

void compare_build(struct compare *c, const struct resource *const *things, size_t n, enum field_style style,
		   const struct field_context *x)
{
	compare_done(c);
	c->n_things = n;
	for (size_t i = 0; i < n; i++) {
		AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

		strlist_add(&c->names, x->session ? session_name_of(x->session, things[i], &name) : things[i]->name);
	}
	for (int rank = 0; n && rank < RANKS; rank++)
		for (const struct field *f = things[0]->kind->fields; f->name; f++)
			if (rank_of(f) == rank)
				add_field(c, f, things, n, style, x);
}

void compare_csv(const struct compare *c, bool all, struct buf *out)
{
	(void)buf_adds(out, "row");
	for (size_t i = 0; i < c->n_things; i++) {
		(void)buf_addc(out, ',');
		csv_add(out, c->names.items[i]);
	}
	(void)buf_adds(out, "\n");
	for (size_t k = 0; k < c->n; k++) {
		if (!all && !c->rows[k].differs)
			continue;
		csv_add(out, c->rows[k].label);
		for (size_t i = 0; i < c->n_things; i++) {
			(void)buf_addc(out, ',');
			csv_add(out, str_or(c->rows[k].values[i], ""));
		}
		(void)buf_adds(out, "\n");
	}
}
