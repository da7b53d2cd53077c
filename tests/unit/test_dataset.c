/* Channels read into rows: formats, types, layouts and their errors. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/fs.h"
#include "trainer/models/schema.h"
#include "trainer/read/source.h"
#include "trainer/read/number.h"

static struct dataset *load(const char *text, const struct dataset_options *opt, struct err *err)
{
	struct dataset *d = NULL;
	int r = dataset_load_memory(text, strlen(text), "f", opt, &d, err);

	assert_int_equal(r, err->code ? -(int)err->code : 0);
	return d;
}

static struct dataset *load_ok(const char *text, const struct dataset_options *opt)
{
	struct err err = {0};
	struct dataset *d = load(text, opt, &err);

	if (!d)
		fail_msg("%s", err.msg);
	return d;
}

static void expect_error(const char *text, const struct dataset_options *opt, const char *message)
{
	struct err err = {0};
	struct dataset *d = load(text, opt, &err);

	assert_null(d);
	assert_string_equal(err.msg, message);
}

static const struct dataset_options csv = {.format = DATA_CSV, .has_label = true};
static const struct dataset_options svm = {.format = DATA_LIBSVM, .has_label = true};

/* --- numbers ----------------------------------------------------------------- */

static void check_number(const char *text)
{
	char padded[600] = {0};
	float got, want = strtof(text, NULL);
	const char *end;

	snprintf(padded, sizeof(padded) - NUMBER_SLACK, "%s", text);
	end = number_parse(padded, &got);
	if (isinf(want)) {
		assert_null(end);
		assert_true(number_is_too_large(padded, padded + strlen(text)));
		return;
	}
	if (!end || end != padded + strlen(text) || memcmp(&got, &want, sizeof(got)))
		fail_msg("%s: got %.9g, strtof says %.9g", text, got, want);
}

static void test_numbers_known(void **state)
{
	static const char *const numbers[] = {
		"0",
		"-0",
		"+1",
		"1",
		".5",
		"5.",
		"-1.25e3",
		"1e-45",
		"7e-46",
		"1.17549435e-38",
		"1.17549428e-38",
		"3.4028235e38",
		"3.4028236e38",
		"1e39",
		"16777217",
		"16777219",
		"16777217.0000000001",
		"0.1",
		"1e23",
		"9007199254740993",
		"123456789012345678",
		"1234567890123456789",
		"12345678901234567890",
		"0.000000000000000000000000000000000000000000001",
		"1.40129846432481707e-45",
		"2.10194769648722561e-45",
		"1.00000017881393432617187499",
		"1.000000178813934326171875",
		"1.00000017881393432617187501",
		"0.00000000000000000000000000000000000000000000000000000000000000000000001e70",
		"00000000000000000000001",
		"1e-400",
		"0e999999999999",
		"1.0000000596046448e0",
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		check_number(numbers[i]);
}

static void test_numbers_random(void **state)
{
	uint64_t seed = 88172645463325252ULL;

	for (int i = 0; i < 300000; i++) {
		union {
			uint32_t u;
			float f;
		} v;
		char text[128];

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		v.u = (uint32_t)seed;
		if (!isfinite(v.f))
			continue;
		switch (i % 6) {
		case 0:
			snprintf(text, sizeof(text), "%.9g", v.f);
			break;
		case 1:
			snprintf(text, sizeof(text), "%.17g", (double)v.f * (1 + (double)(seed >> 40) * 1e-15));
			break;
		case 2: /* the midpoint of two neighbours, and next to it */
			snprintf(text, sizeof(text), "%.*e", 6 + i % 40,
				 ((double)v.f + (double)nextafterf(v.f, INFINITY)) / 2);
			break;
		case 3:
			snprintf(text, sizeof(text), "%.*f", i % 19, (double)(int64_t)seed * 1e-15);
			break;
		case 4:
			snprintf(text, sizeof(text), "%lld", (long long)(int64_t)seed);
			break;
		default:
			snprintf(text, sizeof(text), "%.18e", (double)v.f);
		}
		check_number(text);
	}
}

static void test_numbers_none(void **state)
{
	static const char *const texts[] = {"", "-", "+", ".", "e5", "nan", "inf", "x1", "-.", "--1", "+-1"};
	float v;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char padded[NUMBER_SLACK + 8] = {0};

		memcpy(padded, texts[i], strlen(texts[i]));
		assert_null(number_parse(padded, &v));
	}
}

