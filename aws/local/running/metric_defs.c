/* MetricDefinitions applied to log lines. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "aws/local/running/metric_defs.h"

#include <math.h>
#include <pcre2.h>

struct metric_defs {
	struct definition {
		char *name;
		pcre2_code *code;
	} * items;
	size_t n, cap;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct metric_defs *metric_defs_new(const json_t *definitions)
{
	struct metric_defs *d = NEW(struct metric_defs);
	size_t i;
	json_t *row;

	d->data = pcre2_match_data_create(2, NULL);
	d->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(d->limits, 200000);
	pcre2_set_depth_limit(d->limits, 2000);
	json_array_foreach((json_t *)definitions, i, row)
	{
		const char *regex = str_or(json_get_str(row, "Regex"), "");
		int code;
		PCRE2_SIZE at;
		pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)regex, strlen(regex),
						     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);

		if (!compiled)
			continue;
		pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
		GROW(d->items, d->cap, d->n + 1);
		d->items[d->n++] =
			(struct definition){.name = xstrdup(str_or(json_get_str(row, "Name"), "")), .code = compiled};
	}
	return d;
}

void metric_defs_free(struct metric_defs *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->items[i].name);
		pcre2_code_free(d->items[i].code);
	}
	free(d->items);
	pcre2_match_data_free(d->data);
	pcre2_match_context_free(d->limits);
	free(d);
}

/* The number at the start of the group: "7.41," and "0.93s" count too. */
static bool group_number(const char *s, size_t n, double *ret)
{
	char text[64];

	for (n = MIN(n, sizeof(text) - 1); n; n--) {
		memcpy(text, s, n);
		text[n] = 0;
		if (str_to_f64(text, ret))
			return true;
	}
	return false;
}

void metric_defs_apply(const struct metric_defs *d, const char *line, size_t n, metric_found_fn *fn, void *user)
{
	for (size_t i = 0; i < d->n; i++) {
		double value;
		int rc = pcre2_match(d->items[i].code, (PCRE2_SPTR)line, n, 0, 0, d->data, d->limits);

		if (rc < 2)
			continue;
		const PCRE2_SIZE *at = pcre2_get_ovector_pointer(d->data);

		if (at[2] != PCRE2_UNSET && group_number(line + at[2], at[3] - at[2], &value) && isfinite(value))
			fn(user, d->items[i].name, value);
	}
}
