/* app_scopes.c - the scopes of --scope: connecting to each, asking all, and finding which one a thing is in. */
#include "app/app.h"

/* The settings may say something else of each profile. */
static struct config *settings_of(struct app *a, size_t i, const char *profile)
{
	if (!profile || str_eq(profile, app_value(a, OPT_PROFILE)))
		return &a->config;
	a->parts[i].config = NEW(struct config);
	config_load(a->parts[i].config, profile, &a->cli);
	return a->parts[i].config;
}

static int add_scope(struct app *a, const struct scope *scope, const struct sync_options *usual, struct err *err)
{
	struct sync_options opt = *usual;
	size_t i = a->scopes.n;
	struct config *config = settings_of(a, i, scope->profile);

	if (scope->profile) {
		opt.aws.profile = scope->profile;
		opt.aws.region = NULL;
	}
	if (scope->region)
		opt.aws.region = scope->region;
	config_sync_options(config, &opt);
	if (scopes_add(&a->scopes, &opt, err) < 0)
		return -err->code;
	config_apply_rates(config, sync_client(a->scopes.items[i]));
	return 0;
}

int app_connect_scopes(struct app *a, const char *text, const struct sync_options *usual, struct err *err)
{
	AUTO(scope_list) struct scope_list list = {.n = 1}; /* the one in force */

	if (text && scope_list_parse(text, &list, err) < 0)
		return -err->code;
	for (size_t i = 0; i < list.n; i++)
		if (add_scope(a, &list.items[i], usual, err) < 0)
			return -err->code;
	scopes_settle(&a->scopes);
	a->sync = a->scopes.items[0];
	return 0;
}

void app_scopes_done(struct app *a)
{
	scopes_done(&a->scopes);
	for (size_t i = 0; i < SCOPES_MAX; i++) {
		if (a->parts[i].config)
			config_done(a->parts[i].config);
		free(a->parts[i].config);
		a->parts[i] = (struct app_part){0};
	}
	a->entered = a->loaded = false;
}

struct session *app_session(const struct app *a)
{
	return a->entered ? sync_session(a->sync) : scopes_session(&a->scopes);
}

struct sync *app_sync_of(const struct app *a, const struct resource *r)
{
	return a->scopes.items[r->scope];
}

bool app_leaves_out(const struct app *a, const struct resource *r)
{
	return a->parts[r->scope].left_out;
}

/* --- all --- */

static bool takes_part(const struct app *a, size_t i)
{
	return !a->parts[i].left_out && (!a->entered || a->scopes.items[i] == a->sync);
}

int app_load(struct app *a, struct err *err)
{
	for (size_t i = 0; i < a->scopes.n && !a->loaded; i++)
		if (sync_load(a->scopes.items[i], err) < 0)
			return -err->code;
	a->loaded = true;
	session_wide_refresh(scopes_session(&a->scopes));
	return 0;
}

/* Each with its own reply; ERR_CANCELLED at once. */
static int wait_all(struct app *a, struct app_reply *replies, struct err *err)
{
	for (size_t i = 0; i < a->scopes.n; i++) {
		struct err failed = {0};

		if (takes_part(a, i) && app_wait(a, &replies[i], &failed) < 0 && failed.code == ERR_CANCELLED) {
			*err = failed;
			return -ERR_CANCELLED;
		}
	}
	return 0;
}

static void leave_out(struct app *a, size_t i, const struct err *why)
{
	fprintf(stderr, "sagetop: %s is left out: %s\n", session_label(sync_session(a->scopes.items[i])), why->msg);
	a->parts[i].left_out = true;
	a->exit_status = err_exit_status(why->code);
}

int app_each(struct app *a, app_begin_fn *begin, void *user, struct err *err)
{
	struct app_reply replies[SCOPES_MAX] = {0};
	struct err first = {0};
	size_t n_left = 0, n = 0;

	for (size_t i = 0; i < a->scopes.n; i++)
		if (takes_part(a, i))
			begin(a->scopes.items[i], user, app_reply_done, &replies[i]);
	if (wait_all(a, replies, err) < 0)
		return -ERR_CANCELLED;
	for (size_t i = 0; i < a->scopes.n; i++) {
		if (!takes_part(a, i))
			continue;
		n++;
		if (!replies[i].err.code)
			n_left++;
		else if (!first.code)
			first = replies[i].err;
	}
	if (first.code && !n_left) {
		*err = first;
		return -first.code;
	}
	for (size_t i = 0; i < a->scopes.n && n_left < n; i++)
		if (replies[i].err.code)
			leave_out(a, i, &replies[i].err);
	return 0;
}

/* --- one --- */

static void enter(struct app *a, size_t i)
{
	a->sync = a->scopes.items[i];
	a->entered = true;
}

static void on_resource(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	app_reply_done(user, err);
}

/* Where several have it, or one cannot say, a guess could be wrong. */
static int choose(const struct app *a, const struct app_reply *replies, const char *name, size_t *ret, struct err *err)
{
	const char *where = NULL;
	size_t found = a->scopes.n;

	for (size_t i = 0; i < a->scopes.n; i++) {
		const char *label = session_label(sync_session(a->scopes.items[i]));

		if (replies[i].err.code && replies[i].err.code != ERR_NOTFOUND)
			return err_set(err, replies[i].err.code, "%s cannot be asked whether it has %s (%s): say %s:%s",
				       label, name, replies[i].err.msg, where ? where : "PROFILE/REGION", name);
		if (replies[i].err.code)
			continue;
		if (where)
			return err_set(err, ERR_INVALID, "%s is in %s and in %s: say which, as in %s:%s", name, where,
				       label, where, name);
		where = label;
		found = i;
	}
	if (!where)
		return err_set(err, ERR_NOTFOUND, "none of the %zu scopes has %s", a->scopes.n, name);
	*ret = found;
	return 0;
}

static int ask_all(struct app *a, const struct kind *k, const char *name, size_t *ret, struct err *err)
{
	struct app_reply replies[SCOPES_MAX] = {0};

	for (size_t i = 0; i < a->scopes.n; i++)
		sync_resource(a->scopes.items[i], k, name, on_resource, &replies[i]);
	if (wait_all(a, replies, err) < 0)
		return -ERR_CANCELLED;
	return choose(a, replies, name, ret, err);
}

int app_enter_thing(struct app *a, const struct kind *k, const char *name, struct err *err)
{
	size_t i = 0;

	if (a->scopes.n == 1)
		return 0;
	if (ask_all(a, k, name, &i, err) < 0)
		return -err->code;
	enter(a, i);
	return 0;
}

int app_enter_name(struct app *a, const struct kind *k, const char **name, struct err *err)
{
	a->entered = false;
	if (app_connect(a, err) < 0 || app_load(a, err) < 0)
		return -err->code;
	size_t i = scopes_of_text(&a->scopes, *name, name);

	if (i == a->scopes.n)
		return app_enter_thing(a, k, *name, err);
	enter(a, i);
	return 0;
}

int app_enter(struct app *a, const char *text, const struct kind **ret, const char **ret_name, struct err *err)
{
	const char *rest = text;
	size_t i = 0;

	if (app_value(a, OPT_SCOPE) && app_connect(a, err) < 0) /* else a slip is told before anything is opened */
		return -err->code;
	i = scopes_of_text(&a->scopes, text, &rest);
	if (kind_parse_reference(rest, ret, ret_name, err) < 0)
		return -err->code;
	if (i == a->scopes.n)
		return app_enter_name(a, *ret, ret_name, err);
	if (app_load(a, err) < 0)
		return -err->code;
	enter(a, i);
	return 0;
}