/* --- CSV ------------------------------------------------------------------------ */

static void test_csv_plain(void **state)
{
	AUTO(dataset) struct dataset *d = load_ok("1,2.5,,-3e2\r\n\n0, 7 ,nan,\"4\"\n1,NA,8,9", &csv);

	assert_int_equal(d->rows, 3);
	assert_int_equal(d->columns, 3);
	assert_true(d->labels[0] == 1 && d->labels[1] == 0 && d->labels[2] == 1);
	assert_true(d->dense[0] == 2.5f && isnan(d->dense[1]) && d->dense[2] == -300);
	assert_true(d->dense[3] == 7 && isnan(d->dense[4]) && d->dense[5] == 4);
	assert_true(isnan(d->dense[6]) && d->dense[7] == 8 && d->dense[8] == 9);
	assert_null(d->weights);
	assert_int_equal(d->feature_names.n, 0);
}

static void test_csv_delimiters(void **state)
{
	static const char with_mark[] = "\xef\xbb\xbf"
					"1,2,3\n4,5,6\n";

	const char *const texts[] = {"1;2;3\n4;5;6\n", "1\t2\t3\n4\t\t6\n", "1|2|3\n4|5|6", "1 2 3\n 4  5 6 \n",
				     with_mark};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(dataset) struct dataset *d = load_ok(texts[i], &csv);

		assert_int_equal(d->rows, 2);
		assert_int_equal(d->columns, 2);
		assert_true(d->labels[1] == 4 && d->dense[3] == 6);
	}
}

static void test_csv_errors(void **state)
{
	expect_error("1,2,3\n4,abc,6\n", &csv, "f line 2 column 2: 'abc' is not a number");
	expect_error("a,b,c\n4,5,6\n", &csv,
		     "f line 1 column 1: 'a' is not a number (a header line? it has to be announced)");
	expect_error("1,2,3\n\n4,5\n", &csv, "f line 3 column 2: the row has 2 columns, expected 3");
	expect_error("1,2,3\n4,5,6,7\n", &csv, "f line 2 column 4: the row has 4 columns, expected 3");
	expect_error("1,2,3\n4,\"5,6\n7,8,9\n", &csv, "f line 2 column 2: unterminated quote");
	expect_error("1,2,3\n4,\"5\"x,6\n", &csv, "f line 2 column 2: text behind a closing quote");
	expect_error("", &csv, "f is empty");
	expect_error("\n\n", &csv, "f: the file is empty");
	expect_error(",2,3\n", &csv, "f line 1 column 1: the label is missing");
	expect_error("1,2,inf\n", &csv,
		     "f line 1 column 3: 'inf' is not a number (a header line? it has to be announced)");
	expect_error("1,2\n1,1e39\n", &csv, "f line 2 column 2: '1e39' is too large for a 32-bit float");
	expect_error("1,0x10\n", &csv,
		     "f line 1 column 2: '0x10' is not a number (a header line? it has to be announced)");
	expect_error("1\n2\n", &csv, "f: there are no feature columns (1 column in all)");
	expect_error("1,2\n3,1 2\n", &csv, "f line 2 column 2: '1 2' is not a number");
	expect_error("1,2\n3,\x1b[31mred\n", &csv, "f line 2 column 2: 'red' is not a number");
	expect_error(
		"1 1:2 2:3\n", &csv,
		"f line 1 column 2: '1:2' is not a number (this looks like libsvm: set the content type text/libsvm)");
	expect_error("5,1,2\n6 1:2 2:3\n", &csv, "f line 2 column 1: '6 1:2 2:3' is not a number");
}

static void test_csv_expected_columns(void **state)
{
	struct dataset_options opt = {.format = DATA_CSV, .expect_columns = 2};

	expect_error("1,2,3\n", &opt,
		     "f line 1: 3 feature columns, but 2 are expected (is the label still in the data?)");
	opt.has_label = true;
	expect_error("1,2\n", &opt, "f line 1: 1 feature columns, but 2 are expected");
}

