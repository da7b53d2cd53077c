/* The leaf: strings, maps, text, time, JSON, YAML, files, digests. */
#include "unit.h"

#include <signal.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/timefmt.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "base/yaml.h"

static void test_first_error_wins(void **state)
{
	struct err err = {0};

	assert_int_equal(err_set(&err, ERR_NET, "lost %s", "it"), -ERR_NET);
	assert_int_equal(err_set(&err, ERR_IO, "later"), -ERR_IO);
	assert_int_equal(err.code, ERR_NET);
	assert_string_equal(err.msg, "lost it");
	err_prefix(&err, "job %d", 7);
	assert_string_equal(err.msg, "job 7: lost it");
	assert_int_not_equal(err_prefix(NULL, "nobody asks"), 0);
	assert_int_equal(err_set(NULL, ERR_IO, "no struct"), -ERR_IO);
	assert_int_equal(err_exit_status(ERR_THROTTLED), 6);
	err_clear(&err);
	err_set(&err, ERR_INVALID, "no member '%s'", "\x1b[31mx\xe2\x80\xae\n");
	assert_string_equal(err.msg, "no member ' [31mx  '");
}

static void test_buf_keeps_its_maximum(void **state)
{
	AUTO(buf) struct buf b = BUF_INIT(10);

	assert_int_equal(buf_adds(&b, "12345"), 0);
	assert_int_equal(buf_addf(&b, "%s", "678901"), -ERR_TOOBIG);
	assert_true(b.overflow);
	assert_string_equal(buf_str(&b), "12345");
	assert_int_equal(buf_addc(&b, 'x'), -ERR_TOOBIG);
	buf_clear(&b);
	assert_int_equal(buf_adds(&b, "0123456789"), 0);
	buf_consume(&b, 4);
	assert_string_equal(buf_str(&b), "456789");
	AUTO(str) char *taken = buf_take(&b);
	assert_string_equal(taken, "456789");
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
}

static void test_numbers_are_whole_strings(void **state)
{
	int64_t i = 5;
	double d = 5;

	assert_true(str_to_i64("-42", &i));
	assert_int_equal(i, -42);
	assert_false(str_to_i64("4x", &i));
	assert_false(str_to_i64(" 4", &i));
	assert_false(str_to_i64("", &i));
	assert_false(str_to_i64("9223372036854775808", &i));
	assert_int_equal(i, -42);
	assert_true(str_to_f64("1e-3", &d));
	assert_true(d == 0.001);
	assert_false(str_to_f64("nan", &d));
	assert_false(str_to_f64("inf", &d));
	assert_false(str_to_f64("0x10", &d));
	assert_false(str_to_f64("1,5", &d));
}

static void test_nearest_is_a_plausible_slip(void **state)
{
	const char *const words[] = {"jobs", "logs", "metrics", "launch"};

	assert_string_equal(str_nearest("metrcis", words, 4), "metrics");
	assert_string_equal(str_nearest("job", words, 4), "jobs");
	assert_null(str_nearest("frobnicate", words, 4));
	assert_string_equal(str_nearest("sot", (const char *const[]){"not", "sort"}, 2), "sort");
}

static void test_map_survives_growth_and_removal(void **state)
{
	AUTO(map) struct map m = {0};
	static int values[2000];
	char key[32];

	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "job-%d", i);
		assert_null(map_put(&m, key, &values[i]));
	}
	for (int i = 0; i < 2000; i += 2) {
		snprintf(key, sizeof(key), "job-%d", i);
		assert_ptr_equal(map_remove(&m, key), &values[i]);
	}
	assert_int_equal(m.n, 1000);
	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "job-%d", i);
		assert_ptr_equal(map_get(&m, key), i % 2 ? &values[i] : NULL);
	}
	size_t seen = 0;
	for (size_t i = 0; map_next(&m, &i, NULL, NULL);)
		seen++;
	assert_int_equal(seen, 1000);
	/* Put and remove for ever: deleted slots must not fill the table. */
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "tmp-%d", i);
		map_put(&m, key, &values[0]);
		map_remove(&m, key);
	}
	assert_int_equal(m.n, 1000);
	assert_true(m.cap <= 8192);
}

