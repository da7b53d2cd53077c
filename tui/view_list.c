/* view_list.c - the things of any kind but the jobs: one row each. */
#include "model/endpoint_values.h"
#include "tui/list.h"

/* How often the list that is seen is asked for; the local engine costs nothing. */
#define REFRESH_MS 30000
#define REFRESH_LOCAL_MS 5000
#define LOOK_MS 1000

struct things_state {
	struct list list;
	int64_t asked_ms;
	int64_t looked_ms; /* when rows that came on the screen were last looked for */
};

static void empty(struct view *v, struct area a)
{
	const struct list *l = v->state;
	const struct session *s = view_session(v);
	const struct resources *t = &s->tables[l->kind->id];
	int row = a.rows > 8 ? 1 : 0;

	if (l->n_all) {
		area_putf(a, row, LIST_GUTTER, ST_NORMAL, "None of %zu matches%s%s.", l->n_all, l->filter ? " " : "",
			  l->filter ? l->filter : "");
		area_putf(a, row + 1, LIST_GUTTER, ST_DIM, "%s %s.", KEY_OF(GLOBAL, BACK), list_way_back(l));
	} else if (t->failed) {
		area_putf(a, row, LIST_GUTTER, ST_BAD, "The %s could not be listed.", l->kind->title);
		row = area_put_wrapped(a, row + 1, LIST_GUTTER, a.cols - LIST_GUTTER - 1, MAX(a.rows - row - 3, 0),
				       ST_NORMAL, session_failure_of(s, l->kind->list.operation));
		area_putf(a, row, LIST_GUTTER, ST_DIM, "%s shows the requests and how they ended.",
			  KEY_OF(GLOBAL, REQUESTS));
	} else if (t->synced_ms != TIME_UNKNOWN || t->complete) {
		area_putf(a, row, LIST_GUTTER, ST_NORMAL, "No %s%s%s.", l->kind->title, l->parent ? " of " : " in ",
			  l->parent ? l->parent : str_or(s->region, "this region"));
		area_put_cut(a, row + 1, LIST_GUTTER, a.cols - LIST_GUTTER - 1, ST_DIM, l->kind->help);
		if (l->kind->id == KIND_ENDPOINT)
			area_put_cut(a, row + 2, LIST_GUTTER, a.cols - LIST_GUTTER - 1, ST_DIM,
				     "sagetop deploy JOB --type ml.m5.large makes one of a training job's model.");
	} else {
		area_putf(a, row, LIST_GUTTER, ST_DIM, "Asking for the %s …", l->kind->title);
	}
}

/* One that nobody calls costs as much as another: it is marked. */
static bool cell(struct view *v, struct area a, int row, int col, int width, const struct field *f,
		 const struct resource *r)
{
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	AUTO(buf) struct buf text = BUF_INIT(64);

	if (r->kind->id != KIND_ENDPOINT || !str_eq(f->name, "idle") || !endpoint_is_idle(r, &x))
		return false;
	(void)buf_adds(&text, "! ");
	field_text(&(struct field_ref){.field = f}, r, &x, FIELD_FOR_PEOPLE, &text);
	table_put(a, row, col, width, true, ST_WARN, buf_str(&text));
	return true;
}

static int things_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	static const struct list_hooks hooks = {.empty = empty, .cell = cell};

	const struct kind *k = arg->kind;

	if (!k)
		return err_set(err, ERR_USAGE, "which kind? :all shows them, :endpoints and the like list one");
	if (k->list.parent_required && !arg->parent)
		return err_set(err, ERR_USAGE, "the %s are those of one %s: open it and press %s", k->title,
			       ui_kind_word(kind_find(k->parent_kind)), KEY_OF(PAGE, OPEN));
	list_open(v, k, arg->parent, &hooks);
	return list_open_filter(v, arg, err);
}

static void ask(struct view *v)
{
	struct things_state *st = v->state;
	const struct ui_host *host = view_host(v);

	st->asked_ms = ui_now_ms(v->ui);
	if (host->refresh && !view_session(v)->offline)
		host->refresh(host->user, v->kind, st->list.parent);
}

/* Of what is seen only: what CloudWatch is asked for costs money. */
static void ask_traffic(struct view *v)
{
	struct things_state *st = v->state;
	const struct ui_host *host = view_host(v);
	AUTO(strlist) struct strlist names = {0};
	bool all;

	if (!host->traffic || view_session(v)->offline || ui_now_ms(v->ui) - st->looked_ms < LOOK_MS)
		return;
	if (!list_measured(&st->list, &names, &all))
		return;
	st->looked_ms = ui_now_ms(v->ui);
	host->traffic(host->user, all ? NULL : &names);
}

static bool things_work(struct view *v, int64_t budget_us)
{
	const struct things_state *st = v->state;
	int64_t period = view_session(v)->local ? REFRESH_LOCAL_MS : REFRESH_MS;

	if (v->kind->id == KIND_ENDPOINT)
		ask_traffic(v);

	if (ui_now_ms(v->ui) - st->asked_ms >= period)
		ask(v);
	return list_work(v, budget_us);
}

static uint64_t things_generation(struct view *v)
{
	const struct resources *t = &view_session(v)->tables[v->kind->id];

	return list_generation(v) * 1000003 + (uint64_t)t->synced_ms + t->complete;
}

static void things_title(struct view *v, struct buf *left, struct buf *right)
{
	list_title(v, v->kind->title, left, right);
}

static bool things_action(struct view *v, enum action a)
{
	if (list_action(v, a))
		return true;
	if (a == ACT_REFRESH) {
		ask(v);
		return true;
	}
	return list_thing_action(v, a);
}

const struct view_ops view_list_ops = {
	.name = "list",
	.reach = REACH_ALL,
	.argument = "",
	.help = "The things of one kind: :endpoints, :processing-jobs ...",
	.contexts = {CTX_THINGS, CTX_LIST},
	.state_size = sizeof(struct things_state),
	.open = things_open,
	.close = list_close,
	.generation = things_generation,
	.update = list_update,
	.title = things_title,
	.draw = list_draw,
	.status = list_status,
	.action = things_action,
	.key = list_key,
	.offers = list_offers,
	.filter = list_filter,
	.sort = list_sort,
	.columns = list_columns,
	.shown = list_shown,
	.shape = list_shape,
	.reshape = list_reshape,
	.csv = list_csv,
	.current = list_current,
	.neighbour = list_neighbour,
	.beside = list_beside,
	.await = list_await,
	.hidden = list_hidden_text,
	.among = list_among,
	.work = things_work,
};
