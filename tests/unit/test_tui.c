/* The screens' building blocks, and the whole of them under random keys. */
#include "unit.h"

#include <math.h>

#include "base/utf8.h"
#include "tests/golden/seed.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/pager.h"
#include "tui/table.h"
#include "tui/theme.h"
#include "tui/ui.h"
#include "tui/view.h"

static char *text_of(const struct surface *s)
{
	AUTO(buf) struct buf b = BUF_INIT(1 << 20);

	surface_text(s, &b);
	return buf_take(&b);
}

static void test_surface_clips(void **state)
{
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 3, 10);
	struct area a = area_part(surface_area(&s), 1, 2, 1, 5);
	area_put(a, 0, -2, ST_NORMAL, "0123456789"); /* starts outside: what is left of the area is not drawn */
	area_put(a, 1, 0, ST_NORMAL, "below");
	area_put(a, -1, 0, ST_NORMAL, "above");
	AUTO(str) char *t = text_of(&s);
	assert_string_equal(t, "\n  23456\n\n");
}

/* The topmost spot of a place; none beyond the part that it was drawn on, and none while the mouse is not taken. */
static void test_surface_spots(void **state)
{
	AUTO(surface) struct surface s = {0};
	char word[SPOT_WORD_LEN + 1];

	surface_resize(&s, 4, 20);
	surface_clear(&s);
	struct area part = area_part(surface_area(&s), 1, 5, 2, 6);

	area_spot(part, 0, 0, 4, SPOT_KEY, 'a', NULL);
	assert_null(surface_spot(&s, 1, 5));
	s.mouse = true;
	area_spot(part, 0, 0, 20, SPOT_KEY, 'a', NULL);
	area_spot(part, 0, 2, 2, SPOT_SORT, 0, "cost");
	area_spot(part, 2, 0, 6, SPOT_KEY, 'b', NULL);
	assert_int_equal(surface_spot(&s, 1, 5)->n, 'a');
	assert_string_equal(surface_spot(&s, 1, 7)->word, "cost");
	assert_int_equal(surface_spot(&s, 1, 10)->n, 'a');
	assert_null(surface_spot(&s, 1, 4));
	assert_null(surface_spot(&s, 1, 11));
	assert_null(surface_spot(&s, 3, 5));
	assert_null(surface_spot(&s, -1, 100000));
	surface_forget_spots(&s);
	assert_null(surface_spot(&s, 1, 5));
	memset(word, 'x', SPOT_WORD_LEN);
	word[SPOT_WORD_LEN] = '\0';
	area_spot(part, 0, 0, 4, SPOT_SORT, 0, word);
	assert_null(surface_spot(&s, 1, 5));
}

static void test_surface_wide(void **state)
{
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 1, 6);
	struct area a = surface_area(&s);
	area_put(a, 0, 0, ST_NORMAL, "日本語x");
	AUTO(str) char *t = text_of(&s);
	assert_string_equal(t, "日本語\n");
	area_put(a, 0, 1, ST_NORMAL, "-"); /* on a right half: the left one goes */
	AUTO(str) char *u = text_of(&s);
	assert_string_equal(u, " -本語\n");
	area_put(a, 0, 5, ST_NORMAL, "本"); /* half of it would stick out */
	AUTO(str) char *v = text_of(&s);
	assert_string_equal(v, " -本\n");
	area_put_cut(a, 0, 0, 4, ST_NORMAL, "日本語");
	AUTO(str) char *w = text_of(&s);
	assert_string_equal(w, "日…\n");
}

static void test_surface_never_draws_controls(void **state)
{
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 1, 20);
	area_put(surface_area(&s), 0, 0, ST_NORMAL,
		 "a\033[2Jb\x07\n\xc2\x9b"
		 "c\x9b");
	for (int i = 0; i < s.cols; i++)
		assert_true(s.cells[i].cp >= 0x20 && s.cells[i].cp != 0x7f &&
			    !(s.cells[i].cp >= 0x80 && s.cells[i].cp < 0xa0));
}

static void test_surface_middle(void **state)
{
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 1, 30);
	area_put_middle(surface_area(&s), 0, 0, 11, ST_NORMAL, "nba-dfs-s24-c03-p012");
	AUTO(str) char *t = text_of(&s);
	assert_string_equal(t, "nba-d…-p012\n");
}

