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

bool kind_is_charged(const struct kind *k)
{
	return k->price_component && k->id != KIND_TUNING_CHILD;
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
	const char *names[2 * KIND_COUNT];

	for (size_t i = 0; i < KIND_COUNT; i++) {
		names[2 * i] = kind_table[i].name;
		names[2 * i + 1] = kind_table[i].plural;
	}
	const char *near = str_nearest(word, names, ARRAY_LEN(names));

	if (near)
		return err_set(err, ERR_USAGE, "there is no kind \"%s\": did you mean \"%s\"?", word, near);
	return err_set(err, ERR_USAGE, "there is no kind \"%s\": `sagetop list` names them", word);
}

int kind_parse(const char *text, const struct kind **ret_kind, const char **ret_parent, struct err *err)
{
	size_t n = strcspn(text, "/");
	AUTO(str) char *word = xstrndup(text, n);
	const struct kind *k = kind_find(word);

	if (!k)
		return unknown_kind(text, n, err);
	*ret_kind = k;
	*ret_parent = text[n] && text[n + 1] ? text + n + 1 : NULL;
	if (*ret_parent && !k->list.parent)
		return err_set(err, ERR_USAGE, "%s belong to nothing that could be named: `sagetop list %s`", k->title,
			       k->plural);
	return 0;
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
