/* A Parquet file's footer: its schema, row groups and columns. */
#include <limits.h>

#include "base/json.h"
#include "base/utf8.h"
#include "trainer/read/parquet.h"

#define PARQUET_MAGIC "PAR1"
#define PARQUET_TAIL 8
#define PARQUET_MAX_WIDTH 65536 /* bytes of a value of fixed width */

void parquet_file_done(struct parquet_file *f)
{
	for (size_t i = 0; i < f->n_columns; i++)
		free(f->columns[i].name);
	for (size_t i = 0; i < f->n_groups; i++)
		free(f->groups[i].chunks);
	free(f->columns);
	free(f->groups);
	*f = (struct parquet_file){0};
}

/* One element of the schema list. */
struct schema_element {
	struct parquet_column column;
	int64_t repetition, children;
	bool has_type;
};

static void parquet_take_converted(struct parquet_column *c, int64_t converted)
{
	switch (converted) {
	case 5:
		c->meaning = PARQUET_DECIMAL;
		break;
	case 6:
		c->meaning = PARQUET_DATE;
		break;
	case 9:
		c->meaning = PARQUET_TIME_MS;
		break;
	case 10:
		c->meaning = PARQUET_TIME_US;
		break;
	case 11: /* UINT_8 to UINT_64 */
	case 12:
	case 13:
	case 14:
		c->meaning = PARQUET_UNSIGNED;
		break;
	default:
		break;
	}
}

/* The fields of a logical type that count here; others are walked over. */
static void parquet_logical_part(struct thrift *t, int logical, struct parquet_column *c)
{
	enum thrift_type type, inner_type;
	int id = 0, inner = 0;

	while (thrift_field(t, &id, &type)) {
		if (logical == 5 && id == 1) {
			c->scale = (int)thrift_int(t, type);
		} else if (logical == 10 && id == 2) {
			if (!thrift_int(t, type))
				c->meaning = PARQUET_UNSIGNED;
		} else if (logical == 8 && id == 2 && type == THRIFT_STRUCT) {
			while (thrift_field(t, &inner, &inner_type)) {
				c->meaning = inner == 1	  ? PARQUET_TIME_MS
					     : inner == 2 ? PARQUET_TIME_US
							  : PARQUET_TIME_NS;
				thrift_skip(t, inner_type);
			}
		} else {
			thrift_skip(t, type);
		}
	}
}

/* A union: the field's number says which. Newer writers give it alone. */
static void parquet_take_logical(struct thrift *t, struct parquet_column *c)
{
	enum thrift_type type;
	int id = 0;

	while (thrift_field(t, &id, &type)) {
		if (type != THRIFT_STRUCT) {
			thrift_skip(t, type);
			continue;
		}
		if (id == 5)
			c->meaning = PARQUET_DECIMAL;
		else if (id == 6)
			c->meaning = PARQUET_DATE;
		else if (id == 15)
			c->meaning = PARQUET_FLOAT16;
		parquet_logical_part(t, id, c);
	}
}

static void parquet_element(struct thrift *t, struct schema_element *e)
{
	enum thrift_type type;
	const char *name;
	int64_t width;
	int id = 0;
	size_t n;

	while (thrift_field(t, &id, &type)) {
		switch (id) {
		case 1:
			e->column.type = (enum parquet_type)thrift_int(t, type);
			e->has_type = true;
			break;
		case 2:
			width = thrift_int(t, type);
			e->column.width = width > 0 && width <= PARQUET_MAX_WIDTH ? (size_t)width : 0;
			break;
		case 3:
			e->repetition = thrift_int(t, type);
			break;
		case 4:
			name = thrift_binary(t, &n);
			free(e->column.name);
			e->column.name = xstrndup(name, n);
			break;
		case 5:
			e->children = thrift_int(t, type);
			break;
		case 6:
			parquet_take_converted(&e->column, thrift_int(t, type));
			break;
		case 7:
			e->column.scale = (int)thrift_int(t, type);
			break;
		case 10:
			if (type == THRIFT_STRUCT)
				parquet_take_logical(t, &e->column);
			else
				thrift_skip(t, type);
			break;
		default:
			thrift_skip(t, type);
		}
	}
}