static void test_wrap(void **state)
{
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 4, 8);
	assert_int_equal(text_wrapped_rows(8, "one two three\nfour"), 3);
	assert_int_equal(area_put_wrapped(surface_area(&s), 0, 0, 8, 4, ST_NORMAL, "one two three\nfour"), 3);
	AUTO(str) char *t = text_of(&s);
	assert_string_equal(t, "one two\nthree\nfour\n\n");
}

static void test_table_drops_by_priority(void **state)
{
	static const struct table_column c[] = {{"A", .min = 10, .max = 40},
						{"B", .min = 5, .max = 5, .priority = 2},
						{"C", .min = 5, .max = 5, .priority = 1}};
	int w[3];

	table_layout(c, 3, 24, 2, false, w);
	assert_int_equal(w[0], 10);
	assert_int_equal(w[1], 5);
	table_layout(c, 3, 23, 2, false, w);
	assert_int_equal(w[1], 0);
	assert_int_equal(w[0], 16);
	table_layout(c, 3, 9, 2, false, w);
	assert_int_equal(w[2], 0);
}

static void test_key_names(void **state)
{
	char name[KEY_NAME_LEN];

	static const char *const names[] = {"a", "ctrl-d", "Space", "Enter", "F5", "PgDn", "é", "ctrl-\\", "shift-Tab"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(keyc_name(name, keyc_parse(names[i])), names[i]);
	assert_int_equal(keyc_parse("no-such-key"), KEYC_NONE);
	assert_int_equal(keyc_parse(""), KEYC_NONE);
}

/* Every row of keys.def has keys that exist, and no key means two things within
 * one screen. */
static void test_keys_are_unambiguous(void **state)
{
	for (size_t i = 0; i < n_key_bindings; i++) {
		const struct key_binding *b = &key_bindings[i];
		AUTO(strlist) struct strlist keys = {0};
		strlist_split(&keys, b->keys, ' ');
		assert_true(keys.n > 0 && b->help[0]);
		for (size_t k = 0; k < keys.n; k++) {
			int key = keyc_parse(keys.items[k]);
			if (!key || keymap_find(b->context, key) != b->action)
				fail_msg("%s: key %s of '%s'", keymap_context_title(b->context), keys.items[k],
					 b->help);
		}
	}
}

/* A field's own key sorts by it in the list of its kind: it is free there, and one
 * field's only. */
static void test_sort_keys_are_free(void **state)
{
	static const enum key_context contexts[] = {CTX_JOBS, CTX_THINGS, CTX_LIST, CTX_GLOBAL};

	for (size_t k = 0; k < KIND_COUNT; k++)
		for (const struct field *f = kind_table[k].fields; f->name; f++) {
			int key = f->key ? keyc_parse(f->key) : 0;
			if (!f->key)
				continue;
			if (!key)
				fail_msg("%s: no key %s", kind_table[k].name, f->key);
			for (size_t c = 0; c < ARRAY_LEN(contexts); c++)
				if (keymap_find(contexts[c], key))
					fail_msg("%s: %s is a key of %s", kind_table[k].name, f->key,
						 keymap_context_title(contexts[c]));
			for (const struct field *g = kind_table[k].fields; g < f; g++)
				if (str_eq(g->key, f->key))
					fail_msg("%s: %s sorts by %s and by %s", kind_table[k].name, f->key, g->name,
						 f->name);
		}
}

/* Processor time: how busy the machine is does not count. */
/* --- the pager --- */

static void add_line(struct loglines *l, int64_t time_ms, const char *text)
{
	loglines_add(l, "job/algo-1-1", NULL, time_ms, text, strlen(text));
}

static const char *top_text(const struct pager *p)
{
	return p->log->lines[p->top].text;
}

static void test_pager_stays_when_late_lines_come(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	AUTO(surface) struct surface s = {0};
	struct pager p;
	char text[32];

	surface_resize(&s, 10, 40);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		add_line(&l, 1000 * i, text);
	}
	pager_init(&p);
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	for (int i = 0; i < 20; i++)
		pager_action(&p, ACT_UP, NULL);
	assert_string_equal(top_text(&p), "line 70");
	for (int i = 0; i < 7; i++) {
		snprintf(text, sizeof(text), "late %d", i);
		add_line(&l, 1000 * 30 + i, text);
	}
	for (int i = 0; i < 3; i++)
		add_line(&l, 1000 * 200 + i, "new");
	loglines_settle(&l);
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	assert_string_equal(top_text(&p), "line 70");
	pager_done(&p);
}

