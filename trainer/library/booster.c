/* A model of libxgboost: made, trained, judged, predicting, saved, described. */
#include <assert.h>
#include <math.h>

#include "base/fs.h"
#include "base/utf8.h"
#include "trainer/library/booster_impl.h"
#include "trainer/library/booster_library.h"
#include "trainer/library/model_bytes.h"

#define MODEL_FILE_MAX ((size_t)4 << 30)

/* The texts of libxgboost's checks that only the caller's data or parameters can
 * fail; anything else is a defect or a missing resource. */
static const char *const caller_faults[] = {
	"label must be",      "num_class",     "base_score",	      "Invalid parameter", "Invalid Parameter",
	"should be greater",  "exceed bound",  "greater equal",	      "label_correct",	   "Unknown metric",
	"Unknown objective",  "feature_names", "must be nonnegative", "Expecting",	   "max_depth",
	"number of features", "monotone",      "interaction",	      "ALLOWED",	   "not supported",
};

/* "[06:08:11] ../src/learner.cc:1040: text\nStack trace: ..." -> "text". */
static void message_trim(const char *raw, char *out, size_t size)
{
	const char *p = raw;

	if (*p == '[') {
		const char *close = strchr(p, ']');
		p = close ? close + 1 : p;
		while (*p == ' ')
			p++;
	}
	const char *place = strstr(p, ".cc:");
	place = place ? place : strstr(p, ".cu:");
	place = place ? place : strstr(p, ".h:");
	const char *eol = strchr(p, '\n');
	if (place && (!eol || place < eol)) {
		const char *colon = strchr(strchr(place, ':') + 1, ':');
		if (colon && (!eol || colon < eol))
			p = colon + 1;
	}
	const char *end = strstr(p, "\nStack trace");
	size_t n = end ? (size_t)(end - p) : strlen(p);
	while (n && (*p == ' ' || *p == '\n')) {
		p++;
		n--;
	}
	n = MIN(n, size - 1);
	memcpy(out, p, n);
	out[n] = '\0';
	for (char *s = out; *s; s++)
		if ((unsigned char)*s < 0x20)
			*s = ' ';
	while (n && out[n - 1] == ' ')
		out[--n] = '\0';
}

int xgb_fail(struct err *err, const char *what)
{
	char raw[400];
	AUTO(buf) struct buf clean = BUF_INIT(2000);

	message_trim(str_or(xgb()->XGBGetLastError(), "unknown error"), raw, sizeof(raw));
	/* it quotes bytes of a model file, and an end of file as the byte 255 */
	(void)utf8_sanitize(&clean, raw, strlen(raw), false);
	const char *text = buf_str(&clean);
	enum err_code code = ERR_INTERNAL;
	for (size_t i = 0; i < ARRAY_LEN(caller_faults); i++)
		if (strstr(text, caller_faults[i]))
			code = ERR_INVALID;
	return err_set(err, code, "%s: %s", what, text);
}

const char *booster_library_file(void)
{
	return XGBOOST_SONAME;
}

const char *booster_library_version(void)
{
	static char text[32];
	int major = 0, minor = 0, patch = 0;

	xgb()->XGBoostVersion(&major, &minor, &patch);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, patch);
	return text;
}

bool booster_has_gpu(void)
{
	const char *text = NULL;

	if (xgb()->XGBuildInfo(&text))
		return false;
	AUTO(json) json_t *info = json_loads(text, 0, NULL);
	return json_get_bool(info, "USE_CUDA", false);
}

static void library_message(const char *text)
{
	char line[512];

	message_trim(text, line, sizeof(line));
	if (*line)
		fprintf(stderr, "libxgboost: %s\n", line);
}

void booster_thread_init(int verbosity)
{
	char config[40];

	snprintf(config, sizeof(config), "{\"verbosity\": %d}", verbosity);
	(void)xgb()->XGBSetGlobalConfig(config);
	(void)xgb()->XGBRegisterLogCallback(library_message);
}

void booster_free(struct booster *b)
{
	if (!b)
		return;
	if (b->handle)
		(void)xgb()->XGBoosterFree(b->handle);
	free(b);
}

static int handles_of(struct matrix *const *matrices, size_t n, DMatrixHandle **ret)
{
	DMatrixHandle *handles = xcalloc(n ? n : 1, sizeof(*handles));

	for (size_t i = 0; i < n; i++)
		handles[i] = matrices[i]->handle;
	*ret = handles;
	return 0;
}

