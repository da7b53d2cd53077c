/* Data sets in the form that libxgboost takes. */
#include <math.h>

#include "trainer/library/booster_impl.h"
#include "trainer/library/booster_library.h"

void matrix_free(struct matrix *m)
{
	if (!m)
		return;
	if (m->handle)
		(void)xgb()->XGDMatrixFree(m->handle);
	free(m);
}

/* --- labels, weights, groups, names --------------------------------------------- */

static int set_floats(DMatrixHandle h, const char *field, const float *values, size_t n, struct err *err)
{
	return xgb()->XGDMatrixSetFloatInfo(h, field, values, n) ? xgb_fail(err, field) : 0;
}

int matrix_set_margin(struct matrix *m, const float *values, size_t width, struct err *err)
{
	return set_floats(m->handle, "base_margin", values, m->rows * width, err);
}

/* A label is an observed time where positive, a lower bound where negative. */
static int set_aft_bounds(DMatrixHandle h, const struct dataset *d, struct err *err)
{
	float *lower = xreallocarray(NULL, d->rows, sizeof(float));
	float *upper = xreallocarray(NULL, d->rows, sizeof(float));

	for (size_t i = 0; i < d->rows; i++) {
		lower[i] = fabsf(d->labels[i]);
		upper[i] = d->labels[i] < 0 ? INFINITY : d->labels[i];
	}
	int rc = set_floats(h, "label_lower_bound", lower, d->rows, err);
	if (!rc)
		rc = set_floats(h, "label_upper_bound", upper, d->rows, err);
	free(lower);
	free(upper);
	return rc;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Rows of a query must stand together: a second run of an id is refused. */
static int check_contiguous(uint64_t *ids, size_t n, struct err *err)
{
	qsort(ids, n, sizeof(*ids), compare_u64);
	for (size_t i = 1; i < n; i++)
		if (ids[i] == ids[i - 1])
			return err_set(err, ERR_INVALID,
				       "the rows of query id %llu do not stand together: sort the data by qid",
				       (unsigned long long)ids[i]);
	return 0;
}

/* Ranking: group sizes, and one weight a group as the library wants it. */
static int set_groups(DMatrixHandle h, const struct dataset *d, struct err *err)
{
	unsigned *sizes = xcalloc(d->rows, sizeof(*sizes));
	uint64_t *ids = xcalloc(d->rows, sizeof(*ids));
	float *weights = xcalloc(d->rows, sizeof(*weights));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < d->rows && !rc; i++) {
		if (i && d->query_ids[i] == d->query_ids[i - 1]) {
			sizes[n - 1]++;
			if (d->weights && d->weights[i] != weights[n - 1])
				rc = err_set(err, ERR_INVALID,
					     "row %zu: all rows of query id %llu need the same weight (ranking weighs "
					     "queries, not rows)",
					     i + 1, (unsigned long long)d->query_ids[i]);
			continue;
		}
		ids[n] = d->query_ids[i];
		weights[n] = d->weights ? d->weights[i] : 1;
		sizes[n++] = 1;
	}
	if (!rc)
		rc = check_contiguous(ids, n, err);
	if (!rc && xgb()->XGDMatrixSetUIntInfo(h, "group", sizes, n))
		rc = xgb_fail(err, "query groups");
	if (!rc && d->weights)
		rc = set_floats(h, "weight", weights, n, err);
	free(sizes);
	free(ids);
	free(weights);
	return rc;
}

static int set_names(DMatrixHandle h, const struct dataset *d, struct err *err)
{
	if (d->feature_names.n == d->columns && d->columns &&
	    xgb()->XGDMatrixSetStrFeatureInfo(h, "feature_name", (const char **)d->feature_names.items, d->columns))
		return xgb_fail(err, "feature names");
	if (!d->categorical)
		return 0;
	const char **types = xreallocarray(NULL, d->columns, sizeof(*types));
	for (size_t i = 0; i < d->columns; i++)
		types[i] = d->categorical[i] ? "c" : "q";
	int rc = xgb()->XGDMatrixSetStrFeatureInfo(h, "feature_type", types, d->columns);
	free(types);
	return rc ? xgb_fail(err, "feature types") : 0;
}

static int set_info(DMatrixHandle h, const struct dataset *d, bool aft, struct err *err)
{
	int rc = 0;

	if (d->labels) {
		rc = set_floats(h, "label", d->labels, d->rows, err);
		if (!rc && aft)
			rc = set_aft_bounds(h, d, err);
	}
	if (!rc && d->query_ids)
		rc = set_groups(h, d, err);
	else if (!rc && d->weights)
		rc = set_floats(h, "weight", d->weights, d->rows, err);
	return rc ? rc : set_names(h, d, err);
}

/* --- array interfaces -------------------------------------------------------------- */

void array_describe(struct array_text *a, const void *p, size_t rows, size_t columns, const char *type)
{
	char second[32] = "";

	if (columns)
		snprintf(second, sizeof(second), ", %zu", columns);
	snprintf(a->text, sizeof(a->text),
		 "{\"data\": [%zu, true], \"shape\": [%zu%s], \"typestr\": \"%s\", \"version\": 3}",
		 (size_t)(uintptr_t)p, rows, second, type);
}