static void test_csv_weights(void **state)
{
	struct dataset_options opt = csv;
	AUTO(dataset) struct dataset *d = NULL;

	opt.csv_weights = true;
	d = load_ok("1,0.5,7\n0,2,8\n", &opt);
	assert_int_equal(d->columns, 1);
	assert_true(d->weights[0] == 0.5f && d->weights[1] == 2 && d->dense[1] == 8);
	expect_error("1,,7\n", &opt, "f line 1 column 2: a weight must be a number and not negative");
	expect_error("1,-1,7\n", &opt, "f line 1 column 2: a weight must be a number and not negative");
}

static void test_csv_header(void **state)
{
	AUTO(strlist) struct strlist categorical = {0};
	struct dataset_options opt = csv;
	AUTO(dataset) struct dataset *d = NULL, *later = NULL;
	struct err err = {0};

	strlist_add(&categorical, "team");
	opt.header = true;
	opt.label_column = "y";
	opt.categorical = &categorical;
	opt.entity_column = "player";
	opt.date_column = "day";
	d = load_ok("player,day,age,\"team\",y\nann,20171017,20,\"red, \"\"dark\"\"\",1\n"
		    "bob,2017-10-18,21,blue,2\nann,2017-10-19T08:00:00Z,,red,3\nann,20171020,23,,4\n",
		    &opt);
	assert_int_equal(d->rows, 4);
	assert_int_equal(d->columns, 2);
	assert_string_equal(d->feature_names.items[0], "age");
	assert_string_equal(d->feature_names.items[1], "team");
	assert_true(!d->categorical[0] && d->categorical[1]);
	assert_int_equal(d->categories[1].n, 3);
	assert_string_equal(d->categories[1].items[0], "red, \"dark\"");
	assert_true(d->dense[1] == 0 && d->dense[3] == 1 && d->dense[5] == 2 && isnan(d->dense[7]));
	assert_int_equal(d->entity_names.n, 2);
	assert_int_equal(d->entities[2], 0);
	assert_int_equal(d->entities[1], 1);
	assert_int_equal(d->dates[0], 20171017);
	assert_int_equal(d->dates[2], 20171019);
	assert_true(d->labels[3] == 4);

	/* later data: other order, a category never seen, no label */
	opt = (struct dataset_options){.format = DATA_CSV, .header = true, .label_column = "y", .like = d};
	later = load_ok("team,age\nblue,1\ngreen,2\n", &opt);
	assert_true(later->dense[0] == 1 && later->dense[1] == 1);
	assert_true(later->dense[2] == 2 && isnan(later->dense[3]));
	assert_int_equal(later->unknown_categories, 1);
	assert_int_equal(later->categories[1].n, 3);
	expect_error("team,agee\nblue,1\n", &opt, "f: column 'agee' is not a feature of the training data");
	expect_error("team\nblue\n", &opt, "f: feature 'age' is not in the header");

	opt = csv;
	opt.header = true;
	opt.label_column = "lable";
	assert_null(load("label,b\n1,2\n", &opt, &err));
	assert_string_equal(err.msg, "f: label_column 'lable' is not in the header (did you mean 'label'?)");
	opt.label_column = "a";
	expect_error("a,b,a\n1,2,3\n", &opt, "f line 1 column 3: the header has the name 'a' twice");
	expect_error("a,b\n", &opt, "f: the data has no rows");
	expect_error("a,b\n1,x\n", &opt, "f line 2 column 2: (b) 'x' is not a number");
}

static void test_schema(void **state)
{
	AUTO(strlist) struct strlist categorical = {0};
	struct dataset_options opt = csv;
	AUTO(dataset) struct dataset *d = NULL, *back = NULL;
	AUTO(str) char *text = NULL;
	struct err err = {0};

	strlist_add(&categorical, "1");
	opt.header = true;
	opt.categorical = &categorical;
	d = load_ok("y,a,b\n1,2,x\n1,2,caf\xc3\xa9\n", &opt);
	text = schema_text(d);
	assert_int_equal(schema_parse(text, &back, &err), 0);
	assert_int_equal(back->columns, 2);
	assert_string_equal(back->feature_names.items[1], "b");
	assert_string_equal(back->categories[1].items[1], "caf\xc3\xa9");
	assert_int_equal(schema_parse("{\"columns\":0}", &back, &err), -ERR_PARSE);
	assert_int_equal(schema_parse("{\"columns\":1,\"categories\":{\"1\":[]}}", &back, NULL), -ERR_PARSE);
}