static void check_sanitized(const char *in, const char *expected)
{
	AUTO(str) char *out = utf8_sanitize_dup(in);

	assert_string_equal(out, expected);
	assert_true(utf8_valid(out, strlen(out)));
}

static void test_hostile_text_is_made_harmless(void **state)
{
	check_sanitized("plain", "plain");
	check_sanitized("a\x1b[31mred\x1b[0m", "ared");
	check_sanitized("\x1b]0;title\aafter", "after");
	check_sanitized("\x1b]52;c;AAAA\x1b\\after", "after");
	check_sanitized("\x1bP1$q\x1b\\x", "x");
	check_sanitized("lost \x1b[", "lost ");
	AUTO(buf) struct buf nul = BUF_INIT(64);
	assert_int_equal(utf8_sanitize(&nul, "a\x1b\0b\ac", 6, false), 0);
	assert_string_equal(buf_str(&nul), "abc");
	check_sanitized("never ends \x1b]0;text", "never ends 0;text");
	check_sanitized("a\tb", "a       b");
	check_sanitized("a\nb\rc\x07", "a bc");
	check_sanitized("\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(");
	check_sanitized("\xe2\x80\xae"
			"evil",
			"evil");
	check_sanitized("\xc2\x9b"
			"31mC1",
			"31mC1");
	check_sanitized("名前", "名前");
	check_sanitized("\U0001f469\u200d\U0001f4bb \u2764\ufe0f \U0001f44d\U0001f3fd",
			"\U0001f469\U0001f4bb \u2764 \U0001f44d");
}

static const char *middle(struct buf *b, const char *text, size_t matters, int cells)
{
	buf_clear(b);
	utf8_add_middle(b, text, matters, cells);
	return buf_str(b);
}

static void test_text_is_cut_from_the_middle(void **state)
{
	const char *const paths[] = {"pools/guards", NULL, "pools/league"}, *const accents[] = {"é", "è"};
	AUTO(buf) struct buf b = BUF_INIT(64);

	assert_string_equal(middle(&b, "s3://bucket/a", 0, 13), "s3://bucket/a");
	assert_string_equal(middle(&b, "s3://bucket/one", 0, 11), "s3://…t/one");
	assert_string_equal(middle(&b, "s3://bucket/league", 12, 12), "s3://…league");
	assert_string_equal(middle(&b, "s3://bucket/league/train/", 12, 12), "s3:/…league…");
	assert_string_equal(middle(&b, "名前です名前です", 0, 9), "名前…です");
	assert_string_equal(middle(&b, "s3://bucket", 0, 7), "s3://b…");
	assert_int_equal(utf8_alike(paths, 3), 6);
	assert_int_equal(utf8_alike(accents, 2), 0); /* not within a character */
}

static void test_text_is_cut_by_cells(void **state)
{
	assert_int_equal(utf8_width("abc"), 3);
	assert_int_equal(utf8_width("名前"), 4);
	assert_int_equal(utf8_width("e\xcc\x81"), 1);
	assert_int_equal(utf8_fit("名前", 3), 3);
	AUTO(buf) struct buf b = BUF_INIT(64);
	utf8_add_cut(&b, "名前です", 6);
	assert_string_equal(buf_str(&b), "名前…");
	buf_clear(&b);
	utf8_add_cut(&b, "fits", 4);
	assert_string_equal(buf_str(&b), "fits");
}

