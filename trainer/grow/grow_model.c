/* Trees as libxgboost stores them (src/tree/tree_model.cc): an object of arrays,
 * one value a node, its keys in the order of their bytes. */
#include "trainer/grow/grow_impl.h"
#include "trainer/library/ubjson.h"

#define SLACK 256 /* heads and attributes, mostly */

static uint32_t float_bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

/* --- writing ------------------------------------------------------------------------ */

enum field { BASE_WEIGHT, LEFT, LOSS_CHANGE, PARENT, RIGHT, CONDITION, COLUMN, COVER };

static uint32_t field_of(const struct node *n, enum field f)
{
	switch (f) {
	case BASE_WEIGHT:
		return float_bits(n->weight);
	case LEFT:
		return (uint32_t)n->left;
	case LOSS_CHANGE:
		return float_bits(n->gain);
	case PARENT:
		return (uint32_t)n->parent;
	case RIGHT:
		return (uint32_t)n->right;
	case CONDITION:
		return float_bits(n->condition);
	case COLUMN:
		return n->column;
	case COVER:
		return float_bits(n->cover);
	}
	return 0;
}

static void add_field(struct buf *out, const struct tree *t, const char *name, char type, enum field f)
{
	ubjson_key(out, name);
	ubjson_array_head(out, type, t->n);
	for (size_t i = 0; i < t->n; i++)
		ubjson_be32(out, field_of(&t->nodes[i], f));
}

static void add_empty(struct buf *out, const char *name, char type)
{
	ubjson_key(out, name);
	ubjson_array_head(out, type, 0);
}

static void add_number_text(struct buf *out, const char *name, size_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", value);
	ubjson_key(out, name);
	ubjson_text(out, text);
}

static void add_param(struct buf *out, const struct tree *t, size_t columns)
{
	ubjson_key(out, "tree_param");
	(void)buf_addc(out, '{');
	add_number_text(out, "num_deleted", 0);
	add_number_text(out, "num_feature", columns);
	add_number_text(out, "num_nodes", t->n);
	add_number_text(out, "size_leaf_vector", 0);
	(void)buf_addc(out, '}');
}

static int too_big(struct err *err)
{
	return err_set(err, ERR_TOOBIG, "the model has too many trees");
}

int model_add_tree(struct buf *out, const struct tree *t, size_t id, size_t columns, struct err *err)
{
	(void)buf_addc(out, '{');
	add_field(out, t, "base_weights", 'd', BASE_WEIGHT);
	add_empty(out, "categories", 'l');
	add_empty(out, "categories_nodes", 'l');
	add_empty(out, "categories_segments", 'L');
	add_empty(out, "categories_sizes", 'L');
	ubjson_key(out, "default_left");
	ubjson_array_head(out, 'U', t->n);
	for (size_t i = 0; i < t->n; i++)
		(void)buf_addc(out, t->nodes[i].missing_left);
	ubjson_key(out, "id");
	ubjson_int(out, (int64_t)id);
	add_field(out, t, "left_children", 'l', LEFT);
	add_field(out, t, "loss_changes", 'd', LOSS_CHANGE);
	add_field(out, t, "parents", 'l', PARENT);
	add_field(out, t, "right_children", 'l', RIGHT);
	add_field(out, t, "split_conditions", 'd', CONDITION);
	add_field(out, t, "split_indices", 'l', COLUMN);
	ubjson_key(out, "split_type");
	ubjson_array_head(out, 'U', t->n);
	for (size_t i = 0; i < t->n; i++)
		(void)buf_addc(out, 0);
	add_field(out, t, "sum_hessian", 'd', COVER);
	add_param(out, t, columns);
	(void)buf_addc(out, '}');
	return out->overflow ? too_big(err) : 0;
}

static int find(const char *bytes, size_t len, const char *const *path, size_t *first, size_t *end, struct err *err)
{
	struct ubjson u = {.data = bytes, .len = len};
	int rc = 0;

	for (; !rc && *path; path++)
		rc = ubjson_enter(&u, *path, err);
	*first = u.at;
	if (!rc)
		rc = ubjson_skip(&u, err);
	*end = u.at;
	return rc;
}

#define MODEL_PATH "learner", "gradient_booster", "model"
static const char *const attributes_path[] = {"learner", "attributes", NULL};
static const char *const count_path[] = {MODEL_PATH, "gbtree_model_param", "num_trees", NULL};
static const char *const info_path[] = {MODEL_PATH, "tree_info", NULL};
static const char *const trees_path[] = {MODEL_PATH, "trees", NULL};

static void add_attributes(struct buf *out, const struct strmap *attributes)
{
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; attributes && i < attributes->n; i++)
		strlist_add(&names, attributes->items[i].name);
	strlist_sort(&names);
	(void)buf_addc(out, '{');
	for (size_t i = 0; i < names.n; i++) {
		ubjson_key(out, names.items[i]);
		ubjson_text(out, strmap_get(attributes, names.items[i]));
	}
	(void)buf_addc(out, '}');
}

