/* grid.c - a grid of values, taken apart and put together again as jobs. */
#include "model/grid.h"

#include "base/buf.h"
#include "model/job_name.h"

#include <ctype.h>
#include <string.h>

static void axis_done(struct grid_axis *x)
{
	free(x->name);
	strlist_done(&x->values);
	*x = (struct grid_axis){0};
}
AUTO_EMBEDDED(grid_axis, struct grid_axis, axis_done)

void grid_done(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		axis_done(&g->axes[i]);
	free(g->axes);
	*g = (struct grid){0};
}

/* --- values ---------------------------------------------------------------------------- */

static int too_many(struct err *err)
{
	return err_set(err, ERR_USAGE, "it makes more than %d jobs: take fewer values", GRID_JOBS_MAX);
}

static int add_value(struct grid_axis *x, const char *value, struct err *err)
{
	if (strlist_has(&x->values, value))
		return err_set(err, ERR_USAGE, "%s: the value %s is there twice", x->name, value);
	if (x->values.n == GRID_JOBS_MAX)
		return too_many(err);
	strlist_add(&x->values, value);
	return 0;
}

/* "4..8" or "4..8:2"; dots is where its dots are. */
static int add_range(struct grid_axis *x, const char *range, const char *dots, struct err *err)
{
	const char *colon = strchr(dots, ':');
	AUTO(str) char *low = xstrndup(range, (size_t)(dots - range));
	AUTO(str) char *high = colon ? xstrndup(dots + 2, (size_t)(colon - dots - 2)) : xstrdup(dots + 2);
	int64_t from, to, step = 1;
	int rc = 0;

	if (!str_to_i64(low, &from) || !str_to_i64(high, &to) || (colon && (!str_to_i64(colon + 1, &step) || step < 1)))
		return err_set(err, ERR_USAGE,
			       "%s: %s is no range of whole numbers (4..8, 4..8:2): list other values with commas",
			       x->name, range);
	if (from > to)
		return err_set(err, ERR_USAGE, "%s: the first value of %s is above the last", x->name, range);
	for (uint64_t left = (uint64_t)to - (uint64_t)from;; left -= (uint64_t)step) {
		AUTO(str) char *value = xasprintf("%lld", (long long)from);

		rc = add_value(x, value, err);
		if (rc || left < (uint64_t)step)
			return rc;
		from += step;
	}
}

static int add_item(struct grid_axis *x, const char *item, struct err *err)
{
	const char *dots = strstr(item, "..");

	if (!*item)
		return err_set(err, ERR_USAGE, "%s: there is an empty value", x->name);
	return dots ? add_range(x, item, dots, err) : add_value(x, item, err);
}

/* --- axes ------------------------------------------------------------------------------ */

/* The next value of a list, up to a comma; "\\," is a comma in it. NULL behind the last. */
static char *next_value(const char **at)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	const char *p = *at;

	if (!p)
		return NULL;
	for (; *p && *p != ','; p++) {
		p += p[0] == '\\' && p[1] == ',';
		(void)buf_add(&out, p, 1);
	}
	*at = *p ? p + 1 : NULL;
	return buf_take(&out);
}

bool grid_is_values(const char *text)
{
	const char *rest = text;
	bool number = isdigit((unsigned char)text[text[0] == '-']);

	free(next_value(&rest));
	return !strchr("[{\"", text[0]) && (rest != NULL || (number && strstr(text, "..")));
}

char *grid_one_value(const char *text)
{
	const char *rest = text;

	return strchr("[{\"", text[0]) ? xstrdup(text) : next_value(&rest);
}

static int parse_axis(const char *word, struct grid_axis *ret, struct err *err)
{
	const char *eq = strchr(word, '=');
	int rc = 0;

	if (!eq || eq == word || !eq[1])
		return err_set(err, ERR_USAGE, "%s: say NAME=VALUE,VALUE... or NAME=4..8", word);
	ret->name = xstrndup(word, (size_t)(eq - word));
	for (const char *rest = eq + 1; rc == 0 && rest;) {
		AUTO(str) char *item = next_value(&rest);

		rc = add_item(ret, item, err);
	}
	return rc;
}