/* What is shown is UTC, or the zone of TZ with its summer time. */
static void test_offset_of_the_zone(void **state)
{
	AUTO(str) char *zone = getenv("TZ") ? xstrdup(getenv("TZ")) : NULL;
	char text[TIMEFMT_LEN];

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	timefmt_show_zone(true);
	assert_int_equal(timefmt_offset(1767225600000), 3600000); /* 2026-01-01 */
	assert_int_equal(timefmt_offset(1782864000000), 7200000); /* 2026-07-01 */
	timefmt_show_zone(false);
	assert_int_equal(timefmt_offset(1782864000000), 0);
	assert_int_equal(timefmt_local_offset(1782864000000), 7200000); /* whatever is shown */
	assert_string_equal(timefmt_local_name(1782864000000), "CEST");
	assert_string_equal(timefmt_clock_at(text, 1782864000120, 7200000), "02:00:00.120");
	if (zone)
		setenv("TZ", zone, 1);
	else
		unsetenv("TZ");
	timefmt_show_zone(false); /* reads TZ again */
}

static void test_times_both_ways(void **state)
{
	char t[TIMEFMT_LEN];
	int64_t ms, back;

	assert_true(timefmt_parse_iso("2026-11-21T05:48:06.12Z", &ms));
	assert_string_equal(timefmt_iso_ms(t, ms), "2026-11-21T05:48:06.120Z");
	assert_true(timefmt_parse_iso("2026-11-21T06:48:06+01:00", &ms));
	assert_string_equal(timefmt_amz(t, ms), "20261121T054806Z");
	assert_string_equal(timefmt_http(t, ms), "Sat, 21 Nov 2026 05:48:06 GMT");
	assert_true(timefmt_parse_http(t, &back));
	assert_int_equal(back, ms);
	assert_false(timefmt_parse_iso("2026-13-01", &ms));
	assert_false(timefmt_parse_iso("2026-11-21T05", &ms));
	assert_true(timefmt_parse_duration("1h30m", &ms));
	assert_int_equal(ms, 5400000);
	assert_false(timefmt_parse_duration("90", &ms));
	assert_string_equal(timefmt_duration(t, 544000), "9m04s");
	assert_string_equal(timefmt_duration(t, 8040000), "2h14m");
	assert_string_equal(timefmt_duration(t, 273600000), "3d04h");
	assert_string_equal(timefmt_age(t, 59999), "59s");
	assert_string_equal(timefmt_age(t, 7199999), "1h");
}

static void test_json_paths(void **state)
{
	struct err err = {0};
	AUTO(json) json_t *j = NULL;
	const char *text = "{\"a\":{\"b\":[{\"c\":1}]},\"t\":1.5e9,\"s\":\"x\"}";

	assert_int_equal(json_parse(text, strlen(text), "test", &j, &err), 0);
	assert_int_equal(json_integer_value(json_path_get(j, "a.b.0.c")), 1);
	assert_null(json_path_get(j, "a.b.1.c"));
	assert_int_equal(json_get_time_ms(j, "t"), 1500000000000);
	assert_int_equal(json_path_set(j, "a.b.1", json_string("new"), &err), 0);
	assert_int_equal(json_path_set(j, "x.y.z", json_true(), &err), 0);
	assert_int_equal(json_path_set(j, "s.y", json_true(), &err), -ERR_INVALID);
	AUTO(str) char *out = json_text(j);
	assert_string_equal(out, "{\"a\":{\"b\":[{\"c\":1},\"new\"]},\"t\":1500000000.0,\"s\":\"x\","
				 "\"x\":{\"y\":{\"z\":true}}}");
	json_t *bad = NULL;
	AUTO(json) json_t *marked = NULL;
	assert_int_equal(json_parse("\xef\xbb\xbf{\"a\":1}", 10, "spec.json", &marked, &err), 0);
	assert_int_equal(json_get_i64(marked, "a", 0), 1);
	err_clear(&err);
	assert_int_equal(json_parse("{\n \"a\": }", 9, "spec.json", &bad, &err), -ERR_PARSE);
	assert_true(str_starts(err.msg, "spec.json:2:"));
}

