/* test_diagnosis.c - what is said of each way to fail, and what to try: a table of reasons as the service and
 * frameworks form them, then what is known besides (types, prices, curves, logs). */
#include "unit.h"

#include "base/utf8.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "model/page.h"
#include "model/session.h"

#define NOW ((int64_t)1795000000000)
#define WRAPPED(message)                                                               \
	"AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"" message \
	"\"\nCommand \"/opt/conda/bin/python3.10 train.py --lr 0.1\", exit code: 1"

static const char prices[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
			     "ml.m5.xlarge,us-east-1,Training,0.230,2026-09-24,A,test\n"
			     "ml.m5.2xlarge,us-east-1,Training,0.461,2026-09-24,A,test\n"
			     "ml.m5.4xlarge,us-east-1,Training,0.922,2026-09-24,A,test\n"
			     "ml.g5.xlarge,us-east-1,Training,1.408,2026-09-24,A,test\n"
			     "ml.g5.2xlarge,us-east-1,Training,1.515,2026-09-24,A,test\n";

struct world {
	struct session *session;
	struct job *job; /* the session's */
	struct diagnosis found;
};

static int begin(void **state)
{
	struct world *w = NEW(struct world);
	struct job *j = job_new("season-7");
	struct err err = {0};

	job_set_status(j, "Failed");
	j->detail = DETAIL_DESCRIBED;
	j->secondary_text = intern("Failed");
	j->instance_type = intern("ml.m5.xlarge");
	j->instance_count = 1;
	j->volume_gb = 30;
	j->max_runtime_s = 3600;
	j->created_ms = NOW - 7200000;
	job_own_cold(j);
	str_set(&j->cold->role_arn, "arn:aws:iam::123456789012:role/service-role/Trainer");
	str_set(&j->cold->image, "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:7");
	str_set(&j->arn, "arn:aws:sagemaker:us-east-1:123456789012:training-job/season-7");
	w->session = session_new();
	str_set(&w->session->region, "us-east-1");
	if (price_table_parse(&w->session->prices, prices, strlen(prices), "test", &err) < 0)
		fail_msg("%s", err.msg);
	w->job = resource_job(job_resource(jobs_put(session_jobs(w->session), j, NULL)));
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	diagnosis_done(&w->found);
	session_free(w->session);
	free(w);
	return 0;
}

static const struct diagnosis *find(struct world *w)
{
	const struct field_context x = {.session = w->session, .now_ms = NOW};

	(void)diagnosis_find(&w->found, job_resource(w->job), &x);
	return &w->found;
}

static void says(const char *text, const char *part)
{
	if (part && (!text || !strstr(text, part)))
		fail_msg("\"%s\" does not say: %s", str_or(text, ""), part);
}

static const struct {
	const char *reason, *cause;
	const char *words, *attempt, *remedy; /* parts of these; NULL: whatever they are */
} cases[] = {
	{"AlgorithmError: out of memory: killed, exit code: 137", "memory", "on the 16 GiB of ml.m5.xlarge",
	 "ml.m5.2xlarge (32 GiB, +$0.231/h)", "clone season-7 --set ResourceConfig.InstanceType=ml.m5.2xlarge"},
	{"AlgorithmError: , exit code: 137", "memory"},
	{"AlgorithmError: Exit Code: 137", "memory"},
	{"AlgorithmError: ExecuteUserScriptError:\nExitCode -9\nErrorMessage \"\"\nCommand \"python3 a.py\", "
	 "exit code: 1",
	 "memory"},
	{WRAPPED("MemoryError"), "memory"},
	{WRAPPED("numpy.core._exceptions.MemoryError: Unable to allocate 9.3 GiB for an array"), "memory"},
	{"AlgorithmError: terminate called, what(): std::bad_alloc, exit code: 134", "memory"},
	{"ClientError: Please use an instance type with more memory, or reduce the size of the job", "memory"},
	{WRAPPED("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"), "gpu-memory",
	 "on the GPU of ml.m5.xlarge", "smaller batch"},
	{WRAPPED("RuntimeError: CUDA error: out of memory"), "gpu-memory"},
	{WRAPPED("RuntimeError: DataLoader worker (pid 91) is killed by signal: Bus error. Workers are out of "
		 "shared memory"),
	 "shared-memory"},
	{"ClientError: Data download failed:Unable to download object s3://nba/data/a.csv (AccessDenied: "
	 "Access Denied)",
	 "access", "s3:GetObject on s3://nba/data/a.csv", "let Trainer have s3:GetObject",
	 "\"Resource\": \"arn:aws:s3:::nba/data/*\""},
	{WRAPPED("botocore.exceptions.ClientError: An error occurred (403) when calling the HeadObject "
		 "operation: Forbidden"),
	 "access", "s3:GetObject"},
	{WRAPPED("botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject "
		 "operation: Access Denied"),
	 "access", "s3:PutObject"},
	{"ClientError: User: arn:aws:sts::123456789012:assumed-role/Trainer/SageMaker is not authorized to "
	 "perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:123456789012:key/ab-12 because no "
	 "identity-based policy allows it",
	 "access", "kms:Decrypt on arn:aws:kms:us-east-1:123456789012:key/ab-12", "Trainer",
	 "\"Action\": \"kms:Decrypt\", \"Resource\": \"arn:aws:kms:us-east-1:123456789012:key/ab-12\""},
	{"ClientError: role is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::nba", "access", NULL,
	 NULL, "\"Resource\": \"arn:aws:s3:::nba\""},
	{"ClientError: role is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::nba/k\" "
	 "with an explicit deny in a resource-based policy",
	 "access", NULL, "find the statement that denies s3:GetObject"},
	{"AccessDenied: s3:PutObject on s3://nba/out/model.tar.gz", "access",
	 "s3:PutObject on s3://nba/out/model.tar.gz", NULL, "arn:aws:s3:::nba/out/*"},
	{"ClientError: Failed to read s3://nba/a.csv: S3 403 Forbidden", "access"},
	{"ClientError: Could not assume role arn:aws:iam::123456789012:role/Gone", "role", NULL,
	 "sagemaker.amazonaws.com"},
	{"CapacityError: Unable to provision requested ML compute capacity.", "capacity",
	 "ml.m5.xlarge free in us-east-1", "ml.m5.2xlarge"},
	{"InsufficientInstanceCapacity: none left", "capacity"},
	{"ResourceLimitExceeded: The account-level service limit 'ml.m5.xlarge for training job usage' is 2 "
	 "Instances, with current utilization of 1 Instances and a request delta of 3 Instances.",
	 "quota", "\"ml.m5.xlarge for training job usage\" is 2: 1 in use, 3 more", "Service Quotas",
	 "list-service-quotas"},
	{"ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are "
	 "incorrect.",
	 "image", "trainer:7", "ecr:BatchGetImage"},
	{"ClientError: CannotPullContainerError: manifest for trainer:8 not found: manifest unknown", "image"},
	{"AlgorithmError: exec /usr/bin/train: exec format error, exit code: 1", "image-platform", NULL, "linux/amd64"},
	{"AlgorithmError: exec: \"train\": executable file not found in $PATH", "entry-point", NULL, "ENTRYPOINT"},
	{"AlgorithmError: Exit Code: 127", "entry-point"},
	{"ClientError: Data download failed:Insufficient disk space", "disk", "30 GB", "60", "VolumeSizeInGB=60"},
	{WRAPPED("OSError: [Errno 28] No space left on device"), "disk"},
	{"ClientError: No S3 objects found under S3 URL \"s3://nba/none/\" given in input data source.", "no-data",
	 "s3://nba/none/", NULL, "aws s3 ls s3://nba/none/"},
	{WRAPPED("FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/input/data/train/a.csv'"), "no-data",
	 "/opt/ml/input/data/train/a.csv'."},
	{"ClientError: Blankspace and colon not found in firstline '1 2' of file 'a.csv'. ContentType by "
	 "default is in libsvm.",
	 "content-type", NULL, "text/csv"},
	{"ClientError: s3://nba/data/train.csv, line 42, column 5: 'n/a' is not a number", "data",
	 "s3://nba/data/train.csv line 42 column 5: 'n/a' is not a number.", "train.csv line 42 column 5",
	 "aws s3 cp s3://nba/data/train.csv - | sed -n 42p"},
	{"AlgorithmError: train.csv line 25 column 6: unterminated quote, exit code: 1", "data",
	 "train.csv line 25 column 6"},
	{WRAPPED("pandas.errors.ParserError: Error tokenizing data. C error: Expected 5 fields in line 7, saw "
		 "6"),
	 "data", "the data line 7"},
	{"ClientError: Non-numeric value 'F' found in the header line 'F,54' of file 'train.csv'.", "data",
	 "train.csv: "},
	{WRAPPED("ValueError: could not convert string to float: 'n/a'"), "data",
	 "could not convert string to float: 'n/a'."},
	{WRAPPED("ValueError: Input X contains NaN."), "data"},
	{WRAPPED("ModuleNotFoundError: No module named 'shap.plots'"), "module", "No module named 'shap.plots'.",
	 "shap in requirements.txt"},
	{WRAPPED("ImportError: libGL.so.1: cannot open shared object file"), "module"},
	{WRAPPED("train.py: error: unrecognized arguments: --lrr 0.1"), "hyperparameter", "--lrr 0.1"},
	{WRAPPED("RuntimeError: loss is nan at step 40"), "diverged", NULL, "a smaller learning rate"},
	{WRAPPED("RuntimeError: NCCL error in: ProcessGroupNCCL.cpp:859, remote process exited"), "hosts", NULL,
	 "NCCL_DEBUG"},
	{WRAPPED("ConnectTimeoutError: Connect timeout on endpoint URL: x"), "network"},
	{WRAPPED("gaierror: [Errno -3] Temporary failure in name resolution"), "network"},
	{"AlgorithmError: Exit Code: 139", "crash"},
	{"ClientError: ValidationException: 1 validation error detected", "validation", "1 validation error detected."},
	{"InternalServerError: We encountered an internal error.  Please try again.", "internal", NULL, NULL,
	 "sagetop clone season-7"},
	{WRAPPED("Traceback (most recent call last):\n  File \"/opt/ml/code/train.py\", line 41, in main\n    "
		 "f()\nKeyError: 'price'\n 0%| | 0/10"),
	 "script", "The script failed: KeyError: 'price'.", NULL, "sagetop logs season-7"},
	{"AlgorithmError: framework error: \nTraceback (most recent call last):\n  File \"a.py\", line 3, in "
	 "f\nmy.module.BadError: no rows",
	 "script", "my.module.BadError: no rows."},
	{"AlgorithmError: , exit code: 1", "exit-code", "exit code 1 and said nothing"},
	{"AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"\"\nCommand \"python3 a.py --lr "
	 "0.1\", exit code: 1",
	 "exit-code"},
	{WRAPPED("Traceback (most recent call last):\n  File \"<frozen importlib._bootstrap>\", line 228, in f\n "
		 "KeyError: 1"),
	 "script", "The script failed: KeyError: 1."},
	{"ErrorMessage \"KeyError: 1\"\nCommand \"python3 t.py --data a.csv --line 4 --quota 1 --hyperparameters {}\"",
	 "script"},
	{"AlgorithmError: ValueError: the list is empty, exit code: 1", "script",
	 "failed: ValueError: the list is empty"},
	{"something that nobody knows", NULL},
};
static void test_reasons(void **state)
{
	struct world *w = *state;

	assert_true(ARRAY_LEN(cases) >= 40);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_set(&w->job->failure_reason, cases[i].reason);
		const struct diagnosis *d = find(w);
		if (!str_eq(d->cause, cases[i].cause))
			fail_msg("%s: %s: %s", cases[i].reason, str_or(d->cause, "nothing"), str_or(d->words, ""));
		says(d->words, cases[i].words);
		says(d->attempt, cases[i].attempt);
		says(d->remedy, cases[i].remedy);
		assert_true(!d->cause || !str_empty(d->brief));
	}
}

