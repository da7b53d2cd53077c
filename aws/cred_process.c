/* Credentials that a program of the user's prints (credential_process), run without a shell. */
#include "aws/cred_job.h"
#include "aws/reply_json.h"
#include "base/proc.h"

static void on_ended(void *user, int status, const char *output, size_t n, const struct err *err)
{
	struct cred_job *job = user;
	AUTO(json) json_t *j = NULL;
	AUTO(str) char *source = xasprintf("credential_process of profile %s", job->profile->name);
	struct aws_credentials *c = NULL;
	struct err bad = {0};

	if (err) {
		cred_job_failf(job, ERR_AUTH, "%s: %s", source, err->msg);
		return;
	}
	if (status) {
		cred_job_failf(job, ERR_AUTH, "%s: it ended with status %d", source, status);
		return;
	}
	if (reply_json_parse(output, n, source, &j, NULL) || !json_is_object(j)) {
		cred_job_failf(job, ERR_AUTH,
			       "%s: Error retrieving credentials from external process, could not parse response: "
			       "invalid JSON in response",
			       source);
		return;
	}
	if (json_get_i64(j, "Version", -1) != 1) {
		cred_job_failf(job, ERR_AUTH, "%s: its output must have \"Version\": 1", source);
		return;
	}
	if (cred_from_json(j, source, &c, &bad)) {
		bad.code = ERR_AUTH;
		cred_job_fail(job, &bad);
		return;
	}
	if (!c->account_id)
		c->account_id = xstrdup(ini_get(job->profile, "aws_account_id"));
	cred_job_found(job, c);
}

void cred_process_start(struct cred_job *job, const struct ini_section *profile)
{
	AUTO(strlist) struct strlist words = {0};
	struct err err = {0};
	const char **argv;

	job->profile = profile;
	if (proc_split_words(ini_get(profile, "credential_process"), &words, &err) || !words.n) {
		cred_job_failf(job, ERR_AUTH, "credential_process of profile %s: %s", profile->name,
			       err.code ? err.msg : "no command");
		return;
	}
	argv = xcalloc(words.n + 1, sizeof(*argv));
	for (size_t i = 0; i < words.n; i++)
		argv[i] = words.items[i];
	job->io->run(job->io->user, argv, on_ended, job);
	free(argv);
}