/* --- libsvm ---------------------------------------------------------------------- */

static void test_libsvm(void **state)
{
	AUTO(dataset)
	struct dataset *d =
		load_ok("# a comment\n1:0.5 qid:3 1:2 4:0.25 # rest\n0:2 qid:4 2:nan 3:1\n\n1:1 qid:4 5:1 2:7", &svm);

	assert_int_equal(d->rows, 3);
	assert_int_equal(d->columns, 6);
	assert_int_equal(d->row_start[1], 2);
	assert_int_equal(d->row_start[2], 3);
	assert_int_equal(d->row_start[3], 5);
	assert_int_equal(d->column_index[1], 4);
	assert_true(d->values[1] == 0.25f);
	assert_int_equal(d->column_index[3], 2);
	assert_true(d->values[3] == 7);
	assert_true(d->weights[0] == 0.5f && d->weights[1] == 2);
	assert_true(d->query_ids[0] == 3 && d->query_ids[2] == 4);
}

static void test_libsvm_prediction(void **state)
{
	struct dataset_options opt = {.format = DATA_LIBSVM, .expect_columns = 9};
	AUTO(dataset) struct dataset *d = load_ok("16 1:2 2:0.74\n1:3 8:1\n5 qid:1 1:1\n", &opt);

	assert_null(d->labels);
	assert_int_equal(d->rows, 3);
	assert_int_equal(d->columns, 9);
	assert_int_equal(d->row_start[3], 5);
	expect_error("1:3 9:1\n", &opt, "f line 1 column 2: index 9, but 9 feature columns are expected");
}

static void test_libsvm_errors(void **state)
{
	expect_error("1 1:2\nx 1:2\n", &svm, "f line 2 column 1: 'x' is not a label");
	expect_error("1 1:2\n1 a:2\n", &svm, "f line 2 column 2: 'a:2' is not index:value");
	expect_error("1 1:2 2:x\n", &svm, "f line 1 column 3: 'x' is not a number");
	expect_error("1 1:2 2:1e99\n", &svm, "f line 1 column 3: '1e99' is too large for a 32-bit float");
	expect_error("1 1:2 1:3\n", &svm, "f line 1: index 1 appears twice");
	expect_error("1 10000000:2\n", &svm,
		     "f line 1 column 2: the index of '10000000:2' is above the limit of 4000000 columns (an id, taken "
		     "for a column?)");
	expect_error("1:2 1:2\n1 1:2\n", &svm,
		     "f line 2 column 1: '1' has no weight, the first row of the data has one");
	expect_error("1 qid:1 1:2\n1 1:2\n", &svm, "f line 2 column 2: no qid, but the first row of the data has one");
	expect_error("1 -1:2\n", &svm, "f line 1 column 2: '-1:2' is not index:value");
	expect_error("nan 1:2\n", &svm, "f line 1 column 1: 'nan' is not a label");
	expect_error("1,2,3\n", &svm,
		     "f line 1 column 1: '1,2,3' is not a label (this looks like CSV: set the content type text/csv)");
}

/* --- folders, chunks, threads ------------------------------------------------------ */

static char folder[] = "/tmp/sagetop-dataset-XXXXXX";

