/* ini.h - the shared config and credentials files of the AWS tools.
 *
 * Follows the published cross-SDK cases: [profile x] in the config file, [x] in
 * the credentials file, [sso-session x], [services x]; later properties win and
 * the credentials file beats the config file. Property names are lower case.
 * Pure: text in, sections out.
 */
#ifndef SAGETOP_AWS_INI_H
#define SAGETOP_AWS_INI_H

#include "base/str.h"

/* INI_ODD_PROFILE: its name has characters that the published rules do not allow; the AWS
 * CLI finds it all the same, and so does ini_find(INI_PROFILE). */
enum ini_kind { INI_PROFILE, INI_ODD_PROFILE, INI_SSO_SESSION, INI_SERVICES };
enum ini_file { INI_CONFIG_FILE, INI_CREDENTIALS_FILE };

struct ini_section {
	enum ini_kind kind;
	char *name;
	bool prefixed; /* [profile default], which [default] does not add to */
	struct strmap values;
	struct strlist from_credentials; /* names of values that the credentials file gave */
};
struct ini {
	struct ini_section *sections;
	size_t n, cap;
};
void ini_done(struct ini *ini);
AUTO_EMBEDDED(ini, struct ini, ini_done)

/* Merge a file's text into ini: the config file first, then the credentials file.
 * `what` names the file in messages; ERR_PARSE gives "what:line: reason". */
int ini_parse(struct ini *ini, const char *text, size_t n, enum ini_file file, const char *what,
	      struct err *err) NODISCARD;

const struct ini_section *ini_find(const struct ini *ini, enum ini_kind kind, const char *name); /* NULL: none */
const char *ini_get(const struct ini_section *s, const char *name); /* NULL where absent or s is NULL */
bool ini_is_from_credentials(const struct ini_section *s, const char *name);

/* A nested value: "endpoint_url" of the property "s3" ("\nname = value" lines).
 * NULL where absent. Owned by the caller. */
char *ini_get_nested(const struct ini_section *s, const char *property, const char *name) NODISCARD;

#endif
