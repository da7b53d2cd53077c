/* Metrics of several jobs: curves that fall and rise again, those of two hosts each. */
#include "seed.h"

#include <math.h>

#define ROUNDS 80

/* The nth job's: its best round comes the later the slower it learns. */
void seed_curves(struct session *s, const char *name, int nth)
{
	struct feed *f = session_feed(s, TRAINING_KIND, name);
	int turn = 30 + nth * 3;

	f->logs_loaded = true;
	for (int i = 0; i < ROUNDS - nth % 3 * 10; i++) {
		int64_t at = SEED_NOW_MS - 30 * 60000LL + i * 5000;
		double train = 8.0 / (1 + i * 0.02) + nth * 0.1;
		double valid = 5 + nth * 0.15 + (i - turn) * (i - turn) * 0.0015;

		series_add(&f->metrics, "train:rmse", NULL, at, i, train);
		series_add(&f->metrics, "validation:rmse", NULL, at, i, valid);
		series_add(&f->metrics, "validation:mae", NULL, at, i, valid * 0.7);
		series_add(&f->metrics, "learning_rate", NULL, at, i, 0.3 * pow(0.97, i));
		if (i % 12 == 0) {
			series_put(&f->metrics, "CPUUtilization", "algo-1", at, 50 + i % 30);
			series_put(&f->metrics, "CPUUtilization", "algo-2", at, 70 - i % 20);
			series_put(&f->metrics, "DiskUtilization", "algo-1", at, 10 + i * 0.5);
		}
	}
}