/* JSON that is looked at on a terminal holds nothing that the terminal obeys. */
static void test_json_spells_what_terminals_obey(void **state)
{
	AUTO(json)
	json_t *j = json_pack("{s:s}", "a",
			      "\xc2\x9b"
			      "31m\xe2\x80\xae\x7f\xf3\xa0\x80\x81 \xc3\xa9\xe6\x97\xa5"),
	       *back = NULL;
	AUTO(str) char *out = json_text_pretty(j);

	assert_string_equal(out, "{\n  \"a\": \"\\u009b31m\\u202e\\u007f\\udb40\\udc01 \xc3\xa9\xe6\x97\xa5\"\n}");
	assert_int_equal(json_parse(out, strlen(out), "test", &back, NULL), 0);
	assert_true(json_equal(j, back));
}

static int parse_yaml(const char *text, json_t **ret, struct source_lines *lines, struct err *err)
{
	return yaml_parse(text, strlen(text), "spec.yaml", ret, lines, err);
}

static void test_yaml_is_typed_and_located(void **state)
{
	struct err err = {0};
	AUTO(json) json_t *j = NULL;
	AUTO(source_lines) struct source_lines lines = {0};
	const char *text = "Name: a\nResourceConfig:\n  InstanceCount: 2\n  Big: 1.5\n  Text: '2'\n"
			   "List:\n- x\n- {y: null, z: true}\n";

	assert_int_equal(parse_yaml(text, &j, &lines, &err), 0);
	AUTO(str) char *out = json_text(j);
	assert_string_equal(out, "{\"Name\":\"a\",\"ResourceConfig\":{\"InstanceCount\":2,\"Big\":1.5,\"Text\":\"2\"},"
				 "\"List\":[\"x\",{\"y\":null,\"z\":true}]}");
	assert_int_equal(source_lines_find(&lines, "ResourceConfig.InstanceCount"), 3);
	assert_int_equal(source_lines_find(&lines, "ResourceConfig.Missing"), 2);
	assert_int_equal(source_lines_find(&lines, "List.1.z"), 8);
}

static void test_yaml_refuses_what_it_does_not_know(void **state)
{
	static const char *const bad[] = {
		"a: 1\na: 2\n", "a: !!python/object x\n", "a: [1, 2\n", "a: *nothing\n",
		"<<: {a: 1}\n", "a: 1\n---\nb: 2\n",	  "",		"\t- x\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		json_t *j = NULL;
		assert_int_equal(parse_yaml(bad[i], &j, NULL, &err), -ERR_PARSE);
		assert_true(str_starts(err.msg, "spec.yaml:"));
	}
}

static void test_yaml_aliases_do_not_explode(void **state)
{
	AUTO(buf) struct buf bomb = BUF_INIT(BUF_MAX_TEXT);

	buf_adds(&bomb, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		buf_addf(&bomb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&bomb, "%s*a%d", k ? "," : "", i - 1);
		buf_adds(&bomb, "]\n");
	}
	struct err err = {0};
	json_t *j = NULL;
	assert_int_equal(parse_yaml(buf_str(&bomb), &j, NULL, &err), -ERR_PARSE);
}

static void test_digests(void **state)
{
	char hex[65], md5[33];

	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	md5_hex("", 0, md5);
	assert_string_equal(md5, "d41d8cd98f00b204e9800998ecf8427e");
	assert_int_equal(crc32_ieee("123456789", 9), 0xcbf43926);
	AUTO(str) char *b64 = base64_encode("hello", 5);
	assert_string_equal(b64, "aGVsbG8=");
	AUTO(buf) struct buf out = BUF_INIT(64);
	assert_int_equal(base64_decode(b64, &out, NULL), 0);
	assert_string_equal(buf_str(&out), "hello");
	assert_int_equal(base64_decode("a$==", &out, NULL), -ERR_PARSE);
	assert_int_equal(base64_decode("abc", &out, NULL), -ERR_PARSE);
}

