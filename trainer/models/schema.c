/* The columns of a model's training data as an attribute, and back. */
#include "base/json.h"
#include "trainer/models/schema.h"
#include "trainer/read/dataset_build.h"

char *schema_text(const struct dataset *d)
{
	AUTO(json) json_t *root = json_object(), *names = json_array(), *categories = json_object();
	char number[24];

	json_object_set_new(root, "columns", json_integer((json_int_t)d->columns));
	for (size_t i = 0; i < d->feature_names.n; i++)
		json_array_append_new(names, json_string(d->feature_names.items[i]));
	if (d->feature_names.n)
		json_object_set(root, "names", names);
	for (size_t i = 0; d->categories && i < d->columns; i++) {
		json_t *words;

		if (!d->categories[i].n)
			continue;
		words = json_array();
		/* the text of a category may be any bytes: json_stringn_nocheck writes it as it is */
		for (size_t k = 0; k < d->categories[i].n; k++)
			json_array_append_new(words, json_string_nocheck(d->categories[i].items[k]));
		snprintf(number, sizeof(number), "%zu", i);
		json_object_set_new(categories, number, words);
	}
	if (d->categories)
		json_object_set(root, "categories", categories);
	return json_text(root);
}

static int schema_words(const json_t *array, struct strlist *out)
{
	const json_t *word;
	size_t i;

	json_array_foreach(array, i, word)
	{
		if (!json_is_string(word))
			return -1;
		strlist_add(out, json_string_value(word));
	}
	return json_is_array(array) ? 0 : -1;
}

int schema_parse(const char *text, struct dataset **ret, struct err *err)
{
	AUTO(dataset) struct dataset *d = NEW(struct dataset);
	AUTO(json) json_t *root = NULL;
	json_t *names, *categories, *words;
	const char *key;
	int64_t columns;
	int r = json_parse(text, strlen(text), "the model's schema", &root, err);

	if (r)
		return r;
	columns = json_get_i64(root, "columns", 0);
	if (columns < 1 || (uint64_t)columns > DATASET_MAX_COLUMNS)
		return err_set(err, ERR_PARSE, "the model's schema has no sensible number of columns");
	d->columns = (size_t)columns;
	names = json_object_get(root, "names");
	if (names && (schema_words(names, &d->feature_names) || d->feature_names.n != d->columns))
		return err_set(err, ERR_PARSE, "the model's schema does not name every column");
	categories = json_object_get(root, "categories");
	if (categories) {
		d->categories = xcalloc(d->columns, sizeof(*d->categories));
		d->categorical = xcalloc(d->columns, 1);
		json_object_foreach(categories, key, words)
		{
			uint64_t i;

			if (!str_to_u64(key, &i) || i >= d->columns || schema_words(words, &d->categories[i]))
				return err_set(err, ERR_PARSE, "the model's schema has broken categories");
			d->categorical[i] = 1;
		}
	}
	*ret = TAKE(d);
	return 0;
}
