/* How the dashboard begins: with a screen, or where nothing is configured with a question. */
#include "app/dashboard_start.h"

#include "app/commands.h"
#include "app/dashboard.h"
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
					.blocks = a->blocks,
					.mono = !a->color,
					.theme = (enum theme)set->theme,
					.notice_ms = set->notice_ms,
					.log_gap_ms = set->log_gap_ms,
					.columns = set->columns,
					.order = set->sort,
					.config = &a->config};
	struct aws_client *client = sync_client(a->sync);

	/* A program that gives credentials may ask for a code or a touch: before there is a
	 * screen. What goes wrong here is told there, when it is asked again. */
	if (!a->local && aws_client_runs_program(client))
		(void)!aws_client_check_credentials(client, NULL);
	aws_client_give_terminal(client, false);
	app_notify_problems(a);
	return dashboard_run(a->sync, &opt, next, err);
}

static int connect_again(struct app *a, const char *profile, const char *region, struct err *err)
{
	app_disconnect(a);
	free(TAKE(a->endpoint));
	a->cli.values[OPT_PROFILE] = profile;
	a->cli.values[OPT_REGION] = region;
	return app_connect(a, err);
}

/* Where that cannot be, on with what was. */
static int move(struct app *a, const struct dashboard_next *next, struct err *err)
{
	const char *profile = app_value(a, OPT_PROFILE), *region = app_value(a, OPT_REGION);
	struct err why = {0};

	if (connect_again(a, next->profile ? next->profile : profile, next->region ? next->region : region, &why) == 0)
		return 0;
	if (connect_again(a, profile, region, err) < 0)
		return -err->code;
	session_notify(sync_session(a->sync), NOTICE_ERROR, "%s", why.msg);
	return 0;
}

static int show(struct app *a, struct err *err)
{
	AUTO(strlist) struct strlist words = {0}; /* that the options borrow */
	struct dashboard_next next = {0};
	int rc;

	while ((rc = show_one(a, &next, err)) == 0 && next.wanted) {
		rc = move(a, &next, err);
		if (next.profile)
			strlist_take(&words, next.profile);
		if (next.region)
			strlist_take(&words, next.region);
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
	if (rc == 0)
		return show(a, err);
	if (first)
		return offer(a, &why, err);
	*err = why;
	return rc;
}
