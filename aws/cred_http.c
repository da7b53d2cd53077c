/* HTTP for the credential providers: one request at a time, attempts included. */
#include "aws/cred_job.h"
#include "aws/op.h"
#include "aws/retry.h"

void cred_header(struct cred_job *job, const char *name, const char *value)
{
	strmap_set(&job->request_headers, name, value);
}

static bool is_transient(const struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	if (err)
		return job->retry_connect && (err->code == ERR_NET || err->code == ERR_TIMEOUT);
	if (reply->status == 400) {
		struct err why = {0};
		enum retry_class class;

		/* STS answers so for its throttling and for an identity provider it cannot reach. */
		aws_reply_error(reply, AWS_QUERY, "STS", &why);
		class = retry_classify(why.code, reply->status, why.aws_code);
		return class == RETRY_TRANSIENT || class == RETRY_THROTTLING;
	}
	return reply->status >= 500 || reply->status == 429;
}

static void attempt(struct cred_job *job);

static void on_reply(void *user, const struct http_reply *reply, const struct err *err)
{
	struct cred_job *job = user;

	if (is_transient(job, reply, err) && job->attempts < job->max_attempts) {
		attempt(job);
		return;
	}
	job->on_reply(job, reply, err);
}

static void attempt(struct cred_job *job)
{
	size_t n = 0;

	job->attempts++;
	if (job->sign)
		job->sign(job);
	for (size_t i = 0; i < job->request_headers.n && n < ARRAY_LEN(job->header_list); i++)
		job->header_list[n++] =
			(struct http_header){job->request_headers.items[i].name, job->request_headers.items[i].value};
	job->request.headers = job->header_list;
	job->request.n_headers = n;
	job->io->send(job->io->user, &job->request, on_reply, job);
}

void cred_send(struct cred_job *job, const char *method, const char *url, const char *body,
	       void (*fn)(struct cred_job *job, const struct http_reply *reply, const struct err *err))
{
	str_set(&job->request_url, url);
	secret_free(job->request_body);
	job->request_body = xstrdup(body);
	job->request.method = method;
	job->request.url = job->request_url;
	job->request.body = job->request_body;
	job->request.body_len = body ? strlen(body) : 0;
	job->request.max_body = (size_t)1 << 20;
	job->on_reply = fn;
	job->attempts = 0;
	attempt(job);
}