/* An event of several lines takes several rows; tabs go to their stops. */
static void test_pager_rows_of_an_event(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	AUTO(surface) struct surface s = {0};
	AUTO(buf) struct buf text = BUF_INIT(65536);
	struct pager p;

	surface_resize(&s, 5, 40);
	surface_clear(&s);
	add_line(&l, 1, "Traceback:\n\tFile x\nValueError: bad");
	add_line(&l, 2, "a\tb\t12345678\tc");
	pager_init(&p);
	p.time = PAGER_NO_TIME;
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	surface_text(&s, &text);
	assert_string_equal(buf_str(&text), " Traceback:\n         File x\n ValueError: bad\n"
					    " a       b       12345678        c\n\n");
	surface_resize(&s, 2, 40);
	surface_clear(&s);
	pager_draw(&p, surface_area(&s)); /* follows: the end, within the event */
	buf_clear(&text);
	surface_text(&s, &text);
	assert_string_equal(buf_str(&text), " ValueError: bad\n a       b       12345678        c\n");
	pager_action(&p, ACT_UP, NULL);
	surface_clear(&s);
	pager_draw(&p, surface_area(&s));
	buf_clear(&text);
	surface_text(&s, &text);
	assert_string_equal(buf_str(&text), "         File x\n ValueError: bad\n");
	pager_done(&p);
}

static void test_pager_search_follows_growth(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	AUTO(surface) struct surface s = {0};
	struct pager p;
	struct err err = {0};
	bool complete;

	surface_resize(&s, 10, 40);
	for (int i = 0; i < 100; i++)
		add_line(&l, 1000 * i, i % 10 ? "plain" : "hit me");
	pager_init(&p);
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	assert_int_equal(pager_search_set(&p, "h.t", true, &err), 0);
	while (pager_work(&p, 1000))
		;
	assert_int_equal(pager_hits(&p, &complete), 10);
	add_line(&l, 5500, "a late hit");
	add_line(&l, 1000 * 300, "the last hit");
	loglines_settle(&l);
	pager_update(&p, &l);
	while (pager_work(&p, 1000))
		;
	assert_int_equal(pager_hits(&p, &complete), 12);
	assert_true(complete);
	assert_int_equal(pager_search_set(&p, "(", false, &err), -ERR_INVALID);
	assert_string_equal(pager_search_pattern(&p), "h.t");
	pager_done(&p);
}

/* A million lines, one of 90,000 characters among them: no step of scrolling,
 * painting or searching may take as long as a frame. The bound is generous for
 * sanitizers and busy machines; a walk over all lines would pass it many times. */
static void add_older_lines(struct loglines *l, int from, int to)
{
	char text[32];

	for (int i = from; i < to; i++) {
		snprintf(text, sizeof(text), "%s %d", i % 10 ? "line" : "hit", i);
		(void)loglines_add_older(l, "j/algo-1", 1000 + i, text, strlen(text), true);
	}
	loglines_settle_older(l, INT64_MIN);
}

/* A log that is read backwards: what is on the screen stays, hits are found in what comes,
 * and above the first line it says that there is more. */