static void test_none(void **state)
{
	struct world *w = *state;

	job_set_status(w->job, "Completed");
	assert_null(find(w)->cause);
	job_set_status(w->job, "InProgress");
	str_set(&w->job->failure_reason, "CapacityError: none");
	assert_null(find(w)->cause);
	job_set_status(w->job, "Failed");
	assert_string_equal(find(w)->cause, "capacity");
	assert_string_equal(diagnosis_name(DIAGNOSIS_CAPACITY), "capacity");
}

/* What its log says counts where the reason says nothing: as it was noted, or while the log is at hand. */
static void test_logs(void **state)
{
	struct world *w = *state;
	struct feed *f = session_feed(w->session, TRAINING_KIND, w->job->name);
	static const char line[] = "train.csv line 25 column 6: 'x' is not a number";

	str_set(&w->job->failure_reason, "AlgorithmError: , exit code: 1");
	assert_string_equal(find(w)->cause, "exit-code");
	loglines_add(&f->logs, "s", NULL, NOW, line, strlen(line));
	assert_string_equal(find(w)->cause, "exit-code");
	f->logs_loaded = true;
	assert_string_equal(find(w)->brief, "train.csv line 25 column 6");
	failure_learn(w->session, job_resource(w->job), "KeyError: 'price'");
	assert_string_equal(find(w)->words, "The script failed: KeyError: 'price'.");
}

