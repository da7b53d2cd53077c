/* Which lines of a log the pager shows, held against a walk over all of them, however the log changes. */
#include "unit.h"

#include "base/timefmt.h"
#include "tui/pager.h"

static const char *const words[] = {"error: no such file", "[12]\trmse:0.5", "debug: tick", "[13]\trmse:0.4", "saved"};

#define BUDGET_US 0 /* the least: each turn goes on by a slice */

struct fixture {
	struct loglines log;
	struct surface surface;
	struct pager pager;
	uint64_t random;
	int64_t now_ms, oldest_ms;
};

static unsigned draw(struct fixture *f, unsigned n)
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(f->random >> 33) % n;
}

static void begin(struct fixture *f, uint64_t seed)
{
	*f = (struct fixture){.random = seed, .now_ms = 1000000, .oldest_ms = 1000000};
	f->log.max_bytes = (size_t)256 << 10;
	surface_resize(&f->surface, 12, 80);
	pager_init(&f->pager);
}

static void end(struct fixture *f)
{
	pager_done(&f->pager);
	loglines_done(&f->log);
	surface_done(&f->surface);
}

static void add(struct fixture *f, int64_t time_ms)
{
	AUTO(str) char *text = xasprintf("%s %u", words[draw(f, ARRAY_LEN(words))], draw(f, 1000));

	loglines_add(&f->log, "j/algo-1", NULL, time_ms, text, strlen(text));
}

static void add_older(struct fixture *f)
{
	size_t n = draw(f, 60);

	f->oldest_ms -= 1000;
	for (size_t i = 0; i < n; i++) {
		const char *text = words[draw(f, ARRAY_LEN(words))];
		(void)loglines_add_older(&f->log, "j/algo-1", f->oldest_ms + (int64_t)i, text, strlen(text), true);
	}
	loglines_settle_older(&f->log, INT64_MIN);
}

/* New ones at the end, late ones near it and far back, older ones before the first; now and then the oldest are
 * given up. */
static void change_log(struct fixture *f)
{
	size_t n = draw(f, 400);

	for (size_t i = 0; i < n; i++)
		add(f, f->now_ms += draw(f, 20));
	for (size_t i = draw(f, 4); i > 0; i--)
		add(f, f->now_ms - draw(f, 200));
	if (!draw(f, 8))
		add(f, f->oldest_ms + draw(f, (unsigned)(f->now_ms - f->oldest_ms) + 1));
	loglines_settle(&f->log);
	if (!draw(f, 3))
		add_older(f);
}

static bool passes(const struct log_line *l, int filters)
{
	return (!(filters & 1) || strstr(l->text, "rmse")) && (!(filters & 2) || !strstr(l->text, "debug")) &&
	       (!(filters & 4) || !strstr(l->text, "7"));
}

/* What is to be shown, by looking at every line. */
static size_t expected(const struct loglines *log, int filters, enum pager_lines lines, uint32_t *ret)
{
	size_t n = 0, n_ret = 0;
	uint32_t *pass = xcalloc(log->n + 1, sizeof(*pass));

	for (size_t i = 0; i < log->n; i++)
		if (passes(&log->lines[i], filters))
			pass[n++] = (uint32_t)i;
	for (size_t i = 0; i < n; i++) {
		size_t around = lines == PAGER_AROUND ? PAGER_LINES_AROUND : 0;
		bool shown = lines == PAGER_ALL;

		for (size_t k = i - MIN(i, around); k <= i + around && k < n; k++)
			shown |= strstr(log->lines[pass[k]].text, "5") != NULL;
		if (shown)
			ret[n_ret++] = pass[i];
	}
	free(pass);
	return n_ret;
}

static void paint(struct fixture *f)
{
	pager_update(&f->pager, &f->log);
	pager_draw(&f->pager, surface_area(&f->surface));
}

static void assert_shows_what_it_must(struct fixture *f, int filters)
{
	const struct pager *p = &f->pager;
	uint32_t *want = xcalloc(f->log.n + 1, sizeof(*want));
	size_t n = expected(&f->log, filters, p->lines, want);

	while (pager_work(&f->pager, BUDGET_US))
		;
	pager_draw(&f->pager, surface_area(&f->surface));
	assert_int_equal(pager_n(p), n);
	for (size_t i = 0; p->lines == PAGER_ALL && filters && i < n; i++)
		assert_int_equal(p->passing.lines[i], want[i]);
	if (n > 0) { /* what stands at the top is a line that is to be shown */
		const struct log_line *top = &p->log->lines[p->anchor_line];
		assert_int_equal(top->seq, p->anchor_seq);
		assert_int_equal(p->anchor_line, want[p->top]);
	}
	free(want);
}

