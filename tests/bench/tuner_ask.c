/* The tuner on standard input and output, for bench_tuner.py: arguments are strategy, seed,
 * jobs in parallel and ranges (name:integer|continuous:low:high:scaling or
 * name:categorical:a,b,c). "ask" answers the next values and what it took in
 * milliseconds of this program's time; "tell N VALUE" says what became of child N. */
#include <time.h>

#include "tuner/propose.h"

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void add_range(struct tuner_space *space, const char *text)
{
	AUTO(strlist) struct strlist parts = {0};
	struct err err = {0};

	strlist_split(&parts, text, ':');
	if (str_eq(parts.items[1], "categorical")) {
		strlist_split(&tuner_space_add(space, parts.items[0], TUNER_CATEGORICAL)->words, parts.items[2], ',');
		return;
	}
	struct tuner_range *r = tuner_space_add(space, parts.items[0],
						str_eq(parts.items[1], "integer") ? TUNER_INTEGER : TUNER_CONTINUOUS);

	if (!str_to_f64(parts.items[2], &r->low) || !str_to_f64(parts.items[3], &r->high) ||
	    tuner_range_set_scale(r, parts.items[4], &err) < 0) {
		fprintf(stderr, "%s: %s\n", text, err.msg);
		exit(2);
	}
}

static void ask(const struct tuner_problem *p, struct tuner_trial *trials, size_t n)
{
	double *values = xcalloc(p->space->n, sizeof(*values)), began = cpu_ms();
	struct err err = {0};
	int rc = tuner_propose(p, trials, n, values, &err);

	trials[n] = (struct tuner_trial){.values = values, .own = true};
	if (rc < 0)
		printf("error %s", err.msg);
	else if (rc == 0)
		printf("end");
	for (size_t d = 0; rc == 1 && d < p->space->n; d++) {
		AUTO(str) char *text = tuner_range_text(&p->space->ranges[d], values[d]);

		printf("%s ", text);
	}
	printf("%.3f\n", cpu_ms() - began);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	AUTO(tuner_space) struct tuner_space space = {0};
	struct tuner_problem p = {.space = &space};
	struct tuner_trial *trials = NULL;
	size_t n = 0, cap = 0, which;
	int64_t seed, parallel;
	char line[200];
	double value;

	if (argc < 5 || !tuner_strategy_parse(argv[1], &p.strategy) || !str_to_i64(argv[2], &seed) ||
	    !str_to_i64(argv[3], &parallel))
		return 2;
	p.seed = (uint64_t)seed;
	p.parallel = (size_t)parallel;
	for (int i = 4; i < argc; i++)
		add_range(&space, argv[i]);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "tell %zu %lf", &which, &value) == 2 && which < n) {
			trials[which].state = TUNER_KNOWN;
			trials[which].objective = value;
			continue;
		}
		GROW(trials, cap, n + 1);
		ask(&p, trials, n++);
	}
	for (size_t i = 0; i < n; i++)
		free((void *)trials[i].values);
	free(trials);
	return 0;
}
