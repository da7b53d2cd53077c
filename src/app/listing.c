/* listing.c - choose, order and print the things of one kind. */
#include "app/listing.h"

#include "app/output.h"
#include "app/resource_json.h"
#include "model/field_order.h"

void listing_done(struct listing *l)
{
	field_list_done(&l->columns);
	query_free(l->query);
	free(l->sort.key);
	free(l->words);
	*l = (struct listing){0};
}

char *listing_words(const struct strlist *args, size_t first)
{
	struct buf b = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = first; i < args->n; i++)
		(void)buf_addf(&b, "%s%s", i > first ? " " : "", args->items[i]);
	return buf_take(&b);
}

/* What the settings say of the training jobs; other kinds have their usual columns. */
static const char *columns_wanted(const struct app *a, const struct kind *kind)
{
	const char *set = kind->id == KIND_TRAINING_JOB ? a->config.set.columns : NULL;

	return app_value(a, OPT_COLUMNS) ? app_value(a, OPT_COLUMNS) : set;
}

/* Known before there is a connection. */
static bool several_wanted(const struct app *a)
{
	return app_value(a, OPT_SCOPE) && strchr(app_value(a, OPT_SCOPE), ',');
}

static const char *order_wanted(const struct app *a, const struct kind *kind)
{
	const char *set = kind->id == KIND_TRAINING_JOB ? a->config.set.sort : NULL;
	const char *usual = field_find(kind, "created", NULL) ? "-created" : kind->fields[0].name;

	return str_or(app_value(a, OPT_SORT), str_or(set, usual));
}

int listing_query(const struct kind *kind, const char *words, struct query **ret, struct err *err)
{
	if (query_parse(kind, words, ret, err) == 0)
		return 0;
	if (err->code == ERR_INVALID)
		err->code = ERR_USAGE;
	return -err->code;
}

int listing_parse_words(struct app *a, const struct kind *kind, size_t first, struct listing *ret, struct err *err)
{
	AUTO(str) char *words = listing_words(&a->cli.args, first);

	*ret = (struct listing){.kind = kind};
	if (app_flag(a, OPT_CSV) && output_format(a) == OUTPUT_JSON)
		return err_set(err, ERR_USAGE, "--csv or --json: one of them");
	if (listing_query(kind, words, &ret->query, err) < 0)
		return -err->code;
	ret->words = TAKE(words);
	return 0;
}

int listing_parse(struct app *a, const struct kind *kind, size_t first, struct listing *ret, struct err *err)
{
	AUTO(listing) struct listing l = {0};
	const char *sort = order_wanted(a, kind);

	if (listing_parse_words(a, kind, first, &l, err) < 0)
		return -err->code;
	l.descending = *sort == '-';
	l.chosen = columns_wanted(a, kind) != NULL;
	l.limit = app_value(a, OPT_LIMIT) ? (size_t)a->cli.numbers[OPT_LIMIT] : SIZE_MAX;
	if (field_list_parse(kind, columns_wanted(a, kind), several_wanted(a), &l.columns, err) < 0 ||
	    field_ref_parse(kind, sort + (*sort == '-' || *sort == '+'), &l.sort, err) < 0)
		return -err->code;
	*ret = l;
	memset(&l, 0, sizeof(l));
	return 0;
}

struct filling {
	const struct kind *kind;
	const struct field_list *cold;
};

static void fill_scope(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	const struct filling *f = user;

	sync_columns(s, f->kind, f->cold, fn, fn_user);
}

int listing_fill(struct app *a, const struct kind *kind, const struct field_list *cold, struct err *err)
{
	struct filling f = {kind, cold};

	if (app_each(a, fill_scope, &f, err) < 0 && err->code != ERR_DENIED)
		return -err->code;
	if (err->code == ERR_DENIED)
		fprintf(stderr, "sagetop: what was to be measured is not known: %s\n", err->msg);
	err_clear(err);
	return 0;
}

int listing_fill_query(struct app *a, const struct listing *l, struct err *err)
{
	AUTO(field_list) struct field_list cold = {0};

	query_cold_fields(l->query, &cold);
	return listing_fill(a, l->kind, &cold, err);
}