/* The line at the top stays there as long as it is among the lines. */
static void assert_stays(struct fixture *f, uint64_t seq)
{
	const struct pager *p = &f->pager;

	if (!p->follow && seq && loglines_by_seq(&f->log, seq) && p->top + (size_t)p->rows < pager_n(p))
		assert_int_equal(p->anchor_seq, seq);
}

static void test_lines_that_pass(void **state)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct fixture f;
		int filters = 0;

		begin(&f, seed);
		assert_int_equal(pager_filter_add(&f.pager, "rmse", false, NULL), 0);
		assert_int_equal(pager_filter_add(&f.pager, "DEBUG|debug", true, NULL), 0);
		assert_int_equal(pager_filter_add(&f.pager, "7", true, NULL), 0);
		assert_int_equal(pager_search_set(&f.pager, "5", false, NULL), 0);
		filters = 7;
		for (int round = 0; round < 120; round++) {
			change_log(&f);
			uint64_t seq = f.pager.anchor_seq;
			paint(&f);
			assert_shows_what_it_must(&f, filters);
			assert_stays(&f, seq);
			switch (draw(&f, 5)) {
			case 0: {
				unsigned i = draw(&f, 3);
				filters ^= 1 << i;
				pager_filter_switch(&f.pager, i, filters & 1 << i);
				break;
			}
			case 1:
				pager_action(&f.pager, ACT_MATCHES_ONLY, NULL);
				break;
			case 2:
				pager_action(&f.pager, draw(&f, 2) ? ACT_PAGE_UP : ACT_PAGE_DOWN, NULL);
				break;
			case 3:
				pager_action(&f.pager, draw(&f, 2) ? ACT_SEARCH_NEXT : ACT_SEARCH_PREVIOUS, NULL);
				break;
			default:
				pager_action(&f.pager, draw(&f, 3) ? ACT_UP : ACT_BOTTOM, NULL);
				break;
			}
			assert_shows_what_it_must(&f, filters);
		}
		assert_true(f.log.n_dropped > 0 && f.log.n_before > 0);
		end(&f);
	}
}

/* --- rules --- */

#define GAP_MS 15

/* How often the log is silent behind one line until another. */
static size_t silent(const struct loglines *log, size_t after, size_t until)
{
	size_t n = 0;

	for (size_t i = after + 1; i <= until; i++)
		n += log->lines[i].time_ms - log->lines[i - 1].time_ms > GAP_MS;
	return n;
}

/* Of hits in their context: the lines between one and the next, of those that pass the filters. */
static size_t between(const struct loglines *log, int filters, uint32_t after, uint32_t until)
{
	uint32_t *passing = xcalloc(log->n + 1, sizeof(*passing));
	size_t all = expected(log, filters, PAGER_ALL, passing), n = 0;

	for (size_t i = 0; i < all; i++)
		n += passing[i] > after && passing[i] < until;
	free(passing);
	return n;
}

/* What the rule says that many silences and lines between ask for. */
static void assert_rule(const char *row, size_t times, size_t lines)
{
	char text[TIMEFMT_LEN];

	assert_true(str_starts(row, "── "));
	snprintf(text, sizeof(text), "── %zu times", times);
	assert_true((strstr(row, text) != NULL) == (times > 1));
	assert_true((strstr(row, "without a line") != NULL) == (times > 0));
	snprintf(text, sizeof(text), " %zu line%s between ──", lines, lines == 1 ? "" : "s");
	assert_true((strstr(row, text) != NULL) == (lines > 0));
}

/* Row by row what the screen must hold, from the line at the top on; lines have one row each here. */
static void assert_rows(struct fixture *f, int filters)
{
	const struct pager *p = &f->pager;
	uint32_t *want = xcalloc(f->log.n + 1, sizeof(*want));
	size_t n = expected(&f->log, filters, p->lines, want), row = 0, first, last, seen = p->top, skip = p->top_row;
	AUTO(strlist) struct strlist rows = {0};
	AUTO(buf) struct buf screen = BUF_INIT(BUF_MAX_TEXT);

	surface_text(&f->surface, &screen);
	strlist_split(&rows, buf_str(&screen), '\n');
	for (size_t i = p->top; i < n && row < (size_t)p->rows; i++) {
		size_t times = i ? silent(&f->log, want[i - 1], want[i]) : 0;
		size_t lines = i && p->lines == PAGER_AROUND ? between(&f->log, filters, want[i - 1], want[i]) : 0;
		const struct log_line *l = &f->log.lines[want[i]];
		char text[TIMEFMT_LEN];

		if ((times || lines) && skip)
			skip--;
		else if (times || lines)
			assert_rule(rows.items[row++], times, lines);
		if (row == (size_t)p->rows)
			break;
		assert_non_null(strstr(rows.items[row++], timefmt_clock_ms(text, l->time_ms)));
		seen = i + 1;
	}
	pager_visible(p, &first, &last);
	assert_int_equal(last, seen);
	assert_true(row == (size_t)p->rows || p->top == 0); /* no room is left below while there are lines above */
	free(want);
}

