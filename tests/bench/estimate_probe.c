/* estimate_probe.c - durations predicted over a history as it went on, for a judge.
 *
 *   estimate_probe FROM EVERY <replies
 *
 * Reads replies of DescribeTrainingJob, a line each, in order of their ends. From the
 * FROM'th on each is predicted by what came before it (the model is made anew every EVERY
 * jobs), and a line is printed: its number, low, mid and high of its billed seconds, the
 * jobs behind it, the basis. */
#include "aws/sagemaker.h"
#include "base/json.h"
#include "model/duration.h"

static struct job *read_job(char *line)
{
	AUTO(json) json_t *reply = NULL;
	struct err err = {0};
	struct job *j = NULL;

	if (json_parse(line, strlen(line), "standard input", &reply, &err) ||
	    sm_parse_job(reply, DETAIL_DESCRIBED, &j, &err)) {
		fprintf(stderr, "estimate_probe: %s\n", err.msg);
		exit(1);
	}
	job_derive(j);
	return j;
}

static void print_prediction(size_t i, const struct duration_model *m, const struct job *j)
{
	const struct duration_case c = duration_case_of(j);
	struct duration_range r;

	duration_predict(m, &c, DURATION_BILLED, &r);
	printf("%zu %.6g %.6g %.6g %zu %d\n", i, r.low_s, r.mid_s, r.high_s, r.jobs, r.basis);
}

int main(int argc, char **argv)
{
	AUTO(duration_history) struct duration_history *h = duration_history_new();
	AUTO(duration_model) struct duration_model *m = NULL;
	int64_t from, every;
	char *line = NULL;
	size_t cap = 0, n = 0, waiting = 0;
	struct job **held;

	if (argc != 3 || !str_to_i64(argv[1], &from) || !str_to_i64(argv[2], &every) || from < 0 || every < 1) {
		fprintf(stderr, "usage: estimate_probe FROM EVERY <replies\n");
		return 2;
	}
	held = xcalloc((size_t)every, sizeof(*held));
	for (; getline(&line, &cap, stdin) > 0; n++) {
		struct job *j = read_job(line);

		if ((int64_t)n >= from) {
			m = m ? m : duration_model_new(h);
			print_prediction(n, m, j);
		}
		/* A model's history does not grow: what comes is held until the next one is made. */
		held[waiting++] = j;
		if ((int64_t)n + 1 >= from && waiting < (size_t)every && m)
			continue;
		duration_model_free(TAKE(m));
		while (waiting) {
			(void)duration_history_add(h, held[--waiting]);
			job_free(held[waiting]);
		}
	}
	while (waiting)
		job_free(held[--waiting]);
	free(held);
	free(line);
	return 0;
}
