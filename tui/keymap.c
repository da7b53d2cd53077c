/* The table of keys, and what a key does where. */
#include "tui/keymap.h"

const struct key_binding key_bindings[] = {
#define KEY(context, action, keys, label, help) {CTX_##context, ACT_##action, #context "." #action, keys, label, help},
#include "tui/keys.def"
#undef KEY
};
const size_t n_key_bindings = ARRAY_LEN(key_bindings);

/* Keys of a row, at most KEYS_MAX of them: those in force, and the usual ones. */
#define KEYS_MAX 10
#define KEYS_SHOWN 3 /* of a row, in help */
static int parsed[ARRAY_LEN(key_bindings)][KEYS_MAX], usual[ARRAY_LEN(key_bindings)][KEYS_MAX];

/* ret is all zero. */
static int parse_keys(const char *s, int *ret, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	int n = 0;

	strlist_split(&names, s, ' ');
	for (size_t i = 0; i < names.n; i++) {
		if (!names.items[i][0])
			continue;
		if (n == KEYS_MAX)
			return err_set(err, ERR_USAGE, "at most %d keys", KEYS_MAX);
		ret[n++] = keyc_parse(names.items[i]);
		if (!ret[n - 1])
			return err_set(err, ERR_USAGE,
				       "\"%s\" is no key: x, X, ctrl-x, F1, Space, PgDn and the like are",
				       names.items[i]);
	}
	return n ? 0 : err_set(err, ERR_USAGE, "a key is wanted");
}

static void parse_all(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	for (size_t i = 0; i < n_key_bindings; i++)
		(void)!parse_keys(key_bindings[i].keys, usual[i], NULL);
	memcpy(parsed, usual, sizeof(parsed));
}

/* --- other keys than the usual ones --- */

const char *keymap_name(char *buf, const struct key_binding *b)
{
	str_copy(buf, KEYMAP_NAME_LEN, b->words);
	str_lower(buf);
	for (char *p = buf; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return buf;
}

static int find_name(const char *name, size_t *ret, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	char text[KEYMAP_NAME_LEN];

	for (size_t i = 0; i < n_key_bindings; i++) {
		strlist_add(&names, keymap_name(text, &key_bindings[i]));
		*ret = i;
		if (!strcmp(text, name))
			return 0;
	}
	const char *near = str_nearest(name, (const char *const *)names.items, names.n);
	return err_set(err, ERR_USAGE, "nothing is called so; %s%s%s",
		       near ? "did you mean " : "sagetop(1) has the names", near ? near : "", near ? "?" : "");
}

int keymap_change(const char *name, const char *keys, bool only_check, struct err *err)
{
	int now[KEYS_MAX] = {0};
	size_t row;

	parse_all();
	if (find_name(name, &row, err) < 0 || parse_keys(keys, now, err) < 0)
		return -ERR_USAGE;
	if (!only_check)
		memcpy(parsed[row], now, sizeof(now));
	return 0;
}

bool keymap_is_changed(const struct key_binding *b)
{
	parse_all();
	return memcmp(parsed[b - key_bindings], usual[b - key_bindings], sizeof(parsed[0])) != 0;
}

void keymap_restore(const struct key_binding *b)
{
	parse_all();
	if (b)
		memcpy(parsed[b - key_bindings], usual[b - key_bindings], sizeof(parsed[0]));
	else
		memcpy(parsed, usual, sizeof(parsed));
}

bool keymap_has(const struct key_binding *b, int key, bool usually)
{
	const int *keys = (usually ? usual : parsed)[b - key_bindings];

	parse_all();
	for (int i = 0; i < KEYS_MAX && keys[i]; i++)
		if (keys[i] == key)
			return true;
	return false;
}

/* --- in force --- */

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
		[CTX_LIST] = "Lists",
		[CTX_JOBS] = "Jobs",
		[CTX_JOB] = "One job",
		[CTX_PARTS] = "Parts of a page",
		[CTX_RAW] = "Raw JSON",
		[CTX_TEXT] = "Texts",
		[CTX_LOGS] = "Logs",
		[CTX_CHART] = "Metrics",
		[CTX_GLOBAL] = "Everywhere",
		[CTX_THINGS] = "Other kinds",
		[CTX_PAGE] = "One thing",
		[CTX_TUNING] = "One tuning job",
		[CTX_KINDS] = "All kinds",
		[CTX_FAILURES] = "Failures",
		[CTX_COMPARE] = "Compare",
		[CTX_COST] = "Costs",
		[CTX_BACKTESTS] = "Backtests",
		[CTX_LAUNCHES] = "Launches",
		[CTX_CHOOSER] = "Choosing columns",
		[CTX_HELP] = "Help",
		[CTX_FILES] = "Files",
		[CTX_FILTERS] = "Filters of a log",
		[CTX_HISTOGRAM] = "A log over time",
		[CTX_REQUESTS] = "Requests",
	};

	return titles[context] ? titles[context] : "";
}
