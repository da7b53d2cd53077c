/* Predictions straight out of the memory of a request. */
#include <math.h>
#include <pthread.h>

#include "trainer/library/booster_impl.h"
#include "trainer/library/booster_library.h"

#define PROXIES_KEPT 64

/* The library predicts out of the caller's memory through a proxy. Making one reads
 * the control group's files, which takes longer than a row's prediction: they are
 * kept for the next call. */
static struct {
	pthread_mutex_t lock;
	DMatrixHandle kept[PROXIES_KEPT];
	size_t n;
} proxies = {.lock = PTHREAD_MUTEX_INITIALIZER};

static DMatrixHandle proxy_take(void)
{
	DMatrixHandle proxy = NULL;

	pthread_mutex_lock(&proxies.lock);
	if (proxies.n)
		proxy = proxies.kept[--proxies.n];
	pthread_mutex_unlock(&proxies.lock);
	return proxy || !xgb()->XGProxyDMatrixCreate(&proxy) ? proxy : NULL;
}

static void proxy_give(DMatrixHandle proxy)
{
	bool kept;

	pthread_mutex_lock(&proxies.lock);
	kept = proxies.n < PROXIES_KEPT;
	if (kept)
		proxies.kept[proxies.n++] = proxy;
	pthread_mutex_unlock(&proxies.lock);
	if (!kept)
		(void)xgb()->XGDMatrixFree(proxy);
}

/* Unlike a matrix, this way in checks nothing: an index beyond the model's columns
 * would be written to. */
static int rows_check(const struct dataset *d, size_t features, struct err *err)
{
	size_t n = d->dense ? d->rows * d->columns : d->row_start[d->rows];
	const float *values = d->dense ? d->dense : d->values;
	bool infinite = false, beyond = false;

	if (d->dense ? d->columns != features : d->columns > features)
		return err_set(err, ERR_INVALID, "the data has %zu columns, the model was trained with %zu", d->columns,
			       features);
	for (size_t i = 0; i < n; i++)
		infinite |= isinf(values[i]) != 0;
	if (infinite)
		return err_set(err, ERR_INVALID, "the data holds an infinite number");
	for (size_t i = 0; !d->dense && i < n; i++)
		beyond |= d->column_index[i] >= features;
	return beyond ? err_set(err, ERR_INVALID, "the data has a column beyond the %zu of the model", features) : 0;
}

static int rows_run(struct booster *b, DMatrixHandle proxy, const struct dataset *d, size_t features,
		    const char *config, bst_ulong const **shape, bst_ulong *dims, const float **values)
{
	struct array_text cells;
	struct csr_text csr;

	if (d->dense) {
		array_describe(&cells, d->dense, d->rows, d->columns, "<f4");
		return xgb()->XGBoosterPredictFromDense(b->handle, cells.text, config, proxy, shape, dims, values);
	}
	csr_describe(d, &csr);
	return xgb()->XGBoosterPredictFromCSR(b->handle, csr.start.text, csr.index.text, csr.values.text, features,
					      config, proxy, shape, dims, values);
}

int booster_predict_rows(struct booster *b, const struct dataset *d, const struct predict_options *opt,
			 struct predictions *out, struct err *err)
{
	size_t features = booster_features(b);
	char config[200];

	bst_ulong const *shape = NULL;
	bst_ulong dims = 0;
	const float *values = NULL;
	DMatrixHandle proxy;
	int rc = rows_check(d, features, err);

	if (rc)
		return rc;
	proxy = proxy_take();
	if (!proxy)
		return xgb_fail(err, "prediction failed");
	snprintf(config, sizeof(config),
		 "{\"type\": %d, \"training\": false, \"iteration_begin\": %d, \"iteration_end\": %d, "
		 "\"strict_shape\": true, \"missing\": NaN, \"cache_id\": 0}",
		 opt->margin ? 1 : 0, opt->begin_round, opt->end_round);
	if (rows_run(b, proxy, d, features, config, &shape, &dims, &values)) {
		rc = xgb_fail(err, "prediction failed");
		(void)xgb()->XGDMatrixFree(proxy);
		return rc;
	}
	*out = (struct predictions){.rows = shape[0], .columns = dims > 1 ? shape[1] : 1};
	out->values = xreallocarray(NULL, MAX(out->rows * out->columns, (size_t)1), sizeof(float));
	memcpy(out->values, values, out->rows * out->columns * sizeof(float));
	proxy_give(proxy);
	return 0;
}