static void test_atomic_write_and_removal(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *deep = fs_join(dir, "a/b/c");
	AUTO(str) char *file = fs_join(deep, "f");
	struct err err = {0};

	assert_int_equal(fs_mkdirs(deep, 0700, &err), 0);
	assert_int_equal(fs_write_atomic(file, "one", 3, 0600, &err), 0);
	assert_int_equal(fs_write_atomic(file, "second", 6, 0600, &err), 0);
	AUTO(buf) struct buf b = BUF_INIT(100);
	assert_int_equal(fs_read(file, &b, &err), 0);
	assert_string_equal(buf_str(&b), "second");
	AUTO(buf) struct buf small = BUF_INIT(3);
	assert_int_equal(fs_read(file, &small, NULL), -ERR_TOOBIG);
	assert_int_equal(fs_read("/nonexistent/x", &b, NULL), -ERR_NOTFOUND);
	assert_int_equal(fs_remove_tree(dir, &err), 0);
	assert_false(fs_exists(dir));
	assert_int_equal(fs_remove_tree(dir, &err), 0);
}

/* Nothing is seen of a draft before its end, and nothing is left of one that was given up. */
static void test_drafts(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *file = fs_join(dir, "f");
	AUTO(str) char *nowhere = fs_join(dir, "none/f");
	AUTO(strlist) struct strlist left = {0};
	AUTO(buf) struct buf b = BUF_INIT(100);
	struct fs_draft *d, *other;
	struct err err = {0};

	assert_int_equal(fs_draft_begin(file, false, 0600, &d, &err), 0);
	assert_int_equal(fs_draft_begin(file, false, 0600, &other, &err), 0);
	assert_int_equal(fs_draft_add(d, "one ", 4, &err), 0);
	assert_int_equal(fs_draft_add(d, "two", 3, &err), 0);
	assert_false(fs_exists(file));
	assert_int_equal(fs_draft_keep(d, false, &err), 0);
	assert_int_equal(fs_read(file, &b, &err), 0);
	assert_string_equal(buf_str(&b), "one two");
	assert_int_equal(fs_draft_keep(other, true, &err), -ERR_EXISTS); /* it came in between */
	assert_true(strstr(err.msg, "is there already") != NULL);
	assert_int_equal(fs_draft_begin(file, false, 0600, &d, NULL), -ERR_EXISTS);
	assert_int_equal(fs_draft_begin(file, true, 0600, &d, NULL), 0);
	fs_draft_drop(d);
	fs_draft_drop(NULL);
	assert_int_equal(fs_draft_begin(nowhere, true, 0600, &d, NULL), -ERR_IO);
	assert_int_equal(fs_draft_begin("/dev/null", true, 0600, &d, NULL), -ERR_IO);
	assert_int_equal(fs_draft_begin(dir, true, 0600, &d, NULL), -ERR_IO);
	assert_int_equal(fs_list_tree(dir, &left, NULL), 0);
	assert_int_equal(left.n, 1);
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

static void complete_path(const char *dir, const char *text, struct strlist *ret)
{
	AUTO(str) char *path = fs_join(dir, text);

	strlist_done(ret);
	fs_complete(path, 2, ret);
}

static void test_completed_paths(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *folder = fs_join(dir, "specs");
	AUTO(strlist) struct strlist found = {0};
	static const char *const files[] = {"spec.yaml", "spec.json", ".hidden", "other"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO(str) char *path = fs_join(dir, files[i]);
		assert_int_equal(fs_write_atomic(path, "", 0, 0600, NULL), 0);
	}
	assert_int_equal(fs_mkdirs(folder, 0700, NULL), 0);
	complete_path(dir, "s", &found);
	assert_int_equal(found.n, 2); /* at most */
	complete_path(dir, "specs", &found);
	assert_int_equal(found.n, 1);
	assert_true(str_ends(found.items[0], "/specs/"));
	complete_path(dir, ".", &found);
	assert_int_equal(found.n, 1);
	assert_true(str_ends(found.items[0], "/.hidden"));
	complete_path(dir, "none/", &found);
	assert_int_equal(found.n, 0);
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

static void completes(const char *typed, const char *expected)
{
	AUTO(strlist) struct strlist found = {0};
	AUTO(buf) struct buf text = BUF_INIT(1000);

	fs_complete(typed, 100, &found);
	strlist_sort(&found);
	for (size_t i = 0; i < found.n; i++)
		(void)buf_addf(&text, "%s ", found.items[i]);
	assert_string_equal(buf_str(&text), expected);
}

/* Paths stay as they are typed. */
static void test_completed_paths_of_home(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *below = fs_join(dir, "specs/deep");
	AUTO(str) char *file = fs_join(dir, "specs/player.yaml");
	AUTO(str) char *hidden = fs_join(dir, ".secret");
	AUTO(str) char *old = fs_home();

	assert_int_equal(fs_mkdirs(below, 0700, NULL), 0);
	assert_int_equal(fs_write_atomic(file, "", 0, 0600, NULL), 0);
	assert_int_equal(fs_write_atomic(hidden, "", 0, 0600, NULL), 0);
	setenv("HOME", dir, 1);
	completes("~/", "~/specs/ ");
	completes("~/.s", "~/.secret ");
	completes("~/specs/", "~/specs/deep/ ~/specs/player.yaml ");
	completes("~/specs/p", "~/specs/player.yaml ");
	completes("~/none/p", "");
	setenv("HOME", old, 1);
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

static void test_paths_and_locks(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	AUTO(str) char *path = fs_join(dir, "deep/lock");
	AUTO(str) char *old = fs_home();
	int fd, other;

	setenv("HOME", "/home/me", 1);
	AUTO(str) char *mine = fs_expand("~/x/y");
	AUTO(str) char *other_home = fs_expand("~you/x");
	AUTO(str) char *rooted = fs_expand("/x");
	AUTO(str) char *home = fs_expand("~");
	setenv("HOME", old, 1);
	assert_string_equal(mine, "/home/me/x/y");
	assert_string_equal(other_home, "~you/x");
	assert_string_equal(rooted, "/x");
	assert_string_equal(home, "/home/me");
	assert_true(fs_is_rooted("~/x") && fs_is_rooted("/x"));
	assert_false(fs_is_rooted("x") || fs_is_rooted("~") || fs_is_rooted("./x") || fs_is_rooted(""));
	assert_int_equal(fs_lock(path, &fd, NULL), 0);
	assert_int_equal(fs_lock(path, &other, NULL), -ERR_EXISTS);
	close(fd);
	assert_int_equal(fs_lock(path, &other, NULL), 0);
	close(other);
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
}

static void test_regions(void **state)
{
	static const char *const are[] = {"us-east-1", "us-gov-west-1", "ap-southeast-3", "me-central-1"};
	static const char *const are_not[] = {"us-east",   "us-east-1a",  "US-east-1", "us_east_1",
					      "use-ast-1", "us-east-11x", ""};

	for (size_t i = 0; i < ARRAY_LEN(are); i++)
		assert_true(str_is_region(are[i], strlen(are[i])));
	for (size_t i = 0; i < ARRAY_LEN(are_not); i++)
		assert_false(str_is_region(are_not[i], strlen(are_not[i])));
	assert_true(str_is_region("us-east-1 and more", 9));
}

static void test_processes(void **state)
{
	struct err err = {0};
	AUTO(buf) struct buf out = BUF_INIT(1000);
	int status;

	const char *const echo[] = {"sh", "-c", "echo hi; exit 3", NULL};
	assert_int_equal(proc_run(echo, 5000, &out, &status, &err), 0);
	assert_int_equal(status, 3);
	assert_string_equal(buf_str(&out), "hi\n");
	const char *const hang[] = {"sleep", "1000", NULL};
	assert_int_equal(proc_run(hang, 50, &out, &status, &err), -ERR_TIMEOUT);
	assert_int_equal(status, 128 + SIGKILL);
	const char *const absent[] = {"no-such-program-here", NULL};
	assert_int_equal(proc_run(absent, 50, &out, &status, NULL), -ERR_NOTFOUND);
}

static void test_command_line_words(void **state)
{
	AUTO(strlist) struct strlist words = {0};

	assert_int_equal(proc_split_words("a 'b c' \"d \\\" e\" f\\ g \"\"", &words, NULL), 0);
	assert_int_equal(words.n, 5);
	assert_string_equal(words.items[1], "b c");
	assert_string_equal(words.items[2], "d \" e");
	assert_string_equal(words.items[3], "f g");
	assert_string_equal(words.items[4], "");
	assert_int_equal(proc_split_words("a 'b", &words, NULL), -ERR_INVALID);
}

/* A message that is too long is cut between two characters, never within one. */
static void test_err_cut(void **state)
{
	AUTO(str) char *text = xmalloc(1201);

	for (size_t shift = 0; shift < 4; shift++) {
		struct err err = {0};
		size_t n;

		memset(text, 'a', shift);
		for (n = shift; n + 3 <= 1200; n += 3)
			memcpy(text + n, "\xe2\x82\xac", 3);
		text[n] = '\0';
		err_set(&err, ERR_IO, "%s", text);
		assert_true(utf8_valid(err.msg, strlen(err.msg)));
		assert_true(strlen(err.msg) >= sizeof(err.msg) - 4);
		err_prefix(&err, "%s", "context");
		assert_true(utf8_valid(err.msg, strlen(err.msg)));
		assert_memory_equal(err.msg, "context: ", 9);
		assert_true(strlen(err.msg) >= sizeof(err.msg) - 4);
	}
}

static void test_uri_coding(void **state)
{
	AUTO(buf) struct buf a = BUF_INIT(1024);
	AUTO(buf) struct buf b = BUF_INIT(1024);

	assert_int_equal(uri_encode(&a, "a b/~\xc3\xa9+%", 9, true), 0);
	assert_string_equal(buf_str(&a), "a%20b/~%C3%A9%2B%25");
	assert_int_equal(uri_decode(&b, "%41%zz%4+%2f%", 13, true), 0);
	assert_string_equal(buf_str(&b), "A%zz%4 /%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_cut),
		cmocka_unit_test(test_first_error_wins),
		cmocka_unit_test(test_buf_keeps_its_maximum),
		cmocka_unit_test(test_numbers_are_whole_strings),
		cmocka_unit_test(test_nearest_is_a_plausible_slip),
		cmocka_unit_test(test_map_survives_growth_and_removal),
		cmocka_unit_test(test_hostile_text_is_made_harmless),
		cmocka_unit_test(test_text_is_cut_by_cells),
		cmocka_unit_test(test_text_is_cut_from_the_middle),
		cmocka_unit_test(test_times_both_ways),
		cmocka_unit_test(test_offset_of_the_zone),
		cmocka_unit_test(test_json_paths),
		cmocka_unit_test(test_json_spells_what_terminals_obey),
		cmocka_unit_test(test_yaml_is_typed_and_located),
		cmocka_unit_test(test_yaml_refuses_what_it_does_not_know),
		cmocka_unit_test(test_yaml_aliases_do_not_explode),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_uri_coding),
		cmocka_unit_test(test_atomic_write_and_removal),
		cmocka_unit_test(test_drafts),
		cmocka_unit_test(test_completed_paths),
		cmocka_unit_test(test_completed_paths_of_home),
		cmocka_unit_test(test_paths_and_locks),
		cmocka_unit_test(test_regions),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_command_line_words),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
