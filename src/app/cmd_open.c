/* sagetop open NAME...: the addresses of things in AWS's web console, and on a terminal a browser that shows them. */
#include "app/commands.h"
#include "app/output.h"
#include "app/reference.h"
#include "base/fs.h"
#include "base/proc.h"
#include "model/web_console.h"

#include <fcntl.h>

/* It is not waited for, and what it writes does not disturb: the address stands on the terminal anyway. */
static int start_browser(const char *command, const char *url, struct err *err)
{
	AUTO(fd) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	AUTO(strlist) struct strlist words = {0};
	pid_t pid;

	if (proc_split_words(command, &words, err) < 0)
		return -err->code;
	const char **argv = proc_argv(&words, url);
	struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = null, .stderr_fd = null, .new_session = true};
	int rc = proc_spawn(&spec, &pid, err);

	free(argv);
	return rc;
}

/* A system without xdg-open is one without a screen, where nobody expects a browser. */
static void browse(const char *url)
{
	const char *chosen = getenv("BROWSER");
	bool none = str_empty(chosen);
	struct err err = {0};

	if (start_browser(none ? "xdg-open" : chosen, url, &err) < 0 && !none)
		fprintf(stderr, "sagetop: $BROWSER: %s\n", err.msg);
}

/* What is meant must be there: the address of a slip would lead nowhere. */
static int find_url(struct app *a, const char *reference, json_t **ret, struct err *err)
{
	const struct kind *kind;
	const char *name;
	struct resource *r;
	AUTO(str) char *url = NULL;

	if (app_enter(a, reference, &kind, &name, err) < 0 || reference_resolve(a, kind, name, &r, err) < 0 ||
	    web_console_url(sync_session(a->sync), r, &url, err) < 0)
		return -err->code;
	*ret = json_pack("{s:s, s:s, s:s}", "kind", r->kind->name, "name", r->name, "url", url);
	return 0;
}

int cmd_open(struct app *a, struct err *err)
{
	AUTO(json) json_t *list = json_array();
	const json_t *page;
	size_t i;

	for (i = 0; i < a->cli.args.n; i++) {
		json_t *found = NULL;

		if (find_url(a, a->cli.args.items[i], &found, err) < 0)
			return -err->code;
		json_array_append_new(list, found);
	}
	if (output_format(a) == OUTPUT_JSON) {
		output_json(a, list);
		return 0;
	}
	json_array_foreach(list, i, page)
	{
		const char *url = json_get_str(page, "url");

		fprintf(a->out, "%s\n", url);
		if (a->out_tty)
			browse(url);
	}
	return 0;
}
