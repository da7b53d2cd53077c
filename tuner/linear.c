/* LAPACK by its Fortran names, which every build of it has. Texts bring their
 * lengths along behind all arguments. */
#include "tuner/linear.h"

#include "base/late.h"
#include "base/mem.h"

struct linear_calls {
	void (*dpotrf_)(const char *triangle, const int *n, double *a, const int *lda, int *info, size_t);
	void (*dpotri_)(const char *triangle, const int *n, double *a, const int *lda, int *info, size_t);
	void (*dtrsm_)(const char *side, const char *triangle, const char *transposed, const char *diagonal,
		       const int *m, const int *n, const double *alpha, const double *a, const int *lda, double *b,
		       const int *ldb, size_t, size_t, size_t, size_t);
};
static struct linear_calls calls;

static const char *const names[] = {
#define LATE_CALL(name) #name,
#include "tuner/linear.def"
#undef LATE_CALL
};
_Static_assert(sizeof(names) == sizeof(calls), "a call is a pointer");

int linear_open(struct err *err)
{
	return calls.dtrsm_ ? 0 : late_open(LAPACK_SONAME, names, ARRAY_LEN(names), &calls, err);
}

bool linear_factor(double *a, size_t n)
{
	int size = (int)n, info;

	calls.dpotrf_("L", &size, a, &size, &info, 1);
	return info == 0;
}

bool linear_invert(double *factor, size_t n)
{
	int size = (int)n, info;

	calls.dpotri_("L", &size, factor, &size, &info, 1);
	return info == 0;
}

void linear_solve(const double *factor, size_t n, bool transposed, double *b, size_t columns)
{
	int rows = (int)n, many = (int)columns;
	double one = 1;

	calls.dtrsm_("L", "L", transposed ? "T" : "N", "N", &rows, &many, &one, factor, &rows, b, &rows, 1, 1, 1, 1);
}