/* Measured use, and the batch of a GPU's job. */
static void test_memory(void **state)
{
	struct world *w = *state;
	struct feed *f = session_feed(w->session, TRAINING_KIND, w->job->name);

	str_set(&w->job->failure_reason, "AlgorithmError: , exit code: 137");
	series_put(&f->metrics, "MemoryUtilization", "algo-1", NOW, 61);
	series_put(&f->metrics, "MemoryUtilization", "algo-1", NOW + 60000, 98.4);
	says(find(w)->words, "the 16 GiB of ml.m5.xlarge, measured at most 98 % full.");
	w->job->instance_type = intern("ml.unheard.xlarge");
	assert_string_equal(find(w)->brief, "a larger type");
	assert_null(w->found.remedy);
	strmap_set(&w->job->cold->hyperparameters, "batch_size", "64");
	str_set(&w->job->failure_reason, "CUDA out of memory");
	assert_string_equal(find(w)->brief, "batch_size 32");
	says(w->found.remedy, "--set HyperParameters.batch_size=32");
}

static void test_limits(void **state)
{
	struct world *w = *state;
	struct feed *f = session_feed(w->session, TRAINING_KIND, w->job->name);

	job_set_status(w->job, "Stopped");
	assert_null(find(w)->cause); /* by a person */
	w->job->secondary_text = intern("MaxRuntimeExceeded");
	says(find(w)->attempt, "MaxRuntimeInSeconds 7200 (2h00m, twice as long, at most $0.460)");
	strmap_set(&w->job->cold->hyperparameters, "num_round", "200");
	series_add(&f->metrics, "validation:rmse", "algo-1", NOW, 100, 7.4);
	says(find(w)->words, "MaxRuntime stopped it after 1h00m, at round 100 of 200.");
	says(w->found.attempt, "MaxRuntimeInSeconds 7920 (2h12m at its pace, about $0.506)");
	says(w->found.remedy, "--set StoppingCondition.MaxRuntimeInSeconds=7920");
	w->job->spot = true;
	says(find(w)->remedy, "--set StoppingCondition.MaxRuntimeInSeconds=7920 --set StoppingCondition.MaxWaitTimeIn"
			      "Seconds=7920");
	w->job->secondary_text = intern("MaxWaitTimeExceeded");
	w->job->max_wait_s = 21600;
	for (int i = 0; i < 2; i++)
		job_add_transition(w->job, "Interrupted", NOW, NOW, "");
	says(find(w)->words, "(6h00m). Spot took its instances 2 times, and it has no checkpoints");
	says(w->found.remedy, "--set StoppingCondition.MaxWaitTimeInSeconds=43200");
	job_set_status(w->job, "Failed");
	w->job->secondary_text = intern("Failed");
	str_set(&w->job->failure_reason, "AlgorithmError: , exit code: 1");
	assert_string_equal(find(w)->cause, "spot-interrupted");
	str_set(&w->job->cold->checkpoint_uri, "s3://nba/checkpoints");
	assert_string_equal(find(w)->cause, "exit-code");
}

