/* The words of a table's categories and entities: a dictionary for each chunk while threads
 * parse, then one for all, so that codes follow the order of first appearance. */
#include <math.h>

#include "trainer/read/csv_layout.h"

void csv_make_dictionaries(struct csv *c)
{
	const struct dataset *like = c->opt->like;

	c->text = xcalloc(c->layout.text_columns + 1, sizeof(*c->text));
	c->frozen = xcalloc(c->layout.text_columns + 1, sizeof(*c->frozen));
	for (size_t i = 0; i < c->layout.width; i++) {
		const struct csv_column *k = &c->layout.columns[i];

		if (k->role != CSV_CATEGORY || !like || !like->categories)
			continue;
		c->frozen[k->text] = true;
		for (size_t w = 0; w < like->categories[k->target].n; w++)
			dictionary_code(&c->text[k->text], like->categories[k->target].items[w]);
	}
}

uint32_t csv_word(struct csv *c, size_t k, const char *word)
{
	return c->frozen[k] ? dictionary_find(&c->text[k], word) : dictionary_code(&c->text[k], word);
}

/* Give the codes of one chunk's column the meaning they have in the whole. */
static void csv_recode(struct csv *c, struct dataset *d, const struct text_chunk *chunk, size_t column,
		       const uint32_t *codes)
{
	const struct csv_column *k = &c->layout.columns[column];

	for (size_t r = chunk->row; r < chunk->row + chunk->row_count; r++) {
		if (k->role == CSV_ENTITY) {
			d->entities[r] = codes[d->entities[r]];
		} else {
			float *cell = &d->dense[r * c->layout.features + k->target];

			if (!isnan(*cell))
				*cell = (float)codes[(uint32_t)*cell];
		}
	}
}

int csv_merge_text(struct csv *c, struct dataset *d, struct text_batch *batch, struct err *err)
{
	for (size_t column = 0; column < c->layout.width; column++) {
		const struct csv_column *k = &c->layout.columns[column];

		if ((k->role != CSV_CATEGORY && k->role != CSV_ENTITY) || c->frozen[k->text])
			continue;
		for (size_t i = 0; i < batch->n; i++) {
			struct text_chunk *chunk = &batch->chunks[i];
			const struct dictionary *local = (struct dictionary *)chunk->local + k->text;
			uint32_t *codes = xcalloc(local->names.n + 1, sizeof(*codes));
			bool same = true;

			for (size_t w = 0; w < local->names.n; w++) {
				codes[w] = dictionary_code(&c->text[k->text], local->names.items[w]);
				same = same && codes[w] == w;
			}
			if (!same)
				csv_recode(c, d, chunk, column, codes);
			free(codes);
		}
		if (c->text[k->text].names.n > CSV_MAX_CODES)
			return err_set(err, ERR_TOOBIG, "column %zu (%s) has more than %zu different values",
				       column + 1, csv_layout_name(&c->layout, column), CSV_MAX_CODES);
	}
	return 0;
}

void csv_drop_local(struct csv *c, struct text_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct dictionary *local = batch->chunks[i].local;

		for (size_t k = 0; local && k < c->layout.text_columns; k++)
			dictionary_done(&local[k]);
		free(local);
		batch->chunks[i].local = NULL;
	}
}