static void add_tree_info(struct buf *out, size_t n, int groups)
{
	ubjson_array_head(out, 0, n);
	for (size_t i = 0; i < n; i++)
		ubjson_int(out, (int64_t)(i % (size_t)groups));
}

/* The shell with four of its values replaced; they stand in this order. */
int model_assemble(const struct model_parts *parts, struct buf *out, struct err *err)
{
	static const char *const *const paths[] = {attributes_path, count_path, info_path, trees_path};
	const struct buf *shell = parts->shell;
	size_t copied = 0;
	char count[24];

	snprintf(count, sizeof(count), "%zu", parts->n);
	/* at once, as growing by doubling would leave half of it empty */
	(void)buf_reserve(out, shell->len + parts->len + 5 * parts->n + SLACK);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		size_t first, end;
		int rc = find(shell->data, shell->len, paths[i], &first, &end, err);
		if (rc)
			return rc;
		(void)buf_add(out, shell->data + copied, first - copied);
		copied = end;
		if (paths[i] == attributes_path)
			add_attributes(out, parts->attributes);
		else if (paths[i] == count_path)
			ubjson_text(out, count);
		else if (paths[i] == info_path)
			add_tree_info(out, parts->n, parts->groups);
		else {
			ubjson_array_head(out, 0, parts->n);
			(void)buf_add(out, parts->trees, parts->len);
		}
	}
	(void)buf_add(out, shell->data + copied, shell->len - copied);
	return out->overflow ? too_big(err) : 0;
}

/* --- reading --------------------------------------------------------------------------- */

int model_find_trees(const char *model, size_t len, size_t *ret_first, size_t *ret_end, size_t *n, struct err *err)
{
	struct ubjson u = {.data = model, .len = len};
	uint64_t count;
	char type;
	int rc = find(model, len, trees_path, &u.at, ret_end, err);

	if (!rc)
		rc = ubjson_array(&u, &type, &count, err);
	if (rc)
		return rc;
	*ret_first = u.at;
	*n = count;
	return type ? err_set(err, ERR_PARSE, "the model's trees cannot be read") : 0;
}

/* The values of one array of the tree at `tree`. */
static int tree_array(const struct ubjson *tree, const char *name, char type, size_t n, const char **ret,
		      struct err *err)
{
	struct ubjson u = *tree;
	uint64_t count;
	char found;
	int rc = ubjson_enter(&u, name, err);

	if (!rc)
		rc = ubjson_array(&u, &found, &count, err);
	if (rc)
		return rc;
	*ret = u.data + u.at;
	return found == type && (!n || count == n)
		       ? 0
		       : err_set(err, ERR_PARSE, "the '%s' of a tree of the model cannot be read", name);
}

static float float_at(const char *p, size_t i)
{
	uint32_t u = ubjson_get32(p + 4 * i);
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

int model_read_tree(const char *bytes, size_t len, size_t *at, struct tree *ret, struct err *err)
{
	struct ubjson here = {.data = bytes, .len = len, .at = *at}, after = here, u = here;
	const char *left, *right, *condition, *column, *missing_left;
	uint64_t n = 0;
	char type;
	int rc = ubjson_skip(&after, err);

	if (!rc)
		rc = ubjson_enter(&u, "left_children", err);
	if (!rc)
		rc = ubjson_array(&u, &type, &n, err);
	if (!rc)
		rc = tree_array(&here, "left_children", 'l', n, &left, err);
	if (!rc)
		rc = tree_array(&here, "right_children", 'l', n, &right, err);
	if (!rc)
		rc = tree_array(&here, "split_conditions", 'd', n, &condition, err);
	if (!rc)
		rc = tree_array(&here, "split_indices", 'l', n, &column, err);
	if (!rc)
		rc = tree_array(&here, "default_left", 'U', n, &missing_left, err);
	if (rc)
		return rc;
	GROW(ret->nodes, ret->cap, n);
	ret->n = n;
	for (size_t i = 0; i < n; i++) {
		struct node *node = &ret->nodes[i];
		*node = (struct node){
			.left = (int32_t)ubjson_get32(left + 4 * i),
			.right = (int32_t)ubjson_get32(right + 4 * i),
			.column = ubjson_get32(column + 4 * i),
			.condition = float_at(condition, i),
			.missing_left = missing_left[i] != 0,
		};
		/* Children stand behind their parent, so no tree can lead in circles. */
		if (node->left >= 0 && ((size_t)node->left <= i || (size_t)node->left >= n ||
					(size_t)node->right <= i || (size_t)node->right >= n))
			return err_set(err, ERR_PARSE, "a tree of the model is broken");
	}
	*at = after.at;
	return n ? 0 : err_set(err, ERR_PARSE, "a tree of the model is empty");
}
