/* The configuration of a profile: both files, the environment, and which goes first. */
#include "aws/config.h"

#include "base/fs.h"
#include "base/utf8.h"

#define MAX_FILE ((size_t)4 << 20)

void aws_config_done(struct aws_config *c)
{
	free(c->profile);
	free(c->config_path);
	free(c->credentials_path);
	free(c->region);
	free(c->problem);
	ini_done(&c->ini);
	*c = (struct aws_config){0};
}

char *aws_config_home(const struct aws_io *io)
{
	const char *home = aws_io_env(io, "HOME");

	return home ? xstrdup(home) : fs_home();
}

char *aws_config_expand(const struct aws_io *io, const char *path)
{
	if (path[0] == '~' && (path[1] == '/' || !path[1])) {
		AUTO(str) char *home = aws_config_home(io);

		return xasprintf("%s%s", home, path + 1);
	}
	return xstrdup(path);
}

char *aws_config_path(const struct aws_io *io, enum ini_file file)
{
	bool config = file == INI_CONFIG_FILE;
	const char *path = aws_io_env(io, config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE");

	return aws_config_expand(io, path ? path : config ? "~/.aws/config" : "~/.aws/credentials");
}

/* A file that is broken gives nothing, not even what stands before the break. */
static int load_file(struct aws_config *c, const char *path, enum ini_file file, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(MAX_FILE);
	AUTO(ini) struct ini alone = {0};
	struct err why = {0};
	int rc = c->io.read_file(c->io.user, path, &text, &why);

	if (rc == -ERR_NOTFOUND)
		return 0;
	if (rc)
		return err_set(err, why.code, "could not read profile file: %s", why.msg);
	rc = ini_parse(&alone, buf_str(&text), text.len, file, path, &why);
	if (rc)
		return err_set(err, why.code, "could not parse profile file: %s", why.msg);
	return ini_parse(&c->ini, buf_str(&text), text.len, file, path, err);
}

/* Both files. One that cannot be read is an error only to those who need it: its text
 * goes to c->problem, and it fails here where the profile is nowhere else. */
static int load_files(struct aws_config *c, struct err *err)
{
	struct err first = {0}, second = {0};

	(void)load_file(c, c->config_path, INI_CONFIG_FILE, &first);
	(void)load_file(c, c->credentials_path, INI_CREDENTIALS_FILE, &second);
	const struct err *problem = first.code ? &first : second.code ? &second : NULL;
	if (!problem)
		return 0;
	if (!aws_config_profile(c) || (first.code && second.code))
		return err_set(err, problem->code, "%s", problem->msg);
	str_set(&c->problem, problem->msg);
	return 0;
}

static int profile_missing(const struct aws_config *c, struct err *err)
{
	const char **names = xreallocarray(NULL, c->ini.n + 1, sizeof(*names));
	const char *near;
	size_t n = 0;

	for (size_t i = 0; i < c->ini.n; i++)
		if (c->ini.sections[i].kind == INI_PROFILE)
			names[n++] = c->ini.sections[i].name;
	near = str_nearest(c->profile, names, n);
	free(names);
	if (near)
		return err_set(err, ERR_AUTH, "profile '%s' is in neither %s nor %s; did you mean '%s'?", c->profile,
			       c->config_path, c->credentials_path, near);
	return err_set(err, ERR_AUTH, "profile '%s' is in neither %s nor %s; name another with --profile", c->profile,
		       c->config_path, c->credentials_path);
}

int aws_config_load(struct aws_config *ret, const struct aws_io *io, const char *profile, const char *region,
		    struct err *err)
{
	AUTO(aws_config) struct aws_config c = {.io = *io};
	const char *named = aws_io_env(io, "AWS_PROFILE");
	const char *from_env;
	int rc;

	if (!named)
		named = aws_io_env(io, "AWS_DEFAULT_PROFILE");
	c.profile_explicit = !str_empty(profile);
	c.profile_named = c.profile_explicit || named;
	c.profile = xstrdup(c.profile_explicit ? profile : named ? named : "default");
	c.config_path = aws_config_path(io, INI_CONFIG_FILE);
	c.credentials_path = aws_config_path(io, INI_CREDENTIALS_FILE);
	rc = load_files(&c, err);
	if (rc)
		return rc;
	if (c.profile_named && strcmp(c.profile, "default") != 0 && !aws_config_profile(&c))
		return profile_missing(&c, err);

	from_env = aws_io_env(io, "AWS_REGION");
	if (!from_env)
		from_env = aws_io_env(io, "AWS_DEFAULT_REGION");
	c.region = xstrdup(!str_empty(region) ? region : from_env ? from_env : aws_config_get(&c, "region"));
	*ret = c;
	c = (struct aws_config){0};
	return 0;
}

int aws_config_reload(struct aws_config *c, struct err *err)
{
	struct ini before = c->ini;
	int rc;

	c->ini = (struct ini){0};
	rc = load_files(c, err);
	if (rc) {
		ini_done(&c->ini);
		c->ini = before;
		return rc;
	}
	ini_done(&before);
	return 0;
}

const struct ini_section *aws_config_profile(const struct aws_config *c)
{
	return ini_find(&c->ini, INI_PROFILE, c->profile);
}

const char *aws_config_get(const struct aws_config *c, const char *name)
{
	const char *value = ini_get(aws_config_profile(c), name);

	return str_empty(value) ? NULL : value;
}

const char *aws_config_value(const struct aws_config *c, const char *env_name, const char *property)
{
	const char *value = env_name ? aws_io_env(&c->io, env_name) : NULL;

	return value ? value : property ? aws_config_get(c, property) : NULL;
}

static bool is_one_of(const char *value, const char *words)
{
	AUTO(strlist) struct strlist list = {0};

	strlist_split(&list, words, ' ');
	for (size_t i = 0; i < list.n; i++)
		if (str_ieq(value, list.items[i]))
			return true;
	return false;
}

int aws_config_check(const struct aws_config *c, struct err *err)
{
	static const struct {
		const char *env_name, *property, *words; /* words NULL: a whole number from 1 on */
	} rows[] = {{"AWS_MAX_ATTEMPTS", "max_attempts", NULL},
		    {"AWS_RETRY_MODE", "retry_mode", "legacy standard adaptive"},
		    {"AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints", "legacy regional"},
		    {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode", "ipv4 ipv6"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *value = aws_config_value(c, rows[i].env_name, rows[i].property), *words = rows[i].words;
		int64_t n;

		if (!value || (words ? is_one_of(value, words) : str_to_i64(value, &n) && n >= 1))
			continue;
		AUTO(str) char *clean = utf8_sanitize_dup(value);
		AUTO(str) char *of = xasprintf("%s of profile %s", rows[i].property, c->profile);

		return err_set(err, ERR_INVALID, "%s needs %s%s, not \"%.80s\"",
			       aws_io_env(&c->io, rows[i].env_name) ? rows[i].env_name : of,
			       words ? "one of: " : "a whole number from 1 on", str_or(words, ""), clean);
	}
	return 0;
}

char *aws_config_ca_bundle(const struct aws_config *c)
{
	const char *path = aws_config_value(c, "AWS_CA_BUNDLE", "ca_bundle");

	path = path ? path : aws_config_value(c, "REQUESTS_CA_BUNDLE", NULL);
	return path ? aws_config_expand(&c->io, path) : NULL;
}

bool aws_config_bool(const struct aws_config *c, const char *env_name, const char *property, bool fallback)
{
	const char *value = aws_config_value(c, env_name, property);

	return value ? str_ieq(value, "true") : fallback;
}