void csr_describe(const struct dataset *d, struct csr_text *t)
{
	size_t n = d->row_start[d->rows];

	array_describe(&t->start, d->row_start, d->rows + 1, 0, "<u8");
	array_describe(&t->index, d->column_index, n, 0, "<u4");
	array_describe(&t->values, d->values, n, 0, "<f4");
}

/* --- quantile matrices: fed through one call-back ------------------------------------ */

struct feed {
	const struct dataset *data;
	DMatrixHandle proxy;
	size_t columns;
	bool aft, done;
	struct err err;
};

static void feed_reset(DataIterHandle handle)
{
	((struct feed *)handle)->done = false;
}

static int feed_next(DataIterHandle handle)
{
	struct feed *f = handle;
	const struct dataset *d = f->data;

	if (f->done)
		return 0;
	f->done = true;
	int rc;
	if (d->dense) {
		struct array_text cells;
		array_describe(&cells, d->dense, d->rows, d->columns, "<f4");
		rc = xgb()->XGProxyDMatrixSetDataDense(f->proxy, cells.text);
	} else {
		struct csr_text t;
		csr_describe(d, &t);
		rc = xgb()->XGProxyDMatrixSetDataCSR(f->proxy, t.start.text, t.index.text, t.values.text, f->columns);
	}
	if (rc)
		xgb_fail(&f->err, "cannot hand over the data");
	else
		(void)set_info(f->proxy, d, f->aft, &f->err);
	/* The library takes a negative value for "more", so a failure ends the feed. */
	return f->err.code ? 0 : 1;
}

static int quantile_create(const struct dataset *d, const struct matrix_options *opt, size_t columns,
			   DMatrixHandle *ret, struct err *err)
{
	struct feed f = {.data = d, .columns = columns, .aft = opt->aft};
	char config[96];

	if (xgb()->XGProxyDMatrixCreate(&f.proxy))
		return xgb_fail(err, "cannot create a matrix");
	snprintf(config, sizeof(config), "{\"missing\": NaN, \"nthread\": %d, \"max_bin\": %d}", opt->threads,
		 opt->max_bin ? opt->max_bin : 256);
	int rc = xgb()->XGQuantileDMatrixCreateFromCallback(&f, f.proxy, NULL, feed_reset, feed_next, config, ret);
	(void)xgb()->XGDMatrixFree(f.proxy);
	if (f.err.code) {
		if (!rc)
			(void)xgb()->XGDMatrixFree(*ret);
		*ret = NULL;
		return err_set(err, f.err.code, "%s", f.err.msg);
	}
	return rc ? xgb_fail(err, "cannot build the matrix") : 0;
}

static int plain_create(const struct dataset *d, const struct matrix_options *opt, size_t columns, DMatrixHandle *ret,
			struct err *err)
{
	int rc;

	if (d->dense) {
		rc = xgb()->XGDMatrixCreateFromMat_omp(d->dense, d->rows, d->columns, NAN, ret, opt->threads);
	} else {
		struct csr_text t;
		char config[64];
		csr_describe(d, &t);
		snprintf(config, sizeof(config), "{\"missing\": NaN, \"nthread\": %d}", opt->threads);
		rc = xgb()->XGDMatrixCreateFromCSR(t.start.text, t.index.text, t.values.text, columns, config, ret);
	}
	return rc ? xgb_fail(err, "cannot build the matrix") : set_info(*ret, d, opt->aft, err);
}

int matrix_new(const struct dataset *d, const struct matrix_options *opt, struct matrix **ret, struct err *err)
{
	AUTO(matrix) struct matrix *m = NEW(struct matrix);

	m->rows = d->rows;
	m->sparse = !d->dense;
	m->columns = m->sparse ? MAX(d->columns, opt->columns) : d->columns;
	int rc = opt->quantile ? quantile_create(d, opt, m->columns, &m->handle, err)
			       : plain_create(d, opt, m->columns, &m->handle, err);
	if (rc)
		return rc;
	*ret = TAKE(m);
	return 0;
}

int matrix_new_bare(const struct dataset *d, const struct matrix_options *opt, struct matrix **ret, struct err *err)
{
	static uint32_t no_column;
	static float no_value;
	AUTO(matrix) struct matrix *m = NEW(struct matrix);
	size_t *starts = xcalloc(d->rows + 1, sizeof(*starts));
	struct dataset cells = {.rows = d->rows, .row_start = starts, .column_index = &no_column, .values = &no_value};

	*m = (struct matrix){.rows = d->rows, .columns = opt->columns, .sparse = true};
	int rc = plain_create(&cells, opt, opt->columns, &m->handle, err);
	free(starts);
	if (!rc)
		rc = set_info(m->handle, d, opt->aft, err);
	if (rc)
		return rc;
	*ret = TAKE(m);
	return 0;
}
