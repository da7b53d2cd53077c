/* The trainer's parts that need no training: processors, folds, the archive of
 * models, the journal, the tracker against strangers, numbers as text. */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fs.h"
#include "trainer/settings/contract.h"
#include "trainer/job/journal.h"
#include "trainer/job/kfold.h"
#include "trainer/models/pack.h"
#include "trainer/serve/serve_output.h"
#include "trainer/hosts/tracker.h"
#include "trainer/hosts/tracker_ring.h"
#include "unit.h"

static void put(const char *dir, const char *name, const char *text)
{
	AUTO(str) char *path = fs_join(dir, name);

	assert_int_equal(fs_mkdir_parent(path, 0755, NULL), 0);
	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static void drop(char *dir)
{
	assert_int_equal(fs_remove_tree(dir, NULL), 0);
	free(dir);
}

static void processors_follow_the_quota(void **state)
{
	char *dir = unit_temp_dir();
	int all = contract_processors(dir);

	assert_true(all >= 1);
	put(dir, "cpu.max", "max 100000\n");
	assert_int_equal(contract_processors(dir), all);
	put(dir, "cpu.max", "50000 100000\n");
	assert_int_equal(contract_processors(dir), 1);
	put(dir, "cpu.max", "100001 100000\n");
	assert_int_equal(contract_processors(dir), MIN(all, 2));
	put(dir, "cpu.max", "rubbish\n");
	put(dir, "cpu/cpu.cfs_quota_us", "-1\n");
	put(dir, "cpu/cpu.cfs_period_us", "100000\n");
	assert_int_equal(contract_processors(dir), all);
	put(dir, "cpu/cpu.cfs_quota_us", "10000\n");
	assert_int_equal(contract_processors(dir), 1);
	drop(dir);
}

static void folds_keep_queries_together(void **state)
{
	uint64_t queries[60];
	float labels[60];
	uint32_t folds[60], again[60];
	int rows_in[4] = {0};

	for (int i = 0; i < 60; i++) {
		queries[i] = (uint64_t)i / 5;
		labels[i] = (float)(i % 3);
	}
	struct dataset d = {.rows = 60, .labels = labels, .query_ids = queries};
	const struct objective *o = objective_find("rank:pairwise");
	assert_int_equal(kfold_assign(&d, o, 4, 7, 0, folds, NULL), 0);
	for (int i = 0; i < 60; i++) {
		assert_true(folds[i] < 4);
		assert_int_equal(folds[i], folds[i - i % 5]);
		rows_in[folds[i]]++;
	}
	for (int f = 0; f < 4; f++)
		assert_int_equal(rows_in[f], 15);
	assert_int_equal(kfold_assign(&d, o, 4, 7, 0, again, NULL), 0);
	assert_memory_equal(folds, again, sizeof(folds));
	assert_int_equal(kfold_assign(&d, o, 4, 7, 1, again, NULL), 0);
	assert_memory_not_equal(folds, again, sizeof(folds));
	struct err err = {0};
	assert_int_equal(kfold_assign(&d, o, 13, 7, 0, folds, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "12"));
}

static size_t pack_place(const struct pack *p, const char *name)
{
	size_t i = 0;

	while (i < pack_count(p) && strcmp(pack_name(p, i), name))
		i++;
	assert_true(i < pack_count(p));
	return i;
}

static void archive_finds_models(void **state)
{
	char *dir = unit_temp_dir();
	struct pack_writer *w = NULL;
	struct pack *p = NULL;
	size_t n;
	struct err err = {0};

	assert_false(pack_present(dir));
	assert_int_equal(pack_create(dir, ".ubj", &w, NULL), 0);
	assert_int_equal(pack_add(w, "a/../b", "first", 5, NULL, NULL), 0);
	assert_int_equal(pack_add(w, "empty", "", 0, NULL, NULL), 0);
	assert_int_equal(pack_add(w, "second", "0123456789", 10, NULL, NULL), 0);
	assert_false(pack_present(dir)); /* not before it is whole */
	AUTO(json) json_t *about = json_object();
	assert_int_equal(pack_finish(w, about, NULL), 0);
	pack_writer_free(w);
	assert_int_equal(pack_open(dir, &p, NULL), 0);
	assert_int_equal(pack_count(p), 3);
	const void *bytes;
	assert_int_equal(pack_read(p, pack_place(p, "second"), &bytes, &n, NULL), 0);
	assert_int_equal(n, 10);
	assert_memory_equal(bytes, "0123456789", 10);
	assert_int_equal(pack_read(p, pack_place(p, "a/../b"), &bytes, &n, NULL), 0);
	assert_memory_equal(bytes, "first", 5);
	pack_free(p);
	put(dir, PACK_INDEX, "{\"models\": {\"x\": {\"offset\": 512, \"length\": 99999999}}}");
	p = NULL;
	assert_int_equal(pack_open(dir, &p, &err), -ERR_PARSE);
	assert_non_null(strstr(err.msg, "'x' lies outside"));
	/* the index of another archive: the name, or the length, is not that of the member */
	static const char *const others[] = {
		"{\"models\": {\"third\": {\"offset\": 2048, \"length\": 10}}}",
		"{\"models\": {\"second\": {\"offset\": 2048, \"length\": 9}}}",
		"{\"models\": {\"second\": {\"offset\": 1536, \"length\": 10}}}",
		"{\"models\": {\"secon\": {\"offset\": 2048, \"length\": 10}}}",
	};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		put(dir, PACK_INDEX, others[i]);
		p = NULL;
		err = (struct err){0};
		assert_int_equal(pack_open(dir, &p, NULL), 0);
		assert_int_equal(pack_read(p, 0, &bytes, &n, &err), -ERR_PARSE);
		assert_non_null(strstr(err.msg, "do not belong together"));
		pack_free(p);
	}
	put(dir, PACK_INDEX, "{\"models\": {\"second\": {\"offset\": 2048, \"length\": 10}}}");
	assert_int_equal(pack_open(dir, &p, NULL), 0);
	assert_int_equal(pack_read(p, 0, &bytes, &n, NULL), 0);
	pack_free(p);
	/* many entities in one place */
	AUTO(json) json_t *many = json_pack("{s:{}}", "models");
	for (int i = 0; i < 20; i++) {
		char name[16];
		snprintf(name, sizeof(name), "e/%d", i);
		json_object_set_new(json_object_get(many, "models"), name,
				    json_pack("{s:i, s:i}", "offset", 2048, "length", 10));
	}
	AUTO(str) char *text = json_text(many);
	put(dir, PACK_INDEX, text);
	err = (struct err){0};
	assert_int_equal(pack_open(dir, &p, &err), -ERR_PARSE);
	assert_non_null(strstr(err.msg, "larger than"));
	drop(dir);
}

