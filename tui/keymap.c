/* The table of keys, and what a key does where. */
#include "tui/keymap.h"

#include "base/str.h"

const struct key_binding key_bindings[] = {
#define KEY(context, action, keys, label, help) {CTX_##context, ACT_##action, keys, label, help},
#include "tui/keys.def"
#undef KEY
};
const size_t n_key_bindings = ARRAY_LEN(key_bindings);

/* keys of a row, parsed once: at most KEYS_MAX of them. */
#define KEYS_MAX 4
static int parsed[ARRAY_LEN(key_bindings)][KEYS_MAX];

static void parse_all(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	for (size_t i = 0; i < n_key_bindings; i++) {
		const char *s = key_bindings[i].keys;
		for (int k = 0; k < KEYS_MAX && *s; k++) {
			char name[KEY_NAME_LEN];
			size_t n = strcspn(s, " ");
			str_copy(name, MIN(sizeof(name), n + 1), s);
			parsed[i][k] = keyc_parse(name);
			s += n + strspn(s + n, " ");
		}
	}
}

enum action keymap_find(enum key_context context, int key)
{
	parse_all();
	for (size_t i = 0; i < n_key_bindings; i++) {
		if (key_bindings[i].context != context)
			continue;
		for (int k = 0; k < KEYS_MAX && parsed[i][k]; k++)
			if (parsed[i][k] == key)
				return key_bindings[i].action;
	}
	return ACT_NONE;
}

const char *keymap_key_of(char *buf, enum key_context context, enum action action)
{
	parse_all();
	for (size_t i = 0; i < n_key_bindings; i++)
		if (key_bindings[i].context == context && key_bindings[i].action == action && parsed[i][0])
			return keyc_name(buf, parsed[i][0]);
	buf[0] = '\0';
	return buf;
}

const struct key_binding *keymap_row(enum key_context context, enum action action)
{
	for (size_t i = 0; i < n_key_bindings; i++)
		if (key_bindings[i].context == context && key_bindings[i].action == action)
			return &key_bindings[i];
	return NULL;
}

const char *keymap_context_title(enum key_context context)
{
	static const char *const titles[CTX_COUNT] = {
		[CTX_LIST] = "Lists",	       [CTX_JOBS] = "Jobs",
		[CTX_JOB] = "One job",	       [CTX_TEXT] = "Texts",
		[CTX_LOGS] = "Logs",	       [CTX_CHART] = "Metrics",
		[CTX_GLOBAL] = "Everywhere",   [CTX_THINGS] = "Other kinds",
		[CTX_PAGE] = "One thing",      [CTX_TUNING] = "One tuning job",
		[CTX_KINDS] = "All kinds",     [CTX_FAILURES] = "Failures",
		[CTX_COMPARE] = "Compare",     [CTX_COST] = "Costs",
		[CTX_BACKTESTS] = "Backtests", [CTX_CHOOSER] = "Choosing columns",
	};

	return titles[context] ? titles[context] : "";
}