/* The cold fields that it shows, filters or sorts by. */
static int fill_cold(struct app *a, const struct listing *l, struct err *err)
{
	AUTO(field_list) struct field_list cold = {0};

	query_cold_fields(l->query, &cold);
	for (size_t i = 0; i < l->columns.n; i++)
		field_list_add(&cold, l->columns.items[i].field, l->columns.items[i].key);
	field_list_add(&cold, l->sort.field, l->sort.key);
	return listing_fill(a, l->kind, &cold, err);
}

static void print_table(struct app *a, struct resource *const *items, size_t n, const struct listing *l,
			const struct field_context *x)
{
	AUTO(table) struct table t = {.cut = l->cut};
	AUTO(buf) struct buf cell = BUF_INIT(BUF_MAX_TEXT);
	AUTO(strlist) struct strlist titles = {0};
	enum field_style style = output_format(a) == OUTPUT_TABLE ? FIELD_FOR_PEOPLE : FIELD_FOR_PROGRAMS;
	char title[FIELD_HEADING_LEN];

	for (size_t k = 0; k < l->columns.n; k++)
		strlist_add(&titles, field_title(&l->columns.items[k], title));
	for (size_t k = 0; k < l->columns.n; k++) {
		const struct field_ref *ref = &l->columns.items[k];

		(ref->key ? table_column_named : table_column)(&t, titles.items[k], field_is_number(ref->field));
		table_column_fit(&t, k ? TABLE_WHOLE : TABLE_MIDDLE, l->chosen ? 0 : ref->field->cells.priority);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < l->columns.n; k++) {
			buf_clear(&cell);
			field_text(&l->columns.items[k], items[i], x, style, &cell);
			table_cell(&t, buf_str(&cell));
		}
	table_print(&t, a);
}

/* JSON shows all of a thing: what is trimmed comes from the store. */
static void print_json(struct app *a, struct resource *const *items, size_t n, const struct field_context *x)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		if (items[i]->trimmed && items[i]->kind->id == KIND_TRAINING_JOB)
			sync_job_full(app_sync_of(a, items[i]), items[i]->name);
		json_array_append_new(list, resource_to_json(items[i], x));
	}
	output_json(a, list);
}

/* Where Search is denied a list tells no tags: what it does not know is no answer. */
static void tell_unknown_tags(const struct listing *l, const struct resources *t)
{
	size_t n = 0;

	if (!query_reads(l->query, "tag."))
		return;
	for (size_t i = 0; i < t->n; i++)
		n += !t->items[i]->tags_known;
	if (n)
		fprintf(stderr,
			"sagetop: the tags of %zu of %zu %s are not known, so the filter leaves them out: "
			"sagemaker:Search tells them\n",
			n, t->n, l->kind->title);
}

struct resource **listing_items(struct app *a, const struct listing *l, size_t *ret_n, struct err *err)
{
	struct session *s = app_session(a);
	const struct resources *t = &s->tables[l->kind->id];
	struct field_context x = {.session = s, .now_ms = clock_now_ms()};

	if (fill_cold(a, l, err) < 0)
		return NULL;
	struct resource **items = xreallocarray(NULL, t->n + 1, sizeof(struct resource *));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if ((!l->parent || str_eq(l->parent, t->items[i]->parent)) && query_match(l->query, t->items[i], &x))
			items[n++] = t->items[i];
	tell_unknown_tags(l, t);
	*ret_n = n;
	return items;
}

int listing_fill_column(struct app *a, const struct listing *l, const struct field *f, struct err *err)
{
	AUTO(field_list) struct field_list cold = {0};

	field_list_add(&cold, f, NULL);
	return listing_fill(a, l->kind, &cold, err);
}

/* An empty table could also be that of an account without any. */
static void tell_nothing_matches(const struct app *a, const struct listing *l)
{
	size_t n = app_session(a)->tables[l->kind->id].n;

	if (!str_empty(l->words) && n && output_format(a) != OUTPUT_JSON)
		fprintf(stderr, "sagetop: none of %zu %s matches \"%s\"\n", n, kind_word(l->kind), l->words);
}

int listing_print(struct app *a, const struct listing *l, struct err *err)
{
	struct field_context x = {.session = app_session(a), .now_ms = clock_now_ms()};
	size_t n;
	struct resource **items = listing_items(a, l, &n, err);

	if (!items)
		return -err->code;
	if (!n)
		tell_nothing_matches(a, l);
	field_order_sort(items, n, &l->sort, l->descending, &x);
	n = MIN(n, l->limit);
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, items, n, &x);
	else
		print_table(a, items, n, l, &x);
	free(items);
	return 0;
}