/* A file of a channel is an object of its URI. */
static void test_channels(void **state)
{
	static const struct {
		const char *uri, *reason, *remedy;
	} files[] = {
		{"s3://nba/in/", "ClientError: channel train: train/d.csv line 4 column 2: bad",
		 "s3://nba/in/d.csv - "},
		{"s3://nba/in", "/opt/ml/input/data/train/a/d.csv, line 4: bad", "s3://nba/in/a/d.csv - | sed -n 4p"},
		{"s3://nba/in/d.csv", "train/d.csv line 4: bad", "s3://nba/in/d.csv - | sed -n 4p"},
		{"s3://nba/in/", "other/d.csv line 4: bad", NULL},
	};
	struct world *w = *state;
	struct job_channel *c = job_add_channel(w->job, "train");

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		str_set(&c->uri, files[i].uri);
		str_set(&w->job->failure_reason, files[i].reason);
		says(find(w)->remedy, files[i].remedy);
		assert_true(files[i].remedy || !w->found.remedy);
	}
}

/* The last message stands for a reason; a VPC is named; spot goes off. */
static void test_record(void **state)
{
	struct world *w = *state;

	job_add_transition(w->job, "Failed", NOW, NOW, "Insufficient capacity error from EC2");
	w->job->spot = true;
	assert_string_equal(find(w)->brief, "ml.m5.2xlarge, or spot off");
	str_set(&w->job->cold->vpc, "subnet-1 sg-1");
	str_set(&w->job->failure_reason, "NCCL error");
	says(find(w)->attempt, "security group");
	str_set(&w->job->failure_reason, "Read timed out");
	says(find(w)->words, "subnet-1 sg-1");
	says(w->found.attempt, "NAT gateway");
}

