/* sync_findings.c - what a check of an endpoint's data found: the violations that a monitoring
 * execution's processing job left in S3. */
#include "sync/sync_priv.h"

#include "aws/op.h"
#include "aws/s3.h"
#include "base/utf8.h"
#include "model/page.h"

#define VIOLATIONS "constraint_violations.json"
#define VIOLATIONS_MAX ((size_t)16 << 20)

struct findings {
	struct sync *s;
	sync_text_fn *fn;
	void *user;
	struct err err; /* before anything was asked */
};

static void end(struct findings *f, const char *text, const struct err *err)
{
	f->fn(f->user, text, err);
	free(f);
}

/* "feature: check: description", a line each, harmless. */
static char *lines_of(const json_t *list)
{
	static const char *const members[] = {"feature_name", "constraint_check_type", "description"};
	AUTO(buf) struct buf text = BUF_INIT(VIOLATIONS_MAX);
	size_t i;
	json_t *one;

	json_array_foreach((json_t *)list, i, one)
	{
		for (size_t k = 0; k < ARRAY_LEN(members); k++) {
			const char *part = str_or(json_get_str(one, members[k]), "");

			buf_adds(&text, k ? ": " : i ? "\n" : "");
			(void)utf8_sanitize(&text, part, strlen(part), false);
		}
	}
	return buf_take(&text);
}

static void on_file(void *user, const void *data, size_t n, const struct err *err)
{
	struct findings *f = user;
	AUTO(json) json_t *j = NULL;
	struct err defect = {0};

	if (err) {
		end(f, NULL, err);
	} else if (json_parse(data, n, VIOLATIONS, &j, &defect) < 0) {
		end(f, NULL, &defect);
	} else {
		AUTO(str) char *text = lines_of(json_object_get(j, "violations"));

		end(f, text, NULL);
	}
}

static void on_job(void *user, const struct aws_reply *reply, const struct err *err)
{
	struct findings *f = user;
	const json_t *s3 = reply ? json_path_get(reply->json, "ProcessingOutputConfig.Outputs.0.S3Output") : NULL;
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *prefix = NULL;
	struct err bad = {0};

	if (err) {
		end(f, NULL, err);
		return;
	}
	if (s3_uri_split(str_or(json_get_str(s3, "S3Uri"), ""), &bucket, &prefix, &bad) < 0) {
		end(f, NULL, &bad);
		return;
	}
	AUTO(str) char *key = xasprintf("%s%s" VIOLATIONS, prefix, !*prefix || str_ends(prefix, "/") ? "" : "/");

	s3_get_data(f->s->aws, bucket, key, VIOLATIONS_MAX, on_file, f);
}

static void refuse(void *user)
{
	struct findings *f = user;

	end(f, f->err.code ? NULL : "", f->err.code ? &f->err : NULL);
}

void sync_findings(struct sync *s, const struct kind *k, const char *name, sync_text_fn *fn, void *user)
{
	const struct resource *r = sync_resource_full(s, k, name);
	const char *arn = r ? page_findings_job(r) : NULL, *slash = arn ? strrchr(arn, '/') : NULL;
	struct findings *f = NEW(struct findings);

	*f = (struct findings){.s = s, .fn = fn, .user = user};
	if (!r)
		(void)err_set(&f->err, ERR_NOTFOUND, "there is no %s %s", k->name, name);
	if (!slash)
		(void)aws_client_after(s->aws, 0, refuse, f);
	else
		aws_call_named(s->aws, AWS_OP_ROW(sagemaker, DescribeProcessingJob), AWS_USER_ACTION,
			       json_pack("{s:s}", "ProcessingJobName", slash + 1), on_job, f);
}
