#include "app/columns.h"

#include <math.h>

#include "app/output.h"
#include "base/timefmt.h"
#include "model/cost.h"

/* A cell's value: text, or a number to be shown in the column's own way. Unknown
 * has neither. */
struct cell {
	const char *text;
	double number;
	bool known;
};

enum column_kind { KIND_TEXT, KIND_NUMBER_OF, KIND_TIME, KIND_AGE, KIND_SECONDS, KIND_USD, KIND_PERCENT, KIND_VALUE };

typedef struct cell column_fn(const struct job *j, const char *key, const struct column_context *x);

struct job_column {
	const char *name;
	enum column_kind kind;
	bool usual;
	bool keyed; /* "hp.": the rest of the name is the key */
	bool cold;  /* needs the part of a job that is not kept in memory */
	column_fn *value;
};

static struct cell text_cell(const char *s)
{
	return (struct cell){.text = s, .known = !str_empty(s)};
}

static struct cell number_cell(double v, bool known)
{
	return (struct cell){.number = v, .known = known};
}

static struct cell time_cell(int64_t ms)
{
	return number_cell((double)ms, ms != TIME_UNKNOWN);
}

static struct cell col_name(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->name);
}

static struct cell col_status(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(job_state_text(j));
}

static struct cell col_instance(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->instance_type);
}

static struct cell col_count(const struct job *j, const char *key, const struct column_context *x)
{
	return number_cell(j->instance_count, j->instance_count > 0);
}

static struct cell col_age(const struct job *j, const char *key, const struct column_context *x)
{
	return number_cell((double)(x->now_ms - j->created_ms), j->created_ms != TIME_UNKNOWN);
}

static struct cell col_created(const struct job *j, const char *key, const struct column_context *x)
{
	return time_cell(j->created_ms);
}

static struct cell col_modified(const struct job *j, const char *key, const struct column_context *x)
{
	return time_cell(j->modified_ms);
}

static struct cell col_started(const struct job *j, const char *key, const struct column_context *x)
{
	return time_cell(j->start_ms);
}

static struct cell col_ended(const struct job *j, const char *key, const struct column_context *x)
{
	return time_cell(j->end_ms);
}

static struct cell col_train(const struct job *j, const char *key, const struct column_context *x)
{
	int64_t s = job_elapsed_s(j, x->now_ms);

	return number_cell((double)s, s >= 0);
}

static struct cell col_billable(const struct job *j, const char *key, const struct column_context *x)
{
	return number_cell((double)j->billable_s, j->billable_s >= 0);
}

static struct cost cost_now(const struct job *j, const struct column_context *x)
{
	return cost_of_job(j, &x->session->prices, x->session->region, x->now_ms);
}

static struct cell col_cost(const struct job *j, const char *key, const struct column_context *x)
{
	struct cost c = cost_now(j, x);

	return number_cell((double)c.usd_micro, c.usd_micro != USD_UNKNOWN);
}

static struct cell col_saved(const struct job *j, const char *key, const struct column_context *x)
{
	int pct = job_spot_saving_pct(j);

	return number_cell(pct, pct >= 0);
}

static struct cell col_spot(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->detail == DETAIL_SUMMARY ? NULL : j->spot ? "yes" : "no");
}

static struct cell col_objective(const struct job *j, const char *key, const struct column_context *x)
{
	double v = 0;
	bool known = job_objective(j, &v);

	return number_cell(v, known && isfinite(v));
}

static struct cell col_reason(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->failure_reason);
}

static struct cell col_image(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->image);
}

static struct cell col_output(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(j->model_uri ? j->model_uri : j->output_uri);
}

static struct cell col_hp(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(job_hyperparameter(j, key));
}

static struct cell col_tag(const struct job *j, const char *key, const struct column_context *x)
{
	return text_cell(job_tag(j, key));
}

static struct cell col_metric(const struct job *j, const char *key, const struct column_context *x)
{
	double v = 0;
	bool known = job_final_metric(j, key, &v);

	return number_cell(v, known && isfinite(v));
}