static void test_pager_grows_at_its_front(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	AUTO(surface) struct surface s = {0};
	struct pager p;
	bool complete;

	surface_resize(&s, 10, 60);
	pager_init(&p);
	p.before = "older ones come";
	add_older_lines(&l, 900, 1000);
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	assert_string_equal(top_text(&p), "hit 990"); /* the end */
	pager_action(&p, ACT_TOP, NULL);
	pager_draw(&p, surface_area(&s));
	assert_string_equal(top_text(&p), "hit 900");
	AUTO(buf) struct buf screen = BUF_INIT(BUF_MAX_TEXT);
	surface_text(&s, &screen);
	assert_true(str_starts(buf_str(&screen), " ── older ones come ──"));
	size_t first, last;
	pager_visible(&p, &first, &last);
	assert_int_equal(last, 9);
	assert_int_equal(pager_search_set(&p, "hit", true, NULL), 0);
	while (pager_work(&p, 1000))
		;
	assert_int_equal(pager_hits(&p, &complete), 10);
	assert_true(complete);
	add_older_lines(&l, 500, 900);
	pager_update(&p, &l);
	pager_draw(&p, surface_area(&s));
	assert_string_equal(top_text(&p), "hit 900");
	assert_int_equal(pager_hits(&p, &complete), 10);
	assert_false(complete);
	pager_action(&p, ACT_MATCHES_ONLY, NULL);
	pager_draw(&p, surface_area(&s));
	const struct log_line *at = pager_line_at_hand(&p);
	AUTO(str) char *text = xstrdup(at->text);
	while (pager_work(&p, 1000))
		;
	pager_draw(&p, surface_area(&s));
	assert_int_equal(pager_hits(&p, &complete), 50);
	assert_true(complete);
	assert_string_equal(pager_line_at_hand(&p)->text, text);
	pager_done(&p);
}

static void test_pager_is_fast(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	AUTO(surface) struct surface s = {0};
	struct pager p;
	struct err err = {0};
	bool complete;
	const int n = 1000000;
	int64_t worst_us = 0;
	static const enum action steps[] = {ACT_MARK,	   ACT_LINE_NEXT,     ACT_MARKED_PREVIOUS,
					    ACT_UP,	   ACT_PAGE_UP,	      ACT_HALF_DOWN,
					    ACT_TOP,	   ACT_PAGE_DOWN,     ACT_WRAP,
					    ACT_LINE_NEXT, ACT_LINE_PREVIOUS, ACT_UP,
					    ACT_PAGE_UP,   ACT_BOTTOM,	      ACT_UP,
					    ACT_WRAP,	   ACT_SCROLL_RIGHT,  ACT_DOWN};
	AUTO(str) char *long_line = xmalloc(90001);

	memset(long_line, 'x', 90000);
	long_line[90000] = '\0';
	surface_resize(&s, 50, 160);
	for (int i = 0; i < n; i++) {
		char text[48];
		int len = snprintf(text, sizeof(text), "[%d] train-rmse:%d", i, i % 977);
		if (i % 100000 == 99990)
			add_line(&l, i, long_line);
		else
			loglines_add(&l, "job/algo-1-1", NULL, i, text, (size_t)len);
	}
	pager_init(&p);
	p.gap_ms = 60000;
	assert_int_equal(pager_search_set(&p, "rmse:97[0-9]$", false, &err), 0);
	pager_update(&p, &l);
	for (int round = 0; round < 20; round++) {
		int64_t adding = unit_cpu_us();
		if (round == 10) /* half of them with filters */
			assert_int_equal(pager_filter_add(&p, "rmse:9", false, &err), 0);
		if (round == 12)
			assert_int_equal(pager_filter_add(&p, "rmse:1", true, &err), 0);
		worst_us = MAX(worst_us, unit_cpu_us() - adding);
		for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
			int64_t began = unit_cpu_us();
			pager_action(&p, steps[i], NULL);
			pager_update(&p, &l);
			pager_draw(&p, surface_area(&s));
			worst_us = MAX(worst_us, unit_cpu_us() - began);
		}
	}
	print_message("# worst step %lld us\n", (long long)worst_us);
	assert_true(worst_us < 200000);
	while (pager_work(&p, 4000))
		;
	size_t hits = pager_hits(&p, &complete);
	assert_true(complete);
	assert_true(hits > 7100 && hits < 7200); /* 7 of each 977 */
	pager_done(&p);
}

/* --- everything under random keys and sizes --- */

struct random_host {
	struct strlist asked;
	host_done_fn *done[64];
	void *done_user[64];
	size_t n;
};

static void rh_done(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user)
{
	struct random_host *h = user;

	if (h->n < 64) {
		h->done[h->n] = done;
		h->done_user[h->n++] = done_user;
	} else {
		fail_msg("too many calls are under way");
	}
}

static void rh_answer(struct random_host *h)
{
	struct err err = {.code = ERR_NET, .msg = "no reply"};

	while (h->n) {
		h->n--;
		h->done[h->n](h->done_user[h->n], h->n % 2 ? &err : NULL);
	}
}

