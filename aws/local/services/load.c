/* --load: documents in any state, for demonstrations and tests.
 *
 * A line is {"kind": "endpoint", "document": {...}, "tags": {...}}: the document is
 * what a Describe answers, with times as epoch seconds or ISO texts. It is held
 * against the kind's row; what it leaves out (ARN, times, defaults) is filled in. */
#include "aws/local/services/kinds.h"

#include "aws/local/kept/training_job.h"
#include "aws/local/services/shapes.h"
#include "aws/local/wire/shape_text.h"
#include "base/fs.h"
#include "base/timefmt.h"

#define MAX_FILE ((size_t)256 << 20)
/* Of a training job, besides what its request has. */
#define TRAINING_MEMBERS                                                                                       \
	"TrainingJobName!:name TrainingJobStatus!:InProgress|Completed|Failed|Stopping|Stopped "               \
	"TrainingJobArn:arn SecondaryStatus:text FailureReason:text CreationTime!:time LastModifiedTime:time " \
	"TrainingStartTime:time TrainingEndTime:time TrainingTimeInSeconds:count BillableTimeInSeconds:count " \
	"SecondaryStatusTransitions:[{Status!:text StartTime!:time EndTime:time StatusMessage:text}] "         \
	"FinalMetricDataList:[{MetricName!:text Value!:number Timestamp:time}] TuningJobArn:arn "              \
	"WarmPoolStatus:{Status!:text ResourceRetainedBillableTimeInSeconds:count ReusedByJob:text} "          \
	"LabelingJobArn:arn AutoMLJobArn:arn ModelArtifacts"

/* Times as texts become epoch seconds, as far down as the shape knows its members. */
static void read_times(const struct shape *shape, json_t *doc)
{
	for (const struct shape_member *m = shape->members; m && m->name; m++) {
		json_t *value = json_object_get(doc, m->name);
		int64_t ms;

		if (m->shape->type == SHAPE_STRUCT && json_is_object(value))
			read_times(m->shape, value);
		else if (m->shape->type == SHAPE_TIME && json_is_string(value) &&
			 timefmt_parse_iso(json_string_value(value), &ms))
			json_object_set_new(doc, m->name, json_epoch(ms));
	}
}

static void set_default_time(json_t *doc, const char *member, const json_t *value)
{
	if (member && !json_object_get(doc, member))
		json_object_set(doc, member, (json_t *)value);
}

static void fill_in(struct engine *e, const struct document_kind *k, json_t *doc)
{
	json_t *now = json_epoch(engine_now_ms(e));

	kind_defaults(k, doc);
	set_default_time(doc, k->created, now);
	set_default_time(doc, k->modified, k->created ? json_object_get(doc, k->created) : now);
	json_decref(now);
}

/* The key by its members; what is known by its ARN has that, or gets one of its name. */
static int find_names(const struct document_kind *k, json_t *doc, char **ret_key, char **ret_arn, struct err *err)
{
	const char *arn = k->arn ? json_get_str(doc, k->arn) : NULL,
		   *name = k->name ? json_get_str(doc, k->name) : NULL;
	AUTO(str) char *key = kind_key(k, doc);

	if (!key && k->by_arn && k->arn_path && name)
		key = kind_arn(k, DEFAULT_REGION, name);
	if (!key)
		return err_set(err, ERR_INVALID, "the document must have %s", k->key);
	*ret_arn = arn ? xstrdup(arn) : str_starts(key, "arn:") ? xstrdup(key) : kind_arn(k, DEFAULT_REGION, key);
	if (k->arn && !arn)
		json_object_set_new(doc, k->arn, json_string(*ret_arn));
	*ret_key = TAKE(key);
	return 0;
}

static int load_document(struct engine *e, const struct document_kind *k, json_t *doc, const json_t *tags,
			 struct err *err)
{
	const struct shape *shape = kind_document_shape(k);
	AUTO(str) char *key = NULL;
	AUTO(str) char *arn = NULL;
	struct fault fault = {0};

