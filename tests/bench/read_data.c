/* read_data.c - helper of bench_readers.py.
 *
 *   read_data FORMAT DIR THREADS    reads a folder with the trainer's readers, prints
 *                                   "rows columns seconds peak_mb"
 *   read_data make ROWS COLUMNS     writes CSV of seeded numbers to standard output
 */
#include <sys/resource.h>

#include "base/clock.h"
#include "trainer/read/dataset.h"

static uint64_t random_u64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The sum of three uniform numbers, with four decimals: about 6 bytes a cell. */
static int make(long rows, long columns)
{
	static char out[1 << 16];
	uint64_t state = 88172645463325252u;

	setvbuf(stdout, out, _IOFBF, sizeof(out));
	for (long r = 0; r < rows; r++) {
		for (long c = 0; c <= columns; c++) {
			double v = 0;

			for (int i = 0; i < 3; i++)
				v += (double)(random_u64(&state) >> 11) * 0x1p-53 * 2 - 1;
			printf("%.4f%c", v, c < columns ? ',' : '\n');
		}
	}
	return fflush(stdout) || ferror(stdout);
}

int main(int argc, char **argv)
{
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = {.has_label = true};
	struct rusage usage;
	struct err err = {0};
	double seconds;
	int64_t start;

	if (argc == 4 && !strcmp(argv[1], "make"))
		return make(atol(argv[2]), atol(argv[3]));
	if (argc != 4) {
		fputs("usage: read_data FORMAT DIR THREADS | read_data make ROWS COLUMNS\n", stderr);
		return 2;
	}
	opt.format = data_format_parse(argv[1]);
	opt.threads = atoi(argv[3]);
	start = clock_mono_us();
	if (dataset_load_dir(argv[2], &opt, &d, &err)) {
		fprintf(stderr, "read_data: %s\n", err.msg);
		return 1;
	}
	seconds = (double)(clock_mono_us() - start) / 1e6;
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu %zu %.4f %.0f\n", d->rows, d->columns, seconds, (double)usage.ru_maxrss / 1024);
	return 0;
}