static int booster_set_param(struct booster *b, const char *name, const char *value, struct err *err)
{
	return xgb()->XGBoosterSetParam(b->handle, name, value) ? xgb_fail(err, name) : 0;
}

static int configure(struct booster *b, const struct strmap *params, const struct strlist *metrics, struct err *err)
{
	for (size_t i = 0; params && i < params->n; i++) {
		int rc = booster_set_param(b, params->items[i].name, params->items[i].value, err);
		if (rc)
			return rc;
	}
	for (size_t i = 0; metrics && i < metrics->n; i++) {
		int rc = booster_set_param(b, "eval_metric", metrics->items[i], err);
		if (rc)
			return rc;
	}
	return 0;
}

int booster_new(const struct strmap *params, const struct strlist *metrics, struct matrix *const *cached,
		size_t n_cached, struct booster **ret, struct err *err)
{
	AUTO(booster) struct booster *b = NEW(struct booster);
	DMatrixHandle *handles;

	handles_of(cached, n_cached, &handles);
	int rc = xgb()->XGBoosterCreate(handles, n_cached, &b->handle);
	free(handles);
	if (rc) {
		b->handle = NULL;
		return xgb_fail(err, "cannot create a booster");
	}
	rc = configure(b, params, metrics, err);
	if (rc)
		return rc;
	*ret = TAKE(b);
	return 0;
}

int booster_load(const void *bytes, size_t n, const struct strmap *params, const struct strlist *metrics,
		 struct matrix *const *cached, size_t n_cached, struct booster **ret, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;
	AUTO(buf) struct buf plain = BUF_INIT(2 * MODEL_FILE_MAX);
	int rc = booster_new(NULL, NULL, cached, n_cached, &b, err);

	if (rc)
		return rc;
	assert(b);
	rc = model_bytes_check(bytes, n, &plain, err);
	if (rc)
		return rc;
	if (plain.len ? xgb()->XGBoosterLoadModelFromBuffer(b->handle, plain.data, plain.len)
		      : xgb()->XGBoosterLoadModelFromBuffer(b->handle, bytes, n)) {
		char origin[48], what[80];

		model_bytes_origin(bytes, n, origin);
		snprintf(what, sizeof(what), "cannot load the model%s", origin);
		xgb_fail(err, what);
		if (err)
			err->code = ERR_PARSE;
		return -ERR_PARSE;
	}
	rc = configure(b, params, metrics, err);
	if (rc)
		return rc;
	*ret = TAKE(b);
	return 0;
}

int booster_load_threads(const void *bytes, size_t n, int threads, struct booster **ret, struct err *err)
{
	AUTO(strmap) struct strmap params = {0};
	char text[16];

	snprintf(text, sizeof(text), "%d", threads);
	strmap_set(&params, "nthread", text);
	return booster_load(bytes, n, &params, NULL, NULL, 0, ret, err);
}

int booster_load_file(const char *path, int threads, struct booster **ret, struct err *err)
{
	AUTO(buf) struct buf bytes = BUF_INIT(MODEL_FILE_MAX);
	int rc = fs_read(path, &bytes, err);

	if (rc)
		return rc;
	rc = booster_load_threads(bytes.data, bytes.len, threads, ret, err);
	return rc ? err_prefix(err, "%s", path) : 0;
}

int booster_update(struct booster *b, int round, struct matrix *train, struct err *err)
{
	return xgb()->XGBoosterUpdateOneIter(b->handle, round, train->handle) ? xgb_fail(err, "training failed") : 0;
}

/* --- evaluation ------------------------------------------------------------- */

void eval_values_done(struct eval_values *v)
{
	free(v->items);
	*v = (struct eval_values){0};
}

void eval_values_add(struct eval_values *v, size_t set, const char *name, double value)
{
	GROW(v->items, v->cap, v->n + 1);
	struct eval_value *e = &v->items[v->n++];
	*e = (struct eval_value){.set = set, .value = value};
	str_copy(e->name, sizeof(e->name), name);
}

/* One "set-metric:value" field. Set names may hold dashes, so they are matched,
 * not split. */
