/* A model file looked at before libxgboost reads it: no model at all, a pickle, cut
 * short, or of a later release. */
#include "trainer/library/model_bytes.h"

#include "base/str.h"
#include "trainer/library/ubjson.h"

#define TAIL ((size_t)64 << 10) /* where the library writes what is looked for */
#define NUMBER_MAX 64

/* A value in a model: its bytes, markers and quotes included, and the text within. */
struct value {
	const char *at, *end;
	const char *text;
	size_t len;
};

struct model {
	const char *p;
	size_t n;
	bool ubj;
	int version[3]; /* 0, 0, 0: it does not say */
};

/* --- JSON -------------------------------------------------------------------------- */

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p))
		p++;
	return p;
}

/* What stands behind "key": and begins with first, from p on; the same word may be a
 * value, or a text within one. */
static const char *json_find(const char *p, const char *end, const char *key, char first)
{
	char quoted[40];
	size_t n = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", key);

	while (p < end && (p = memmem(p, (size_t)(end - p), quoted, n))) {
		p = skip_blanks(p + n, end);
		if (p == end || *p != ':')
			continue;
		p = skip_blanks(p + 1, end);
		if (p < end && *p == first)
			return p;
	}
	return NULL;
}

/* Of what the library writes behind the trees: they need not be searched. */
static const char *json_find_late(const struct model *m, const char *key, char first)
{
	const char *end = m->p + m->n, *found = m->n > TAIL ? json_find(end - TAIL, end, key, first) : NULL;

	return found ? found : json_find(m->p, end, key, first);
}

static bool json_text_at(const char *at, const char *end, struct value *ret)
{
	const char *close = at ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;

	if (!close)
		return false;
	*ret = (struct value){at, close + 1, at + 1, (size_t)(close - at - 1)};
	return true;
}

/* --- both formats ------------------------------------------------------------------- */

static bool ubj_enter(struct ubjson *u, const char *const *path)
{
	for (; *path; path++)
		if (ubjson_enter(u, *path, NULL))
			return false;
	return true;
}

static bool ubj_text(const struct model *m, const char *const *path, struct value *ret)
{
	struct ubjson u = {.data = m->p, .len = m->n};

	if (!ubj_enter(&u, path) || u.at >= u.len || m->p[u.at] != 'S')
		return false;
	ret->at = m->p + u.at;
	if (ubjson_text_at(&u, &ret->text, &ret->len, NULL))
		return false;
	ret->end = m->p + u.at;
	return true;
}

static bool find_base_score(const struct model *m, struct value *ret)
{
	static const char *const path[] = {"learner", "learner_model_param", "base_score", NULL};
	const char *end = m->p + m->n;

	if (m->ubj)
		return ubj_text(m, path, ret);
	const char *at = json_find_late(m, "learner_model_param", '{');
	return at && json_text_at(json_find(at, end, "base_score", '"'), end, ret);
}

static void read_version(struct model *m)
{
	struct ubjson u = {.data = m->p, .len = m->n};
	int64_t numbers[3] = {0};

	if (m->ubj) {
		if (ubjson_enter(&u, "version", NULL) || ubjson_ints(&u, numbers, 3, NULL))
			return;
		for (int i = 0; i < 3; i++)
			m->version[i] = (int)numbers[i];
		return;
	}
	const char *at = json_find_late(m, "version", '[');
	AUTO(str) char *text = at ? xstrndup(at, MIN((size_t)(m->p + m->n - at), (size_t)NUMBER_MAX)) : NULL;
	if (text && sscanf(text, "[%d , %d , %d", &m->version[0], &m->version[1], &m->version[2]) != 3)
		memset(m->version, 0, sizeof(m->version));
}

static bool is_later(const struct model *m)
{
	return m->version[0] > 1 || (m->version[0] == 1 && m->version[1] > 7);
}

void model_bytes_origin(const char *p, size_t n, char ret[48])
{
	struct model m = {.p = p, .n = n, .ubj = ubjson_is(p, n)};

	*ret = '\0';
	if (n && *p == '{')
		read_version(&m);
	if (is_later(&m))
		snprintf(ret, 48, " of XGBoost %d.%d.%d", m.version[0], m.version[1], m.version[2]);
}

/* --- what later releases write ------------------------------------------------------------ */

static int refuse(const struct model *m, const char *what, struct err *err)
{
	return err_set(err, ERR_PARSE,
		       "the model was written by XGBoost %d.%d.%d and has %s, which this program does not understand: "
		       "train it with XGBoost 1.7",
		       m->version[0], m->version[1], m->version[2], what);
}

/* "[1E2]", or a list of equal ones: the number; else NULL. The caller frees. */
static char *one_number(const struct value *v)
{
	AUTO(str) char *inside = v->len >= 2 ? xstrndup(v->text + 1, v->len - 2) : NULL;
	AUTO(strlist) struct strlist parts = {0};
	double first, other;

	if (!inside || v->text[v->len - 1] != ']')
		return NULL;
	strlist_split(&parts, inside, ',');
	if (!parts.n || strlen(parts.items[0]) >= NUMBER_MAX || !str_to_f64(parts.items[0], &first))
		return NULL;
	for (size_t i = 1; i < parts.n; i++)
		if (!str_to_f64(parts.items[i], &other) || other != first)
			return NULL;
	return xstrdup(parts.items[0]);
}