static const struct job_column columns[] = {
	{"name", KIND_TEXT, true, false, false, col_name},
	{"status", KIND_TEXT, true, false, false, col_status},
	{"instance", KIND_TEXT, true, false, false, col_instance},
	{"count", KIND_NUMBER_OF, false, false, false, col_count},
	{"age", KIND_AGE, true, false, false, col_age},
	{"created", KIND_TIME, false, false, false, col_created},
	{"modified", KIND_TIME, false, false, false, col_modified},
	{"started", KIND_TIME, false, false, false, col_started},
	{"ended", KIND_TIME, false, false, false, col_ended},
	{"train", KIND_SECONDS, true, false, false, col_train},
	{"billable", KIND_SECONDS, true, false, false, col_billable},
	{"cost", KIND_USD, true, false, false, col_cost},
	{"saved", KIND_PERCENT, true, false, false, col_saved},
	{"spot", KIND_TEXT, false, false, false, col_spot},
	{"objective", KIND_VALUE, true, false, false, col_objective},
	{"reason", KIND_TEXT, true, false, false, col_reason},
	{"image", KIND_TEXT, false, false, true, col_image},
	{"output", KIND_TEXT, false, false, true, col_output},
	{"hp.", KIND_TEXT, false, true, false, col_hp},
	{"tag.", KIND_TEXT, false, true, false, col_tag},
	{"metric.", KIND_VALUE, false, true, true, col_metric},
};

void column_list_done(struct column_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].key);
		free(l->items[i].title);
	}
	free(l->items);
	*l = (struct column_list){0};
}

void columns_print_names(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		fprintf(out, "%s\n", columns[i].name);
}

static void add_pick(struct column_list *l, const struct job_column *row, const char *name)
{
	struct column_pick pick = {.row = row, .title = xstrdup(name)};

	if (row->keyed)
		pick.key = xstrdup(name + strlen(row->name));
	else
		for (char *p = pick.title; *p; p++)
			*p = *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p;
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = pick;
}

static int add_by_name(struct column_list *l, const char *name, struct err *err)
{
	const char *names[ARRAY_LEN(columns)];

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct job_column *row = &columns[i];
		names[i] = row->name;
		if (row->keyed ? str_starts(name, row->name) && name[strlen(row->name)] : str_ieq(name, row->name)) {
			add_pick(l, row, name);
			return 0;
		}
	}
	AUTO(buf) struct buf all = BUF_INIT(1024);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		buf_addf(&all, "%s%s%s", i ? " " : "", names[i], columns[i].keyed ? "NAME" : "");
	const char *near = str_nearest(name, names, ARRAY_LEN(columns));
	if (near)
		return err_set(err, ERR_USAGE, "unknown column \"%s\": did you mean \"%s\"? There are %s", name, near,
			       buf_str(&all));
	return err_set(err, ERR_USAGE, "unknown column \"%s\": there are %s", name, buf_str(&all));
}

int columns_parse(const char *text, struct column_list *ret, struct err *err)
{
	AUTO(column_list) struct column_list list = {0};
	AUTO(strlist) struct strlist names = {0};

	if (!text || *text == '+')
		for (size_t i = 0; i < ARRAY_LEN(columns); i++)
			if (columns[i].usual)
				add_pick(&list, &columns[i], columns[i].name);
	if (text)
		strlist_split(&names, text + (*text == '+'), ',');
	for (size_t i = 0; i < names.n; i++)
		if (add_by_name(&list, names.items[i], err) < 0)
			return -ERR_USAGE;
	if (!list.n)
		return err_set(err, ERR_USAGE, "--columns needs at least one name");
	*ret = list;
	list = (struct column_list){0};
	return 0;
}

bool column_is_cold(const struct column_pick *c)
{
	return c->row->cold;
}

bool column_is_right(const struct column_pick *c)
{
	return c->row->kind != KIND_TEXT && c->row->kind != KIND_TIME;
}

static void add_money(const struct job *j, const struct cell *cell, const struct column_context *x, struct buf *out)
{
	char text[32];

	buf_adds(out, money_text(text, (int64_t)cell->number));
	if (cost_now(j, x).estimate)
		buf_addc(out, '*');
}

void column_text(const struct column_pick *c, const struct job *j, const struct column_context *x, struct buf *out)
{
	struct cell cell = c->row->value(j, c->key, x);
	char text[TIMEFMT_LEN];

	if (!cell.known) {
		if (c->row->kind == KIND_USD && x->for_person && j->start_ms != TIME_UNKNOWN)
			buf_addc(out, '?');
		return;
	}
	switch (c->row->kind) {
	case KIND_TEXT:
		buf_adds(out, cell.text);
		break;
	case KIND_TIME:
		buf_adds(out, x->for_person ? timefmt_show(text, (int64_t)cell.number)
					    : timefmt_iso(text, (int64_t)cell.number));
		break;
	case KIND_AGE:
		if (x->for_person)
			buf_adds(out, timefmt_age(text, (int64_t)cell.number));
		else
			buf_addf(out, "%.0f", cell.number / 1000);
		break;
	case KIND_SECONDS:
		if (x->for_person)
			buf_adds(out, timefmt_duration(text, (int64_t)cell.number * 1000));
		else
			buf_addf(out, "%.0f", cell.number);
		break;
	case KIND_USD:
		if (x->for_person)
			add_money(j, &cell, x, out);
		else
			buf_addf(out, "%.6f", cell.number / 1e6);
		break;
	case KIND_PERCENT:
		buf_addf(out, x->for_person ? "%.0f%%" : "%.0f", cell.number);
		break;
	case KIND_NUMBER_OF:
	case KIND_VALUE:
		buf_addf(out, "%.6g", cell.number);
		break;
	}
}

