/* Names of keys, both ways. */
#include "tui/key.h"

#include "base/str.h"
#include "base/utf8.h"

static const struct {
	int key;
	const char *name;
} named[] = {
	{KEYC_TAB, "Tab"},
	{KEYC_ENTER, "Enter"},
	{KEYC_ESC, "Esc"},
	{KEYC_SPACE, "Space"},
	{KEYC_UP, "Up"},
	{KEYC_DOWN, "Down"},
	{KEYC_LEFT, "Left"},
	{KEYC_RIGHT, "Right"},
	{KEYC_HOME, "Home"},
	{KEYC_END, "End"},
	{KEYC_PGUP, "PgUp"},
	{KEYC_PGDN, "PgDn"},
	{KEYC_INSERT, "Ins"},
	{KEYC_DELETE, "Del"},
	{KEYC_BACKSPACE, "Backspace"},
	{KEYC_BACKTAB, "shift-Tab"},
	{KEYC_CTRL_SPACE, "ctrl-Space"},
};

char *keyc_name(char *buf, int key)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (named[i].key == key) {
			str_copy(buf, KEY_NAME_LEN, named[i].name);
			return buf;
		}
	if (key >= KEYC_F1 && key <= KEYC_F12)
		snprintf(buf, KEY_NAME_LEN, "F%d", key - KEYC_F1 + 1);
	else if (key > 0 && key < 0x20)
		snprintf(buf, KEY_NAME_LEN, "ctrl-%c", key <= 26 ? key + 'a' - 1 : key + '@');
	else
		buf[utf8_encode((uint32_t)key, buf)] = '\0';
	return buf;
}

int keyc_parse(const char *name)
{
	uint32_t cp;

	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (str_ieq(named[i].name, name))
			return named[i].key;
	if (!strncmp(name, "ctrl-", 5) && name[5] && !name[6]) {
		if ((name[5] >= 'a' && name[5] <= 'z') || (name[5] >= '@' && name[5] <= '_'))
			return KEYC_CTRL(name[5]);
		return KEYC_NONE;
	}
	int64_t number;
	if (name[0] == 'F' && str_to_i64(name + 1, &number) && number >= 1 && number <= 12)
		return KEYC_F1 + (int)number - 1;
	size_t n = strlen(name);
	if (n && utf8_decode(name, n, &cp) == n && cp >= 0x20 && cp != 0xfffd)
		return (int)cp;
	return KEYC_NONE;
}
