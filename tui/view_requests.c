/* The requests of this session: what was asked of the service, how it went. */
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

enum { COL_TIME, COL_OPERATION, COL_RESULT, COL_TRIES, COL_TOOK, COL_NOTE };

static const struct table_column columns[] = {
	[COL_TIME] = {"TIME", .min = 8, .max = 12, .priority = 1},
	[COL_OPERATION] = {"OPERATION", .min = 22, .max = 30, .want = 29},
	[COL_RESULT] = {"RESULT", .min = 8, .max = 8},
	[COL_TRIES] = {"TRIES", .min = 5, .max = 5, .priority = 3, .right = true},
	[COL_TOOK] = {"TOOK", .min = 7, .max = 7, .priority = 2, .right = true},
	[COL_NOTE] = {"REQUEST ID OR ERROR", .min = 16, .max = 120, .priority = 4},
};
#define N_COLUMNS ARRAY_LEN(columns)
#define USUAL "sagemaker:" /* the service that is not named */

struct requests_state {
	struct table_view table; /* row 0 is the newest */
	size_t seen;
};

static size_t kept(const struct session *s)
{
	return MIN(s->n_requests, (size_t)REQUEST_LOG_LEN);
}

static const struct request_record *record(const struct session *s, size_t row)
{
	return &s->requests[(s->n_requests - 1 - row) % REQUEST_LOG_LEN];
}

static uint64_t requests_generation(struct view *v)
{
	return view_session(v)->n_requests;
}

/* New requests come in at the top; a cursor below it stays on its request. */
static void requests_update(struct view *v)
{
	struct requests_state *st = v->state;
	const struct session *s = view_session(v);
	size_t new = s->n_requests - st->seen;

	st->table.n = kept(s);
	if (st->table.selected > 0 && st->seen) {
		st->table.selected = MIN(st->table.selected + new, st->table.n - 1);
		st->table.top = MIN(st->table.top + new, st->table.n - 1);
	}
	st->seen = s->n_requests;
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

#define NOTE_LEN 256

/* What went wrong, or the request's number; of several scopes with that of the request. */
static const char *note_of(const struct request_record *r, char note[NOTE_LEN])
{
	snprintf(note, NOTE_LEN, "%s%s%s", r->scope, r->scope[0] ? ": " : "", r->error[0] ? r->error : r->request_id);
	return note;
}

static void put_row(struct area a, int line, const int *w, const struct request_record *r)
{
	char text[JOBTEXT_LEN], clock[TIMEFMT_LEN], note[NOTE_LEN];
	int col = 1;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		enum style st = ST_NORMAL;
		const char *s = text;
		if (!w[i])
			continue;
		switch (i) {
		case COL_TIME:
			s = w[i] >= 12 ? timefmt_clock_ms(clock, r->at_ms) : timefmt_clock(clock, r->at_ms);
			st = ST_DIM;
			break;
		case COL_OPERATION:
			s = r->operation + (str_starts(r->operation, USUAL) ? strlen(USUAL) : 0);
			break;
		case COL_RESULT:
			if (r->http_status)
				snprintf(text, sizeof(text), "%d", r->http_status);
			else
				str_copy(text, sizeof(text), "no reply");
			st = r->error[0] ? ST_BAD : ST_GOOD;
			break;
		case COL_TRIES:
			snprintf(text, sizeof(text), "%d", r->attempts);
			st = r->attempts > 1 ? ST_WARN : ST_NORMAL;
			break;
		case COL_TOOK:
			snprintf(text, sizeof(text), r->took_ms < 10000 ? "%lld ms" : "%lld s",
				 (long long)(r->took_ms < 10000 ? r->took_ms : r->took_ms / 1000));
			break;
		default:
			s = note_of(r, note);
			st = r->error[0] ? ST_BAD : ST_DIM;
			break;
		}
		table_put(a, line, col, w[i], columns[i].right, st, s);
		col += w[i] + 2;
	}
}

static void requests_draw(struct view *v, struct area a)
{
	struct requests_state *st = v->state;
	const struct session *s = view_session(v);
	int w[N_COLUMNS], col = 1;

	if (!kept(s)) {
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
		put_row(a, line, w, record(s, row));
		if (row == st->table.selected)
			area_set_attr(a, line, 0, a.cols, ATTR_SELECTED);
	}
}

static void requests_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct requests_state *st = v->state;
	const struct session *s = view_session(v);

	if (!kept(s))
		return;
	const struct request_record *r = record(s, MIN(st->table.selected, kept(s) - 1));
	char note[NOTE_LEN];

	(void)buf_adds(left, note_of(r, note));
	(void)buf_addf(right, "%zu of %zu kept", st->table.selected + 1, st->table.n);
}

static bool requests_action(struct view *v, enum action a)
{
	struct requests_state *st = v->state;

	if (a == ACT_REQUESTS) { /* ! again closes */
		ui_pop(v->ui);
		return true;
	}
	return table_action(&st->table, a);
}

const struct view_ops view_requests_ops = {
	.name = "requests",
	.reach = REACH_ALL,
	.argument = "",
	.help = "The requests of this session and how they ended",
	.contexts = {CTX_LIST},
	.state_size = sizeof(struct requests_state),
	.generation = requests_generation,
	.update = requests_update,
	.title = requests_title,
	.draw = requests_draw,
	.status = requests_status,
	.action = requests_action,
};
