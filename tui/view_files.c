/* view_files.c - the files of a thing in S3: what a transform job reads and what it made of each, the calls that an
 * endpoint captured. Enter shows the first lines of one, of a capture what was asked and answered beside each other. */
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/endpoint_values.h"
#include "model/files.h"
#include "tui/doc.h"
#include "tui/table.h"
#include "tui/view.h"

#define REFRESH_MS 30000
#define REFRESH_LOCAL_MS 5000

enum { COL_NAME, COL_SIZE, COL_OUTPUT, COL_AGE, COL_NOTE };

struct files_state {
	char *name;
	struct table_view table;
	int64_t asked_ms;
	char *open; /* the file that is shown; NULL: the list */
	char *text; /* its first lines; NULL: on their way */
	bool is_error;
	struct doc doc;
	int width; /* it was laid out for; 0: not yet */
};

static const struct files *files_of(const struct view *v)
{
	const struct files_state *st = v->state;

	return session_find_files(view_session(v), v->kind, st->name);
}

static int files_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct files_state *st = v->state;

	if (!files_of_kind(arg->kind))
		return err_set(err, ERR_USAGE, "of transform-job/NAME and endpoint/NAME files are listed");
	const struct resource *r = resources_find(&view_session(v)->tables[arg->kind->id], arg->names.items[0]);

	if (!r)
		return err_set(err, ERR_NOTFOUND, "there is no %s %s", ui_kind_word(arg->kind), arg->names.items[0]);
	if (arg->kind->id == KIND_ENDPOINT && r->detail > DETAIL_SUMMARY && !record_value(r, CAPTURE_URI))
		return err_set(err, ERR_NOTFOUND, "%s captures no calls", r->name);
	st->name = xstrdup(arg->names.items[0]);
	return 0;
}

static void files_close(struct view *v)
{
	struct files_state *st = v->state;

	doc_done(&st->doc);
	free(st->open);
	free(st->text);
	free(st->name);
}

static uint64_t files_generation(struct view *v)
{
	const struct files *f = files_of(v);

	return f ? f->generation : 0;
}

static bool files_work(struct view *v, int64_t budget_us)
{
	struct files_state *st = v->state;
	const struct ui_host *host = view_host(v);
	int64_t period = view_session(v)->local ? REFRESH_LOCAL_MS : REFRESH_MS;

	if (host->files && !view_session(v)->offline && ui_now_ms(v->ui) - st->asked_ms >= period) {
		st->asked_ms = ui_now_ms(v->ui);
		host->files(host->user, v->kind, st->name);
	}
	return false;
}

static void files_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct files_state *st = v->state;
	const struct resource *r = resources_find(&view_session(v)->tables[v->kind->id], st->name);
	const struct files *f = files_of(v);

	(void)buf_addf(left, "files · %s", st->open ? st->open : st->name);
	if (st->open)
		return;
	if (f && r && f->has_outputs) {
		AUTO(buf) struct buf text = BUF_INIT(4096);

		files_progress(f, r, ui_now_ms(v->ui), &text);
		(void)buf_add(right, buf_str(&text), strcspn(buf_str(&text), "\n"));
	} else if (f) {
		(void)buf_addf(right, "%zu%s captured", f->n, f->cut ? "+" : "");
	}
}

/* --- the list ------------------------------------------------------------------------------ */

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	struct view *v = user;
	const struct files *f = files_of(v);
	const struct file *x = &f->items[row];
	char text[TIMEFMT_LEN], size[FILES_SIZE_LEN];

	switch (column) {
	case COL_NAME:
		area_put_middle(a, line, col, width, ST_NORMAL, x->name);
		break;
	case COL_SIZE:
		table_put(a, line, col, width, true, ST_NORMAL, files_size_text(size, x->size));
		break;
	case COL_OUTPUT:
		table_put(a, line, col, width, true, x->out_key ? ST_GOOD : ST_DIM,
			  x->out_key	   ? files_size_text(size, x->out_size)
			  : f->has_outputs ? "–"
					   : "");
		break;
	case COL_AGE:
		table_put(a, line, col, width, true, ST_DIM,
			  x->modified_ms == TIME_UNKNOWN
				  ? "?"
				  : timefmt_age(text, MAX(ui_now_ms(v->ui) - x->modified_ms, (int64_t)0)));
		break;
	default:
		area_put_cut(a, line, col, width, ST_BAD, str_or(x->fault, ""));
		break;
	}
}

