/* The models of a specification: recipes that are known by a word, and listed ones. */
#include "trainer/panel/backtest_spec_impl.h"

#define COUNT_MAX ((int64_t)1000000)

/* What a recipe is made of. trees: hyperparameters, "name=value name=value". */
static const struct recipe {
	const char *recipe, *name;
	enum backtest_model_type type;
	bool per_entity;
	double alpha;
	int64_t min_rows;
	bool from_mean;
	const char *trees;
} recipes[] = {
	{"pooled", "ridge", BACKTEST_RIDGE, false, 100, 5, false, ""},
	{"pooled", "trees", BACKTEST_TREES, false, 0, 5, false,
	 "num_round=200 max_depth=4 eta=0.03 min_child_weight=50 subsample=0.7 colsample_bytree=0.3 seed=42 "
	 "tree_method=hist"},
	{"ridge", "ridge", BACKTEST_RIDGE, false, 100, 5, false, ""},
	{"xgboost", "trees", BACKTEST_TREES, false, 0, 5, false,
	 "num_round=150 max_depth=3 eta=0.05 min_child_weight=20 seed=42 tree_method=hist"},
	{"per-entity", "trees", BACKTEST_TREES, true, 0, 1, true,
	 "num_round=30 max_depth=2 eta=0.1 min_child_weight=10 lambda=10 seed=42 tree_method=hist"},
	{"own", "own", BACKTEST_OWN, false, 0, 0, false, ""},
};

void backtest_models_done(struct backtest_spec *s)
{
	for (size_t i = 0; i < s->n_models; i++) {
		free(s->models[i].name);
		strmap_done(&s->models[i].hyperparameters);
	}
	free(s->models);
}

static struct backtest_model *add_model(struct backtest_spec *s, const char *name)
{
	GROW(s->models, s->cap_models, s->n_models + 1);
	s->models[s->n_models] =
		(struct backtest_model){.name = xstrdup(name), .alpha = 100, .min_rows = 5, .validation_days = 28};
	return &s->models[s->n_models++];
}

static void add_recipe(struct backtest_spec *s, const struct recipe *r)
{
	struct backtest_model *m = add_model(s, r->name);
	AUTO(strlist) struct strlist pairs = {0};

	m->type = r->type;
	m->per_entity = r->per_entity;
	m->alpha = r->alpha;
	m->min_rows = r->min_rows;
	m->from_mean = r->from_mean;
	if (*r->trees)
		strlist_split(&pairs, r->trees, ' ');
	for (size_t i = 0; i < pairs.n; i++) {
		char *value = strchr(pairs.items[i], '=');

		*value++ = 0;
		strmap_set(&m->hyperparameters, pairs.items[i], value);
	}
}

/* --- a listed one --------------------------------------------------------------------- */

static int take_type(struct backtest_model *m, const json_t *v, struct err *err)
{
	const char *word = json_string_value(v);

	if (str_eq(word, "ridge"))
		m->type = BACKTEST_RIDGE;
	else if (str_eq(word, "xgboost"))
		m->type = BACKTEST_TREES;
	else
		return err_set(err, ERR_INVALID, "needs ridge or xgboost");
	return 0;
}

static int take_count(const json_t *v, int64_t least, int64_t *ret, struct err *err)
{
	if (!json_is_integer(v) || json_integer_value(v) < least || json_integer_value(v) > COUNT_MAX)
		return err_set(err, ERR_INVALID, "needs a whole number from %lld to %lld", (long long)least,
			       (long long)COUNT_MAX);
	*ret = json_integer_value(v);
	return 0;
}