static void count_record(void *ctx, const char *name, const json_t *info, int64_t offset, size_t length)
{
	(*(int *)ctx)++;
	assert_int_equal(length, 5);
	assert_true(json_is_object(info));
}

static int reopen(const char *dir, const char *fingerprint, bool *restarted)
{
	struct journal *j = NULL;
	int n = 0;

	assert_int_equal(journal_open(dir, fingerprint, count_record, &n, &j, restarted, NULL), 0);
	journal_close(j);
	return n;
}

static void journal_drops_a_torn_tail(void **state)
{
	char *dir = unit_temp_dir();
	AUTO(str) char *path = fs_join(dir, "sagetop-entities.journal");
	AUTO(json) json_t *info = json_object();
	struct journal *j = NULL;
	bool restarted;
	int n = 0;

	assert_int_equal(journal_open(dir, "print", count_record, &n, &j, &restarted, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(journal_append(j, "who", info, "model", 5, NULL), 0);
	journal_close(j);
	assert_int_equal(reopen(dir, "print", &restarted), 3);
	assert_int_equal(truncate(path, fs_size(path) - 1), 0);
	assert_int_equal(reopen(dir, "print", &restarted), 2);
	assert_int_equal(reopen(dir, "print", &restarted), 2);
	assert_false(restarted);
	assert_int_equal(reopen(dir, "other", &restarted), 0);
	assert_true(restarted);
	drop(dir);
}

/* --- the tracker ------------------------------------------------------------------ */

static int call(const struct tracker *t, const char *text, size_t n)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)tracker_port(t)),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
	return fd;
}

static void say(int fd, const char *line)
{
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
}

/* The next line that is no beat; "" at the end. */
static const char *heard(int fd)
{
	static char line[512];
	size_t n;

	do {
		for (n = 0; n < sizeof(line) - 1 && recv(fd, line + n, 1, 0) == 1 && line[n] != '\n'; n++)
			;
		line[n] = '\0';
	} while (!strcmp(line, "beat"));
	return line;
}

static struct tracker *two_hosts(int64_t timeout_ms)
{
	AUTO(strlist) struct strlist hosts = {0};
	struct tracker *t = NULL;

	strlist_add(&hosts, "one");
	strlist_add(&hosts, "two");
	assert_int_equal(tracker_start(&hosts, 0, timeout_ms, &t, NULL), 0);
	return t;
}

/* Strangers that send rubbish, half a greeting or nothing, more than there is room for,
 * and stay: the hosts notice nothing. */