	if (shape_check_known(shape, doc, NULL, &fault) < 0)
		return err_set(err, ERR_INVALID, "%s", fault.message);
	read_times(shape, doc);
	fill_in(e, k, doc);
	int rc = find_names(k, doc, &key, &arn, err);

	if (rc < 0)
		return rc;
	struct document *old = document_find(e, k->id, key);

	if (old)
		document_remove(e, old);
	struct document *r = document_new(k->id, key, arn, json_incref(doc));

	json_to_strmap(tags, &r->tags);
	document_add(e, r);
	document_save(e, r);
	return 0;
}

static const struct shape *training_shape(void)
{
	static const struct shape *shape;

	if (!shape)
		shape = shape_join(shape_of_text(TRAINING_MEMBERS), &shape_create_training_job);
	return shape;
}

/* A training job is no stored document: it is made into a job that is not run. */
static int load_training(struct engine *e, json_t *doc, const json_t *tags, struct err *err)
{
	const struct shape *shape = training_shape();
	struct fault fault = {0};

	if (shape_check_known(shape, doc, NULL, &fault) < 0)
		return err_set(err, ERR_INVALID, "%s", fault.message);
	read_times(shape, doc);
	struct training_job *old = training_jobs_find(e, json_get_str(doc, "TrainingJobName"));

	if (old && (old->run || old->simulated >= 0))
		return err_set(err, ERR_EXISTS, "a training job %s runs", old->name);
	if (old)
		training_jobs_remove(e, old);
	struct training_job *job = training_job_of_document(doc);

	json_to_strmap(tags, &job->tags);
	training_jobs_add(e, job);
	training_job_save(e, job);
	return 0;
}

static int check_line(const json_t *line, struct err *err)
{
	const json_t *tags = json_object_get(line, "tags");
	const char *key;
	json_t *value;

	if (!json_get_str(line, "kind") || !json_is_object(json_object_get(line, "document")))
		return err_set(err, ERR_INVALID, "a line is {\"kind\": TEXT, \"document\": {...}}");
	if (tags && !json_is_object(tags))
		return err_set(err, ERR_INVALID, "tags is not an object of names and values");
	json_object_foreach((json_t *)tags, key, value)
	{
		if (!json_is_string(value))
			return err_set(err, ERR_INVALID, "the tag %.100s is not a text", key);
	}
	return 0;
}

static int load_line(struct engine *e, const char *text, size_t n, struct err *err)
{
	AUTO(json) json_t *line = NULL;
	const struct document_kind *k;
	int rc = json_parse(text, n, "line", &line, err);

	if (rc == 0)
		rc = check_line(line, err);
	if (rc < 0)
		return rc;
	json_t *doc = json_object_get(line, "document"), *tags = json_object_get(line, "tags");

	if (str_eq(json_get_str(line, "kind"), "training") || str_eq(json_get_str(line, "kind"), "training-job"))
		return load_training(e, doc, tags, err);
	k = kind_by_word(json_get_str(line, "kind"));
	return k ? load_document(e, k, doc, tags, err)
		 : err_set(err, ERR_INVALID, "there is no kind '%.60s'; see sagetop-local(8)",
			   json_get_str(line, "kind"));
}

int kinds_load_file(struct engine *e, const char *path, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(MAX_FILE);
	int rc = fs_read(path, &text, err), number = 0;

	if (rc < 0)
		return rc;
	for (const char *at = buf_str(&text); *at && rc == 0;) {
		size_t n = strcspn(at, "\n");
		struct err why = {0};

		number++;
		if (strspn(at, " \t\r") < n && load_line(e, at, n, &why) < 0)
			rc = err_set(err, ERR_INVALID, "--load: %s:%d: %s", path, number, why.msg);
		at += n + (at[n] == '\n');
	}
	return rc;
}
