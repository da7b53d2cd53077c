/* view_files.c - the files of a thing in S3: what a job stored, what a transform job reads and what it made of each,
 * the calls that an endpoint captured. Enter shows the first lines of one, of an archive its members, of a capture what
 * was asked and answered beside each other; any of them is downloaded while the screens go on. */
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/endpoint_values.h"
#include "model/files.h"
#include "tui/doc.h"
#include "tui/table.h"
#include "tui/view.h"

#define REFRESH_MS 30000
#define REFRESH_LOCAL_MS 5000

enum { COL_NAME, COL_SIZE, COL_AGE, COL_OUTPUT, COL_NOTE };
#define N_OWN_COLUMNS COL_OUTPUT /* what is of a file itself, not of what was made of it */

struct files_state {
	char *name;
	struct table_view table;
	int64_t asked_ms;
	char *bucket, *key; /* of the file that is to be downloaded, while it is asked where to */
	int64_t size;
	char *to;
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

	if (files_check_kind(arg->kind, err) < 0)
		return -err->code;
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
	free(st->bucket);
	free(st->key);
	free(st->to);
	free(st->open);
	free(st->text);
	free(st->name);
}

static uint64_t files_generation(struct view *v)
{
	const struct files *f = files_of(v);

	return (f ? f->generation : 0) + view_session(v)->download.generation;
}

/* Whether they were listed after the job's end: nothing comes any more. */
static bool is_settled(const struct view *v)
{
	const struct files_state *st = v->state;
	const struct resource *r = resources_find(&view_session(v)->tables[v->kind->id], st->name);
	const struct files *f = files_of(v);

	return f && r && r->end_ms != TIME_UNKNOWN && !resource_is_running(r) && f->asked_ms > r->end_ms;
}

static bool files_work(struct view *v, int64_t budget_us)
{
	struct files_state *st = v->state;
	const struct ui_host *host = view_host(v);
	int64_t period = view_session(v)->local ? REFRESH_LOCAL_MS : REFRESH_MS;

	if (host->files && !view_session(v)->offline && ui_now_ms(v->ui) - st->asked_ms >= period &&
	    (!st->asked_ms || !is_settled(v))) {
		st->asked_ms = ui_now_ms(v->ui);
		host->files(host->user, v->kind, st->name);
	}
	return false;
}

/* "3 files, 12 MB" */
static void add_sum(const struct view *v, const struct files *f, struct buf *out)
{
	char size[FILES_SIZE_LEN];
	int64_t all = 0;

	for (size_t i = 0; i < f->n; i++)
		all += MAX(f->items[i].size, (int64_t)0);
	if (v->kind->id == KIND_ENDPOINT)
		(void)buf_addf(out, "%zu%s captured", f->n, f->cut ? "+" : "");
	else
		(void)buf_addf(out, "%s%zu file%s, %s", f->cut ? "the first " : "", f->n, f->n == 1 ? "" : "s",
			       files_size_text(size, all));
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
	} else if (f && f->asked_ms != TIME_UNKNOWN) {
		add_sum(v, f, right);
	}
}

/* --- the list ------------------------------------------------------------------------------ */

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	struct view *v = user;
	const struct file *x = &files_of(v)->items[row];
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
			  x->out_key ? files_size_text(size, x->out_size) : "–");
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
		[COL_AGE] = {"AGE", .min = 4, .max = 4, .priority = 2, .right = true},
		[COL_OUTPUT] = {"OUTPUT", .min = 8, .max = 8, .priority = 1, .right = true},
		[COL_NOTE] = {"NOTE", .min = 10, .max = 80, .priority = 3},
	};
	struct files_state *st = v->state;
	const struct files *f = files_of(v);

	st->table.n = f ? f->n : 0;
	if (st->table.n)
		table_draw(&st->table, a,
			   &(struct table_look){.columns = columns,
						.n = f->has_outputs ? ARRAY_LEN(columns) : N_OWN_COLUMNS,
						.cell = draw_cell,
						.user = v});
	else
		area_put(a, 0, 1, ST_DIM,
			 !f || f->asked_ms == TIME_UNKNOWN ? "Listing …"
			 : f->has_outputs		   ? "There is nothing below its input."
			 : v->kind->id == KIND_ENDPOINT	   ? "Nothing is captured yet: it comes some minutes late."
							: "Nothing is stored yet: most of it comes at the job's end.");
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

static const struct file *selected_file(const struct view *v)
{
	const struct files_state *st = v->state;
	const struct files *f = files_of(v);

	return f && st->table.selected < f->n ? &f->items[st->table.selected] : NULL;
}

static void open_file(struct view *v)
{
	struct files_state *st = v->state;
	const struct file *x = selected_file(v);

	if (!x)
		return;
	const struct file_object o = files_object(files_of(v), x);

	str_set(&st->open, x->out_key ? x->out_key : x->name);
	str_set(&st->text, NULL);
	doc_clear(&st->doc);
	st->doc.top = 0;
	ui_ask_peek(v, o.bucket, o.key, o.size, peeked);
}

/* --- to the disk ------------------------------------------------------------------------------ */

static void replace_confirmed(struct view *v);

static void download(struct view *v, bool replace)
{
	const struct files_state *st = v->state;
	struct err err = {0};
	int rc = ui_download(v, &(struct file_object){st->bucket, st->key, st->size}, st->to, replace, &err);

	if (rc == -ERR_EXISTS)
		ui_confirm(v, "Replace it?", err.msg, "Replace", NULL, replace_confirmed);
	else if (rc < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void replace_confirmed(struct view *v)
{
	download(v, true);
}

static void place_said(struct view *v, const char *text)
{
	struct files_state *st = v->state;

	if (str_empty(text))
		return;
	str_set(&st->to, text);
	download(v, false);
}

static bool ask_place(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_VALUE, NULL, place_said, .sign = "download to: ",
					      .hint = "Enter go on  Esc cancel  a file, or a folder that is there"};
	struct files_state *st = v->state;
	const struct file *x = selected_file(v);

	if (!x)
		return true;
	const struct file_object o = files_object(files_of(v), x);
	AUTO(str) char *name = utf8_sanitize_dup(files_base_name(o.key));

	str_set(&st->bucket, o.bucket);
	str_set(&st->key, o.key);
	st->size = o.size;
	ui_prompt(v, &ops, name);
	return true;
}

static bool stop_download(struct view *v)
{
	const struct ui_host *host = view_host(v);

	if (view_session(v)->download.under_way && host->download_stop)
		host->download_stop(host->user);
	else
		ui_notice(v->ui, NOTICE_INFO, "nothing is being downloaded");
	return true;
}

/* --- what is seen ------------------------------------------------------------------------------ */

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
	const struct file_download *d = &view_session(v)->download;
	const struct files *f = files_of(v);

	if (d->under_way) {
		(void)buf_addf(left, "%s: ", d->name);
		file_download_text(d, ui_now_ms(v->ui), left);
	}
	if (st->open)
		doc_position(&st->doc, right);
	if (st->open || !f || st->table.selected >= f->n)
		return;
	if (!d->under_way)
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
	if (a == ACT_DOWNLOAD)
		return ask_place(v);
	if (a == ACT_STOP)
		return stop_download(v);
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

	return (a != ACT_OPEN || !st->open) && (a != ACT_STOP || view_session(v)->download.under_way);
}

const struct view_ops view_files_ops = {
	.name = "files",
	.argument = "KIND/NAME",
	.takes = TAKES_NAME,
	.help = "Files in S3: what a job stored, what a transform job read and made, what an endpoint captured",
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
