/* Whether a record matches a SearchExpression: properties by path, filters, nesting.
 *
 * The few properties of a training job that every console asks for come straight
 * from the job, so that 10,000 jobs can be searched without making as many documents. */
#include <math.h>

#include "aws/local/services/search.h"
#include "base/timefmt.h"

struct property property_of_time(int64_t ms)
{
	/* Search knows whole seconds: that is all its values can say. */
	return ms ? (struct property){.kind = VALUE_TIME, .number = floor((double)ms / 1000)} : (struct property){0};
}

static struct property text_property(const char *text)
{
	return text ? (struct property){.kind = VALUE_TEXT, .text = text} : (struct property){0};
}

static bool direct_property(const struct training_job *job, const char *name, struct property *ret)
{
	if (str_eq(name, "TrainingJobName"))
		*ret = text_property(job->name);
	else if (str_eq(name, "TrainingJobArn"))
		*ret = text_property(job->arn);
	else if (str_eq(name, "TrainingJobStatus"))
		*ret = text_property(training_job_status_name(job->status));
	else if (str_eq(name, "SecondaryStatus"))
		*ret = text_property(job->secondary);
	else if (str_eq(name, "FailureReason"))
		*ret = text_property(job->failure);
	else if (str_eq(name, "LastModifiedTime"))
		*ret = property_of_time(job->modified_ms);
	else if (str_eq(name, "CreationTime"))
		*ret = property_of_time(job->created_ms);
	else if (str_eq(name, "TrainingStartTime"))
		*ret = property_of_time(job->start_ms);
	else if (str_eq(name, "TrainingEndTime"))
		*ret = property_of_time(job->end_ms);
	else if (str_starts(name, "Tags."))
		*ret = text_property(strmap_get(&job->tags, name + 5));
	else
		return false;
	return true;
}

static struct property metric_property(const struct training_job *job, const char *name)
{
	const struct final_metric *last = training_job_final(job, name);

	return last ? (struct property){.kind = VALUE_NUMBER, .number = last->value} : (struct property){0};
}

/* Every value that a path leads to; lists fan out. Up to max are returned. */
static size_t walk(const json_t *at, const char *path, struct property *ret, size_t max)
{
	size_t n = 0, i;
	json_t *item;

	if (!at || !max)
		return 0;
	if (json_is_array(at)) {
		json_array_foreach((json_t *)at, i, item) n += walk(item, path, ret + n, max - n);
		return n;
	}
	if (*path) {
		/* The longest member name first: hyperparameter and metric names may hold dots. */
		const json_t *whole = json_object_get(at, path);

		if (whole)
			return walk(whole, "", ret, max);
		const char *dot = strchr(path, '.');

		if (!dot)
			return 0;
		AUTO(str) char *step = xstrndup(path, (size_t)(dot - path));

		return walk(json_object_get(at, step), dot + 1, ret, max);
	}
	if (json_is_string(at))
		ret[0] = text_property(json_string_value(at));
	else if (json_is_number(at))
		ret[0] = (struct property){.kind = VALUE_NUMBER, .number = json_number_value(at)};
	else if (json_is_boolean(at))
		ret[0] = text_property(json_is_true(at) ? "true" : "false");
	else
		return 0;
	return 1;
}

/* Members of stored documents whose names say so are times. */
static void mark_times(const char *name, struct property *values, size_t n)
{
	if (!str_ends(name, "Time") && !str_ends(name, "Timestamp"))
		return;
	for (size_t i = 0; i < n; i++) {
		if (values[i].kind == VALUE_NUMBER)
			values[i] = (struct property){.kind = VALUE_TIME, .number = floor(values[i].number)};
	}
}

static size_t document_values(struct call *c, struct candidate *k, const char *name, struct property *ret, size_t max)
{
	json_t *doc = candidate_document(c, k);
	size_t n = walk(doc, name, ret, max);

	/* A record of Model holds the model itself under that name. */
	if (!n && k->kind && str_eq(k->kind->search, "Model") && !k->component)
		n = walk(json_object_get(doc, "Model"), name, ret, max);
	mark_times(name, ret, n);
	return n;
}

size_t candidate_values(struct call *c, struct candidate *k, const char *name, struct property *ret, size_t max)
{
	struct property one = {0};

	if (k->job && !k->component) {
		if (direct_property(k->job, name, &one) ||
		    (str_starts(name, "Metrics.") && (one = metric_property(k->job, name + 8), true))) {
			ret[0] = one;
			return one.kind != VALUE_ABSENT;
		}
		return walk(candidate_document(c, k), name, ret, max);
	}
	if (k->resource && !k->component && str_starts(name, "Tags.")) {
		ret[0] = text_property(strmap_get(&k->resource->tags, name + 5));
		return ret[0].kind != VALUE_ABSENT;
	}
	return document_values(c, k, name, ret, max);
}

/* --- filters ----------------------------------------------------------------------------- */

