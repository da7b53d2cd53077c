/* config.h - what the environment and the shared files say for one profile.
 *
 * Loaded once; every question (region, endpoints, retry mode, credentials) is
 * then answered from here, environment before profile. Blank means unset.
 */
#ifndef SAGETOP_AWS_CONFIG_H
#define SAGETOP_AWS_CONFIG_H

#include "aws/ini.h"
#include "aws/io.h"

struct aws_config {
	struct aws_io io;
	char *profile;	       /* the one in use; "default" */
	bool profile_explicit; /* given by the caller: it goes before keys in the environment */
	bool profile_named;    /* given by the caller or AWS_PROFILE: it must exist */
	char *config_path, *credentials_path;
	struct ini ini;
	char *region;  /* NULL where nothing says */
	char *problem; /* of a file that was left out since it cannot be read; NULL */
};
void aws_config_done(struct aws_config *c);
AUTO_EMBEDDED(aws_config, struct aws_config, aws_config_done)

/* profile and region may be NULL. A missing file is fine, an unreadable or
 * malformed one is ERR_PARSE ("could not parse profile file: ..."), unless the other one
 * has the profile: then it is c->problem. A profile
 * that was asked for and does not exist is ERR_AUTH with the nearest name. */
int aws_config_load(struct aws_config *ret, const struct aws_io *io, const char *profile, const char *region,
		    struct err *err) NODISCARD;

/* Read the files again, for keys that another program has renewed. What was read
 * before stays on failure. Sections and values borrowed before become invalid. */
int aws_config_reload(struct aws_config *c, struct err *err) NODISCARD;

/* The file paths only (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, ~). */
char *aws_config_path(const struct aws_io *io, enum ini_file file) NODISCARD;
char *aws_config_home(const struct aws_io *io) NODISCARD;
/* "~/x" with the home folder put in; others are copied. */
char *aws_config_expand(const struct aws_io *io, const char *path) NODISCARD;

const struct ini_section *aws_config_profile(const struct aws_config *c); /* NULL where absent */
const char *aws_config_get(const struct aws_config *c,
			   const char *name); /* of the profile; NULL where unset or blank */
/* env_name before the profile's property. Either may be NULL. */
const char *aws_config_value(const struct aws_config *c, const char *env_name, const char *property);
/* What the AWS CLI refuses to go on with: numbers and words that are none. ERR_INVALID names the variable or the
 * profile's property. */
int aws_config_check(const struct aws_config *c, struct err *err) NODISCARD;
/* The file of certificate authorities that takes the place of the system's: AWS_CA_BUNDLE, the profile's ca_bundle,
 * or what programs in Python are told by REQUESTS_CA_BUNDLE, which the AWS CLI obeys as well. NULL: the system's. */
char *aws_config_ca_bundle(const struct aws_config *c) NODISCARD;
/* "true" is true and all else false, as the AWS CLI has it. */
bool aws_config_bool(const struct aws_config *c, const char *env_name, const char *property, bool fallback);

#endif