/* A base_score that is a list since 3.1: the library takes its bracket for 0. */
static int plain_base_score(const struct model *m, struct buf *plain, struct err *err)
{
	struct value v;

	if (!find_base_score(m, &v) || !v.len || *v.text != '[')
		return 0;
	AUTO(str) char *number = one_number(&v);
	if (!number) {
		char what[120];

		snprintf(what, sizeof(what), "base_score \"%.*s\"", (int)MIN(v.len, (size_t)60), v.text);
		return refuse(m, what, err);
	}
	(void)buf_add(plain, m->p, (size_t)(v.at - m->p));
	if (m->ubj)
		ubjson_text(plain, number);
	else
		(void)buf_addf(plain, "\"%s\"", number);
	if (buf_add(plain, v.end, (size_t)(m->p + m->n - v.end)))
		return err_set(err, ERR_TOOBIG, "the model is too large");
	return 0;
}

/* Into the trees' part of a UBJSON model, which dart has one level deeper. */
static bool ubj_enter_trees(struct ubjson *u, const char *key)
{
	static const char *const plain[] = {"learner", "gradient_booster", "model", NULL};
	static const char *const dart[] = {"learner", "gradient_booster", "gbtree", "model", NULL};
	const size_t at = u->at;

	if (!ubj_enter(u, plain)) {
		u->at = at;
		if (!ubj_enter(u, dart))
			return false;
	}
	return !ubjson_enter(u, key, NULL);
}

/* How many values a leaf of the first tree holds, as text. */
static void leaf_width(const struct model *m, struct value *ret)
{
	static const char *const path[] = {"tree_param", "size_leaf_vector", NULL};
	struct ubjson u = {.data = m->p, .len = m->n};
	const char *end = m->p + m->n;
	uint64_t n;
	char type;

	*ret = (struct value){0};
	if (!m->ubj) {
		const char *trees = json_find(m->p, end, "trees", '[');
		(void)json_text_at(trees ? json_find(trees, end, "size_leaf_vector", '"') : NULL, end, ret);
	} else if (ubj_enter_trees(&u, "trees") && !ubjson_array(&u, &type, &n, NULL) && n) {
		struct model tree = {.p = m->p + u.at, .n = m->n - u.at, .ubj = true};
		(void)ubj_text(&tree, path, ret);
	}
}

static bool has_encoded_categories(const struct model *m)
{
	struct ubjson u = {.data = m->p, .len = m->n};
	const char *end = m->p + m->n;
	uint64_t n;
	char type;

	if (m->ubj)
		return ubj_enter_trees(&u, "cats") && !ubjson_enter(&u, "enc", NULL) &&
		       !ubjson_array(&u, &type, &n, NULL) && n;
	const char *at = json_find(m->p, end, "cats", '{');
	at = at ? json_find(at, end, "enc", '[') : NULL;
	return at && *skip_blanks(at + 1, end) != ']';
}

static int check_trees(const struct model *m, struct err *err)
{
	struct value width;

	leaf_width(m, &width);
	if (width.len && !(width.len == 1 && (*width.text == '0' || *width.text == '1')))
		return refuse(m, "trees of several outputs (multi_strategy multi_output_tree)", err);
	return has_encoded_categories(m) ? refuse(m, "categories with a coding of its own", err) : 0;
}

/* --- what it is at all ---------------------------------------------------------------------- */

/* Python's pickle: of protocol 2 to 5, or the texts of 0. */
static bool is_pickle(const char *p, size_t n)
{
	return n > 2 && ((p[0] == (char)0x80 && p[1] >= 2 && p[1] <= 5) || (n > 10 && !memcmp(p, "ccopy_reg\n", 10)) ||
			 (n > 9 && !memcmp(p, "cxgboost.", 9)));
}

/* The library takes anything that is not JSON or UBJ for its old binary format, and
 * believes whatever sizes it finds there. That format has a structure of 136 bytes
 * ("binf" or "bs64" may stand before it), then the length and the text of the
 * objective's name. */
static bool looks_like_model(const char *p, size_t n)
{
	uint64_t length;

	if (n < 8)
		return false;
	if (*p == '{' || !memcmp(p, "bs64", 4))
		return true;
	if (!memcmp(p, "binf", 4)) {
		p += 4;
		n -= 4;
	}
	if (n < 136 + sizeof(length))
		return false;
	memcpy(&length, p + 136, sizeof(length));
	if (length > 100 || length > n - 136 - sizeof(length))
		return false;
	for (size_t i = 0; i < length; i++)
		if (p[136 + sizeof(length) + i] <= ' ' || p[136 + sizeof(length) + i] > '~')
			return false;
	return true;
}

int model_bytes_check(const char *p, size_t n, struct buf *plain, struct err *err)
{
	struct model m = {.p = p, .n = n, .ubj = ubjson_is(p, n)};

	if (is_pickle(p, n))
		return err_set(
			err, ERR_PARSE,
			"the model is a Python pickle, as images before 1.3 wrote it: load it with pickle.load in "
			"Python and an xgboost of that time, then write it anew with save_model(\"model.json\")");
	if (!looks_like_model(p, n))
		return err_set(err, ERR_PARSE, "not an XGBoost model");
	if (m.ubj && !ubjson_whole(p, n))
		return err_set(err, ERR_PARSE, "the model is damaged, or has been cut short");
	if (*p != '{')
		return 0;
	read_version(&m);
	int rc = is_later(&m) ? check_trees(&m, err) : 0;
	return rc ? rc : plain_base_score(&m, plain, err);
}
