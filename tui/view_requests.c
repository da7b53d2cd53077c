/* The requests of this session: what was asked of the service, how it went. */
#include <assert.h>

#include "base/timefmt.h"
#include "tui/doc.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

enum { COL_TIME, COL_OPERATION, COL_RESULT, COL_TRIES, COL_TOOK, COL_NOTE };

static const struct table_column columns[] = {
	[COL_TIME] = {"TIME", .min = 8, .max = 12, .priority = 1},
	[COL_OPERATION] = {"OPERATION", .min = 14, .max = 30, .want = 21},
	[COL_RESULT] = {"RESULT", .min = 8, .max = 8},
	[COL_TRIES] = {"TRIES", .min = 5, .max = 5, .priority = 3, .right = true},
	[COL_TOOK] = {"TOOK", .min = 7, .max = 7, .priority = 2, .right = true},
	[COL_NOTE] = {"REQUEST ID OR ERROR", .min = 16, .max = 120, .priority = 4},
};
#define N_COLUMNS ARRAY_LEN(columns)
#define LABEL_CELLS 14

struct requests_state {
	struct table_view table; /* row 0 is the newest: troubles, then requests */
	size_t seen, n_troubles;
	bool whole; /* a row is seen whole, as it was when it was opened */
	struct doc doc;
	struct request_record request;
	struct trouble trouble; /* its text is ours; n 0: it is a request */
	int width;		/* that doc was made for */
};

static size_t kept(const struct session *s)
{
	return MIN(s->n_requests, (size_t)REQUEST_LOG_LEN);
}

/* What a row is: one of them is set. */
struct row {
	const struct request_record *request;
	const struct trouble *trouble;
};

static struct row row_at(const struct view *v, size_t row)
{
	const struct requests_state *st = v->state;
	const struct session *s = view_session(v);

	if (row < st->n_troubles)
		return (struct row){.trouble = ui_trouble_at(v->ui, row)};
	return (struct row){.request = &s->requests[(s->n_requests - 1 - (row - st->n_troubles)) % REQUEST_LOG_LEN]};
}

static size_t count_troubles(const struct view *v, size_t *ret_times)
{
	const struct trouble *t;
	size_t n = 0;

	for (*ret_times = 0; (t = ui_trouble_at(v->ui, n)) != NULL; n++)
		*ret_times += t->n;
	return n;
}

static uint64_t requests_generation(struct view *v)
{
	size_t times, n = count_troubles(v, &times);

	return view_session(v)->n_requests + times + n;
}

/* New ones come in at the top; a cursor below it stays on its request. */
static void requests_update(struct view *v)
{
	struct requests_state *st = v->state;
	const struct session *s = view_session(v);
	size_t times, n_troubles = count_troubles(v, &times);
	size_t new = s->n_requests - st->seen + n_troubles - st->n_troubles;
	bool below = st->table.selected > 0 && st->table.selected >= st->n_troubles && st->seen;

	st->n_troubles = n_troubles;
	st->table.n = n_troubles + kept(s);
	if (below) {
		st->table.selected = MIN(st->table.selected + new, st->table.n - 1);
		st->table.top = MIN(st->table.top + new, st->table.n - 1);
	}
	st->seen = s->n_requests;
}

static void requests_close(struct view *v)
{
	struct requests_state *st = v->state;

	doc_done(&st->doc);
	free(st->trouble.text);
}

static void requests_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct api_budget *b = &view_session(v)->budget;
	char n[32];

	(void)buf_addf(left, "requests %s", jobtext_count(n, b->calls));
	(void)buf_addf(left, " · %s tried again", jobtext_count(n, b->retries));
	(void)buf_addf(left, " · %s throttled", jobtext_count(n, b->throttled));
	(void)buf_addf(left, " · %s failed", jobtext_count(n, b->errors));
	(void)buf_addf(right, "%.1f/s", b->calls_per_s);
}

#define NOTE_LEN 512
#define MOST_OF_THEM "sagemaker:" /* in the list the other services' operations are named in full */