/* The row of the text of the line at the top. */
static int top_text_row(const struct pager *p)
{
	return p->anchor_ruled && p->top_row == 0;
}

/* The log changes; what is read stays where it is, though rules come and go above it. */
static void change_under_eyes(struct fixture *f)
{
	const struct pager *p = &f->pager;
	uint64_t seq = p->anchor_seq;
	int row = top_text_row(p);
	bool reads = !p->follow && p->lines == PAGER_ALL;

	change_log(f);
	paint(f);
	while (pager_work(&f->pager, BUDGET_US))
		;
	pager_draw(&f->pager, surface_area(&f->surface));
	if (reads && seq && loglines_by_seq(&f->log, seq) && p->top > 0 && p->top + (size_t)p->rows < pager_n(p)) {
		assert_int_equal(p->anchor_seq, seq);
		assert_int_equal(top_text_row(p), row);
	}
}

/* Rules are about the log, whatever is shown of it, or between hits that lie apart; nothing moves for them. */
static void test_rules(void **state)
{
	static const enum action moves[] = {ACT_UP,	   ACT_DOWN, ACT_PAGE_UP,      ACT_HALF_DOWN,
					    ACT_TOP,	   ACT_UP,   ACT_BOTTOM,       ACT_PAGE_UP,
					    ACT_LINE_NEXT, ACT_MARK, ACT_MATCHES_ONLY, ACT_SEARCH_NEXT};
	size_t n_rules = 0;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct fixture f;
		int filters = 0;

		begin(&f, seed);
		f.pager.gap_ms = GAP_MS;
		assert_int_equal(pager_filter_add(&f.pager, "rmse", false, NULL), 0);
		pager_filter_switch(&f.pager, 0, false);
		assert_int_equal(pager_search_set(&f.pager, "5", false, NULL), 0);
		for (int round = 0; round < 60; round++) {
			change_under_eyes(&f);
			for (int i = 0; i < 8; i++) {
				pager_action(&f.pager, moves[draw(&f, ARRAY_LEN(moves))], NULL);
				assert_shows_what_it_must(&f, filters);
				surface_clear(&f.surface);
				pager_draw(&f.pager, surface_area(&f.surface));
				assert_rows(&f, filters);
			}
			if (!draw(&f, 3)) {
				filters ^= 1;
				pager_filter_switch(&f.pager, 0, filters);
			}
			assert_shows_what_it_must(&f, filters);
			n_rules += f.pager.anchor_ruled;
		}
		end(&f);
	}
	assert_true(n_rules > 20);
}

/* --- marks --- */

#define MODEL_MAX 4096

struct model { /* numbers of the lines that are marked */
	uint64_t seqs[MODEL_MAX];
	size_t n;
};

static bool model_has(const struct model *m, uint64_t seq)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->seqs[i] == seq)
			return true;
	return false;
}

static void model_add(struct model *m, uint64_t seq)
{
	if (model_has(m, seq))
		return;
	assert_true(m->n < MODEL_MAX);
	m->seqs[m->n++] = seq;
}

static void model_toggle(struct model *m, uint64_t seq)
{
	size_t n = 0;

	if (!model_has(m, seq)) {
		model_add(m, seq);
		return;
	}
	for (size_t i = 0; i < m->n; i++)
		if (m->seqs[i] != seq)
			m->seqs[n++] = m->seqs[i];
	m->n = n;
}

/* The marks are the model's lines that are still there, in the order of the log; the others are forgotten. */
static void assert_marked(struct fixture *f, struct model *m)
{
	struct model left = {.n = 0};
	size_t line = 0;

	for (size_t i = 0; i < f->log.n; i++) {
		bool is = model_has(m, f->log.lines[i].seq);

		assert_int_equal(pager_is_marked(&f->pager, i), is);
		if (!is)
			continue;
		line = pager_find(&f->pager, f->pager.marks[left.n], line);
		assert_int_equal(line, i);
		model_add(&left, f->log.lines[i].seq);
	}
	assert_int_equal(f->pager.n_marks, left.n);
	*m = left;
}

/* Where a jump must lead: over all shown lines from the current one on, then from the other end. */
static size_t next_marked(const struct fixture *f, const struct model *m, int filters, int by)
{
	size_t n = f->log.n, at = f->pager.current;

	for (size_t i = 0; i < n; i++) {
		at = by > 0 ? (at + 1) % n : (at + n - 1) % n;
		if (model_has(m, f->log.lines[at].seq) && passes(&f->log.lines[at], filters))
			return at;
	}
	return SIZE_MAX;
}