static int random_key(uint32_t *seed)
{
	static const int special[] = {
		KEYC_ENTER, KEYC_ESC, KEYC_UP,	KEYC_DOWN,    KEYC_LEFT,      KEYC_RIGHT,  KEYC_PGUP,	    KEYC_PGDN,
		KEYC_HOME,  KEYC_END, KEYC_TAB, KEYC_BACKTAB, KEYC_BACKSPACE, KEYC_DELETE, KEYC_CTRL_SPACE, KEYC_F1,
		26,	    21,	      4,	23,	      0x1c,	      0x65e5,	   0x1f680,	    0x301};

	*seed = *seed * 1664525u + 1013904223u;
	uint32_t r = *seed >> 8;
	if (r % 3 == 0)
		return special[r / 3 % ARRAY_LEN(special)];
	int key = (int)(0x20 + r / 3 % 95);
	return key == 'q' ? KEYC_ESC : key; /* do not leave */
}

static void press_at_random(const char *seed_name, uint32_t seed, int n)
{
	AUTO(session) struct session *s = seed_session(seed_name);
	struct random_host rh = {0};
	struct ui_host host = {.user = &rh, .stop = rh_done};
	struct ui_options opt = {.rows = 24, .cols = 80, .ascii = seed & 1, .notice_ms = 8000};

	assert_non_null(s);
	struct ui *ui = ui_new(s, &host, &opt);
	for (int i = 0; i < n; i++) {
		int key = random_key(&seed);
		ui_key(ui, key);
		if (seed % 37 == 0)
			ui_resize(ui, (int)(seed >> 8) % 60, (int)(seed >> 16) % 200);
		if (seed % 101 == 0)
			rh_answer(&rh);
		if (seed % 211 == 0 && session_jobs(s)->n > 2)
			(void)resources_remove(session_jobs(s),
					       jobs_at(session_jobs(s), seed % session_jobs(s)->n)->name);
		(void)ui_work(ui);
		(void)ui_draw(ui);
	}
	ui_free(ui);
	rh_answer(&rh); /* late answers find nobody */
}

static void test_random_keys(void **state)
{
	static const char *const seeds[] = {"basic", "hostile", "cjk", "many-running", "empty", "noauth"};

	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		for (uint32_t k = 0; k < 4; k++)
			press_at_random(seeds[i], 17 * (uint32_t)i + k, 4000);
}

static void type(struct ui *ui, const char *text)
{
	for (; *text; text++)
		ui_key(ui, *text);
}

/* A line of the screen, from 0. */
static void assert_line(struct ui *ui, size_t line, const char *expected)
{
	AUTO(buf) struct buf screen = BUF_INIT(1 << 20);
	AUTO(strlist) struct strlist lines = {0};

	(void)ui_draw(ui);
	surface_text(ui_surface(ui), &screen);
	strlist_split(&lines, buf_str(&screen), '\n');
	assert_true(lines.n > line);
	assert_string_equal(str_trim(lines.items[line]), expected);
}

/* The line above the keys. */
static void assert_prompt(struct ui *ui, const char *expected)
{
	assert_line(ui, 22, expected);
}

static void run_prompt(struct ui *ui, int prompt, const char *text)
{
	ui_key(ui, prompt);
	ui_key(ui, 'u' - 'a' + 1); /* a filter begins with the one in force */
	type(ui, text);
	ui_key(ui, KEYC_ENTER);
}