static const char *operation_of(const struct request_record *r)
{
	return r->operation + (str_starts(r->operation, MOST_OF_THEM) ? strlen(MOST_OF_THEM) : 0);
}

/* What went wrong, without the operation that stands beside it. */
static const char *error_of(const struct request_record *r)
{
	size_t n = strlen(r->operation);

	return r->error + (n && str_starts(r->error, r->operation) && str_starts(r->error + n, ": ") ? n + 2 : 0);
}

/* That, or the request's number; of several scopes with that of the request. */
static const char *note_of(struct row row, char note[NOTE_LEN])
{
	const struct request_record *r = row.request;

	if (row.trouble) {
		str_copy(note, NOTE_LEN, row.trouble->text);
		return note;
	}
	assert(r); /* a row is one of the two */
	snprintf(note, NOTE_LEN, "%s%s%s", r->scope, r->scope[0] ? ": " : "",
		 r->error[0] ? error_of(r) : r->request_id);
	return note;
}

static const char *result_of(const struct request_record *r, char text[JOBTEXT_LEN])
{
	if (r->http_status)
		snprintf(text, JOBTEXT_LEN, "%d", r->http_status);
	else
		str_copy(text, JOBTEXT_LEN, "no reply");
	return text;
}

static const char *took(const struct request_record *r, char text[JOBTEXT_LEN])
{
	bool short_time = r->took_ms < 10000;

	snprintf(text, JOBTEXT_LEN, short_time ? "%lld ms" : "%lld s",
		 (long long)(short_time ? r->took_ms : r->took_ms / 1000));
	return text;
}

/* Of a trouble how often it came stands where a request has its operation. */
static const char *cell(struct row row, size_t column, int width, char text[NOTE_LEN], enum style *st)
{
	const struct request_record *r = row.request;
	int64_t at_ms = r ? r->at_ms : row.trouble->at_ms;
	char n[32];

	*st = ST_NORMAL;
	switch (column) {
	case COL_TIME:
		*st = ST_DIM;
		return width >= 12 ? timefmt_clock_ms(text, at_ms) : timefmt_clock(text, at_ms);
	case COL_NOTE:
		*st = !r ? ST_WARN : r->error[0] ? ST_BAD : ST_DIM;
		return note_of(row, text);
	case COL_OPERATION:
		if (r)
			return operation_of(r);
		snprintf(text, NOTE_LEN, "notice, %s times", jobtext_count(n, row.trouble->n));
		return row.trouble->n > 1 ? text : "notice";
	default:
		break;
	}
	if (!r)
		return "";
	if (column == COL_RESULT) {
		*st = r->error[0] ? ST_BAD : ST_GOOD;
		return result_of(r, text);
	}
	if (column == COL_TOOK)
		return took(r, text);
	*st = r->attempts > 1 ? ST_WARN : ST_NORMAL;
	snprintf(text, NOTE_LEN, "%d", r->attempts);
	return text;
}

static void put_row(struct area a, int line, const int *w, struct row row)
{
	char text[NOTE_LEN];
	int col = 1;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		enum style st;
		if (!w[i])
			continue;
		const char *s = cell(row, i, w[i], text, &st);
		table_put(a, line, col, w[i], columns[i].right, st, s);
		col += w[i] + 2;
	}
}

/* --- one of them whole --- */

static void open_whole(struct view *v)
{
	struct requests_state *st = v->state;

	if (!st->table.n)
		return;
	struct row row = row_at(v, st->table.selected);

	st->whole = true;
	st->width = 0;
	st->doc.top = 0;
	st->trouble.n = row.trouble ? row.trouble->n : 0;
	st->trouble.at_ms = row.trouble ? row.trouble->at_ms : 0;
	str_set(&st->trouble.text, row.trouble ? row.trouble->text : NULL);
	if (row.request)
		st->request = *row.request;
}