static void draw_list(struct view *v, struct area a)
{
	static const struct table_column columns[] = {
		[COL_NAME] = {"FILE", .min = 20, .max = 100, .want = 40},
		[COL_SIZE] = {"SIZE", .min = 8, .max = 8, .right = true},
		[COL_OUTPUT] = {"OUTPUT", .min = 8, .max = 8, .priority = 1, .right = true},
		[COL_AGE] = {"AGE", .min = 4, .max = 4, .priority = 2, .right = true},
		[COL_NOTE] = {"NOTE", .min = 10, .max = 80, .priority = 3},
	};
	struct files_state *st = v->state;
	const struct files *f = files_of(v);

	st->table.n = f ? f->n : 0;
	if (st->table.n)
		table_draw(&st->table, a,
			   &(struct table_look){
				   .columns = columns, .n = ARRAY_LEN(columns), .cell = draw_cell, .user = v});
	else
		area_put(a, 0, 1, ST_DIM,
			 !f || f->asked_ms == TIME_UNKNOWN ? "Listing …"
			 : f->has_outputs		   ? "There is nothing below its input."
							   : "Nothing is captured yet: it comes some minutes late.");
}

/* --- one file ------------------------------------------------------------------------------- */

static void lay_out(struct files_state *st, int width)
{
	const char *text = st->text;
	struct doc *d = &st->doc;

	st->width = width;
	doc_clear(d);
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		AUTO(str) char *line = xstrndup(text, n);
		char *beside = strchr(line, FILES_BESIDE);

		doc_line(d);
		doc_at(d, 1);
		if (beside) {
			*beside = '\0';
			AUTO(buf) struct buf left = BUF_INIT(65536);

			utf8_add_cut(&left, line, MAX(width / 2 - 4, 1));
			doc_add(d, ST_NORMAL, buf_str(&left));
			doc_at(d, width / 2 - 1);
			doc_add(d, ST_DIM, "│ ");
			doc_add(d, ST_NORMAL, beside + 1);
		} else {
			doc_add(d, st->is_error ? ST_BAD : ST_NORMAL, line);
		}
		text += n + (text[n] == '\n');
	}
}

static void peeked(struct view *v, const char *text, const struct err *err)
{
	struct files_state *st = v->state;

	st->is_error = err != NULL;
	str_set(&st->text, err ? err->msg : *text ? text : "(it is empty)");
	st->width = 0;
}

static void open_file(struct view *v)
{
	struct files_state *st = v->state;
	const struct files *f = files_of(v);

	if (!f || st->table.selected >= f->n)
		return;
	const struct file *x = &f->items[st->table.selected];

	str_set(&st->open, x->out_key ? x->out_key : x->name);
	str_set(&st->text, NULL);
	doc_clear(&st->doc);
	st->doc.top = 0;
	ui_ask_peek(v, x->out_key ? f->out_bucket : x->bucket, x->out_key ? x->out_key : x->key,
		    x->out_key ? x->out_size : x->size, peeked);
}

static void files_draw(struct view *v, struct area a)
{
	struct files_state *st = v->state;

	if (!st->open) {
		draw_list(v, a);
		return;
	}
	if (st->width != a.cols)
		lay_out(st, a.cols);
	if (st->text)
		doc_draw(&st->doc, a);
	else
		area_put(a, 0, 1, ST_DIM, "Reading …");
}

static void files_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct files_state *st = v->state;
	const struct files *f = files_of(v);

	if (st->open)
		doc_position(&st->doc, right);
	if (st->open || !f || st->table.selected >= f->n)
		return;
	(void)buf_adds(left, str_or(f->items[st->table.selected].fault, ""));
	(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, f->n);
}

static bool files_action(struct view *v, enum action a)
{
	struct files_state *st = v->state;

	if (st->open && (a == ACT_BACK || a == ACT_QUIT)) {
		free(TAKE(st->open));
		return true;
	}
	if (st->open)
		return doc_action(&st->doc, a);
	if (a == ACT_OPEN) {
		open_file(v);
		return true;
	}
	if (a == ACT_REFRESH) {
		st->asked_ms = 0;
		return true;
	}
	return table_action(&st->table, a);
}

static bool files_offers(struct view *v, enum action a)
{
	const struct files_state *st = v->state;

	return a != ACT_OPEN || !st->open;
}

const struct view_ops view_files_ops = {
	.name = "files",
	.argument = "KIND/NAME",
	.takes = TAKES_NAME,
	.help = "What a transform job read and made, or what an endpoint captured",
	.contexts = {CTX_FILES, CTX_LIST},
	.state_size = sizeof(struct files_state),
	.open = files_open,
	.close = files_close,
	.generation = files_generation,
	.title = files_title,
	.draw = files_draw,
	.status = files_status,
	.action = files_action,
	.offers = files_offers,
	.work = files_work,
};
