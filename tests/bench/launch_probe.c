/* launch_probe.c - put so many launches into the queue and say how long it took until
 * the service had them all.
 *
 *   launch_probe URL JOBS RATE
 *
 * They are a run's, without a limit of how many run at a time; RATE is that of the
 * client's requests, as its configuration sets it. Prints "seconds S processor P
 * accepted N attempts M": from the first that was sent to the last answer, of all of this
 * process, and how often they were sent. */
#include "base/clock.h"
#include "sync/sync.h"

#include <sys/resource.h>

#define DEADLINE_MS 900000
#define LOOK_MS 500

static const char spec[] =
	"{\"TrainingJobName\": \"%s\", \"RoleArn\": \"arn:aws:iam::000000000000:role/bench\","
	" \"AlgorithmSpecification\": {\"TrainingImage\": \"bench:1\", \"TrainingInputMode\": \"File\"},"
	" \"OutputDataConfig\": {\"S3OutputPath\": \"s3://sagemaker-us-east-1-000000000000/out\"},"
	" \"ResourceConfig\": {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 1,"
	" \"VolumeSizeInGB\": 1}, \"StoppingCondition\": {\"MaxRuntimeInSeconds\": 3600}}";

static int enqueue(struct sync *s, size_t n, struct err *err)
{
	struct launch *rows = xcalloc(n, sizeof(*rows));

	for (size_t i = 0; i < n; i++) {
		char *name = xasprintf("bench-%05zu", i);

		rows[i] = (struct launch){
			.name = name, .spec_json = xasprintf(spec, name), .run = xstrdup("bench"), .pack = (int64_t)i};
	}
	int rc = launch_enqueue(s, rows, n, err);

	launch_list_free(rows, n);
	return rc;
}

static int wait_for_all(struct sync *s, struct err *err)
{
	int64_t began = clock_mono_ms(), looked = began;
	size_t n = 1;

	while (n && clock_mono_ms() - began < DEADLINE_MS) {
		struct launch *rows = NULL;

		sync_poll(s, NULL, 0, 100);
		if (clock_mono_ms() - looked < LOOK_MS)
			continue;
		if (store_launch_list(sync_store(s), LAUNCHES_OPEN, &rows, &n, err))
			return -err->code;
		launch_list_free(rows, n);
		looked = clock_mono_ms();
	}
	return n ? err_set(err, ERR_TIMEOUT, "%zu launches are open still", n) : 0;
}

static int report(struct sync *s, struct err *err)
{
	struct launch *rows = NULL;
	struct rusage used;
	size_t n, accepted = 0;
	int64_t first = INT64_MAX, last = 0, attempts = 0;

	if (store_launch_list(sync_store(s), LAUNCHES_ALL, &rows, &n, err))
		return -err->code;
	for (size_t i = 0; i < n; i++) {
		accepted += rows[i].state == LAUNCH_ACCEPTED;
		attempts += rows[i].attempts;
		first = MIN(first, rows[i].sent_ms);
		last = MAX(last, rows[i].settled_ms);
	}
	launch_list_free(rows, n);
	getrusage(RUSAGE_SELF, &used);
	printf("seconds %.3f processor %.3f accepted %zu attempts %lld\n", (double)(last - first) / 1000,
	       (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
	       accepted, (long long)attempts);
	return 0;
}

int main(int argc, char **argv)
{
	AUTO(sync) struct sync *s = NULL;
	struct err err = {0};

	if (argc != 4) {
		fprintf(stderr, "usage: launch_probe URL JOBS RATE\n");
		return 2;
	}
	struct sync_options opt = {.aws = {.endpoint_url = argv[1], .region = "us-east-1"}, .refresh_ms = 5000};
	double rate = strtod(argv[3], NULL);

	if (sync_new(&opt, &s, &err) || aws_client_set_rate(sync_client(s), "CreateTrainingJob", rate, &err) ||
	    aws_client_set_rate(sync_client(s), "DescribeTrainingJob", rate, &err) ||
	    enqueue(s, (size_t)strtoul(argv[2], NULL, 10), &err)) {
		fprintf(stderr, "launch_probe: %s\n", err.msg);
		return 1;
	}
	sync_start(s);
	if (wait_for_all(s, &err) || report(s, &err)) {
		fprintf(stderr, "launch_probe: %s\n", err.msg);
		return 1;
	}
	return 0;
}
