/* app_scopes.c - the scopes of --scope: connecting to each, and entering the one that a thing is in. */
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
	app_asking_done(a);
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

const struct config *app_settings(const struct app *a)
{
	for (size_t i = 0; i < a->scopes.n; i++)
		if (a->scopes.items[i] == a->sync && a->parts[i].config)
			return a->parts[i].config;
	return &a->config;
}

char *app_scoped(const struct app *a, const char *text)
{
	bool several = a->scopes.n > 1;

	return xasprintf("%s%s%s", several ? session_label(sync_session(a->sync)) : "", several ? ":" : "", text);
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

bool app_lacks_some(const struct app *a)
{
	for (size_t i = 0; i < a->scopes.n; i++)
		if (a->parts[i].why.code)
			return true;
	return false;
}

/* --- one --- */

static void enter(struct app *a, size_t i)
{
	a->sync = a->scopes.items[i];
	a->entered = true;
}

void app_leave(struct app *a)
{
	a->entered = false;
}

bool app_enter_part(struct app *a, size_t i)
{
	if (a->parts[i].why.code)
		return false;
	enter(a, i);
	return true;
}

int app_enter_thing(struct app *a, const struct kind *k, const char *name, struct err *err)
{
	size_t i = 0;

	if (a->scopes.n == 1)
		return 0;
	if (app_find_scope(a, k, name, &i, err) < 0)
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

int app_parse(struct app *a, const char *text, struct app_thing *ret, struct err *err)
{
	const char *rest = text;
	int rc = app_value(a, OPT_SCOPE) ? app_connect(a, err) : 0; /* else a slip is told before anything is opened */

	*ret = (struct app_thing){.scope = SCOPES_MAX};
	if (rc < 0)
		return rc;
	size_t i = scopes_of_text(&a->scopes, text, &rest);

	if (i < a->scopes.n)
		ret->scope = i;
	return kind_parse_reference(rest, &ret->kind, &ret->name, err);
}

int app_enter_parsed(struct app *a, struct app_thing *t, struct err *err)
{
	if (t->scope == SCOPES_MAX)
		return app_enter_name(a, t->kind, &t->name, err);
	if (app_load(a, err) < 0)
		return -err->code;
	enter(a, t->scope);
	return 0;
}

int app_enter(struct app *a, const char *text, const struct kind **ret, const char **ret_name, struct err *err)
{
	struct app_thing t;

	if (app_parse(a, text, &t, err) < 0 || app_enter_parsed(a, &t, err) < 0)
		return -err->code;
	*ret = t.kind;
	*ret_name = t.name;
	return 0;
}
