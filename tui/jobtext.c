#include "tui/jobtext.h"

#include <math.h>

#include "base/timefmt.h"
#include "base/utf8.h"

static bool works(const char *secondary)
{
	return str_eq(secondary, "Training") || str_eq(secondary, "Uploading");
}

const char *jobtext_symbol(const struct job *j)
{
	switch (j->status) {
	case JOB_IN_PROGRESS:
		if (str_eq(j->secondary_text, "Interrupted") || str_eq(j->secondary_text, "Restarting"))
			return "↻";
		return works(j->secondary_text) ? "●" : "◌";
	case JOB_COMPLETED:
		return "✓";
	case JOB_FAILED:
		return "✗";
	case JOB_STOPPING:
	case JOB_DELETING:
		return "◐";
	case JOB_STOPPED:
		return "■";
	default:
		return "?";
	}
}

enum style jobtext_style(const struct job *j)
{
	switch (j->status) {
	case JOB_IN_PROGRESS:
		if (str_eq(j->secondary_text, "Interrupted"))
			return ST_WARN;
		return works(j->secondary_text) ? ST_RUNNING : ST_PENDING;
	case JOB_COMPLETED:
		return ST_GOOD;
	case JOB_FAILED:
		return ST_BAD;
	case JOB_STOPPING:
	case JOB_DELETING:
		return ST_WARN;
	case JOB_STOPPED:
		return ST_STOPPED;
	default:
		return ST_NORMAL;
	}
}

char *jobtext_instance(char *buf, const struct job *j)
{
	if (!j->instance_type)
		str_copy(buf, JOBTEXT_LEN, "–");
	else if (j->instance_count > 1)
		snprintf(buf, JOBTEXT_LEN, "%.40s×%d", j->instance_type, j->instance_count);
	else
		str_copy(buf, JOBTEXT_LEN, j->instance_type);
	return buf;
}

char *jobtext_age(char *buf, const struct job *j, int64_t now_ms)
{
	if (j->created_ms == TIME_UNKNOWN)
		str_copy(buf, JOBTEXT_LEN, "–");
	else
		timefmt_age(buf, MAX(now_ms - j->created_ms, 0));
	return buf;
}

char *jobtext_train(char *buf, const struct job *j, int64_t now_ms)
{
	int64_t s = job_elapsed_s(j, now_ms);

	if (s < 0)
		str_copy(buf, JOBTEXT_LEN, "–");
	else
		timefmt_duration(buf, s * 1000);
	return buf;
}

char *jobtext_cost(char *buf, const struct job *j, const struct cost *c)
{
	char money[24];

	if (c->kind == COST_UNKNOWN)
		str_copy(buf, JOBTEXT_LEN, job_elapsed_s(j, 0) >= 0 || j->billable_s >= 0 ? "?" : "–");
	else
		snprintf(buf, JOBTEXT_LEN, "%s%s", money_text(money, c->usd_micro),
			 c->estimate && c->usd_micro != USD_UNKNOWN ? "*" : "");
	return buf;
}

char *jobtext_saving(char *buf, const struct job *j)
{
	int pct = job_spot_saving_pct(j);

	if (pct < 0)
		str_copy(buf, JOBTEXT_LEN, "–");
	else
		snprintf(buf, JOBTEXT_LEN, "%d%%", pct);
	return buf;
}

char *jobtext_value(char *buf, double v)
{
	double a = fabs(v);

	if (isnan(v))
		str_copy(buf, JOBTEXT_LEN, "nan");
	else if (isinf(v))
		str_copy(buf, JOBTEXT_LEN, v > 0 ? "inf" : "-inf");
	else if (a != 0 && (a < 1e-4 || a >= 1e9))
		snprintf(buf, JOBTEXT_LEN, "%.3e", v);
	else if (a >= 10000)
		snprintf(buf, JOBTEXT_LEN, "%.0f", v);
	else
		snprintf(buf, JOBTEXT_LEN, "%.*f", a >= 1000 ? 1 : a >= 100 ? 2 : a >= 10 ? 3 : 4, v);
	return buf;
}

bool jobtext_objective(const struct session *s, const struct job *j, const char **ret_name, double *ret)
{
	const char *name = job_objective_name(j);

	*ret_name = name;
	if (!name)
		return false;
	const struct feed *feed = session_find_feed(s, TRAINING_KIND, j->name);
	const struct series *series = feed ? series_find(&feed->metrics, name) : NULL;
	if (series && series->n) {
		*ret = series->points[series->n - 1].value;
		return true;
	}
	return job_objective(j, ret);
}

#define SPARK_MAX 64

/* The first, the last and what lies evenly between. The first values of a training
 * are far off from what follows: they are cut at the top instead of flattening the
 * rest. */
char *jobtext_spark(char *out, int cells, const struct series *s)
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