struct sort_item {
	struct job *job;
	struct cell cell;
	size_t at; /* keeps the order of equals */
};

static int compare_cells(const struct cell *a, const struct cell *b)
{
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_items(const void *pa, const void *pb, void *sign)
{
	const struct sort_item *a = pa, *b = pb;

	if (a->cell.known != b->cell.known)
		return a->cell.known ? -1 : 1;
	int order = a->cell.known ? *(int *)sign * compare_cells(&a->cell, &b->cell) : 0;
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

int columns_sort(struct job **jobs, size_t n, const char *by, const struct column_context *x, struct err *err)
{
	AUTO(column_list) struct column_list list = {0};
	int sign = *by == '-' ? -1 : 1;

	if (add_by_name(&list, by + (*by == '-' || *by == '+'), err) < 0)
		return -ERR_USAGE;
	struct sort_item *items = xreallocarray(NULL, n ? n : 1, sizeof(*items));
	for (size_t i = 0; i < n; i++)
		items[i] = (struct sort_item){jobs[i], list.items[0].row->value(jobs[i], list.items[0].key, x), i};
	qsort_r(items, n, sizeof(*items), compare_items, &sign);
	for (size_t i = 0; i < n; i++)
		jobs[i] = items[i].job;
	free(items);
	return 0;
}

static json_t *map_to_json(const struct strmap *m)
{
	json_t *object = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(object, m->items[i].name, json_string(m->items[i].value));
	return object;
}

static void put_cost(json_t *object, const struct job *j, const struct column_context *x)
{
	struct cost c = cost_now(j, x);

	json_put_usd(object, "cost_usd", c.usd_micro);
	json_object_set_new(object, "cost_is_estimate",
			    c.kind == COST_UNKNOWN ? json_null() : json_boolean(c.estimate));
	json_put_usd(object, "price_usd_per_hour", c.price ? c.price->usd_micro : USD_UNKNOWN);
	json_put_str(object, "price_as_of", c.price ? c.price->as_of : NULL);
}

json_t *job_to_json(const struct job *j, const struct column_context *x)
{
	json_t *o = json_object();
	double objective = 0;
	bool has_objective = job_objective(j, &objective) && isfinite(objective);

	json_put_str(o, "name", j->name);
	json_put_str(o, "arn", j->arn);
	json_put_str(o, "status", j->status_text);
	json_put_str(o, "secondary_status", j->secondary_text);
	json_put_str(o, "failure_reason", j->failure_reason);
	json_put_str(o, "instance_type", j->instance_type);
	json_object_set_new(o, "instance_count", j->instance_count > 0 ? json_integer(j->instance_count) : json_null());
	json_object_set_new(o, "spot", j->detail == DETAIL_SUMMARY ? json_null() : json_boolean(j->spot));
	json_put_time(o, "created", j->created_ms);
	json_put_time(o, "modified", j->modified_ms);
	json_put_time(o, "started", j->start_ms);
	json_put_time(o, "ended", j->end_ms);
	json_put_seconds(o, "training_seconds", job_elapsed_s(j, x->now_ms));
	json_put_seconds(o, "billable_seconds", j->billable_s);
	json_put_seconds(o, "spot_saving_percent", job_spot_saving_pct(j));
	put_cost(o, j, x);
	json_put_str(o, "objective_metric", job_objective_name(j));
	json_object_set_new(o, "objective_value", has_objective ? json_real(objective) : json_null());
	json_put_str(o, "image", j->image);
	json_put_str(o, "output_uri", j->output_uri);
	json_put_str(o, "model_uri", j->model_uri);
	json_object_set_new(o, "hyperparameters", map_to_json(&j->hyperparameters));
	json_object_set_new(o, "tags", j->tags_known ? map_to_json(&j->tags) : json_null());
	return o;
}
