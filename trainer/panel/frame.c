/* Columns in memory: found, put in another order, put together, copied, written. */
#include "trainer/panel/frame.h"

#include <math.h>

#include "base/csv.h"

void frame_free(struct frame *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_columns; i++) {
		free(t->columns[i].name);
		free(t->columns[i].numbers);
		free(t->columns[i].codes);
		strlist_done(&t->columns[i].words);
	}
	free(t->columns);
	free(t->origin);
	free(t);
}

size_t frame_find(const struct frame *t, const char *name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name, name))
			return i;
	return FRAME_NO_COLUMN;
}

/* --- order ----------------------------------------------------------------------------------- */

void frame_reorder(struct frame *t, const size_t *order, size_t n)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		struct frame_column *c = &t->columns[i];
		void *old = c->text ? (void *)c->codes : (void *)c->numbers;

		if (c->text) {
			uint32_t *codes = xcalloc(MAX(n, (size_t)1), sizeof(*codes));

			for (size_t k = 0; k < n; k++)
				codes[k] = c->codes[order[k]];
			c->codes = codes;
		} else {
			double *numbers = xcalloc(MAX(n, (size_t)1), sizeof(*numbers));

			for (size_t k = 0; k < n; k++)
				numbers[k] = c->numbers[order[k]];
			c->numbers = numbers;
		}
		free(old);
	}
	uint32_t *origin = xcalloc(MAX(n, (size_t)1), sizeof(*origin));

	for (size_t k = 0; k < n; k++)
		origin[k] = t->origin[order[k]];
	free(t->origin);
	t->origin = origin;
	t->n_rows = n;
}

/* --- more rows ---------------------------------------------------------------------------------- */

static uint32_t find_word(struct frame_column *c, const char *word)
{
	for (size_t i = 0; i < c->words.n; i++)
		if (str_eq(c->words.items[i], word))
			return (uint32_t)i;
	strlist_add(&c->words, word);
	return (uint32_t)(c->words.n - 1);
}

static void append_text(struct frame_column *c, size_t at, const struct frame_column *from, size_t n)
{
	uint32_t *codes = xcalloc((from ? from->words.n : 0) + 1, sizeof(*codes));

	for (size_t i = 0; from && i < from->words.n; i++)
		codes[i] = find_word(c, from->words.items[i]);
	c->codes = xreallocarray(c->codes, at + n + 1, sizeof(*c->codes));
	for (size_t i = 0; i < n; i++)
		c->codes[at + i] = from && from->codes[i] != FRAME_NO_WORD ? codes[from->codes[i]] : FRAME_NO_WORD;
	free(codes);
}

static void append_numbers(struct frame_column *c, size_t at, const struct frame_column *from, size_t n)
{
	c->numbers = xreallocarray(c->numbers, at + n + 1, sizeof(*c->numbers));
	for (size_t i = 0; i < n; i++)
		c->numbers[at + i] = from ? from->numbers[i] : NAN;
}

int frame_append(struct frame *t, const struct frame *from, const struct strlist *names, uint32_t origin,
		 struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		size_t mine = frame_find(t, names->items[i]), theirs = frame_find(from, names->items[i]);

		if (mine == FRAME_NO_COLUMN || theirs == FRAME_NO_COLUMN)
			return err_set(err, ERR_INVALID, "has no column %s", names->items[i]);
		if (t->columns[mine].text != from->columns[theirs].text)
			return err_set(err, ERR_INVALID, "column %s is %s, and %s in the data", names->items[i],
				       from->columns[theirs].text ? "text" : "numbers",
				       t->columns[mine].text ? "text" : "numbers");
	}
	for (size_t i = 0; i < t->n_columns; i++) {
		struct frame_column *c = &t->columns[i];
		size_t at = strlist_has(names, c->name) ? frame_find(from, c->name) : FRAME_NO_COLUMN;
		const struct frame_column *theirs = at == FRAME_NO_COLUMN ? NULL : &from->columns[at];

		if (c->text)
			append_text(c, t->n_rows, theirs, from->n_rows);
		else
			append_numbers(c, t->n_rows, theirs, from->n_rows);
	}
	t->origin = xreallocarray(t->origin, t->n_rows + from->n_rows + 1, sizeof(*t->origin));
	for (size_t i = 0; i < from->n_rows; i++)
		t->origin[t->n_rows + i] = origin;
	t->n_rows += from->n_rows;
	return 0;
}

/* --- copies ------------------------------------------------------------------------------------ */

static void *copy_rows(const void *from, size_t bytes)
{
	return bytes ? xmemdup(from, bytes) : NULL;
}

struct frame *frame_copy(const struct frame *t)
{
	struct frame *copy = NEW(struct frame);

	copy->n_rows = t->n_rows;
	copy->n_columns = t->n_columns;
	copy->columns = xcalloc(t->n_columns + 1, sizeof(*copy->columns));
	copy->origin = copy_rows(t->origin, t->n_rows * sizeof(*t->origin));
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct frame_column *from = &t->columns[i];
		struct frame_column *to = &copy->columns[i];

		to->name = xstrdup(from->name);
		to->text = from->text;
		if (from->text)
			to->codes = copy_rows(from->codes, t->n_rows * sizeof(*from->codes));
		else
			to->numbers = copy_rows(from->numbers, t->n_rows * sizeof(*from->numbers));
		for (size_t k = 0; k < from->words.n; k++)
			strlist_add(&to->words, from->words.items[k]);
	}
	return copy;
}

void frame_csv(const struct frame *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		if (i)
			(void)buf_addc(out, ',');
		csv_add(out, t->columns[i].name);
	}
	(void)buf_addc(out, '\n');
	for (size_t row = 0; row < t->n_rows; row++) {
		for (size_t i = 0; i < t->n_columns; i++) {
			const struct frame_column *c = &t->columns[i];

			if (i)
				(void)buf_addc(out, ',');
			if (c->text && c->codes[row] != FRAME_NO_WORD)
				csv_add(out, c->words.items[c->codes[row]]);
			else if (!c->text && !isnan(c->numbers[row]))
				(void)buf_addf(out, "%.17g", c->numbers[row]);
		}
		(void)buf_addc(out, '\n');
	}
}
