/* web_console.c - the page that AWS's web console has of a thing. */
#include "model/web_console.h"

#include "base/uri.h"

/* The partitions whose console has a host of its own, by how their regions begin; the last is the rest. */
static const char *console_host(const char *region)
{
	static const struct {
		const char *region, *host;
	} rows[] = {
		{"us-gov-", "console.amazonaws-us-gov.com"},
		{"cn-", "console.amazonaws.cn"},
		{"", "console.aws.amazon.com"},
	};
	size_t i = 0;

	while (!str_starts(region, rows[i].region))
		i++;
	return rows[i].host;
}

int web_console_url(const struct session *s, const struct resource *r, char **ret, struct err *err)
{
	static const char hole[] = "{region}";
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	if (!r->kind->console)
		return err_set(err, ERR_INVALID, "%s have no page of the web console", r->kind->title);
	if (s->local)
		return err_set(err, ERR_INVALID, "what runs on the local engine has no page of the web console");
	/* "GROUP/NAME" is two parts of a path, a slash of any other name is one of its letters. */
	(void)uri_encode(&name, r->name, strlen(r->name), strchr(r->kind->members.name, '/') != NULL);
	AUTO(str) char *path = kind_pattern(r->kind->console, buf_str(&name));
	const char *region = str_or(s->region, "us-east-1"), *host = console_host(region), *at = strstr(path, hole);

	if (path[0] != '/')
		*ret = xasprintf("https://%s.%s/sagemaker/home?region=%s#/%s", region, host, region, path);
	else
		*ret = xasprintf("https://%s.%s%.*s%s%s", region, host, at ? (int)(at - path) : (int)strlen(path), path,
				 at ? region : "", at ? at + strlen(hole) : "");
	return 0;
}