static void test_prompt_history(void **state)
{
	AUTO(session) struct session *s = seed_session("basic");
	struct ui_host host = {0};
	struct ui_options opt = {.rows = 24, .cols = 80, .notice_ms = 8000};
	AUTO(ui) struct ui *ui = ui_new(s, &host, &opt);

	run_prompt(ui, ':', "sort cost");
	run_prompt(ui, ':', "sort age");
	run_prompt(ui, ':', "sort age"); /* in a row: once */
	run_prompt(ui, ':', "");
	run_prompt(ui, '/', "bert");
	ui_key(ui, ':');
	type(ui, "never run");
	ui_key(ui, KEYC_ESC); /* given up: not remembered */
	ui_key(ui, ':');
	type(ui, "so");
	ui_key(ui, KEYC_UP);
	assert_prompt(ui, ":sort age");
	ui_key(ui, KEYC_UP);
	assert_prompt(ui, ":sort cost");
	ui_key(ui, KEYC_UP); /* the oldest */
	assert_prompt(ui, ":sort cost");
	ui_key(ui, KEYC_DOWN);
	assert_prompt(ui, ":sort age");
	ui_key(ui, KEYC_DOWN); /* what was being typed */
	assert_prompt(ui, ":so");
	ui_key(ui, KEYC_DOWN);
	assert_prompt(ui, ":so");
	ui_key(ui, KEYC_UP);
	type(ui, "x"); /* an old one can be changed, and is kept as it was */
	assert_prompt(ui, ":sort agex");
	ui_key(ui, KEYC_UP);
	ui_key(ui, KEYC_DOWN);
	assert_prompt(ui, ":sort age");
	ui_key(ui, KEYC_ESC);
	ui_key(ui, '/'); /* a history of its own, and each earlier one filters at once */
	ui_key(ui, 'u' - 'a' + 1);
	ui_key(ui, KEYC_UP);
	assert_prompt(ui, "/bert");
	assert_line(ui, 1, "jobs 2 of 8 · bert · by age");
	ui_key(ui, KEYC_UP);
	assert_prompt(ui, "/bert");
	ui_key(ui, KEYC_ESC);
	/* A hundred are kept. */
	for (int i = 0; i < 100; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", i);
		run_prompt(ui, '/', text);
	}
	ui_key(ui, '/');
	for (int i = 0; i < 99; i++)
		ui_key(ui, KEYC_UP);
	assert_prompt(ui, "/1");
	ui_key(ui, KEYC_UP);
	assert_prompt(ui, "/0");
	ui_key(ui, KEYC_UP); /* bert is forgotten */
	assert_prompt(ui, "/0");
}

/* 10,000 jobs: what each second and each key costs must not grow with them. */
/* What is pasted is no keys: one line where something is typed, nothing elsewhere. */
static void test_paste(void **state)
{
	AUTO(session) struct session *s = seed_session("basic");
	struct ui_host host = {0};
	struct ui_options opt = {.rows = 24, .cols = 80, .notice_ms = 8000};
	AUTO(ui) struct ui *ui = ui_new(s, &host, &opt);
	char long_text[2000];

	ui_paste(ui, "s\nq\nD\n");
	assert_false(ui_quit_wanted(ui));
	assert_prompt(ui, "what was pasted is left out: nothing is being typed here (: opens a prompt)");
	ui_key(ui, '/');
	ui_paste(ui, "\n ber\033[31mt\a\n\n\tner\n");
	assert_prompt(ui, "/bert ner");
	assert_line(ui, 1, "jobs 2 of 8 · bert ner · by age"); /* the preview */
	ui_key(ui, KEYC_HOME);
	ui_paste(ui, "!");
	assert_prompt(ui, "/!bert ner");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	ui_paste(ui, long_text);
	assert_prompt(ui, "/!bert ner");
	ui_key(ui, KEYC_ESC);
	ui_key(ui, 'c'); /* a form's field */
	ui_key(ui, KEYC_CTRL('u'));
	ui_paste(ui, "again\n-1\n");
	assert_line(ui, 4, "▸New name       again -1");
	ui_key(ui, KEYC_ESC);
	ui_key(ui, 's'); /* buttons only */
	ui_paste(ui, "\t\n");
	ui_key(ui, KEYC_ESC);
}

static void test_many_jobs_paint(void **state)
{
	AUTO(session) struct session *s = seed_session("many");
	struct ui_host host = {0};
	struct ui_options opt = {.rows = 40, .cols = 120, .notice_ms = 8000};
	struct ui *ui = ui_new(s, &host, &opt);
	int64_t began = unit_cpu_us();

	(void)ui_draw(ui);
	int64_t first = unit_cpu_us() - began;
	began = unit_cpu_us();
	for (int i = 0; i < 1000; i++) {
		ui_key(ui, i % 50 ? 'j' : KEYC_PGDN);
		(void)ui_draw(ui);
	}
	int64_t key = (unit_cpu_us() - began) / 1000;
	print_message("# first paint of 10,000 jobs %lld us, a key %lld us\n", (long long)first, (long long)key);
	assert_true(key < 10000);
	assert_false(ui_draw(ui)); /* nothing has changed: nothing is done */
	ui_free(ui);
}