/* The first element is the root; of a flat table all others are its columns. */
static int parquet_schema(struct thrift *t, const char *name, struct parquet_file *f, struct err *err)
{
	enum thrift_type type;
	size_t n = thrift_list(t, &type);

	if (f->columns || n < 2 || n - 1 > DATASET_MAX_COLUMNS || type != THRIFT_STRUCT)
		return err_set(err, ERR_PARSE, "%s: the Parquet footer has no sensible schema", name);
	f->columns = xcalloc(n - 1, sizeof(*f->columns));
	for (size_t i = 0; i < n && !t->bad; i++) {
		struct schema_element e = {0};
		char *clean;

		parquet_element(t, &e);
		clean = utf8_sanitize_dup(e.column.name ? e.column.name : "");
		free(e.column.name);
		e.column.name = clean;
		if (!i) {
			free(clean);
			continue;
		}
		f->columns[f->n_columns] = e.column;
		f->columns[f->n_columns++].optional = e.repetition == 1;
		if (e.children || !e.has_type || e.repetition == 2)
			return err_set(err, ERR_INVALID,
				       "%s: column '%.80s' is nested or repeated: only flat tables can be read", name,
				       clean);
		if ((unsigned)e.column.type > PARQUET_FIXED || e.column.scale < 0 || e.column.scale > 76 ||
		    (e.column.type == PARQUET_FIXED && !e.column.width))
			return err_set(err, ERR_PARSE, "%s: column '%.80s' is of an unknown type", name, clean);
	}
	return 0;
}

static void parquet_chunk_meta(struct thrift *t, struct parquet_chunk *c)
{
	int64_t dictionary = 0, data = 0;
	enum thrift_type type;
	int id = 0;

	while (thrift_field(t, &id, &type)) {
		switch (id) {
		case 1:
			c->type = (enum parquet_type)thrift_int(t, type);
			break;
		case 4:
			c->codec = (int)thrift_int(t, type);
			break;
		case 5:
			c->values = thrift_int(t, type);
			break;
		case 7:
			c->size = thrift_int(t, type);
			break;
		case 9:
			data = thrift_int(t, type);
			break;
		case 11:
			dictionary = thrift_int(t, type);
			break;
		default:
			thrift_skip(t, type);
		}
	}
	c->start = dictionary > 0 && dictionary < data ? dictionary : data;
}

static bool parquet_group(struct thrift *t, size_t columns, struct parquet_group *g)
{
	enum thrift_type type, element;
	size_t n = 0;
	int id = 0;

	g->rows = -1;
	while (thrift_field(t, &id, &type)) {
		if (id == 3) {
			g->rows = thrift_int(t, type);
			continue;
		}
		if (id != 1 || type != THRIFT_LIST || g->chunks) {
			thrift_skip(t, type);
			continue;
		}
		n = thrift_list(t, &element);
		if (n != columns || element != THRIFT_STRUCT)
			return false;
		g->chunks = xcalloc(columns, sizeof(*g->chunks));
		for (size_t i = 0; i < n && !t->bad; i++) {
			int inner = 0;

			while (thrift_field(t, &inner, &type))
				if (inner == 3 && type == THRIFT_STRUCT)
					parquet_chunk_meta(t, &g->chunks[i]);
				else
					thrift_skip(t, type);
		}
	}
	return g->chunks && g->rows >= 0 && !t->bad;
}

/* Do the chunks lie in the file, and agree with schema and rows? */
static bool parquet_group_sound(const struct parquet_file *f, const struct parquet_group *g, size_t file_size)
{
	for (size_t i = 0; i < f->n_columns; i++) {
		const struct parquet_chunk *c = &g->chunks[i];

		if (c->type != f->columns[i].type || c->values != g->rows || c->start < 4 || c->size < 0 ||
		    (uint64_t)c->start > file_size || (uint64_t)c->size > file_size - (uint64_t)c->start)
			return false;
	}
	return true;
}

