/* Shapes read from their text. */
#include "aws/local/wire/shape_text.h"

#include <ctype.h>

#define MAX_MEMBERS 64
#define MAX_VALUES 64
#define VALUE_ENDS " \t\n!|{}[]<>"
#define JOB_NAME "[a-zA-Z0-9](-*[a-zA-Z0-9])*"

#define TEXT_TYPE(lo, hi, re)                                                   \
	{                                                                       \
		.type = SHAPE_STRING, .min = (lo), .max = (hi), .pattern = (re) \
	}
#define PLAIN(t)                                                          \
	{                                                                 \
		.type = (t), .min = SHAPE_NO_LIMIT, .max = SHAPE_NO_LIMIT \
	}

/* Limits and patterns are those of the services' public API models. */
static const struct named_type {
	const char *name;
	struct shape shape;
} named_types[] = {
	{"any", PLAIN(SHAPE_ANY)},
	{"text", PLAIN(SHAPE_STRING)},
	{"bool", PLAIN(SHAPE_BOOLEAN)},
	{"int", PLAIN(SHAPE_INTEGER)},
	{"number", PLAIN(SHAPE_DOUBLE)},
	{"time", PLAIN(SHAPE_TIME)},
	{"count", {.type = SHAPE_INTEGER, .min = 0, .max = SHAPE_NO_LIMIT}},
	{"at_once", {.type = SHAPE_INTEGER, .min = 1, .max = 1000}},
	{"ttl_s", {.type = SHAPE_INTEGER, .min = 60, .max = 21600}},
	{"timeout_s", {.type = SHAPE_INTEGER, .min = 1, .max = 3600}},
	{"inference_id", TEXT_TYPE(1, 64, "[A-Za-z0-9_\\-:./+]+")},
	{"filename", TEXT_TYPE(1, 32, "[A-Za-z0-9_\\-.]+")},
	{"concurrency", {.type = SHAPE_INTEGER, .min = 1, .max = 200}},
	{"wait_s", {.type = SHAPE_INTEGER, .min = 0, .max = 3600}},
	{"deployment_s", {.type = SHAPE_INTEGER, .min = 600, .max = 28800}},
	{"size", {.type = SHAPE_INTEGER, .min = 1, .max = SHAPE_NO_LIMIT}},
	{"serverless_mb", {.type = SHAPE_INTEGER, .min = 1024, .max = 6144}},
	{"page50", {.type = SHAPE_INTEGER, .min = 1, .max = 50}},
	{"page", {.type = SHAPE_INTEGER, .min = 1, .max = 100}},
	{"token", TEXT_TYPE(0, 8192, ".*")},
	{"word", TEXT_TYPE(1, 2048, NULL)},
	{"name", TEXT_TYPE(1, 63, JOB_NAME)},
	{"name32", TEXT_TYPE(1, 32, JOB_NAME)},
	{"name82", TEXT_TYPE(1, 82, JOB_NAME)},
	{"name256", TEXT_TYPE(1, 256, JOB_NAME)},
	{"model_name", TEXT_TYPE(0, 63, "[a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?")},
	{"contains", TEXT_TYPE(0, 63, "[a-zA-Z0-9\\-]+")},
	{"name_or_arn", TEXT_TYPE(1, 2048, "(arn:.*|[a-zA-Z0-9](-*[a-zA-Z0-9])*)")},
	{"pipeline_name", TEXT_TYPE(1, 2048, "(arn:.*|[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255})")},
	{"domain_id", TEXT_TYPE(0, 63, "d-(-*[a-z0-9]){1,61}")},
	{"schedule_name", TEXT_TYPE(1, 64, "[0-9a-zA-Z-_.]+")},
	{"alarm_name", TEXT_TYPE(1, 255, NULL)},
	{"arn", TEXT_TYPE(1, 2048, NULL)},
	{"client_token", TEXT_TYPE(32, 128, NULL)},
	{"role", TEXT_TYPE(20, 2048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")},
	{"s3_uri", TEXT_TYPE(0, 1024, "(https|s3)://([^/]+)/?(.*)")},
	{"tag_key", TEXT_TYPE(1, 128, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)")},
	{"tag_value", TEXT_TYPE(0, 256, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)")},
};

/* Words that stand for a longer text. */
static const struct alias {
	const char *name, *text;
} aliases[] = {
	{"capacity", "{Type!:INSTANCE_COUNT|CAPACITY_PERCENT Value!:size}"},
	{"deployment", "{BlueGreenUpdatePolicy:{TrafficRoutingConfiguration!:{Type!:ALL_AT_ONCE|CANARY|LINEAR "
		       "WaitIntervalInSeconds!:wait_s CanarySize:capacity LinearStepSize:capacity} "
		       "TerminationWaitInSeconds:wait_s MaximumExecutionTimeoutInSeconds:deployment_s} "
		       "RollingUpdatePolicy:{MaximumBatchSize!:capacity WaitIntervalInSeconds!:wait_s "
		       "MaximumExecutionTimeoutInSeconds:deployment_s RollbackMaximumBatchSize:capacity} "
		       "AutoRollbackConfiguration:{Alarms:[{AlarmName:alarm_name}]}}"},
	{"tags", "[{Key!:tag_key Value!:tag_value}]"},
	{"order", "Ascending|Descending"},
};

/* Shapes refer to each other and are never freed: all parts stay in sight. */
static void *keep(void *part)
{
	static void **parts;
	static size_t n, cap;

	GROW(parts, cap, n + 1);
	parts[n++] = part;
	return part;
}

static const struct shape *read_type(const char **at);

static void skip_blanks(const char **at)
{
	while (isspace((unsigned char)**at))
		++*at;
}

static void expect(const char **at, char c)
{
	skip_blanks(at);
	if (**at != c) {
		fprintf(stderr, "shape text: '%c' expected at '%.40s'\n", c, *at);
		abort();
	}
	++*at;
}

/* ends: what a word cannot hold. A value may have a colon, a name not. */
static char *read_word(const char **at, const char *ends)
{
	const char *from = *at;

	while (**at && !strchr(ends, **at))
		++*at;
	if (*at == from)
		expect(at, 'w');
	return xstrndup(from, (size_t)(*at - from));
}

static const struct shape *new_shape(struct shape s)
{
	struct shape *shape = keep(NEW(struct shape));

	*shape = s;
	if (s.type == SHAPE_LIST || s.type == SHAPE_MAP)
		shape->min = shape->max = SHAPE_NO_LIMIT;
	return shape;
}

/* Up to `end`, which stays: '}' or the end of the text. */
static const struct shape *read_members(const char **at, char end)
{
	struct shape_member members[MAX_MEMBERS + 1] = {0};
	size_t n = 0;

	for (skip_blanks(at); **at != end; skip_blanks(at)) {
		static const struct shape any = PLAIN(SHAPE_ANY);

		if (n == MAX_MEMBERS)
			abort();
		members[n].name = keep(read_word(at, " \t\n!:|{}[]<>"));
		members[n].shape = &any;
		if (**at == '!') {
			members[n].required = true;
			++*at;
		}
		if (**at == ':') {
			++*at;
			members[n].shape = read_type(at);
		}
		n++;
	}
	struct shape_member *kept = keep(xcalloc(n + 1, sizeof(*kept)));

	memcpy(kept, members, n * sizeof(*kept));
	return new_shape((struct shape){.type = SHAPE_STRUCT, .members = kept});
}

static const struct shape *read_values(char *first, const char **at)
{
	const char *values[MAX_VALUES + 1] = {first};
	size_t n = 1;

	while (**at == '|') {
		if (n == MAX_VALUES)
			abort();
		++*at;
		values[n++] = keep(read_word(at, VALUE_ENDS));
	}
	const char **kept = keep(xcalloc(n + 1, sizeof(*kept)));

	memcpy(kept, values, n * sizeof(*kept));
	return new_shape(
		(struct shape){.type = SHAPE_STRING, .min = SHAPE_NO_LIMIT, .max = SHAPE_NO_LIMIT, .values = kept});
}

static const struct shape *read_named(const char **at)
{
	char *word = read_word(at, VALUE_ENDS);

	for (size_t i = 0; **at != '|' && i < ARRAY_LEN(named_types); i++) {
		if (str_eq(named_types[i].name, word)) {
			free(word);
			return &named_types[i].shape;
		}
	}
	for (size_t i = 0; **at != '|' && i < ARRAY_LEN(aliases); i++) {
		if (str_eq(aliases[i].name, word)) {
			const char *text = aliases[i].text;

			free(word);
			return read_type(&text);
		}
	}
	return read_values(keep(word), at);
}

static const struct shape *read_type(const char **at)
{
	const struct shape *inner;

	switch (**at) {
	case '{':
		++*at;
		inner = read_members(at, '}');
		expect(at, '}');
		return inner;
	case '[':
		++*at;
		inner = read_type(at);
		expect(at, ']');
		return new_shape((struct shape){.type = SHAPE_LIST, .element = inner});
	case '<':
		++*at;
		inner = read_type(at);
		expect(at, '>');
		return new_shape((struct shape){.type = SHAPE_MAP, .element = inner});
	default:
		return read_named(at);
	}
}

const struct shape *shape_of_text(const char *members)
{
	return read_members(&members, 0);
}

static size_t count_members(const struct shape *s)
{
	size_t n = 0;

	while (s->members[n].name)
		n++;
	return n;
}

const struct shape *shape_join(const struct shape *first, const struct shape *second)
{
	size_t n = count_members(first);
	struct shape_member *members = keep(xcalloc(n + count_members(second) + 1, sizeof(*members)));

	memcpy(members, first->members, n * sizeof(*members));
	for (const struct shape_member *m = second->members; m->name; m++) {
		if (shape_member_of(first, m->name))
			continue;
		members[n] = *m;
		members[n++].required = false;
	}
	return new_shape((struct shape){.type = SHAPE_STRUCT, .members = members});
}

int shape_check_known(const struct shape *shape, const json_t *in, const char *skip, struct fault *f)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)in, key, value)
	{
		if (!shape_member_of(shape, key) && !str_eq(key, skip))
			return fault_set(f, 400, "ValidationException", "there is no member %.100s", key);
	}
	return shape_check(shape, in, f);
}
