/* One tiny tree grown twice, by the library that is here and by the grower: where they
 * differ (another build, another release's arithmetic), the grower is not for this job. */
#include <math.h>

#include "trainer/grow/grow.h"

enum { ROWS = 48, COLUMNS = 4 };
#define MODEL_MAX ((size_t)1 << 20)

/* The tests that hold the grower against the library ran there and nowhere else. */
#ifdef __x86_64__
static const bool tested_here = true;
#else
static const bool tested_here = false;
#endif

/* Columns of many and of few values, and one with gaps; labels that every loss takes. */
static struct dataset *trial_data(bool classes)
{
	struct dataset *d = NEW(struct dataset);
	uint32_t x = 1;

	*d = (struct dataset){.rows = ROWS, .columns = COLUMNS};
	d->dense = xreallocarray(NULL, (size_t)ROWS * COLUMNS, sizeof(float));
	d->labels = xreallocarray(NULL, ROWS, sizeof(float));
	for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
		x = x * 1664525u + 1013904223u;
		float value = (float)(x >> 8) / 65536 + 0.1F;
		d->dense[i] = i % COLUMNS == 1 ? (float)(x >> 30) : i % COLUMNS == 2 && x >> 30 == 0 ? NAN : value;
	}
	for (size_t row = 0; row < ROWS; row++) {
		bool high = d->dense[row * COLUMNS] > 100 || d->dense[row * COLUMNS + 3] > 200;
		d->labels[row] = high ? 1 : classes ? 0 : 0.25F;
	}
	return d;
}

/* The job's loss; rows and columns drawn, whatever the job draws. */
static void trial_params(const struct strmap *job, struct strmap *ret)
{
	static const char *const fixed[][2] = {
		{"nthread", "1"},
		{"tree_method", "hist"},
		{"max_depth", "4"},
		{"min_child_weight", "0.01"},
		{"subsample", "0.8"},
		{"seed", "5"},
		{"colsample_bynode", "0.75"},
	};
	const char *power = strmap_get(job, "tweedie_variance_power");

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		strmap_set(ret, fixed[i][0], fixed[i][1]);
	strmap_set(ret, "objective", str_or(strmap_get(job, "objective"), "reg:squarederror"));
	if (strmap_get(job, "num_class"))
		strmap_set(ret, "num_class", "3");
	if (power)
		strmap_set(ret, "tweedie_variance_power", power);
}

static int grow_once(struct booster *shell, const struct dataset *d, struct buf *out, struct err *err)
{
	AUTO(grow_mould) struct grow_mould *mould = NULL;
	AUTO(grower) struct grower *g = NULL;
	struct grow_job job = {.data = {d}, .columns = COLUMNS, .threads = 1};
	int rc = grow_mould_new(shell, &mould, err);

	job.mould = mould;
	if (!rc && mould)
		rc = grower_new(&job, &g, err);
	if (!rc && g)
		rc = grower_round(g, err);
	return rc || !g ? rc : grower_model(g, 1, NULL, out, err);
}

int grow_trial(const struct strmap *params, bool *same, struct err *err)
{
	AUTO(strmap) struct strmap own = {0};
	AUTO(dataset) struct dataset *d = trial_data(strmap_get(params, "num_class") != NULL);
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(buf) struct buf ours = BUF_INIT(MODEL_MAX);
	AUTO(buf) struct buf theirs = BUF_INIT(MODEL_MAX);
	struct matrix_options opt = {.threads = 1, .columns = COLUMNS};

	*same = false;
	if (!tested_here)
		return 0;
	trial_params(params, &own);
	int rc = matrix_new(d, &opt, &m, err);
	if (!rc)
		rc = booster_new(&own, NULL, &m, 1, &b, err);
	if (!rc)
		rc = grow_once(b, d, &ours, err);
	if (!rc)
		rc = booster_update(b, 0, m, err);
	if (!rc)
		rc = booster_save(b, MODEL_UBJ, &theirs, err);
	*same = !rc && ours.len && ours.len == theirs.len && !memcmp(ours.data, theirs.data, ours.len);
	return rc;
}
