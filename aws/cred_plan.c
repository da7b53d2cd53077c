/* Which providers of credentials a configuration asks for, in the order of botocore. */
#include "aws/cred_plan.h"

void cred_plan_done(struct cred_plan *p)
{
	free(p->roles);
	*p = (struct cred_plan){0};
}

static const char *get(const struct ini_section *s, const char *name)
{
	const char *value = ini_get(s, name);

	return str_empty(value) ? NULL : value;
}

static bool has_keys(const struct ini_section *s)
{
	return get(s, "aws_access_key_id") && get(s, "aws_secret_access_key");
}

static int check_keys(const struct ini_section *s, struct err *err)
{
	if (get(s, "login_session") && !has_keys(s))
		return err_set(
			err, ERR_INVALID,
			"profile `%s` is one of `aws login`, which sagetop does not read: "
			"credential_process = aws configure export-credentials --profile %s, in another profile, "
			"gives its credentials",
			s->name, s->name);
	if (!get(s, "aws_access_key_id") && !get(s, "aws_secret_access_key"))
		return err_set(err, ERR_NOTFOUND, "profile `%s` did not contain credential information", s->name);
	if (!get(s, "aws_access_key_id"))
		return err_set(err, ERR_INVALID, "profile missing aws_access_key_id (profile `%s`)", s->name);
	if (!get(s, "aws_secret_access_key"))
		return err_set(err, ERR_INVALID, "profile missing aws_secret_access_key (profile `%s`)", s->name);
	return 0;
}

static bool mentions_sso(const struct ini_section *s)
{
	return get(s, "sso_session") || get(s, "sso_start_url") || get(s, "sso_account_id") ||
	       get(s, "sso_role_name") || get(s, "sso_region");
}

/* A setting that belongs into the session may be repeated in the profile, not contradicted. */
static int check_session_setting(const struct ini_section *profile, const struct ini_section *session, const char *name,
				 struct err *err)
{
	const char *here = get(profile, name), *there = get(session, name);

	if (here && !str_eq(here, there))
		return err_set(err, ERR_INVALID,
			       "`%s` can only be specified in the [sso-session] config when a session name is given "
			       "(profile `%s`)",
			       name, profile->name);
	if (!there)
		return err_set(err, ERR_INVALID, "`%s` is missing in [sso-session %s]", name, session->name);
	return 0;
}

static int plan_sso(const struct ini *ini, const struct ini_section *s, struct cred_plan *p, struct err *err)
{
	const char *session = get(s, "sso_session"), *account = get(s, "sso_account_id"),
		   *role = get(s, "sso_role_name");

	if (session) {
		p->sso_session = ini_find(ini, INI_SSO_SESSION, session);
		if (!p->sso_session)
			return err_set(err, ERR_INVALID,
				       "sso-session named `%s` (referenced by profile `%s`) was not found", session,
				       s->name);
		if (check_session_setting(s, p->sso_session, "sso_region", err) ||
		    check_session_setting(s, p->sso_session, "sso_start_url", err))
			return -ERR_INVALID;
	}
	if (account && !role)
		return err_set(err, ERR_INVALID, "if `sso_account_id` is set, then `sso_role_name` must also be set");
	if (role && !account)
		return err_set(err, ERR_INVALID, "if `sso_role_name` is set, then `sso_account_id` must also be set");
	if (!session && (!get(s, "sso_region") || !get(s, "sso_start_url")))
		return err_set(err, ERR_INVALID, "`%s` is missing in profile `%s`",
			       get(s, "sso_region") ? "sso_start_url" : "sso_region", s->name);
	p->base = CRED_BASE_SSO;
	return 0;
}

static int plan_named_source(const struct ini_section *s, const char *source, struct cred_plan *p, struct err *err)
{
	if (str_ieq(source, "Environment"))
		p->base = CRED_BASE_ENVIRONMENT;
	else if (str_ieq(source, "EcsContainer"))
		p->base = CRED_BASE_CONTAINER;
	else if (str_ieq(source, "Ec2InstanceMetadata"))
		p->base = CRED_BASE_INSTANCE;
	else
		return err_set(err, ERR_INVALID,
			       "credential_source `%s` of profile `%s` is none of Environment, EcsContainer, "
			       "Ec2InstanceMetadata",
			       source, s->name);
	return 0;
}

