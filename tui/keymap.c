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
#define KEYS_MAX 10
#define KEYS_SHOWN 3 /* of a row, in help */
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

/* The row that has the key, and which of its keys it is; false where none has. */
static bool find_key(enum key_context context, int key, size_t *ret_row, int *ret_place)
{
	parse_all();
	for (*ret_row = 0; *ret_row < n_key_bindings; ++*ret_row) {
		if (key_bindings[*ret_row].context != context)
			continue;
		for (*ret_place = 0; *ret_place < KEYS_MAX && parsed[*ret_row][*ret_place]; ++*ret_place)
			if (parsed[*ret_row][*ret_place] == key)
				return true;
	}
	return false;
}

enum action keymap_find(enum key_context context, int key)
{
	size_t row;
	int place;

	return find_key(context, key, &row, &place) ? key_bindings[row].action : ACT_NONE;
}

int keymap_place(enum key_context context, int key)
{
	size_t row;
	int place;

	return find_key(context, key, &row, &place) ? place : -1;
}

const char *keymap_nth_key_of(char *buf, enum key_context context, enum action action, size_t nth)
{
	parse_all();
	for (size_t i = 0; i < n_key_bindings; i++)
		if (key_bindings[i].context == context && key_bindings[i].action == action && nth < KEYS_MAX &&
		    parsed[i][nth])
			return keyc_name(buf, parsed[i][nth]);
	buf[0] = '\0';
	return buf;
}

const char *keymap_keys_text(char *buf, const struct key_binding *b)
{
	const int *keys = parsed[b - key_bindings];
	char name[KEY_NAME_LEN], last[KEY_NAME_LEN];
	size_t n = 0, at = 0;

	parse_all();
	while (n < KEYS_MAX && keys[n])
		n++;
	buf[0] = '\0';
	for (size_t i = 0; n <= KEYS_SHOWN && i < n; i++)
		at += (size_t)snprintf(buf + at, KEYMAP_KEYS_LEN - at, "%s%s", i ? " " : "", keyc_name(name, keys[i]));
	if (n > KEYS_SHOWN)
		snprintf(buf, KEYMAP_KEYS_LEN, "%s … %s", keyc_name(name, keys[0]), keyc_name(last, keys[n - 1]));
	return buf;
}

const char *keymap_key_of(char *buf, enum key_context context, enum action action)
{
	return keymap_nth_key_of(buf, context, action, 0);
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
		[CTX_HELP] = "Help",
	};

	return titles[context] ? titles[context] : "";
}
