/* One line being typed, with history. */
#include "tui/lineedit.h"

#include "base/str.h"
#include "base/utf8.h"
#include "tui/key.h"

void lineedit_set(struct lineedit *e, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof(e->text)) {
		n = sizeof(e->text) - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(e->text, text, n);
	e->text[n] = '\0';
	e->len = e->at = n;
}

static size_t before(const struct lineedit *e, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && ((unsigned char)e->text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t after(const struct lineedit *e, size_t at)
{
	if (at < e->len)
		at++;
	while (at < e->len && ((unsigned char)e->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void delete_range(struct lineedit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->len - to + 1);
	e->len -= to - from;
	e->at = from;
}

static size_t word_start(const struct lineedit *e)
{
	size_t at = e->at;

	while (at > 0 && e->text[at - 1] == ' ')
		at--;
	while (at > 0 && e->text[at - 1] != ' ')
		at--;
	return at;
}

static bool insert(struct lineedit *e, const char *text, size_t n)
{
	if (n >= sizeof(e->text) - e->len)
		return false;
	memmove(e->text + e->at + n, e->text + e->at, e->len - e->at + 1);
	memcpy(e->text + e->at, text, n);
	e->len += n;
	e->at += n;
	return true;
}

bool lineedit_insert(struct lineedit *e, const char *text)
{
	return insert(e, text, strlen(text));
}

bool lineedit_key(struct lineedit *e, int key)
{
	char utf8[4];

	switch (key) {
	case KEYC_LEFT:
		e->at = before(e, e->at);
		return true;
	case KEYC_RIGHT:
		e->at = after(e, e->at);
		return true;
	case KEYC_HOME:
	case KEYC_CTRL('a'):
		e->at = 0;
		return true;
	case KEYC_END:
	case KEYC_CTRL('e'):
		e->at = e->len;
		return true;
	case KEYC_BACKSPACE:
		delete_range(e, before(e, e->at), e->at);
		return true;
	case KEYC_DELETE:
		delete_range(e, e->at, after(e, e->at));
		return true;
	case KEYC_CTRL('u'):
		delete_range(e, 0, e->at);
		return true;
	case KEYC_CTRL('k'):
		delete_range(e, e->at, e->len);
		return true;
	case KEYC_CTRL('w'):
		delete_range(e, word_start(e), e->at);
		return true;
	default:
		if (!key_is_text(key))
			return false;
		(void)insert(e, utf8, utf8_encode((uint32_t)key, utf8));
		return true;
	}
}

void lineedit_draw(const struct lineedit *e, struct area a, int row, int col, int cells, bool focused)
{
	struct area box = area_part(a, row, col, 1, cells);
	char upto[LINEEDIT_MAX];

	str_copy(upto, MIN(sizeof(upto), e->at + 1), e->text);
	int cursor = utf8_width(upto), skip = 0;
	if (box.cols <= 0)
		return;
	if (cursor >= box.cols)
		skip = cursor - box.cols + 1;
	area_fill(box, 0, 0, box.cols, ST_INPUT, ' ');
	area_put_scrolled(box, 0, 0, ST_INPUT, e->text, e->len, skip);
	if (focused)
		area_cursor(box, 0, cursor - skip);
}
