/* The members of archives as their bytes come: whole, piece by piece, packed, torn, and made to harm. */
#include "unit.h"

#include <zlib.h>

#include "app/archive_members.h"
#include "base/buf.h"
#include "base/clock.h"

#define ARCHIVE_MAX ((size_t)1 << 20)

static void on_member(void *user, const struct archive_member *m)
{
	(void)buf_addf(user, "%s %lld %lld\n", m->name, (long long)m->size, (long long)m->modified_ms);
}

static void add_padding(struct buf *tar)
{
	while (tar->len % 512)
		(void)buf_addc(tar, '\0');
}

/* A header as ustar has it. size: as its field is to read, 11 octal digits. */
static void add_header(struct buf *tar, const char *name, char type, const char *size)
{
	char h[512] = "";
	unsigned sum = 0;

	strncpy(h, name, 100);
	memcpy(h + 124, size, MIN(strlen(size), (size_t)12));
	memcpy(h + 136, "14700000000", 11);
	memset(h + 148, ' ', 8);
	h[156] = type;
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	(void)buf_add(tar, h, sizeof(h));
}

static void add_file(struct buf *tar, const char *name, char type, const char *text)
{
	char size[16];

	snprintf(size, sizeof(size), "%011o", (unsigned)strlen(text));
	add_header(tar, name, type, size);
	(void)buf_adds(tar, text);
	add_padding(tar);
}

static void add_end(struct buf *tar)
{
	for (int i = 0; i < 1024; i++)
		(void)buf_addc(tar, '\0');
}

static void pack(const struct buf *plain, struct buf *ret)
{
	z_stream z = {0};
	static unsigned char out[ARCHIVE_MAX];

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)plain->data;
	z.avail_in = (uInt)plain->len;
	z.next_out = out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	(void)buf_add(ret, out, z.total_out);
	deflateEnd(&z);
}

/* What is told of an archive that comes in pieces of so many bytes; an error as the last line. */
static char *members_of(const struct buf *bytes, size_t piece)
{
	struct buf told = BUF_INIT(ARCHIVE_MAX);
	struct archive_members *a = archive_members_new(on_member, &told);
	struct err err = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < bytes->len; i += piece)
		rc = archive_members_feed(a, bytes->data + i, MIN(piece, bytes->len - i), &err);
	if (rc == 0)
		rc = archive_members_end(a, &err);
	if (rc < 0)
		(void)buf_adds(&told, err.msg);
	archive_members_free(a);
	return told.len ? buf_take(&told) : xstrdup("");
}

static void check(const struct buf *bytes, const char *expected)
{
	static const size_t pieces[] = {1, 7, 512, 100000};

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		AUTO(str) char *told = members_of(bytes, pieces[i]);

		assert_string_equal(told, expected);
	}
}

static void test_members(void **state)
{
	AUTO(buf) struct buf tar = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf packed = BUF_INIT(ARCHIVE_MAX);

	add_file(&tar, "code/", '5', "");
	add_file(&tar, "model/xgboost-model", '0', "booster");
	add_file(&tar, "latest", '2', "");
	add_file(&tar, "empty", '0', "");
	add_end(&tar);
	check(&tar, "model/xgboost-model 7 1728053248000\nempty 0 1728053248000\n");
	pack(&tar, &packed);
	check(&packed, "model/xgboost-model 7 1728053248000\nempty 0 1728053248000\n");
	assert_true(archive_is_named("a/model.tar.gz") && archive_is_named("x.tgz") && archive_is_named("x.tar"));
	assert_false(archive_is_named("model.gz") || archive_is_named("tar"));
}

/* A gzip file may have several members: they are one archive. */
static void test_gzip_members(void **state)
{
	AUTO(buf) struct buf first = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf second = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf packed = BUF_INIT(ARCHIVE_MAX);

	add_file(&first, "a", '0', "1");
	add_file(&second, "b", '0', "22");
	add_end(&second);
	pack(&first, &packed);
	pack(&second, &packed);
	check(&packed, "a 1 1728053248000\nb 2 1728053248000\n");
}

static void test_long_names(void **state)
{
	AUTO(buf) struct buf tar = BUF_INIT(ARCHIVE_MAX);

	add_file(&tar, "././@LongLink", 'L', "a name that GNU tar found too long");
	add_file(&tar, "cut", '0', "x");
	add_file(&tar, "pax", 'x', "21 path=named by pax\n");
	add_file(&tar, "cut", '0', "yy");
	add_file(&tar, "pax", 'x', "99 path=longer than its record\n");
	add_file(&tar, "its own", '0', "");
	add_file(&tar, "pax", 'x', "8 path=\n0 x=y\n-7 path=z\n");
	add_file(&tar, "own again", '0', "");
	add_end(&tar);
	check(&tar, "a name that GNU tar found too long 1 1728053248000\nnamed by pax 2 1728053248000\n"
		    "its own 0 1728053248000\nown again 0 1728053248000\n");
}

/* Names are for the eye: a terminal takes no orders from them. */
static void test_hostile(void **state)
{
	AUTO(buf) struct buf tar = BUF_INIT(ARCHIVE_MAX);
	AUTO(str) char *told = NULL;

	add_file(&tar, "\033]0;x\a../../etc/passwd\n\xff", '0', "");
	add_end(&tar);
	told = members_of(&tar, 100);
	assert_null(strpbrk(told, "\033\a"));
	assert_int_equal(strchr(told, '\n') - told, strlen(told) - 1);

	static char block[1 << 20];
	AUTO(buf) struct buf bomb = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf names = BUF_INIT(ARCHIVE_MAX);
	struct archive_members *a = archive_members_new(on_member, &names);
	struct err err = {0};
	int rc;

	add_header(&bomb, "bomb", '0', "77777777777");
	rc = archive_members_feed(a, bomb.data, bomb.len, &err);
	for (int i = 0; rc == 0 && i < 10000; i++)
		rc = archive_members_feed(a, block, sizeof(block), &err);
	assert_int_equal(rc, -ERR_TOOBIG);
	assert_in_range(archive_members_unpacked(a), ARCHIVE_UNPACKED_MAX, ARCHIVE_UNPACKED_MAX + (1 << 20));
	archive_members_free(a);
}

static void test_torn(void **state)
{
	AUTO(buf) struct buf tar = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf packed = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf text = BUF_INIT(ARCHIVE_MAX);
	AUTO(buf) struct buf none = BUF_INIT(ARCHIVE_MAX);

	add_file(&tar, "model", '0', "booster");
	add_end(&tar);
	pack(&tar, &packed);
	tar.len = 600;
	check(&tar, "model 7 1728053248000\nits end is missing");
	packed.len /= 2;
	AUTO(str) char *told = members_of(&packed, 10);
	assert_non_null(strstr(told, "its end is missing"));
	for (int i = 0; i < 100; i++)
		(void)buf_adds(&text, "no archive at all ");
	check(&text, "no tar archive, or a torn one");
	check(&none, "its end is missing");
	(void)buf_adds(&none, "\x1fno gzip");
	check(&none, "it is torn: incorrect header check");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members), cmocka_unit_test(test_gzip_members), cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_torn),
	};

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