static bool number_of(const struct property *p, double *ret)
{
	if (p->kind == VALUE_TEXT)
		return str_to_f64(p->text, ret);
	*ret = p->number;
	return p->kind != VALUE_ABSENT;
}

static bool value_number(const struct property *p, const char *value, double *ret)
{
	int64_t ms;

	if (p->kind != VALUE_TIME)
		return str_to_f64(value, ret);
	if (!timefmt_parse_iso(value, &ms))
		return false;
	*ret = floor((double)ms / 1000);
	return true;
}

static bool equals(const struct property *p, const char *value)
{
	double a, b;

	if (p->kind == VALUE_TEXT)
		return str_eq(p->text, value);
	return number_of(p, &a) && value_number(p, value, &b) && fabs(a - b) <= 1e-9 * fmax(1, fabs(a));
}

static bool in_list(const struct property *p, const char *value)
{
	AUTO(strlist) struct strlist items = {0};

	strlist_split(&items, value, ',');
	for (size_t i = 0; i < items.n; i++) {
		if (equals(p, items.items[i]))
			return true;
	}
	return false;
}

static bool holds(const struct property *p, const char *op, const char *value)
{
	double a, b;

	if (str_eq(op, "Equals"))
		return equals(p, value);
	if (str_eq(op, "In"))
		return in_list(p, value);
	if (str_eq(op, "Contains"))
		return p->kind == VALUE_TEXT && strcasestr(p->text, value) != NULL;
	if (!number_of(p, &a) || !value_number(p, value, &b))
		return false;
	if (str_eq(op, "GreaterThan"))
		return a > b;
	if (str_eq(op, "GreaterThanOrEqualTo"))
		return a >= b;
	if (str_eq(op, "LessThan"))
		return a < b;
	return a <= b;
}

static bool filter_matches(struct call *c, struct candidate *k, const json_t *filter, const char *base)
{
	struct property values[64];
	const char *op = str_or(json_get_str(filter, "Operator"), "Equals");
	const char *value = str_or(json_get_str(filter, "Value"), "");
	AUTO(str)
	char *name =
		base ? xasprintf("%s.%s", base, json_get_str(filter, "Name")) : xstrdup(json_get_str(filter, "Name"));
	size_t n = candidate_values(c, k, name, values, ARRAY_LEN(values));

	if (str_eq(op, "Exists"))
		return n > 0;
	if (str_eq(op, "NotExists"))
		return n == 0;
	if (str_eq(op, "NotEquals")) {
		for (size_t i = 0; i < n; i++) {
			if (equals(&values[i], value))
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (holds(&values[i], op, value))
			return true;
	}
	return false;
}

/* All filters of a nested group must hold for one and the same element. */
static bool nested_matches(struct call *c, struct candidate *k, const json_t *nested)
{
	const char *path = json_get_str(nested, "NestedPropertyName");
	const json_t *filters = json_object_get(nested, "Filters");
	size_t i, f;
	json_t *element, *filter;

	json_array_foreach(json_path_get(candidate_document(c, k), path), i, element)
	{
		bool all = true;

		json_array_foreach((json_t *)filters, f, filter)
		{
			const char *name = json_get_str(filter, "Name");
			size_t n = strlen(path);
			struct property values[64];

			/* Names may be relative to the element, or whole. */
			if (!strncmp(name, path, n) && name[n] == '.')
				name += n + 1;
			AUTO(json) json_t *relative = json_copy(filter);

			json_object_set_new(relative, "Name", json_string(name));
			const char *op = str_or(json_get_str(filter, "Operator"), "Equals");
			size_t found = walk(element, name, values, ARRAY_LEN(values));
			bool ok = str_eq(op, "Exists") ? found > 0 : str_eq(op, "NotExists") ? found == 0 : false;

			for (size_t v = 0; v < found && !str_eq(op, "Exists") && !str_eq(op, "NotExists"); v++)
				ok = ok || (str_eq(op, "NotEquals")
						    ? !equals(&values[v], json_get_str(filter, "Value"))
						    : holds(&values[v], op, str_or(json_get_str(filter, "Value"), "")));
			all = all && ok;
		}
		if (all)
			return true;
	}
	return false;
}

bool candidate_matches(struct call *c, struct candidate *k, const json_t *expression)
{
	bool any = str_eq(json_get_str(expression, "Operator"), "Or");
	size_t i;
	json_t *part;

#define COMBINE(test)               \
	do {                        \
		if ((test) == any)  \
			return any; \
	} while (0)
	json_array_foreach(json_object_get(expression, "Filters"), i, part) COMBINE(filter_matches(c, k, part, NULL));
	json_array_foreach(json_object_get(expression, "NestedFilters"), i, part) COMBINE(nested_matches(c, k, part));
	json_array_foreach(json_object_get(expression, "SubExpressions"), i, part)
		COMBINE(candidate_matches(c, k, part));
#undef COMBINE
	return !any;
}
