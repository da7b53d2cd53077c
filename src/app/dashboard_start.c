/* How the dashboard begins: with a screen, or where nothing is configured with a question. */
#include "app/dashboard_start.h"

#include "app/commands.h"
#include "app/console_kept.h"
#include "app/dashboard.h"
#include "app/engine.h"
#include "base/fs.h"

/* Nothing on this machine says that AWS was ever set up: then asking whether
 * credentials exist may take the second that an instance's metadata needs. */
static bool never_configured(const struct app *a)
{
	static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
						"AWS_PROFILE",
						"AWS_DEFAULT_PROFILE",
						"AWS_ROLE_ARN",
						"AWS_WEB_IDENTITY_TOKEN_FILE",
						"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
						"AWS_CONTAINER_CREDENTIALS_FULL_URI"};
	AUTO(str) char *home = fs_home();
	AUTO(str) char *config = xasprintf("%s/.aws/config", home);
	AUTO(str) char *credentials = xasprintf("%s/.aws/credentials", home);

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		if (!str_empty(getenv(variables[i])))
			return false;
	return !app_value(a, OPT_PROFILE) && !fs_exists(str_or(getenv("AWS_CONFIG_FILE"), config)) &&
	       !fs_exists(str_or(getenv("AWS_SHARED_CREDENTIALS_FILE"), credentials));
}

/* The first letter of the answer; 'q' at the end of input. */
static char ask(const struct err *why)
{
	char line[64];

	fputs("sagetop has found no AWS credentials on this machine:\n", stderr);
	cli_print_wrapped(stderr, "", why->msg, 2);
	fputs("\n  l  look around without an account: start the local engine\n"
	      "     (the same as sagetop --local)\n"
	      "  d  let sagetop doctor check what is there\n"
	      "  q  quit\n\n",
	      stderr);
	for (;;) {
		fputs("l, d or q? ", stderr);
		if (!fgets(line, sizeof(line), stdin))
			return 'q';
		if (strchr("ldq", line[0]))
			return line[0];
	}
}

/* One profile and region, until the user quits or goes on elsewhere. */
static int show_one(struct app *a, struct dashboard_next *next, struct err *err)
{
	const struct settings *set = &a->config.set;
	struct dashboard_options opt = {.ascii = a->ascii,
					.marks = (enum chart_marks)a->config.set.curves,
					.mouse = set->mouse,
					.mono = !a->color,
					.theme = (enum theme)set->theme,
					.notice_ms = set->notice_ms,
					.log_gap_ms = set->log_gap_ms,
					.columns = set->columns,
					.order = set->sort,
					.config = &a->config};

	for (size_t i = 0; i < a->scopes.n; i++) {
		struct aws_client *client = sync_client(a->scopes.items[i]);

		/* A program that gives credentials may ask for a code or a touch: before there is a
		 * screen. What goes wrong here is told there, when it is asked again. */
		if (!a->local && aws_client_runs_program(client))
			(void)!aws_client_check_credentials(client, NULL);
		aws_client_give_terminal(client, false);
		opt.scope_configs[i] = a->parts[i].config;
	}
	app_notify_problems(a);
	return dashboard_run(&a->scopes, &opt, next, err);
}

/* Which scopes were looked at is kept for the next start, of each endpoint by itself. */
static char *kept_as(const struct app *a)
{
	const char *url = app_value(a, OPT_ENDPOINT_URL);

	return url ? xasprintf("scope/%s", url) : xstrdup("scope");
}

static void keep_scopes(struct app *a)
{
	AUTO(console_kept) struct console_kept *kept = console_kept_open(NULL);
	AUTO(str) char *name = kept_as(a);
	struct err err = {0};

	if (console_kept_set(kept, name, a->scopes.n > 1 ? app_value(a, OPT_SCOPE) : NULL, &err) < 0)
		session_notify(app_session(a), NOTICE_WARNING, "not kept for the next start: %s", err.msg);
}

/* What says where, of the options: each is NULL where it was not given. */
struct where {
	const char *profile, *region, *scopes;
};

static struct where where_now(const struct app *a)
{
	return (struct where){app_value(a, OPT_PROFILE), app_value(a, OPT_REGION), app_value(a, OPT_SCOPE)};
}

