/* What the service refuses in a SearchExpression. */
#include "aws/local/services/search.h"
#include "base/timefmt.h"

#define MAX_NODES 50
#define MAX_CONTAINS 1

static bool is_text_property(const char *name)
{
	static const char *const texts[] = {"TrainingJobName", "TrainingJobArn", "TrainingJobStatus",
					    "SecondaryStatus", "FailureReason",	 "RoleArn"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (str_eq(texts[i], name))
			return true;
	}
	return str_starts(name, "Tags.");
}

static int check_filter(struct call *c, const json_t *filter, int *contains)
{
	const char *name = json_get_str(filter, "Name"), *op = str_or(json_get_str(filter, "Operator"), "Equals");
	bool needs_value = !str_eq(op, "Exists") && !str_eq(op, "NotExists");
	int64_t ms;

	if (needs_value && !json_get_str(filter, "Value"))
		return op_invalid(c, "Value must be specified for the operator %s (property %.200s).", op, name);
	if (!needs_value && json_get_str(filter, "Value"))
		return op_invalid(c, "Value cannot be specified with the operator %s (property %.200s).", op, name);
	if ((str_starts(op, "Greater") || str_starts(op, "Less")) && is_text_property(name))
		return op_invalid(c, "The operator %s is not supported for the text property %.200s.", op, name);
	if (str_eq(op, "Contains") && ++*contains > MAX_CONTAINS &&
	    !str_starts(json_get_str(c->in, "Resource"), "Experiment"))
		return op_invalid(c, "A SearchExpression can include only one Contains operator.");
	if (str_ends(name, "Time") && needs_value && !str_eq(op, "In") &&
	    !timefmt_parse_iso(json_get_str(filter, "Value"), &ms))
		return op_invalid(c,
				  "The value '%.100s' of the property %.200s must have the form YYYY-mm-dd'T'HH:MM:SS.",
				  json_get_str(filter, "Value"), name);
	return 0;
}

static int check_filters(struct call *c, const json_t *filters, int *nodes, int *contains)
{
	size_t i;
	json_t *part;

	json_array_foreach((json_t *)filters, i, part)
	{
		++*nodes;
		if (check_filter(c, part, contains) < 0)
			return -1;
	}
	return 0;
}

static int check_expression(struct call *c, const json_t *expression, int *nodes, int *contains, int depth)
{
	size_t i;
	json_t *part;
	int before = *nodes;

	if (depth > MAX_NODES)
		return op_invalid(c, "The SearchExpression is nested too deeply.");
	if (check_filters(c, json_object_get(expression, "Filters"), nodes, contains) < 0)
		return -1;
	json_array_foreach(json_object_get(expression, "NestedFilters"), i, part)
	{
		++*nodes;
		if (check_filters(c, json_object_get(part, "Filters"), nodes, contains) < 0)
			return -1;
	}
	json_array_foreach(json_object_get(expression, "SubExpressions"), i, part)
	{
		++*nodes;
		if (check_expression(c, part, nodes, contains, depth + 1) < 0)
			return -1;
	}
	if (*nodes == before)
		return op_invalid(c,
				  "A SearchExpression must have at least one filter, nested filter or subexpression.");
	if (*nodes > MAX_NODES)
		return op_invalid(
			c, "A SearchExpression can include at most %d filters, nested filters and subexpressions.",
			MAX_NODES);
	return 0;
}

int search_expression_check(struct call *c, const json_t *expression)
{
	int nodes = 0, contains = 0;

	return expression ? check_expression(c, expression, &nodes, &contains, 0) : 0;
}