static void mark_something(struct fixture *f, struct model *m, int filters)
{
	const struct log_line *l = pager_line_at_hand(&f->pager);
	const char *note = NULL;

	switch (draw(f, 6)) {
	case 0:
		pager_action(&f->pager, draw(f, 2) ? ACT_PAGE_UP : ACT_TOP, NULL);
		break;
	case 1:
		pager_action(&f->pager, draw(f, 2) ? ACT_LINE_NEXT : ACT_LINE_PREVIOUS, NULL);
		assert_true(f->pager.has_current || !l);
		break;
	case 2: {
		int by = draw(f, 2) ? 1 : -1;
		size_t to = f->pager.has_current ? next_marked(f, m, filters, by) : SIZE_MAX;
		pager_action(&f->pager, by > 0 ? ACT_MARKED_NEXT : ACT_MARKED_PREVIOUS, &note);
		if (to != SIZE_MAX)
			assert_int_equal(f->pager.current, to);
		break;
	}
	case 3: {
		bool from_known = m->n && model_has(m, f->pager.last_mark.seq);
		size_t from = 0, to = 0;
		for (size_t i = 0; l && from_known && i < f->log.n; i++) {
			from = f->log.lines[i].seq == f->pager.last_mark.seq ? i : from;
			to = &f->log.lines[i] == l ? i : to;
		}
		if (!l || !from_known || !passes(&f->log.lines[from], filters) || MAX(from, to) - MIN(from, to) > 100)
			break;
		for (size_t i = MIN(from, to); i <= MAX(from, to); i++)
			if (passes(&f->log.lines[i], filters))
				model_add(m, f->log.lines[i].seq);
		pager_action(&f->pager, ACT_MARK_RANGE, &note);
		assert_null(note);
		break;
	}
	default:
		if (l)
			model_toggle(m, l->seq);
		pager_action(&f->pager, ACT_MARK, &note);
		assert_null(note);
		break;
	}
}

static void test_marks(void **state)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct fixture f;
		struct model m = {.n = 0};
		int filters = 0;

		begin(&f, seed);
		assert_int_equal(pager_filter_add(&f.pager, "rmse", false, NULL), 0);
		pager_filter_switch(&f.pager, 0, false);
		for (int round = 0; round < 100; round++) {
			change_log(&f);
			paint(&f);
			while (pager_work(&f.pager, 500))
				;
			for (int i = 0; i < 12; i++) {
				mark_something(&f, &m, filters);
				pager_draw(&f.pager, surface_area(&f.surface));
				assert_marked(&f, &m);
			}
			if (!draw(&f, 4)) {
				filters ^= 1;
				pager_filter_switch(&f.pager, 0, filters);
			}
			while (pager_work(&f.pager, 500))
				;
		}
		assert_true(f.pager.n_marks > 0 && f.log.n_dropped > 0);
		pager_action(&f.pager, ACT_UNMARK, NULL);
		assert_int_equal(f.pager.n_marks, 0);
		end(&f);
	}
}

/* A filter twice is one; what does not compile leaves the others as they are. */
static void test_filters_are_a_set(void **state)
{
	struct fixture f;
	struct err err = {0};
	bool complete;

	begin(&f, 1);
	for (int i = 0; i < 10; i++)
		loglines_add(&f.log, "j/a", NULL, i, i % 2 ? "Odd" : "even", i % 2 ? 3 : 4);
	paint(&f);
	assert_int_equal(pager_filter_add(&f.pager, "o.d", false, NULL), 0);
	assert_int_equal(pager_filter_add(&f.pager, "o.d", false, NULL), 0);
	assert_int_equal(f.pager.n_filters, 1);
	assert_int_equal(pager_filter_add(&f.pager, "o(", true, &err), -ERR_INVALID);
	assert_string_equal(err.msg, "missing closing parenthesis at character 3");
	assert_int_equal(f.pager.n_filters, 1);
	assert_int_equal(pager_passing(&f.pager, &complete), 5);
	assert_int_equal(pager_filter_add(&f.pager, "odd", true, NULL), 0); /* nothing passes both */
	assert_int_equal(pager_passing(&f.pager, &complete), 0);
	assert_true(complete);
	pager_filter_drop(&f.pager, 0);
	assert_int_equal(pager_passing(&f.pager, &complete), 5);
	assert_true(pager_filters_off(&f.pager));
	assert_false(pager_filters_off(&f.pager));
	assert_int_equal(pager_n(&f.pager), 10);
	for (size_t i = f.pager.n_filters; i < PAGER_FILTERS_MAX; i++) {
		AUTO(str) char *text = xasprintf("p%zu", i);
		assert_int_equal(pager_filter_add(&f.pager, text, false, NULL), 0);
	}
	assert_int_equal(pager_filter_add(&f.pager, "one more", false, &err), -ERR_USAGE);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_pass),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_filters_are_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
