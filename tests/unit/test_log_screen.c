/* The screen of a log: a million lines under keys and on their way into a file; a line of JSON for the eye. */
#include "unit.h"

#include "tests/golden/seed.h"
#include "tui/jsontext.h"
#include "tui/key.h"
#include "tui/ui.h"

/* A traceback within JSON is read as it was written; what is no newline stays. */
static void test_json_for_the_eye(void **state)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	assert_true(jsontext_indent("x {\"e\": \"Traceback:\\n  File \\\"a\\\"\\n\\tat b\\n\", \"p\": \"C:\\\\new\"}",
				    &out));
	assert_string_equal(buf_str(&out), "x \n"
					   "{\n"
					   "  \"e\": \"Traceback:\n"
					   "      File \\\"a\\\"\n"
					   "        at b\\n\",\n"
					   "  \"p\": \"C:\\\\new\"\n"
					   "}");
	assert_false(jsontext_indent("[12] no JSON", &out));
}

#define LONG_LOG 1000000

static void fill_long_log(struct session *s)
{
	struct feed *f = session_feed(s, TRAINING_KIND, "nba-dfs-s24-c03-p012");

	for (int i = 0; i < LONG_LOG; i++) {
		char text[48];
		int n = snprintf(text, sizeof(text), "%s%d", i % 5000 ? i % 3000 ? "line " : "WARNING " : "ERROR ", i);
		loglines_add(&f->logs, "j/algo-1", NULL, SEED_NOW_MS + i * 100 + (i > 400000) * 90000, text, (size_t)n);
	}
}

/* A million lines: no key of the log's screen and of its histogram may walk over them, nor may a turn of the work
 * between keys. The bound is generous, as that of the pager's. */
static void test_long_log_keys(void **state)
{
	static const int keys[] = {'i', '-', '+',	 '+', 'e', 'E', 'e',  KEYC_ENTER,      KEYC_SPACE, KEYC_SPACE,
				   'g', 'u', 'U',	 'e', 'e', 'Y', 'G',  KEYC_CTRL_SPACE, 'g',	   'i',
				   'G', 'k', KEYC_ENTER, 't', 't', 'w', '\t', KEYC_CTRL('\\'), 'i',	   '0',
				   'q'};
	AUTO(session) struct session *s = seed_session("basic");
	struct ui_host host = {0};
	struct ui_options opt = {.rows = 50, .cols = 160, .notice_ms = 8000, .log_gap_ms = 60000};
	struct ui *ui = ui_new(s, &host, &opt);
	int64_t worst_key = 0, worst_work = 0;

	fill_long_log(s);
	ui_command(ui, "logs nba-dfs-s24-c03-p012");
	for (int round = 0; round < 3; round++) { /* the last with a filter */
		if (round == 2)
			ui_command(ui, "match [13579]$");
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			int64_t began = unit_cpu_us();
			ui_key(ui, keys[i]);
			(void)ui_draw(ui);
			worst_key = MAX(worst_key, unit_cpu_us() - began);
			for (bool more = true; more && i % 3 == 0;) { /* else the next key comes at once */
				began = unit_cpu_us();
				more = ui_work(ui);
				worst_work = MAX(worst_work, unit_cpu_us() - began);
			}
		}
	}
	print_message("# worst key %lld us, worst turn of work %lld us\n", (long long)worst_key, (long long)worst_work);
	assert_true(worst_key < 200000 && worst_work < 200000);
	ui_free(ui);
}

static int begin_draft(void *user, const char *path, bool replace, struct fs_draft **ret, struct err *err)
{
	return fs_draft_begin(path, replace, 0600, ret, err);
}

static size_t n_files(const char *dir)
{
	AUTO(strlist) struct strlist files = {0};

	assert_int_equal(fs_list_tree(dir, &files, NULL), 0);
	return files.n;
}

/* Other lines are shown before the end, or the log is closed: nothing is left of the file. */
static void assert_given_up(struct ui *ui, const char *dir, const char *save)
{
	for (int closes = 0; closes < 2; closes++) {
		ui_command(ui, "logs nba-dfs-s24-c03-p012");
		(void)ui_draw(ui);
		ui_command(ui, save);
		assert_true(ui_work(ui));
		assert_int_equal(n_files(dir), 1); /* without its name */
		if (closes)
			ui_key(ui, 'q');
		else
			ui_command(ui, "match 1$");
		while (ui_work(ui))
			;
		assert_int_equal(n_files(dir), 0);
		ui_key(ui, KEYC_ESC);
	}
}

/* All of them are written between keys, each of which does what it does at once. */
static void test_long_log_is_saved(void **state)
{
	AUTO(session) struct session *s = seed_session("basic");
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *path = fs_join(dir, "log.txt");
	AUTO(str) char *command = xasprintf("save %s", path);
	struct ui_host host = {.draft = begin_draft};
	struct ui_options opt = {.rows = 50, .cols = 160, .notice_ms = 8000};
	struct ui *ui = ui_new(s, &host, &opt);
	int64_t worst = 0;
	int turns = 0;

	fill_long_log(s);
	assert_given_up(ui, dir, command);
	ui_command(ui, "logs nba-dfs-s24-c03-p012");
	(void)ui_draw(ui);
	ui_command(ui, command);
	for (bool more = true; more; turns++) {
		int64_t began = unit_cpu_us();

		more = ui_work(ui);
		ui_key(ui, turns % 2 ? 'k' : 'j');
		(void)ui_draw(ui);
		worst = MAX(worst, unit_cpu_us() - began);
	}
	print_message("# saved in %d turns, the longest %lld us\n", turns, (long long)worst);
	assert_true(turns > 2 && worst < 200000);
	AUTO(buf) struct buf text = BUF_INIT((size_t)256 << 20);
	assert_int_equal(fs_read(path, &text, NULL), 0);
	size_t lines = 0;
	for (const char *p = buf_str(&text); (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, LONG_LOG + 63);
	assert_true(str_ends(buf_str(&text), "Z algo-1 line 999999\n"));
	ui_free(ui);
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_for_the_eye),
		cmocka_unit_test(test_long_log_keys),
		cmocka_unit_test(test_long_log_is_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