static int add_axis(struct grid *g, const char *word, struct err *err)
{
	AUTO(grid_axis) struct grid_axis x = {0};

	if (parse_axis(word, &x, err) < 0)
		return -err->code;
	size_t at = 0;

	while (at < g->n && strcmp(g->axes[at].name, x.name) < 0)
		at++;
	if (at < g->n && str_eq(g->axes[at].name, x.name))
		return err_set(err, ERR_USAGE, "%s is given twice: list all its values in one", x.name);
	if (g->jobs * x.values.n > GRID_JOBS_MAX)
		return too_many(err);
	GROW(g->axes, g->cap, g->n + 1);
	memmove(&g->axes[at + 1], &g->axes[at], (g->n - at) * sizeof(*g->axes));
	g->axes[at] = x;
	x = (struct grid_axis){0};
	g->n++;
	g->jobs *= g->axes[at].values.n;
	return 0;
}

int grid_parse(const struct strlist *texts, struct grid *ret, struct err *err)
{
	AUTO(grid) struct grid g = {.jobs = 1};

	for (size_t i = 0; i < texts->n; i++) {
		AUTO(strlist) struct strlist words = {0};

		strlist_split(&words, texts->items[i], ' ');
		for (size_t k = 0; k < words.n; k++) {
			if (*words.items[k] && add_axis(&g, words.items[k], err) < 0)
				return -err->code;
		}
	}
	if (!g.n)
		return err_set(err, ERR_USAGE, "it is empty: say NAME=VALUE,VALUE... or NAME=4..8");
	*ret = g;
	g = (struct grid){0};
	return 0;
}

const char *grid_value(const struct grid *g, size_t job, size_t axis)
{
	for (size_t i = g->n - 1; i > axis; i--)
		job /= g->axes[i].values.n;
	return g->axes[axis].values.items[job % g->axes[axis].values.n];
}

/* --- names ------------------------------------------------------------------------------- */

/* Of a path its last part. */
static const char *word_of(const char *axis)
{
	const char *dot = strrchr(axis, '.');

	return dot ? dot + 1 : axis;
}

/* What stands behind the base: every character that a name cannot have is a hyphen. */
static char *suffix_of(const struct grid *g, size_t job)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < g->n; i++)
		(void)buf_addf(&out, "-%s-%s", word_of(g->axes[i].name), grid_value(g, job, i));
	char *text = buf_take(&out);

	for (char *p = text; *p; p++) {
		if (!isalnum((unsigned char)*p))
			*p = '-';
	}
	return text;
}

/* NULL where it is no name. */
static char *spoken_name(const struct grid *g, const char *base, size_t job)
{
	AUTO(str) char *suffix = suffix_of(g, job);

	if (strlen(base) + strlen(suffix) > JOB_NAME_MAX || str_ends(suffix, "-"))
		return NULL;
	return xasprintf("%s%s", base, suffix);
}

static char *digest_name(const struct grid *g, const char *base, size_t job)
{
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	(void)buf_addf(&all, "%s\n", base);
	for (size_t i = 0; i < g->n; i++)
		(void)buf_addf(&all, "%s=%s\n", g->axes[i].name, grid_value(g, job, i));
	return job_digest_name(base, buf_str(&all));
}

void grid_job_names(const struct grid *g, const char *base, struct strlist *ret)
{
	AUTO(strlist) struct strlist spoken = {0};

	for (size_t i = 0; i < g->jobs; i++) {
		char *name = spoken_name(g, base, i);

		strlist_take(&spoken, name ? name : digest_name(g, base, i));
	}
	bool unique = strlist_is_unique(&spoken); /* 0.1 and 0-1 are not */

	for (size_t i = 0; i < g->jobs; i++)
		strlist_take(ret, unique ? xstrdup(spoken.items[i]) : digest_name(g, base, i));
}