static int take_member(struct backtest_model *m, const char *name, const json_t *v, struct err *err)
{
	if (str_eq(name, "name")) {
		if (str_empty(json_string_value(v)) || strpbrk(json_string_value(v), ",\"\r\n"))
			return err_set(err, ERR_INVALID, "needs a word");
		str_set(&m->name, json_string_value(v));
		return 0;
	}
	if (str_eq(name, "type"))
		return take_type(m, v, err);
	if (str_eq(name, "per_entity") || str_eq(name, "from_mean")) {
		if (!json_is_boolean(v))
			return err_set(err, ERR_INVALID, "needs true or false");
		*(*name == 'p' ? &m->per_entity : &m->from_mean) = json_is_true(v);
		return 0;
	}
	if (str_eq(name, "alpha")) {
		if (!json_is_number(v) || !(json_number_value(v) >= 0))
			return err_set(err, ERR_INVALID, "needs a number from 0 on");
		m->alpha = json_number_value(v);
		return 0;
	}
	if (str_eq(name, "min_rows"))
		return take_count(v, 0, &m->min_rows, err);
	if (str_eq(name, "early_stopping_rounds"))
		return take_count(v, 1, &m->patience, err);
	if (str_eq(name, "validation_days"))
		return take_count(v, 1, &m->validation_days, err);
	if (str_eq(name, "hyperparameters")) {
		if (spec_take_map(v, &m->hyperparameters, err) < 0)
			return -err->code;
		/* There are no rows to validate by but those of the training window. */
		return strmap_get(&m->hyperparameters, "early_stopping_rounds")
			       ? err_set(err, ERR_INVALID,
					 "early_stopping_rounds is a member of the model, beside hyperparameters")
			       : 0;
	}
	return err_set(err, ERR_INVALID,
		       "is not a member of a model: name type per_entity alpha min_rows from_mean "
		       "early_stopping_rounds validation_days hyperparameters");
}

static int take_model(const struct spec_source *src, size_t i, const json_t *v, struct backtest_spec *s,
		      struct err *err)
{
	AUTO(str) char *fallback = xasprintf("model-%zu", i + 1);
	AUTO(str) char *at = xasprintf("models.%zu", i);
	struct backtest_model *m = add_model(s, fallback);
	const char *name;
	json_t *value;

	if (!json_is_object(v)) {
		err_set(err, ERR_INVALID, "needs members: name, type ...");
		return spec_fail(src, at, err);
	}
	json_object_foreach((json_t *)v, name, value)
	{
		AUTO(str) char *path = xasprintf("%s.%s", at, name);

		if (take_member(m, name, value, err))
			return spec_fail(src, path, err);
	}
	if (m->type == BACKTEST_RIDGE && m->patience) {
		err_set(err, ERR_INVALID, "a ridge has no rounds to stop after: early_stopping_rounds is of xgboost");
		return spec_fail(src, at, err);
	}
	for (size_t k = 0; k < i; k++)
		if (str_eq(s->models[k].name, m->name)) {
			err_set(err, ERR_INVALID, "there are two models named %s", m->name);
			return spec_fail(src, at, err);
		}
	return 0;
}

int backtest_models_fill(const struct spec_source *src, struct backtest_spec *s, struct err *err)
{
	const json_t *listed = json_object_get(src->doc, "models");
	size_t i;
	json_t *v;

	if (listed && (!json_is_array(listed) || !json_array_size(listed))) {
		err_set(err, ERR_INVALID, "needs a list of models");
		return spec_fail(src, "models", err);
	}
	if (!listed && str_eq(s->model, "listed")) {
		err_set(err, ERR_INVALID, "\"listed\" needs a list of them under models");
		return spec_fail(src, "model", err);
	}
	if (listed && json_object_get(src->doc, "model") && !str_eq(s->model, "listed")) {
		err_set(err, ERR_INVALID, "is \"%s\", and models are listed as well: keep one of them", s->model);
		return spec_fail(src, "model", err);
	}
	json_array_foreach((json_t *)listed, i, v)
	{
		if (take_model(src, i, v, s, err))
			return -ERR_INVALID;
	}
	for (size_t k = 0; !listed && k < ARRAY_LEN(recipes); k++)
		if (str_eq(recipes[k].recipe, s->model))
			add_recipe(s, &recipes[k]);
	if (listed)
		str_set(&s->model, "listed");
	return 0;
}

json_t *backtest_models_json(const struct backtest_spec *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_models; i++) {
		const struct backtest_model *m = &s->models[i];
		const char *type = m->type == BACKTEST_RIDGE ? "ridge" : "xgboost";
		json_t *o = json_pack("{s:s, s:s, s:b, s:I}", "name", m->name, "type", type, "per_entity",
				      m->per_entity, "min_rows", (json_int_t)m->min_rows);

		if (m->type == BACKTEST_RIDGE)
			json_object_set_new(o, "alpha", json_real(m->alpha));
		else {
			json_object_set_new(o, "from_mean", json_boolean(m->from_mean));
			if (m->patience) {
				json_object_set_new(o, "early_stopping_rounds", json_integer(m->patience));
				json_object_set_new(o, "validation_days", json_integer(m->validation_days));
			}
			json_object_set_new(o, "hyperparameters", json_from_strmap(&m->hyperparameters));
		}
		json_array_append_new(list, o);
	}
	return list;
}