static int field_parse(char *field, const char *const *names, size_t n, struct eval_values *out, struct err *err)
{
	char *colon = strrchr(field, ':');

	for (size_t i = 0; colon && i < n; i++) {
		size_t len = strlen(names[i]);
		if (strncmp(field, names[i], len) || field[len] != '-')
			continue;
		double value;
		*colon = '\0';
		if (str_ieq(colon + 1, "nan") || str_ieq(colon + 1, "-nan"))
			value = NAN;
		else if (str_ieq(colon + 1, "inf") || str_ieq(colon + 1, "-inf"))
			value = colon[1] == '-' ? -INFINITY : INFINITY;
		else if (!str_to_f64(colon + 1, &value))
			break;
		eval_values_add(out, i, field + len + 1, value);
		return 0;
	}
	return err_set(err, ERR_INTERNAL, "libxgboost reported a metric that cannot be read: '%s'", field);
}

int booster_evaluate(struct booster *b, int round, struct matrix *const *sets, const char *const *names, size_t n,
		     struct eval_values *out, struct err *err)
{
	DMatrixHandle *handles;
	const char *text = NULL;

	handles_of(sets, n, &handles);
	int rc = xgb()->XGBoosterEvalOneIter(b->handle, round, handles, (const char **)names, n, &text);
	free(handles);
	if (rc)
		return xgb_fail(err, "evaluation failed");
	AUTO(str) char *copy = xstrdup(text);
	char *save = NULL;
	rc = 0;
	strtok_r(copy, "\t", &save); /* "[round]" */
	for (char *field; !rc && (field = strtok_r(NULL, "\t", &save));)
		rc = field_parse(field, names, n, out, err);
	return rc;
}

/* --- prediction --------------------------------------------------------------- */

void predictions_done(struct predictions *p)
{
	free(p->values);
	*p = (struct predictions){0};
}

int booster_predict(struct booster *b, const struct matrix *m, const struct predict_options *opt,
		    struct predictions *out, struct err *err)
{
	size_t features = booster_features(b);

	if (m->sparse ? m->columns > features : m->columns != features)
		return err_set(err, ERR_INVALID, "the data has %zu columns, the model was trained with %zu", m->columns,
			       features);
	char config[160];
	bst_ulong const *shape = NULL;
	bst_ulong dims = 0;
	const float *values = NULL;
	snprintf(config, sizeof(config),
		 "{\"type\": %d, \"training\": %s, \"iteration_begin\": %d, \"iteration_end\": %d, "
		 "\"strict_shape\": true}",
		 opt && opt->margin ? 1 : 0, opt && opt->training ? "true" : "false", opt ? opt->begin_round : 0,
		 opt ? opt->end_round : 0);
	if (xgb()->XGBoosterPredictFromDMatrix(b->handle, m->handle, config, &shape, &dims, &values))
		return xgb_fail(err, "prediction failed");
	size_t columns = dims > 1 ? shape[1] : 1;
	*out = (struct predictions){.rows = shape[0], .columns = columns};
	out->values = xcalloc(MAX(out->rows * out->columns, 1), sizeof(float));
	memcpy(out->values, values, shape[0] * columns * sizeof(float));
	return 0;
}

/* --- the model ------------------------------------------------------------------ */

int booster_save(struct booster *b, enum model_format format, struct buf *out, struct err *err)
{
	static const char *const configs[] = {"{\"format\": \"ubj\"}", "{\"format\": \"json\"}",
					      "{\"format\": \"deprecated\"}"};
	bst_ulong n = 0;
	const char *bytes = NULL;

	if (xgb()->XGBoosterSaveModelToBuffer(b->handle, configs[format], &n, &bytes))
		return xgb_fail(err, "cannot serialise the model");
	if (buf_add(out, bytes, n))
		return err_set(err, ERR_TOOBIG, "the model has %lu bytes, more than the %zu allowed", (unsigned long)n,
			       out->max);
	return 0;
}

int booster_cut(struct booster *b, int rounds, struct booster **ret, struct err *err)
{
	AUTO(booster) struct booster *cut = NEW(struct booster);

	if (xgb()->XGBoosterSlice(b->handle, 0, rounds, 1, &cut->handle)) {
		cut->handle = NULL;
		return xgb_fail(err, "cannot cut the model to its best round");
	}
	*ret = TAKE(cut);
	return 0;
}

int booster_rounds(struct booster *b)
{
	int rounds = 0;

	return xgb()->XGBoosterBoostedRounds(b->handle, &rounds) ? 0 : rounds;
}

size_t booster_features(struct booster *b)
{
	bst_ulong n = 0;

	return xgb()->XGBoosterGetNumFeature(b->handle, &n) ? 0 : n;
}