/* Where a profile's own credentials come from, its role apart. */
static int plan_base(const struct ini *ini, const struct ini_section *s, struct cred_plan *p, struct err *err)
{
	const char *source = get(s, "credential_source");

	p->profile = s;
	if (source)
		return plan_named_source(s, source, p, err);
	if (get(s, "web_identity_token_file")) {
		if (!get(s, "role_arn"))
			return err_set(err, ERR_INVALID,
				       "`web_identity_token_file` was specified but `role_arn` was missing (profile "
				       "`%s`)",
				       s->name);
		p->base = CRED_BASE_WEB_IDENTITY;
		return 0;
	}
	/* A session alone is for tokens: keys beside it are the profile's credentials. */
	bool for_tokens =
		!get(s, "sso_account_id") && !get(s, "sso_role_name") && (has_keys(s) || get(s, "credential_process"));
	if (mentions_sso(s) && !for_tokens)
		return plan_sso(ini, s, p, err);
	p->base = CRED_BASE_KEYS;
	if (has_keys(s) && ini_is_from_credentials(s, "aws_access_key_id"))
		return 0;
	if (get(s, "credential_process")) {
		p->base = CRED_BASE_PROCESS;
		return 0;
	}
	return check_keys(s, err);
}

/* The profile whose credentials the role of s is assumed with; s itself where its
 * own ones serve. */
static int plan_source(const struct ini_section *s, const char **ret_name, struct err *err)
{
	const char *profile = get(s, "source_profile"), *source = get(s, "credential_source");

	if (profile && source)
		return err_set(err, ERR_INVALID, "profile contained both source_profile and credential_source (`%s`)",
			       s->name);
	if (!profile && !source)
		return err_set(err, ERR_INVALID,
			       "profile must contain `source_profile` or `credential_source` beside role_arn (`%s`)",
			       s->name);
	*ret_name = profile ? profile : s->name;
	return 0;
}

/* The base where the self-referring profile's own keys come before everything else. */
static int plan_self(const struct ini *ini, const struct ini_section *s, struct cred_plan *p, struct err *err)
{
	if (get(s, "credential_source"))
		return plan_base(ini, s, p, err);
	p->profile = s;
	p->base = CRED_BASE_KEYS;
	return check_keys(s, err);
}

static int walk(const struct ini *ini, const char *name, struct cred_plan *p, struct err *err)
{
	AUTO(strlist) struct strlist visited = {0};
	const char *from = NULL;

	for (;;) {
		const struct ini_section *s = ini_find(ini, INI_PROFILE, name);
		const char *next = NULL;

		if (!s)
			return from ? err_set(err, ERR_INVALID, "could not find source profile %s referenced from %s",
					      name, from)
				    : err_set(err, ERR_NOTFOUND, "No profiles were defined");
		if (strlist_has(&visited, name))
			return err_set(err, ERR_INVALID, "profile formed an infinite loop: `%s` refers back to `%s`",
				       from, name);
		strlist_add(&visited, name);
		if (visited.n > 1 && has_keys(s)) {
			p->profile = s;
			p->base = CRED_BASE_KEYS;
			return 0;
		}
		if (!get(s, "role_arn") || get(s, "web_identity_token_file"))
			return plan_base(ini, s, p, err);
		if (plan_source(s, &next, err))
			return -ERR_INVALID;
		GROW(p->roles, p->cap_roles, p->n_roles + 1);
		p->roles[p->n_roles++] = s;
		if (!strcmp(next, name))
			return plan_self(ini, s, p, err);
		from = s->name;
		name = next;
	}
}

int cred_plan_make(const struct ini *ini, const char *profile, struct cred_plan *ret, struct err *err)
{
	struct cred_plan p = {0};
	int rc = walk(ini, profile, &p, err);

	if (rc) {
		cred_plan_done(&p);
		return rc;
	}
	/* Found from the outermost role inwards; assumed the other way round. */
	for (size_t i = 0; i < p.n_roles / 2; i++) {
		const struct ini_section *s = p.roles[i];

		p.roles[i] = p.roles[p.n_roles - 1 - i];
		p.roles[p.n_roles - 1 - i] = s;
	}
	*ret = p;
	return 0;
}
