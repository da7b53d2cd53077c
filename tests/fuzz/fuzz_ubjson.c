/* The bytes of a model that training goes on from (grower_restore reads them, out of
 * a checkpoint): the trees are found and read, or refused, and what is read leads
 * from its root to a leaf. A tree that is written again is read the same. */
#include "fuzz.h"
#include "trainer/grow/grow_impl.h"
#include "trainer/library/ubjson.h"

#define COLUMNS 3
#define OUT_MAX ((size_t)1 << 24)

static bool columns_fit(const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->nodes[i].left >= 0 && t->nodes[i].column >= COLUMNS)
			return false;
	return true;
}

static void apply(const struct tree *t)
{
	static const float rows[][COLUMNS] = {{0, 0, 0}, {-1e30f, 5, 2}, {1e30f, -5, -2}};

	if (!columns_fit(t))
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		(void)tree_value(t, rows[i]);
}

static void write_again(const struct tree *t)
{
	AUTO(buf) struct buf out = BUF_INIT(OUT_MAX);
	struct tree read = {0};
	size_t at = 0;

	if (model_add_tree(&out, t, 0, COLUMNS, NULL))
		return;
	FUZZ_CHECK(!model_read_tree(out.data, out.len, &at, &read, NULL));
	FUZZ_CHECK(at == out.len && read.n == t->n);
	for (size_t i = 0; i < t->n; i++)
		FUZZ_CHECK(read.nodes[i].left == t->nodes[i].left && read.nodes[i].column == t->nodes[i].column &&
			   read.nodes[i].missing_left == t->nodes[i].missing_left);
	tree_done(&read);
}

static void read_trees(const char *bytes, size_t len)
{
	struct tree t = {0};
	struct err err = {0};
	size_t at, end, n;
	int rc = model_find_trees(bytes, len, &at, &end, &n, &err);

	FUZZ_CHECK(rc ? err.msg[0] != 0 : at <= end && end <= len && n <= end - at);
	for (size_t i = 0; !rc && i < n; i++) {
		size_t from = at;
		rc = model_read_tree(bytes, end, &at, &t, &err);
		FUZZ_CHECK(rc ? err.msg[0] != 0 : at > from && at <= end);
		if (rc)
			break;
		apply(&t);
		write_again(&t);
	}
	tree_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ubjson u = {.data = (const char *)data, .len = size};

	FUZZ_CHECK(ubjson_skip(&u, NULL) || (u.at && u.at <= size));
	read_trees((const char *)data, size);
	return 0;
}