static int connect_again(struct app *a, const struct where *where, struct err *err)
{
	app_disconnect(a);
	free(TAKE(a->endpoint));
	a->cli.values[OPT_PROFILE] = where->profile;
	a->cli.values[OPT_REGION] = where->region;
	a->cli.values[OPT_SCOPE] = where->scopes;
	return app_connect(a, err);
}

/* The scopes that the last start ended with, unless something is said of where to look. A list that goes no more is
 * forgotten with a word. */
static int restore_scopes(struct app *a, struct strlist *words, struct err *err)
{
	const struct where now = where_now(a);
	AUTO(console_kept) struct console_kept *kept = console_kept_open(NULL);
	AUTO(str) char *name = kept_as(a);
	const char *list = console_kept_get(kept, name);
	struct err why = {0};

	if (!list || a->local || now.profile || now.region || now.scopes)
		return 0;
	strlist_add(words, list);
	const struct where then = {.scopes = words->items[words->n - 1]};

	if (connect_again(a, &then, &why) == 0)
		return 0;
	(void)!console_kept_set(kept, name, NULL, NULL);
	if (connect_again(a, &now, err) < 0)
		return -err->code;
	session_notify(app_session(a), NOTICE_WARNING, "not the scopes of before: %s", why.msg);
	return 0;
}

/* Where that cannot be, on with what was. */
static int move(struct app *a, const struct dashboard_next *next, struct err *err)
{
	const struct where now = where_now(a);
	const struct where then = {.profile = next->profile ? next->profile : now.profile,
				   .region = next->region ? next->region : now.region,
				   .scopes = next->scopes};
	struct err why = {0};

	if (connect_again(a, &then, &why) == 0) {
		keep_scopes(a);
		return 0;
	}
	if (connect_again(a, &now, err) < 0)
		return -err->code;
	session_notify(app_session(a), NOTICE_ERROR, "%s", why.msg);
	return 0;
}

static int show(struct app *a, struct err *err)
{
	AUTO(strlist) struct strlist words = {0}; /* that the options borrow */
	struct dashboard_next next = {0};
	int rc;

	if (restore_scopes(a, &words, err) < 0)
		return -err->code;
	while ((rc = show_one(a, &next, err)) == 0 && next.wanted) {
		rc = move(a, &next, err);
		if (next.profile)
			strlist_take(&words, next.profile);
		if (next.region)
			strlist_take(&words, next.region);
		if (next.scopes)
			strlist_take(&words, next.scopes);
		next = (struct dashboard_next){0};
		if (rc < 0)
			break;
	}
	if (words.n)
		app_disconnect(a);
	return rc;
}

static int offer(struct app *a, const struct err *why, struct err *err)
{
	switch (ask(why)) {
	case 'd':
		return cmd_doctor(a, err);
	case 'l':
		app_disconnect(a);
		a->local = true;
		if (app_connect(a, err) < 0)
			return -err->code;
		return show(a, err);
	default:
		return 0;
	}
}

/* Its jobs go on when the screen is left; nobody would know of it. */
static void tell_engine_stays(const struct app *a)
{
	struct engine_info engine;

	engine_find(&engine);
	if (engine.running)
		fputs("The local engine keeps running: sagetop local stop ends it.\n", a->out);
}

int dashboard_start(struct app *a, struct err *err)
{
	struct err why = {0};

	if (!a->out_tty || !a->in_tty)
		return err_set(err, ERR_USAGE,
			       "the dashboard needs a terminal; in a pipe or a script use sagetop jobs (see sagetop "
			       "--help)");
	bool first = !a->local && !app_value(a, OPT_ENDPOINT_URL) && never_configured(a);
	bool no_region = false;
	int rc = first ? app_connect_anywhere(a, &no_region, &why) : app_connect(a, &why);
	if (rc == 0 && first)
		rc = aws_client_check_credentials(sync_client(a->sync), &why);
	if (rc == 0 && no_region)
		return err_set(err, ERR_INVALID,
			       "there are credentials but no region: give --region, or set AWS_REGION");
	if (rc == 0) {
		rc = show(a, err);
		if (rc == 0 && a->local)
			tell_engine_stays(a);
		return rc;
	}
	if (first)
		return offer(a, &why, err);
	*err = why;
	return rc;
}