static void put(const char *name, const char *text)
{
	AUTO(str) char *path = fs_join(folder, name);

	assert_int_equal(fs_mkdir_parent(path, 0700, NULL), 0);
	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

static void test_folder(void **state)
{
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = csv;
	struct err err = {0};
	char hash[65];
	AUTO(str) char *path = fs_join(folder, "ch");

	put("ch/b.csv", "2,2\n");
	put("ch/a/z.csv", "1,1\n");
	put("ch/a.csv", "0,0\n");
	put("ch/c/d/e/f.csv", "3,3\n");
	put("ch/_SUCCESS", "");
	opt.hash = true;
	assert_int_equal(dataset_load_dir(path, &opt, &d, &err), 0);
	assert_int_equal(d->rows, 4);
	for (int i = 0; i < 4; i++)
		assert_true(d->labels[i] == (float)i);
	sha256_hex("0,0\n1,1\n2,2\n3,3\n", 16, hash);
	assert_string_equal(d->data_hash, hash);

	put("ch/c/d/e/g/h.csv", "3,3\n");
	assert_int_equal(dataset_load_dir(path, &opt, &d, &err), -ERR_INVALID);
	assert_string_equal(err.msg, "ch/c/d/e/g: folders may be nested 3 deep at most");
	err_clear(&err);
	put("ch/.hidden", "3,3\n");
	assert_int_equal(dataset_load_dir(path, &opt, &d, &err), -ERR_INVALID);
	assert_string_equal(err.msg, "ch/.hidden: hidden files are not data: remove it from the channel");
	assert_int_equal(dataset_load_dir("/tmp/sagetop-dataset-absent/train", &opt, &d, NULL), -ERR_NOTFOUND);

	put("two/1.csv", "1,2\n");
	put("two/2.csv", "1,2\n1,2,3\n");
	free(path);
	path = fs_join(folder, "two/");
	err_clear(&err);
	assert_int_equal(dataset_load_dir(path, &opt, &d, &err), -ERR_INVALID);
	assert_string_equal(err.msg, "two/2.csv line 2 column 3: the row has 3 columns, expected 2");
}

/* A mapped file that is cut reads on as newlines, and is known to be lost. */
static void test_lost_file(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);

	while (text.len < 4 * page)
		assert_int_equal(buf_adds(&text, "1,2,3\n"), 0);
	for (size_t left = 0; left <= 4 * page; left += page + 100) {
		AUTO(str) char *path = fs_join(folder, "lost/a.csv");
		AUTO(source) struct source s = {0};
		struct err err = {0};
		const char *data;
		size_t size;

		put("lost/a.csv", buf_str(&text));
		assert_int_equal(source_add_file(&s, path, &err), 0);
		assert_int_equal(source_open(&s.files[0], &err), 0);
		assert_int_equal(source_check(&s, &err), 0);
		data = s.files[0].data;
		size = s.files[0].size;
		assert_int_equal(truncate(path, (off_t)left), 0);
		/* newlines from the next page on, behind the file's last page too */
		for (size_t at = (left + page - 1) / page * page; at < (size + page - 1) / page * page + page; at++)
			assert_int_equal(data[at], '\n');
		assert_int_equal(source_check(&s, &err), -ERR_IO);
		assert_string_equal(err.msg, "a.csv: the file was cut short, or cannot be read to its end");
	}
}

/* Enough rows for many chunks and batches: the same however it is cut. */
static void test_large(void **state)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 27);
	AUTO(str) char *path = fs_join(folder, "large");
	struct dataset_options opt = csv;

	enum { ROWS = 400000 };

	buf_adds(&text, "id,who,y\n");
	for (int i = 0; i < ROWS; i++) {
		buf_addf(&text, "%d,w%d,%d.5\n", i, (int)(i * 7919LL % 1000), i % 10);
		if (i % 100000 == 5)
			buf_adds(&text, "\n \r\n");
	}
	put("large/a.csv", buf_str(&text));
	opt.header = true;
	opt.label_column = "y";
	opt.entity_column = "who";
	for (int threads = 1; threads <= 5; threads += 2) {
		AUTO(dataset) struct dataset *d = NULL;
		char name[16];

		opt.threads = threads;
		assert_int_equal(dataset_load_dir(path, &opt, &d, NULL), 0);
		assert_int_equal(d->rows, ROWS);
		for (size_t i = 0; i < ROWS; i++) {
			snprintf(name, sizeof(name), "w%zu", i * 7919 % 1000);
			if (d->dense[i] != (float)i || d->labels[i] != (float)(i % 10) + 0.5f ||
			    strcmp(d->entity_names.items[d->entities[i]], name))
				fail_msg("row %zu is wrong", i);
		}
	}
}

