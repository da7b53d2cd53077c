/* bench_read.c - seconds and peak memory to read a folder of data: one line
 * "rows columns seconds peak_mb mb_per_s". Usage: bench_read FORMAT DIR THREADS */
#include <sys/resource.h>

#include "base/clock.h"
#include "trainer/dataset.h"

int main(int argc, char **argv)
{
	AUTO(dataset) struct dataset *d = NULL;
	struct dataset_options opt = {.has_label = true};
	struct rusage usage;
	struct err err = {0};
	double seconds;
	int64_t start;

	if (argc != 4) {
		fputs("usage: bench_read FORMAT DIR THREADS\n", stderr);
		return 2;
	}
	opt.format = data_format_parse(argv[1]);
	opt.threads = atoi(argv[3]);
	start = clock_mono_us();
	if (dataset_load_dir(argv[2], &opt, &d, &err)) {
		fprintf(stderr, "bench_read: %s\n", err.msg);
		return 1;
	}
	seconds = (double)(clock_mono_us() - start) / 1e6;
	getrusage(RUSAGE_SELF, &usage);
	printf("%zu %zu %.3f %.0f %.0f\n", d->rows, d->columns, seconds, (double)usage.ru_maxrss / 1024,
	       (double)d->bytes_read / 1e6 / seconds);
	return 0;
}