int booster_set_attr(struct booster *b, const char *name, const char *value, struct err *err)
{
	return xgb()->XGBoosterSetAttr(b->handle, name, value) ? xgb_fail(err, "cannot set a model attribute") : 0;
}

char *booster_attr(struct booster *b, const char *name)
{
	const char *text = NULL;
	int found = 0;

	if (xgb()->XGBoosterGetAttr(b->handle, name, &text, &found) || !found)
		return NULL;
	return xstrdup(text);
}

int booster_set_names(struct booster *b, const struct strlist *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (strpbrk(names->items[i], "[]<"))
			return 0;
	if (!names->n)
		return 0;
	return xgb()->XGBoosterSetStrFeatureInfo(b->handle, "feature_name", (const char **)names->items, names->n)
		       ? xgb_fail(err, "cannot set the model's feature names")
		       : 0;
}

/* The library writes every number of its configuration as a string. */
static double text_number(const json_t *root, const char *path, double fallback)
{
	double value = fallback;
	const json_t *j = json_path_get(root, path);

	if (json_is_string(j))
		(void)str_to_f64(json_string_value(j), &value);
	return value;
}

int booster_config(struct booster *b, json_t **ret, struct err *err)
{
	bst_ulong n = 0;
	const char *text = NULL;

	if (xgb()->XGBoosterSaveJsonConfig(b->handle, &n, &text))
		return xgb_fail(err, "cannot read the model's configuration");
	return json_parse(text, n, "model configuration", ret, err);
}

int booster_base_margin(struct booster *b, float *ret, struct err *err)
{
	struct dataset row = {.rows = 1};
	struct matrix_options opt = {.threads = 1, .columns = booster_features(b)};
	struct predict_options margin = {.margin = true};
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(predictions) struct predictions p = {0};
	int rc = matrix_new_bare(&row, &opt, &m, err);

	if (!rc)
		rc = booster_predict(b, m, &margin, &p, err);
	if (rc)
		return rc;
	assert(p.values); /* one row has one value at least */
	*ret = p.values[0];
	return 0;
}

int booster_describe(struct booster *b, struct booster_info *ret, struct err *err)
{
	AUTO(json) json_t *config = NULL;
	int rc = booster_config(b, &config, err);

	if (rc)
		return rc;
	*ret = (struct booster_info){.rounds = booster_rounds(b), .features = booster_features(b)};
	const json_t *learner = json_object_get(config, "learner");
	const json_t *objective = json_path_get(learner, "objective.name");
	const json_t *kind = json_path_get(learner, "gradient_booster.name");
	str_copy(ret->objective, sizeof(ret->objective), str_or(json_string_value(objective), ""));
	str_copy(ret->booster, sizeof(ret->booster), str_or(json_string_value(kind), ""));
	ret->classes = (int)text_number(learner, "learner_model_param.num_class", 0);
	/* dart has the parameters of gbtree within */
	const char *trees =
		json_path_get(learner, "gradient_booster.gbtree") ? "gradient_booster.gbtree" : "gradient_booster";
	const json_t *param = json_object_get(json_path_get(learner, trees), "gbtree_model_param");
	ret->trees = (size_t)text_number(param, "num_trees", 0);
	ret->forest = (int)text_number(param, "num_parallel_tree", 0);
	return 0;
}

void importance_done(struct importance *i)
{
	strlist_done(&i->names);
	free(i->scores);
	*i = (struct importance){0};
}

int booster_importance(struct booster *b, const char *kind, struct importance *ret, struct err *err)
{
	char config[64];

	bst_ulong n = 0, dims = 0;
	const char **names = NULL;
	bst_ulong const *shape = NULL;
	const float *scores = NULL;
	snprintf(config, sizeof(config), "{\"importance_type\": \"%s\"}", kind);
	if (xgb()->XGBoosterFeatureScore(b->handle, config, &n, &names, &dims, &shape, &scores))
		return xgb_fail(err, "cannot compute feature importance");
	*ret = (struct importance){.scores = xcalloc(n ? n : 1, sizeof(double))};
	/* gblinear of several classes has one score a class: their mean magnitude. */
	size_t width = dims > 1 ? shape[1] : 1;
	for (size_t i = 0; i < n; i++) {
		strlist_add(&ret->names, names[i]);
		for (size_t k = 0; k < width; k++)
			ret->scores[i] +=
				width > 1 ? fabs((double)scores[i * width + k]) / (double)width : (double)scores[i];
	}
	return 0;
}