static void add_fact(struct doc *d, const char *label, const char *text)
{
	if (!text[0])
		return;
	doc_line(d);
	doc_add(d, ST_DIM, label);
	doc_at(d, LABEL_CELLS);
	doc_add(d, ST_NORMAL, text);
}

static void lay_out(struct requests_state *st, int width)
{
	const struct request_record *r = &st->request;
	bool is_trouble = st->trouble.n > 0;
	char at[TIMEFMT_LEN], text[JOBTEXT_LEN], n[32];
	struct doc *d = &st->doc;

	doc_clear(d);
	st->width = width;
	add_fact(d, " Time", timefmt_show_ms(at, is_trouble ? st->trouble.at_ms : r->at_ms));
	if (is_trouble) {
		add_fact(d, " Times", jobtext_count(n, st->trouble.n));
	} else {
		add_fact(d, " Operation", r->operation);
		add_fact(d, " Scope", r->scope);
		add_fact(d, " Result", result_of(r, text));
		snprintf(text, sizeof(text), "%d", r->attempts);
		add_fact(d, " Tries", text);
		add_fact(d, " Took", took(r, text));
		add_fact(d, " Request id", r->request_id);
	}
	doc_line(d);
	doc_wrapped(d, is_trouble ? ST_WARN : ST_BAD, 1, width - 2, is_trouble ? st->trouble.text : error_of(r));
}

static void requests_draw(struct view *v, struct area a)
{
	struct requests_state *st = v->state;
	int w[N_COLUMNS], col = 1;

	if (st->whole) {
		if (st->width != a.cols)
			lay_out(st, a.cols);
		doc_draw(&st->doc, a);
		return;
	}
	if (!st->table.n) {
		area_put(a, 0, 1, ST_DIM, "No request has ended yet.");
		return;
	}
	table_layout(columns, N_COLUMNS, a.cols - 2, 2, false, w);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!w[i])
			continue;
		table_put(a, 0, col, w[i], columns[i].right, ST_HEADING, columns[i].title);
		col += w[i] + 2;
	}
	table_settle(&st->table, a.rows - 1);
	for (int line = 1; line < a.rows && st->table.top + (size_t)line - 1 < st->table.n; line++) {
		size_t row = st->table.top + (size_t)line - 1;
		put_row(a, line, w, row_at(v, row));
		if (row == st->table.selected)
			area_set_attr(a, line, 0, a.cols, ATTR_SELECTED);
	}
}

static void requests_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct requests_state *st = v->state;
	char note[NOTE_LEN];

	if (st->whole) {
		doc_position(&st->doc, right);
	} else if (st->table.n) {
		(void)buf_adds(left, note_of(row_at(v, MIN(st->table.selected, st->table.n - 1)), note));
		(void)buf_addf(right, "%zu of %zu kept", st->table.selected + 1, st->table.n);
	}
}

static bool requests_action(struct view *v, enum action a)
{
	struct requests_state *st = v->state;

	if (st->whole && (a == ACT_BACK || a == ACT_QUIT || a == ACT_OPEN)) {
		st->whole = false;
		return true;
	}
	if (a == ACT_REQUESTS) { /* ! again closes */
		ui_pop(v->ui);
		return true;
	}
	if (a == ACT_OPEN) {
		open_whole(v);
		return true;
	}
	return st->whole ? doc_action(&st->doc, a) : table_action(&st->table, a);
}

/* The list's footer has nothing of what is seen whole. */
static const char *requests_hint(struct view *v)
{
	const struct requests_state *st = v->state;

	return st->whole ? "Esc back to the requests  Up Down scroll" : NULL;
}

const struct view_ops view_requests_ops = {
	.name = "requests",
	.reach = REACH_ALL,
	.argument = "",
	.help = "The requests of this session and how they ended",
	.contexts = {CTX_REQUESTS, CTX_LIST},
	.state_size = sizeof(struct requests_state),
	.close = requests_close,
	.generation = requests_generation,
	.update = requests_update,
	.title = requests_title,
	.draw = requests_draw,
	.status = requests_status,
	.action = requests_action,
	.hint = requests_hint,
};