/* Rows to be predicted keep their places, wherever chunks are cut. */
static void test_blank_lines_to_predict(void **state)
{
	static const struct {
		const char *text;
		bool libsvm, training;
		size_t columns;	 /* expected, so that it is known to be one; 0: any */
		size_t rows;	 /* 0: refused, with */
		const char *why; /* this */
	} cases[] = {
		{"1\n\n3\n", false, false, 1, 3, NULL},
		{"\n1\n\n \n\r\n3\n", false, false, 1, 6, NULL},
		{"1\n3\n\n", false, false, 1, 3, NULL},
		{"1,2\n3,4\n\n \r\n", false, false, 0, 2, NULL},
		{"1,2\n\n3,4\n", false, false, 0, 0, "f line 2: the line is blank, with rows behind it"},
		{"\n1,2\n", false, false, 0, 0, "f line 1: the line is blank, with rows behind it"},
		{"1,2\n3,4\n\n\n\n\n\n5,6\n", false, false, 0, 0, "f line 3: the line is blank, with rows behind it"},
		{"1,2\n\n3,4\n", false, true, 0, 2, NULL},
		{"0:1\n\n0:3\n", true, false, 0, 3, NULL},
		{"\n \n0:3 1:2\n\n", true, false, 0, 4, NULL},
		{"0:1\n# nothing\n0:3\n", true, false, 0, 2, NULL},
		{"1\n\n0 0:1\n1\n", true, true, 0, 3, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t chunk = 1; chunk < 12; chunk += 3) {
			struct dataset_options opt = {.format = cases[i].libsvm ? DATA_LIBSVM : DATA_CSV,
						      .has_label = cases[i].training,
						      .expect_columns = cases[i].columns,
						      .chunk_bytes = chunk};
			AUTO(dataset) struct dataset *d = NULL;
			struct err err = {0};
			int rc = dataset_load_memory(cases[i].text, strlen(cases[i].text), "f", &opt, &d, &err);

			if (!cases[i].rows) {
				assert_int_equal(rc, -ERR_INVALID);
				assert_string_equal(err.msg, cases[i].why);
				continue;
			}
			if (rc)
				fail_msg("case %zu: %s", i, err.msg);
			assert_int_equal(d->rows, cases[i].rows);
		}
	/* what is missing is so in the row of the blank line */
	AUTO(dataset) struct dataset *d = load_ok("1\n\n3\n", &(struct dataset_options){.format = DATA_CSV});
	assert_true(d->dense[0] == 1 && isnan(d->dense[1]) && d->dense[2] == 3);
}

static void test_large_fault(void **state)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 27);
	AUTO(str) char *path = fs_join(folder, "fault");
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = csv;
	struct err err = {0};

	for (int i = 0; i < 300000; i++)
		buf_addf(&text, "%d,%s\n", i, i == 212344 || i == 280000 ? "bad" : "1");
	put("fault/a.csv", buf_str(&text));
	opt.threads = 4;
	assert_int_equal(dataset_load_dir(path, &opt, &d, &err), -ERR_INVALID);
	assert_string_equal(err.msg, "fault/a.csv line 212345 column 2: 'bad' is not a number");
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	return fs_remove_tree(folder, NULL);
}

static void test_content_types(void **state)
{
	assert_int_equal(data_format_parse("text/csv"), DATA_CSV);
	assert_int_equal(data_format_parse("Text/CSV; charset=utf-8"), DATA_CSV);
	assert_int_equal(data_format_parse("text/x-libsvm"), DATA_LIBSVM);
	assert_int_equal(data_format_parse("application/x-recordio-protobuf"), DATA_RECORDIO);
	assert_int_equal(data_format_parse("application/x-parquet"), DATA_PARQUET);
	assert_int_equal(data_format_parse("text/html"), DATA_UNKNOWN);
	assert_int_equal(data_format_parse(NULL), DATA_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_known),
		cmocka_unit_test(test_numbers_random),
		cmocka_unit_test(test_numbers_none),
		cmocka_unit_test(test_csv_plain),
		cmocka_unit_test(test_csv_delimiters),
		cmocka_unit_test(test_csv_errors),
		cmocka_unit_test(test_csv_expected_columns),
		cmocka_unit_test(test_csv_weights),
		cmocka_unit_test(test_csv_header),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_libsvm),
		cmocka_unit_test(test_libsvm_prediction),
		cmocka_unit_test(test_libsvm_errors),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_lost_file),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_blank_lines_to_predict),
		cmocka_unit_test(test_large_fault),
		cmocka_unit_test(test_content_types),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