static int parquet_groups(struct thrift *t, size_t file_size, const char *name, struct parquet_file *f, struct err *err)
{
	enum thrift_type type;
	size_t n = thrift_list(t, &type);

	if (f->groups || !f->columns || (n && type != THRIFT_STRUCT))
		return err_set(err, ERR_PARSE, "%s: the Parquet footer is damaged", name);
	f->groups = xcalloc(n + 1, sizeof(*f->groups));
	for (size_t i = 0; i < n; i++) {
		bool good = parquet_group(t, f->n_columns, &f->groups[f->n_groups]);

		f->n_groups++;
		if (!good || !parquet_group_sound(f, &f->groups[i], file_size))
			return err_set(err, ERR_PARSE, "%s: row group %zu in the Parquet footer is damaged", name,
				       i + 1);
	}
	return 0;
}

/* --- what writers say of the table -------------------------------------------------------- */

static void parquet_mark_index(struct parquet_file *f, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name) /* an object stands for numbers that are not in the file */
		for (size_t k = 0; json_is_string(name) && k < f->n_columns; k++) f->columns[k]
			.index |= str_eq(f->columns[k].name, json_string_value(name));
}

/* The pair "pandas" names the columns of a frame's index; pandas, Dask and Arrow write it. */
static void parquet_pair(struct thrift *t, struct parquet_file *f)
{
	const char *key = NULL, *value = NULL;
	size_t key_n = 0, value_n = 0;
	enum thrift_type type;
	int id = 0;

	while (thrift_field(t, &id, &type)) {
		if (id == 1 && type == THRIFT_BINARY)
			key = thrift_binary(t, &key_n);
		else if (id == 2 && type == THRIFT_BINARY)
			value = thrift_binary(t, &value_n);
		else
			thrift_skip(t, type);
	}
	if (t->bad || !key || !value || key_n != strlen("pandas") || memcmp(key, "pandas", key_n))
		return;
	AUTO(json) json_t *root = NULL;
	if (!json_parse(value, value_n, "pandas", &root, NULL))
		parquet_mark_index(f, json_object_get(root, "index_columns"));
}

/* Where rows were picked before they were written, pandas writes the old row numbers as a
 * last column: as a feature they would tell the model the order of the data. Not every
 * program that writes on such a table keeps what pandas said of it. */
static void parquet_mark_numbers(struct parquet_file *f)
{
	for (size_t i = 1; i < f->n_columns; i++)
		f->columns[i].index |=
			str_starts(f->columns[i].name, "__index_level_") && str_ends(f->columns[i].name, "__");
}

static void parquet_pairs(struct thrift *t, struct parquet_file *f)
{
	enum thrift_type type;
	size_t n = thrift_list(t, &type);

	for (size_t i = 0; i < n && !t->bad; i++)
		if (type == THRIFT_STRUCT)
			parquet_pair(t, f);
		else
			thrift_skip(t, type);
}

int parquet_file_parse(const char *data, size_t n, const char *name, struct parquet_file *ret, struct err *err)
{
	struct thrift t = {0};
	enum thrift_type type;
	uint32_t footer;
	int id = 0, r = 0;

	if (n >= 4 && !memcmp(data, "PARE", 4))
		return err_set(err, ERR_INVALID, "%s: encrypted Parquet cannot be read", name);
	if (n < PARQUET_TAIL + 4 || memcmp(data, PARQUET_MAGIC, 4) || memcmp(data + n - 4, PARQUET_MAGIC, 4))
		return err_set(err, ERR_PARSE, "%s: not a Parquet file, or cut short", name);
	memcpy(&footer, data + n - PARQUET_TAIL, sizeof(footer));
	if (footer > n - PARQUET_TAIL - 4)
		return err_set(err, ERR_PARSE, "%s: the Parquet footer is larger than the file", name);
	t.end = (const uint8_t *)data + n - PARQUET_TAIL;
	t.p = t.end - footer;
	while (!r && thrift_field(&t, &id, &type)) {
		if (id == 2 && type == THRIFT_LIST)
			r = parquet_schema(&t, name, ret, err);
		else if (id == 4 && type == THRIFT_LIST)
			r = parquet_groups(&t, n - PARQUET_TAIL - footer, name, ret, err);
		else if (id == 5 && type == THRIFT_LIST)
			parquet_pairs(&t, ret);
		else
			thrift_skip(&t, type);
	}
	if (!r && (t.bad || !ret->groups))
		r = err_set(err, ERR_PARSE, "%s: the Parquet footer is damaged", name);
	parquet_mark_numbers(ret);
	return r;
}
