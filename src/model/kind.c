/* kind.c - the table of kinds, and what its words mean. */
#include "model/kind.h"

#include "model/kind_fields.h"

#include <strings.h>

const struct kind kind_table[KIND_COUNT] = {
#define KIND(key, ...) [KIND_##key] = {.id = KIND_##key, __VA_ARGS__},
#include "model/kinds.def"
#undef KIND
};

const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = &kind_table[i];

		if (str_ieq(k->name, name) || str_ieq(k->plural, name) || kind_words_have(k->aliases, name))
			return k;
	}
	return NULL;
}

bool kind_words_have(const char *words, const char *word)
{
	size_t n = word ? strlen(word) : 0;

	for (const char *p = words; n > 0 && p && (p = strstr(p, word)); p += n) {
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	}
	return false;
}

enum resource_state kind_state(const struct kind *k, const char *status_text)
{
	if (kind_words_have(k->running, status_text))
		return STATE_RUNNING;
	if (kind_words_have(k->good, status_text))
		return STATE_GOOD;
	if (kind_words_have(k->bad, status_text))
		return STATE_BAD;
	return kind_words_have(k->neutral, status_text) ? STATE_NEUTRAL : STATE_UNKNOWN;
}

/* "CREATION_TIME" and "CreationTime" alike. */
static bool same_word(const char *a, size_t n, const char *b)
{
	size_t i = 0;

	for (; i < n; i++) {
		if (a[i] == '_')
			continue;
		while (*b == '_')
			b++;
		if ((a[i] | 0x20) != (*b | 0x20))
			return false;
		b++;
	}
	return *b == '\0';
}

char *kind_sort_key(const struct kind *k, const char *word)
{
	static const struct {
		const char *field, *keys[3];
	} names[] = {{"name", {"Name", "ImageName", "TrainingPlanName"}},
		     {"created", {"CreationTime"}},
		     {"age", {"CreationTime"}},
		     {"modified", {"LastModifiedTime"}},
		     {"started", {"StartTime"}},
		     {"status", {"Status", "FeatureGroupStatus"}},
		     {"objective", {"FinalObjectiveMetricValue"}},
		     {"scheduled", {"ScheduledTime"}}};

	for (const char *p = k->list.sort_keys; p && *p;) {
		size_t n = strcspn(p, " ");
		bool found = same_word(p, n, word);

		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			for (size_t j = 0; str_ieq(names[i].field, word) && j < 3 && names[i].keys[j]; j++)
				found |= same_word(p, n, names[i].keys[j]);
		}
		if (found)
			return xstrndup(p, n);
		p += n + strspn(p + n, " ");
	}
	return NULL;
}

const char *kind_short_name(const char *name)
{
	const char *at = strrchr(name, '/');

	if (!at && strncmp(name, "arn:", 4) == 0)
		at = strrchr(name, ':');
	return at && at[1] ? at + 1 : name;
}

char *kind_pattern(const char *pattern, const char *name)
{
	static const char hole[] = "{name}";
	const char *at = strstr(pattern, hole);

	if (!at)
		return xstrdup(pattern);
	return xasprintf("%.*s%s%s", (int)(at - pattern), pattern, name, at + strlen(hole));
}

static int unknown_kind(const char *text, size_t n, struct err *err)
{
	AUTO(str) char *word = xstrndup(text, n);
	const char *names[KIND_COUNT];

	for (size_t i = 0; i < KIND_COUNT; i++)
		names[i] = kind_table[i].name;
	const char *near = str_nearest(word, names, KIND_COUNT);

	if (near)
		return err_set(err, ERR_USAGE, "there is no kind \"%s\": did you mean \"%s\"?", word, near);
	return err_set(err, ERR_USAGE, "there is no kind \"%s\": `sagetop list` names them", word);
}

int kind_parse_reference(const char *text, const struct kind **ret_kind, const char **ret_name, struct err *err)
{
	const char *slash = strchr(text, '/');
	const char *colon = strchr(text, ':');

	if (!slash || (colon && colon < slash)) {
		*ret_kind = &kind_table[KIND_TRAINING_JOB];
		*ret_name = text;
		return 0;
	}
	AUTO(str) char *word = xstrndup(text, (size_t)(slash - text));
	const struct kind *k = kind_find(word);

	if (!k)
		return unknown_kind(text, (size_t)(slash - text), err);
	if (!slash[1])
		return err_set(err, ERR_USAGE, "a name is wanted behind \"%s\"", text);
	*ret_kind = k;
	*ret_name = slash + 1;
	return 0;
}
