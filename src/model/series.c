/* series.c - metric series in memory. */
#include "model/series.h"

#include "base/utf8.h"

#include <math.h>

/* A series that grows beyond this loses every other point: a chart has some
 * hundred columns, and memory is to stay flat over days. */
#define POINTS_MAX 131072

void series_set_done(struct series_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].name);
		free(s->items[i].unit);
		free(s->items[i].points);
	}
	free(s->items);
	*s = (struct series_set){.generation = s->generation + 1};
}

struct series *series_find(const struct series_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].name, name) == 0)
			return &s->items[i];
	}
	return NULL;
}

struct series *series_get(struct series_set *s, const char *name)
{
	struct series *known = series_find(s, name);

	if (known)
		return known;
	GROW(s->items, s->cap, s->n + 1);
	s->items[s->n] = (struct series){.name = xstrdup(name)};
	s->generation++;
	return &s->items[s->n++];
}

static int point_cmp(const struct point *p, int64_t time_ms, int64_t step)
{
	if (p->time_ms != time_ms)
		return p->time_ms < time_ms ? -1 : 1;
	return p->step < step ? -1 : p->step > step;
}

static void thin(struct series *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i += 2)
		s->points[kept++] = s->points[i];
	s->n = kept;
}

bool series_add(struct series_set *set, const char *name, int64_t time_ms, int64_t step, double value)
{
	struct series *s = series_get(set, name);
	size_t lo = s->n;

	if (s->n > 0 && point_cmp(&s->points[s->n - 1], time_ms, step) >= 0) {
		size_t hi = s->n;

		for (lo = 0; lo < hi;) {
			size_t mid = lo + (hi - lo) / 2;

			if (point_cmp(&s->points[mid], time_ms, step) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
	}
	if (lo < s->n && point_cmp(&s->points[lo], time_ms, step) == 0) {
		if (s->points[lo].value == value)
			return false;
		s->points[lo].value = value;
		set->generation++;
		return true;
	}
	GROW(s->points, s->cap, s->n + 1);
	memmove(&s->points[lo + 1], &s->points[lo], (s->n - lo) * sizeof(s->points[0]));
	s->points[lo] = (struct point){time_ms, step, value};
	s->n++;
	if (s->n >= POINTS_MAX)
		thin(s);
	set->generation++;
	return true;
}

bool series_has_steps(const struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->points[i].step >= 0)
			return true;
	}
	return false;
}

bool series_range(const struct series *s, double *min, double *max)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		double v = s->points[i].value;

		if (!(v - v == 0)) /* NaN and infinities have no place on an axis */
			continue;
		*min = any ? MIN(*min, v) : v;
		*max = any ? MAX(*max, v) : v;
		any = true;
	}
	return any;
}

#define SPARK_MAX 64

/* The first, the last and what lies evenly between. The first values of a training
 * are far off from what follows: they are cut at the top instead of flattening the
 * rest. */
char *series_spark(char *out, int cells, const struct series *s)
{
	double v[SPARK_MAX], lo = INFINITY, hi = -INFINITY;
	size_t at = 0;

	out[0] = '\0';
	if (!s || s->n < 2)
		return out;
	int n = (int)MIN((size_t)MIN(cells, SPARK_MAX), s->n);
	for (int i = 0; i < n; i++) {
		v[i] = s->points[(s->n - 1) * (size_t)i / (size_t)(n - 1)].value;
		if (!isfinite(v[i]) || (i == 0 && n > 4))
			continue;
		lo = fmin(lo, v[i]);
		hi = fmax(hi, v[i]);
	}
	if (!(lo <= hi))
		return out;
	/* Changes below two per cent are noise to the eye. */
	double span = fmax(hi - lo, 0.02 * fmax(fabs(lo), fabs(hi)));
	for (int i = 0; i < n; i++) {
		double t = span > 0 ? (v[i] - lo) / span : 0;
		int level = isfinite(t) ? (int)(fmax(0, fmin(t, 1)) * 7.0 + 0.5) : 0;
		at += utf8_encode((uint32_t)(0x2581 + level), out + at);
	}
	out[at] = '\0';
	return out;
}