static void tracker_bears_strangers(void **state)
{
	static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "SGT1here 99\n", "SGT1here -1\n",
					    "SGT1nonsense\n",	      "SGT1",	       "",
					    "\x99\xff\x01\x01",	      "SGT1here 0"};
	struct tracker *t = two_hosts(60000);
	int strangers[160];

	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		const char *text = texts[i % ARRAY_LEN(texts)];
		strangers[i] = call(t, text, strlen(text));
	}
	int one = call(t, "SGT1here 0\nhello 5 3 print\n", 27), two = call(t, "SGT1here 1\nhello 0 0 none\n", 26);
	assert_non_null(strstr(heard(one), "go 1 3 "));
	assert_string_equal(heard(two), "leave");
	say(one, "done\n");
	say(two, "done\n");
	assert_int_equal(tracker_finish(t, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		close(strangers[i]);
	close(one);
	close(two);
}

/* A host that is there but has not loaded its data is waited for beyond the time-out;
 * one that is not there is not. */
static void tracker_waits_for_the_slow(void **state)
{
	struct tracker *t = two_hosts(300);
	struct err err = {0};
	int one = call(t, "SGT1here 0\nhello 5 3 print\n", 27), two = call(t, "SGT1here 1\n", 11);
	struct pollfd p = {.fd = one, .events = POLLIN};
	char bytes[6];

	for (int beats = 0; beats < 2; beats++) { /* one a second */
		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(recv(one, bytes, 5, MSG_WAITALL), 5);
		assert_memory_equal(bytes, "beat\n", 5);
	}
	say(two, "hello 5 3 print\n");
	assert_non_null(strstr(heard(one), "go 2 3 "));
	say(one, "done\n");
	say(two, "fail 2 all is\x1b[31m bad\n");
	assert_int_equal(tracker_finish(t, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "host two failed: all is"));
	assert_null(strchr(err.msg, 27));
	close(one);
	close(two);

	t = two_hosts(300);
	one = call(t, "SGT1here 0\nhello 5 3 print\n", 27);
	assert_string_equal(heard(one), "fail 11 not all hosts came within 0 seconds; missing: two");
	close(one);
	assert_int_equal(tracker_finish(t, NULL), -ERR_TIMEOUT);
}

static void tracker_compares_settings(void **state)
{
	struct tracker *t = two_hosts(60000);
	int one = call(t, "SGT1here 0\nsetting eta=1\nsetting channel x=a\nhello 5 3 print\n", 62);
	int two = call(t, "SGT1here 1\nsetting channel x=b\nsetting eta=2\nhello 0 0 none\n", 61);
	static const char reason[] = "fail 2 the hosts do not agree: eta is 1 on host one and 2 on host two";

	assert_string_equal(heard(one), reason);
	assert_string_equal(heard(two), reason);
	close(one);
	close(two);
	assert_int_equal(tracker_finish(t, NULL), -ERR_INVALID);
}

/* A worker of the ring says who it is in pieces of any size. */
static void ring_takes_its_time(void **state)
{
	static const char bytes[] = "\xff\xff\xff\xff\xff\xff\xff\xff\6\0\0\000000001\5\0\0\0start";
	static const char long_name[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0";
	char task[RING_TASK_MAX];

	for (size_t n = 0; n < sizeof(bytes) - 1; n++)
		assert_int_equal(ring_parse(bytes, n, task), RING_MORE);
	assert_int_equal(ring_parse(bytes, sizeof(bytes) - 1, task), RING_START);
	assert_string_equal(task, "000001");
	assert_int_equal(ring_parse(long_name, sizeof(long_name) - 1, task), RING_BROKEN);
}

/* What printf and strtof say of the shortest text. */
static void number_by_library(char buf[OUTPUT_NUMBER], float v)
{
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(buf, OUTPUT_NUMBER, "%.*g", digits, (double)v);
		if (strtof(buf, NULL) == v)
			return;
	}
}

static void numbers_are_written_as_printf_does(void **state)
{
	static const float edges[] = {
		0,	 -0.0f,	    1e-4f,   0.00010000001f, 999999,   999998.94f, 999999.06f, 1e6f,
		0.5f,	 1,	    10,	     9.9999995f,     16777216, 0.1f,	   0.3f,       1e-45f,
		3.4e38f, 99999.95f, 1234.5f, 100000,	     123456,   8388607.5f};
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(edges) * 2 + 300000; i++) {
		char text[OUTPUT_NUMBER], expected[OUTPUT_NUMBER];
		float v = edges[i / 2 % ARRAY_LEN(edges)] * (i % 2 ? -1.0f : 1.0f);

		if (i >= ARRAY_LEN(edges) * 2) {
			/* any bits, or those of a number of usual size; or a short decimal */
			seed = seed * 1664525 + 1013904223;
			uint32_t bits = i % 3 ? (seed & 0x87ffffff) + 0x38000000 : seed;

			memcpy(&v, &bits, sizeof(v));
			if (i % 7 == 0)
				v = (float)(seed >> 12) / 1000;
			if (!isfinite(v))
				continue;
		}
		number_by_library(expected, v);
		assert_string_equal(output_number(text, v), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors_follow_the_quota),
		cmocka_unit_test(folds_keep_queries_together),
		cmocka_unit_test(archive_finds_models),
		cmocka_unit_test(journal_drops_a_torn_tail),
		cmocka_unit_test(tracker_bears_strangers),
		cmocka_unit_test(tracker_waits_for_the_slow),
		cmocka_unit_test(tracker_compares_settings),
		cmocka_unit_test(ring_takes_its_time),
		cmocka_unit_test(numbers_are_written_as_printf_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