/* Nothing that somebody else wrote goes into a command but what is plain. */
static void test_remedies_are_plain(void **state)
{
	static const char *const reasons[] = {
		"No S3 objects found under s3://nba/$(rm)`",
		"s3://nba/a';rm.csv line 4: bad",
		"not authorized to perform: s3:GetObject on resource: arn:aws:s3:::n\"ba/k",
		"not authorized to perform: s3:Get\"Object on resource: arn:aws:s3:::nba/k",
		"limit 'ml.m5.xlarge$(x) usage' is 1 Instances: ResourceLimitExceeded",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		str_set(&w->job->failure_reason, reasons[i]);
		assert_non_null(find(w)->cause);
		assert_null(w->found.remedy);
	}
}

/* A line without an end neither takes long nor is told whole, and no character is cut in two. */
static void test_long_lines(void **state)
{
	struct world *w = *state;
	size_t n = (size_t)4 << 20;
	AUTO(str) char *line = xcalloc(n + 1, 1);

	for (size_t i = 0; i < n / 2; i++)
		memcpy(line + i * 2, "é", 2);
	memcpy(line, "ValueError: ", 12);
	str_set(&w->job->failure_reason, "AlgorithmError: , exit code: 1");
	failure_learn(w->session, job_resource(w->job), line);
	assert_string_equal(find(w)->cause, "script");
	assert_true(strlen(w->found.words) < 1000);
	assert_true(utf8_valid(w->found.words, strlen(w->found.words)));
}

/* The page of a text has it below the reason. */
static void test_page(void **state)
{
	static const char *const labels[] = {"Name", "Status", "Reason", "Diagnosis", "Try", "Remedy"};
	struct world *w = *state;
	const struct field_context x = {.session = w->session, .now_ms = NOW};
	AUTO(page) struct page page = {0};

	str_set(&w->job->failure_reason, "AlgorithmError: , exit code: 137");
	page_build(&page, job_resource(w->job), &x, PAGE_FOR_TEXT);
	assert_true(page.n > ARRAY_LEN(labels));
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		assert_string_equal(page.lines[i].label, labels[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reasons, begin, end),
		cmocka_unit_test_setup_teardown(test_none, begin, end),
		cmocka_unit_test_setup_teardown(test_logs, begin, end),
		cmocka_unit_test_setup_teardown(test_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_limits, begin, end),
		cmocka_unit_test_setup_teardown(test_channels, begin, end),
		cmocka_unit_test_setup_teardown(test_record, begin, end),
		cmocka_unit_test_setup_teardown(test_remedies_are_plain, begin, end),
		cmocka_unit_test_setup_teardown(test_long_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_page, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
