/* --record: requests as lines of JSON, secrets masked. */
#include "aws/local/front/record.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/timefmt.h"

int record_open(struct engine *e, struct err *err)
{
	if (str_empty(e->opt.record))
		return 0;
	int fd = open(e->opt.record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || !(e->record = fdopen(fd, "a")))
		return err_set(err, ERR_IO, "--record: cannot open %s: %s", e->opt.record, strerror(errno));
	setvbuf(e->record, NULL, _IOLBF, 0);
	return 0;
}

void record_close(struct engine *e)
{
	if (e->record)
		fclose(e->record);
	e->record = NULL;
}

static bool is_secret(const char *name)
{
	static const char *const words[] = {"secret",	    "password",	  "passwd",    "credential", "tokencode",
					    "sessiontoken", "access_key", "accesskey", "api_key",    "apikey"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasestr(name, words[i]))
			return true;
	}
	/* A variable called X_TOKEN is one; a page's NextToken is none. */
	return strcasestr(name, "token") && !str_ieq(name, "nexttoken");
}

static json_t *redacted(const json_t *j)
{
	const char *key;
	json_t *value, *copy;
	size_t i;

	if (json_is_object(j)) {
		copy = json_object();
		json_object_foreach((json_t *)j, key, value)
			json_object_set_new(copy, key, is_secret(key) ? json_string("***") : redacted(value));
		return copy;
	}
	if (json_is_array(j)) {
		copy = json_array();
		json_array_foreach((json_t *)j, i, value) json_array_append_new(copy, redacted(value));
		return copy;
	}
	return json_copy((json_t *)j);
}

static json_t *s3_input(const struct request *rq)
{
	json_t *query = json_object();

	for (size_t i = 0; i < rq->args.n; i++) {
		const struct strpair *p = &rq->args.items[i];

		if (strncasecmp(p->name, "X-Amz-", 6) != 0)
			json_object_set_new(query, p->name, json_string(p->value));
	}
	return json_pack("{s:s, s:s, s:o}", "method", rq->method, "path", str_or(rq->path, "/"), "query", query);
}

void record_request(struct engine *e, const struct exchange *x, const char *action, const char *protocol,
		    const json_t *input)
{
	char now[TIMEFMT_LEN];

	if (!e->record)
		return;
	AUTO(json)
	json_t *line =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:o*, s:i, s:s*}", "time", timefmt_iso_ms(now, clock_now_ms()),
			  "id", x->rq.id, "action", action, "protocol", protocol, "region", x->rq.region, "input",
			  input			   ? redacted(input)
			  : str_eq(protocol, "s3") ? s3_input(&x->rq)
						   : NULL,
			  "status", x->reset ? 0 : x->reply.status, "code", x->fault.code[0] ? x->fault.code : NULL);
	char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (text)
		fprintf(e->record, "%s\n", text);
	free(text);
}