/* --- contrast, by WCAG 2 -------------------------------------------------- */

/* Of the 256 colours' cube and greys; the first 16 are the terminal's own. */
static void linear_rgb(int colour, double ret[3])
{
	static const int steps[] = {0, 95, 135, 175, 215, 255};

	assert_in_range(colour, 16, 255);
	for (int i = 2, rest = colour - 16; i >= 0; i--, rest /= 6) {
		double c = (colour >= 232 ? 8 + 10 * (colour - 232) : steps[rest % 6]) / 255.0;
		ret[i] = c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
	}
}

static double luminance(int colour)
{
	double rgb[3];

	linear_rgb(colour, rgb);
	return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

static double contrast(double a, double b)
{
	return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

#define READABLE 3.5	      /* on black and on white at once: at most 4.58 is possible */
#define READABLE_SELECTED 4.5 /* where both colours are ours */

/* What a theme is to be read on: black and white, and what terminals have in their place. */
static const struct ground {
	double luminance[2], least;
} grounds[THEME_COUNT] = {
	[THEME_USUAL] = {{0, 1}, READABLE},	  [THEME_CONTRAST] = {{0, 1}, READABLE},
	[THEME_COLOR_BLIND] = {{0, 1}, READABLE}, [THEME_DARK] = {{0, 0.03}, 4.5},
	[THEME_LIGHT] = {{0.87, 1}, 4.5},
};

static void check_look(enum theme theme, int st)
{
	const struct look l = theme_look(theme, (enum style)st);
	const struct ground *g = &grounds[theme];
	double least = g->least;

	if (l.bg256 >= 0)
		least = fmin(least, contrast(luminance(l.fg256), luminance(l.bg256)));
	else if (l.fg256 >= 0)
		least = fmin(contrast(luminance(l.fg256), g->luminance[0]),
			     contrast(luminance(l.fg256), g->luminance[1]));
	if (least < g->least)
		fail_msg("theme %s, style %d: colour %d has a contrast of %.2f", theme_name(theme), st, l.fg256, least);
	if (theme == THEME_CONTRAST)
		assert_false(l.fg256 >= 232); /* no grey */
	int bg = l.bg256 >= 0 ? l.bg256 : theme_selected_bg256;
	double selected = contrast(luminance(l.selected256), luminance(bg));
	if (selected < READABLE_SELECTED)
		fail_msg("theme %s, style %d: %.2f on the row under the cursor", theme_name(theme), st, selected);
}

/* The first colours of most terminals, on black: their blue is hardly seen. */
static void test_basic_colours_can_be_read(void **state)
{
	static const double luminances[] = {0, .0855, .288, .374, .029, .115, .317, .4};
	static const enum style texts[] = {ST_KEY, ST_RUNNING, ST_PENDING, ST_GOOD, ST_BAD, ST_WARN, ST_MARK, ST_ADDED};

	for (int theme = 0; theme < THEME_COUNT; theme++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			const struct look l = theme_look((enum theme)theme, texts[i]);

			assert_true(l.fg16 < 0 || contrast(luminances[l.fg16], 0) > 2.5);
		}
}

static void test_colours_can_be_read(void **state)
{
	for (int theme = 0; theme < THEME_COUNT; theme++)
		for (int st = 0; st < ST_COUNT; st++) {
			const struct look l = theme_look((enum theme)theme, (enum style)st);

			if (theme == THEME_BASIC) { /* the user's palette: never a background without its text */
				assert_true(l.fg256 == l.fg16 && l.fg16 < 16 && l.bg16 < 16);
				assert_true(l.bg16 < 0 || l.fg16 >= 0);
			} else if (theme == THEME_MONO) {
				assert_true(l.fg256 < 0 && l.bg256 < 0 && l.fg16 < 0 && l.bg16 < 0);
			} else {
				check_look((enum theme)theme, st);
			}
		}
}

/* --- colours as other eyes see them -------------------------------------------------- */

/* Machado, Oliveira and Fernandes (2009), complete: what eyes without the receptor for red, for
 * green, for blue make of linear RGB; first, all eyes. */
static const double eyes[4][3][3] = {
	{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
};

static double lab_part(double t)
{
	return t > 0.008856 ? cbrt(t) : 7.787 * t + 16 / 116.0;
}

static void lab_of(int colour, const double eye[3][3], double ret[3])
{
	double rgb[3], seen[3];

	linear_rgb(colour, rgb);
	for (int i = 0; i < 3; i++)
		seen[i] = fmin(fmax(eye[i][0] * rgb[0] + eye[i][1] * rgb[1] + eye[i][2] * rgb[2], 0), 1);
	double x = lab_part((0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505);
	double y = lab_part(0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]);
	double z = lab_part((0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089);
	ret[0] = 116 * y - 16;
	ret[1] = 500 * (x - y);
	ret[2] = 200 * (y - z);
}

/* How far apart two colours are (CIE 1976) to the eyes that tell them apart least. */
static double apart(int a, int b)
{
	double least = INFINITY;

	for (size_t i = 0; i < ARRAY_LEN(eyes); i++) {
		double pa[3], pb[3];
		lab_of(a, eyes[i], pa);
		lab_of(b, eyes[i], pb);
		least = fmin(least, sqrt(pow(pa[0] - pb[0], 2) + pow(pa[1] - pb[1], 2) + pow(pa[2] - pb[2], 2)));
	}
	return least;
}

static double least_apart(enum theme theme, const enum style *styles, size_t n)
{
	double least = INFINITY;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			int a = theme_look(theme, styles[i]).fg256, b = theme_look(theme, styles[k]).fg256;
			if (a >= 0 && b >= 0) /* the terminal's own is far from any */
				least = fmin(least, apart(a, b));
		}
	return least;
}

static void test_color_blind_eyes_tell_them_apart(void **state)
{
	static const enum style states[] = {ST_RUNNING, ST_GOOD, ST_BAD, ST_WARN, ST_STOPPED};
	static const enum style series[] = {ST_SERIES_1, ST_SERIES_2, ST_SERIES_3,
					    ST_SERIES_4, ST_SERIES_5, ST_SERIES_6};
	static const enum style diff[] = {ST_ADDED, ST_REMOVED};
	double usual = least_apart(THEME_USUAL, states, ARRAY_LEN(states));

	/* 2.3 is what can just be seen */
	assert_true(least_apart(THEME_COLOR_BLIND, states, ARRAY_LEN(states)) > 30);
	assert_true(least_apart(THEME_COLOR_BLIND, series, ARRAY_LEN(series)) > 19);
	assert_true(least_apart(THEME_COLOR_BLIND, diff, ARRAY_LEN(diff)) > 30);
	assert_true(usual < 5); /* what it is there for */
}

static void test_theme_names(void **state)
{
	enum theme theme;
	struct err err = {0};

	for (int i = 0; i < THEME_COUNT; i++) {
		assert_int_equal(theme_parse(theme_name((enum theme)i), &theme, &err), 0);
		assert_int_equal(theme, i);
	}
	assert_true(theme_parse("teal", &theme, &err) < 0);
	assert_string_equal(err.msg, "which theme? usual basic contrast dark light mono color-blind");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_surface_clips),
		cmocka_unit_test(test_surface_spots),
		cmocka_unit_test(test_surface_wide),
		cmocka_unit_test(test_surface_never_draws_controls),
		cmocka_unit_test(test_surface_middle),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_table_drops_by_priority),
		cmocka_unit_test(test_key_names),
		cmocka_unit_test(test_keys_are_unambiguous),
		cmocka_unit_test(test_sort_keys_are_free),
		cmocka_unit_test(test_basic_colours_can_be_read),
		cmocka_unit_test(test_colours_can_be_read),
		cmocka_unit_test(test_color_blind_eyes_tell_them_apart),
		cmocka_unit_test(test_theme_names),
		cmocka_unit_test(test_pager_stays_when_late_lines_come),
		cmocka_unit_test(test_pager_rows_of_an_event),
		cmocka_unit_test(test_pager_search_follows_growth),
		cmocka_unit_test(test_pager_grows_at_its_front),
		cmocka_unit_test(test_pager_is_fast),
		cmocka_unit_test(test_random_keys),
		cmocka_unit_test(test_prompt_history),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_many_jobs_paint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
