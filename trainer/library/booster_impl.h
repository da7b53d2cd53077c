/* booster_impl.h - what the files of the booster share; nobody else includes it. */
#ifndef SAGETOP_TRAINER_BOOSTER_IMPL_H
#define SAGETOP_TRAINER_BOOSTER_IMPL_H

#include "trainer/library/booster.h"

struct matrix {
	void *handle; /* DMatrixHandle */
	size_t rows, columns;
	bool sparse;
};

struct booster {
	void *handle; /* BoosterHandle */
};

/* An array in memory, told to the library as its array interface (JSON): where it
 * lies, its shape and type ("<f4"). columns 0: one dimension. */
struct array_text {
	char text[160];
};
void array_describe(struct array_text *a, const void *p, size_t rows, size_t columns, const char *type);

/* The three arrays of a sparse data set. */
struct csr_text {
	struct array_text start, index, values;
};
void csr_describe(const struct dataset *d, struct csr_text *t);

/* The library's last error as ours: one line, without time, place and stack
 * trace. Always returns -code. */
int xgb_fail(struct err *err, const char *what);

#endif
