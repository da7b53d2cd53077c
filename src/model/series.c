/* series.c - metric series in memory. */
#include "model/series.h"

#include "base/utf8.h"

#include <math.h>

/* A series that grows beyond this loses half of its points or more: a chart has some
 * hundred columns, and memory is to stay flat over days. */
#define POINTS_MAX 131072

void series_set_done(struct series_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].name);
		free(s->items[i].source);
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

struct series *series_get(struct series_set *s, const char *name, const char *source)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->items[i].name, name) == 0 && str_eq(s->items[i].source, source))
			return &s->items[i];
	}
	GROW(s->items, s->cap, s->n + 1);
	s->items[s->n] = (struct series){.name = xstrdup(name), .source = xstrdup(source)};
	s->generation++;
	return &s->items[s->n++];
}

char *series_label(char *buf, size_t size, const struct series_set *set, const struct series *x)
{
	size_t same = 0;

	for (size_t i = 0; i < set->n; i++)
		same += strcmp(set->items[i].name, x->name) == 0;
	snprintf(buf, size, same > 1 && x->source ? "%s %s" : "%s", x->name, x->source);
	return buf;
}

const char *series_group(const char *name)
{
	const char *colon = strrchr(name, ':');

	if (strstr(name, "Utilization"))
		return "utilization";
	return colon && colon[1] ? colon + 1 : name;
}

/* Of each four points the smallest and the largest stay, and the newest of all: the curve
 * keeps its best, its last and its shape. */
static void thin(struct series *s)
{
	struct point newest = s->points[s->n - 1];
	size_t kept = 0, last = 0;

	for (size_t i = 0; i < s->n; i += 4) {
		size_t end = MIN(i + 4, s->n), lo = i, hi = i;

		for (size_t k = i + 1; k < end; k++) {
			lo = s->points[k].value < s->points[lo].value ? k : lo;
			hi = s->points[k].value > s->points[hi].value ? k : hi;
		}
		s->points[kept++] = s->points[MIN(lo, hi)];
		if (lo != hi)
			s->points[kept++] = s->points[MAX(lo, hi)];
		last = MAX(lo, hi);
	}
	if (last != s->n - 1)
		s->points[kept++] = newest;
	s->n = kept;
}

/* Where a point of that time goes: behind those of the same time. */
static size_t place_of(const struct series *s, int64_t time_ms)
{
	size_t lo = 0, hi = s->n;

	if (hi == 0 || s->points[hi - 1].time_ms <= time_ms)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->points[mid].time_ms <= time_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void series_append(struct series *x, int64_t time_ms, int64_t step, double value)
{
	size_t at = place_of(x, time_ms);

	GROW(x->points, x->cap, x->n + 1);
	memmove(&x->points[at + 1], &x->points[at], (x->n - at) * sizeof(x->points[0]));
	x->points[at] = (struct point){time_ms, step, value};
	x->n++;
	if (x->n >= POINTS_MAX)
		thin(x);
}

bool series_set_has_curves(const struct series_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->items[i].is_final)
			return true;
	return false;
}

struct series *series_get_of_log(struct series_set *s, const char *name, const char *source)
{
	struct series *x = series_find(s, name);

	if (x && x->is_final) {
		x->is_final = false;
		x->n = 0;
		str_set(&x->source, source);
	}
	return series_get(s, name, source);
}

void series_add(struct series_set *s, const char *name, const char *source, int64_t time_ms, int64_t step, double value)
{
	series_append(series_get_of_log(s, name, source), time_ms, step, value);
	s->generation++;
}

bool series_put(struct series_set *s, const char *name, const char *source, int64_t time_ms, double value)
{
	struct series *x = series_get(s, name, source);
	size_t at = place_of(x, time_ms);

	if (at == 0 || x->points[at - 1].time_ms != time_ms)
		series_append(x, time_ms, -1, value);
	else if (x->points[at - 1].value == value)
		return false;
	else
		x->points[at - 1].value = value;
	s->generation++;
	return true;
}

void series_put_final(struct series_set *s, const char *name, int64_t time_ms, double value)
{
	struct series *known = series_find(s, name);

	if (known && known->n > 0 && !known->is_final)
		return;
	struct series *x = known ? known : series_get(s, name, NULL);

	x->is_final = true;
	x->n = 0;
	series_append(x, time_ms, -1, value);
	s->generation++;
}

bool series_breaks_at(const struct series *s, size_t i)
{
	return s->points[i].step >= 0 && s->points[i].step < s->points[i - 1].step;
}

size_t series_segment(const struct series *s)
{
	size_t i = s->n;

	while (i > 1 && !series_breaks_at(s, i - 1))
		i--;
	return i > 1 ? i - 1 : 0;
}

bool series_has_steps(const struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->points[i].step >= 0)
			return true;
	}
	return false;
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
