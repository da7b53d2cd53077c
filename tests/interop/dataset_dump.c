/* dataset_dump.c - reads data with the trainer's readers and writes what they made
 * of it, for comparison by another program.
 * Usage: dataset_dump FORMAT PATH [header] [nolabel] [weights] [threads=N]
 *	[label=NAME] [entity=NAME] [date=NAME] [categorical=A,B] [ignore=A,B]
 *
 * Output: one line of JSON (rows, columns, which arrays follow), then the arrays
 * as they lie in memory: labels, weights, query ids, entities, dates, then dense,
 * or row starts, column indices and values. */
#include <sys/stat.h>

#include "base/json.h"
#include "trainer/models/schema.h"

static bool option(const char *arg, const char *name, const char **ret)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) || arg[n] != '=')
		return false;
	*ret = arg + n + 1;
	return true;
}

static void put(const void *array, size_t size, size_t n)
{
	if (array)
		fwrite(array, size, n, stdout);
}

static void dump(const struct dataset *d)
{
	AUTO(json) json_t *head = json_object(), *entities = json_array();
	AUTO(str) char *schema = schema_text(d), *text = NULL;
	size_t values = d->row_start ? d->row_start[d->rows] : 0;

	for (size_t i = 0; i < d->entity_names.n; i++)
		json_array_append_new(entities, json_string(d->entity_names.items[i]));
	json_object_set_new(head, "rows", json_integer((json_int_t)d->rows));
	json_object_set_new(head, "columns", json_integer((json_int_t)d->columns));
	json_object_set_new(head, "values", json_integer((json_int_t)values));
	json_object_set_new(head, "sparse", json_boolean(d->row_start != NULL));
	json_object_set_new(head, "labels", json_boolean(d->labels != NULL));
	json_object_set_new(head, "weights", json_boolean(d->weights != NULL));
	json_object_set_new(head, "query_ids", json_boolean(d->query_ids != NULL));
	json_object_set_new(head, "entities", json_boolean(d->entities != NULL));
	json_object_set_new(head, "dates", json_boolean(d->dates != NULL));
	json_object_set(head, "entity_names", entities);
	json_object_set_new(head, "schema", json_loads(schema, 0, NULL));
	text = json_text(head);
	puts(text);
	put(d->labels, sizeof(float), d->rows);
	put(d->weights, sizeof(float), d->rows);
	put(d->query_ids, sizeof(uint64_t), d->rows);
	put(d->entities, sizeof(uint32_t), d->rows);
	put(d->dates, sizeof(int32_t), d->rows);
	put(d->dense, sizeof(float), d->rows * d->columns);
	put(d->row_start, sizeof(size_t), d->rows + 1);
	put(d->column_index, sizeof(uint32_t), values);
	put(d->values, sizeof(float), values);
}

int main(int argc, char **argv)
{
	AUTO(strlist) struct strlist categorical = {0}, ignore = {0};
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = {.has_label = true, .threads = 2};
	struct err err = {0};
	struct stat st;
	const char *v;
	int r;

	if (argc < 3)
		return 2;
	opt.format = data_format_parse(argv[1]);
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "header"))
			opt.header = true;
		else if (!strcmp(argv[i], "nolabel"))
			opt.has_label = false;
		else if (!strcmp(argv[i], "weights"))
			opt.csv_weights = true;
		else if (option(argv[i], "threads", &v))
			opt.threads = atoi(v);
		else if (option(argv[i], "categorical", &v))
			strlist_split(&categorical, v, ',');
		else if (option(argv[i], "ignore", &v))
			strlist_split(&ignore, v, ',');
		else if (!option(argv[i], "label", &opt.label_column) &&
			 !option(argv[i], "entity", &opt.entity_column) && !option(argv[i], "date", &opt.date_column))
			return 2;
	}
	opt.categorical = categorical.n ? &categorical : NULL;
	opt.ignore = ignore.n ? &ignore : NULL;
	if (!stat(argv[2], &st) && S_ISDIR(st.st_mode))
		r = dataset_load_dir(argv[2], &opt, &d, &err);
	else
		r = dataset_load_file(argv[2], &opt, &d, &err);
	if (r) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	dump(d);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
