/* choices.c - choices for a line that is being typed, one below the other. */
#include "tui/choices.h"

#include "base/utf8.h"

#define NOTE_GAP 2

void choices_end(struct choices *c)
{
	strlist_done(&c->texts);
	strlist_done(&c->notes);
	free(c->typed);
	*c = (struct choices){0};
}

void choices_add(struct choices *c, const char *text, const char *note)
{
	strlist_add(&c->texts, text);
	strlist_add(&c->notes, note);
}

/* Bytes that all of them begin with: whole characters. */
static size_t common_length(const struct strlist *texts)
{
	const char *first = texts->items[0];
	size_t n = strlen(first);

	for (size_t i = 1; i < texts->n; i++) {
		size_t k = 0;

		while (k < n && texts->items[i][k] == first[k])
			k++;
		n = k;
	}
	while (n > 0 && ((unsigned char)first[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void choices_open(struct choices *c, const struct lineedit *e)
{
	str_set(&c->typed, e->text);
	c->at = c->texts.n;
}

bool choices_begin(struct choices *c, struct lineedit *e)
{
	if (!c->texts.n || (c->texts.n == 1 && str_eq(c->texts.items[0], e->text))) {
		choices_end(c);
		return false;
	}
	choices_open(c, e);
	AUTO(str) char *common = xstrndup(c->texts.items[0], common_length(&c->texts));

	if (strlen(common) > e->len)
		lineedit_set(e, common);
	if (c->texts.n == 1)
		choices_end(c);
	return true;
}

void choices_step(struct choices *c, struct lineedit *e, int by)
{
	size_t places = c->texts.n + 1;

	c->at = (c->at + places + (size_t)((int64_t)by)) % places;
	lineedit_set(e, c->at < c->texts.n ? c->texts.items[c->at] : c->typed);
}

void choices_cancel(struct choices *c, struct lineedit *e)
{
	lineedit_set(e, c->typed);
	choices_end(c);
}

int choices_rows(const struct choices *c, int most)
{
	return (int)MIN(c->texts.n, (size_t)MAX(most, 0));
}

void choices_draw(const struct choices *c, struct area a)
{
	size_t rows = (size_t)a.rows, n = c->texts.n;
	size_t at = c->at < n ? c->at : 0;
	size_t first = n > rows && at >= rows / 2 ? MIN(at - rows / 2, n - rows) : 0;
	size_t end = MIN(first + rows, n);
	int notes = 0;

	for (size_t i = first; i < end; i++)
		notes = MAX(notes, utf8_width(c->notes.items[i]));
	int width = a.cols - 2 - (notes ? notes + NOTE_GAP : 0);

	for (size_t i = first; i < end; i++) {
		int row = (int)(i - first);

		area_put(a, row, 0, ST_STRONG, i == c->at ? "▸" : "");
		area_put_middle(a, row, 2, width, i == c->at ? ST_BUTTON_FOCUS : ST_DIM, c->texts.items[i]);
		area_put_right(a, row, a.cols, ST_DIM, c->notes.items[i]);
	}
	if (end < n && c->at + 1 != end)
		area_put(a, (int)(end - first) - 1, 0, ST_DIM, "…");
}
