/* config.h - the settings of config.yaml: a table (config.def), a struct, a reader.
 *
 * The file is ~/.config/sagetop/config.yaml ($XDG_CONFIG_HOME). A key at its top goes
 * for all, one under profiles: NAME: for that AWS profile only, and wins. What is wrong
 * in it is a line of problems and leaves the default in force; the rest still works.
 */
#ifndef SAGETOP_APP_CONFIG_H
#define SAGETOP_APP_CONFIG_H

#include "app/cli.h"
#include "sync/sync.h"

enum { SETTING_ZONE_UTC, SETTING_ZONE_LOCAL };
enum { SETTING_ANNOUNCE_NOTHING, SETTING_ANNOUNCE_FAILED, SETTING_ANNOUNCE_ENDED };
enum { SETTING_COLOR_AUTO, SETTING_COLOR_ALWAYS, SETTING_COLOR_NEVER };

enum setting_id {
#define SETTING(type, member, name, fallback, limits, option, help) SETTING_##member,
#include "app/config.def"
#undef SETTING
	SETTING_COUNT
};

enum setting_type {
	SETTING_DURATION,
	SETTING_SIZE,
	SETTING_FLAG,
	SETTING_CHOICE,
	SETTING_TEXT,
	SETTING_RATES,
	SETTING_MAP
};

struct setting_row {
	enum setting_type type;
	const char *name;
	const char *fallback; /* as it would be written */
	const char *limits;   /* see config.def */
	const char *option;   /* long name of the option that sets the same; NULL */
	const char *help;
};
extern const struct setting_row setting_rows[SETTING_COUNT];

/* The values in force. Durations are milliseconds, sizes bytes, a choice is the place of its word. */
typedef int64_t setting_DURATION;
typedef int64_t setting_SIZE;
typedef bool setting_FLAG;
typedef int64_t setting_CHOICE;
typedef char *setting_TEXT;	     /* NULL where not set */
typedef struct strmap setting_RATES; /* operation -> decimal number */
typedef struct strmap setting_MAP;   /* as written */
struct settings {
#define SETTING(type, member, name, fallback, limits, option, help) setting_##type member;
#include "app/config.def"
#undef SETTING
};

struct config {
	struct settings set;
	char *text[SETTING_COUNT]; /* the value in force as written; rates as "A=1,B=2"; "" where none */
	char *from[SETTING_COUNT]; /* "default", "FILE:LINE", "--ascii"; never NULL after config_load */
	bool given[SETTING_COUNT]; /* by file or option */
	char *path;		   /* of the file, there or not */
	bool found;
	struct strmap entries;	 /* where each entry of a mapping stands: "keys: jobs.stop" -> "FILE:LINE" */
	struct strlist problems; /* "FILE:LINE: key: what is wrong", one line each */
};
void config_done(struct config *c);
AUTO_EMBEDDED(config, struct config, config_done)

/* Read the file for a profile (NULL: none of the sections goes for us), then let the
 * options that were given win. */
void config_load(struct config *c, const char *profile, const struct cli *cli);

/* Whether the options that set the same as a setting have values that are right; ERR_USAGE names the option. Texts are
 * left to the commands. */
int config_check_options(const struct cli *cli, struct err *err) NODISCARD;

/* What the settings mean for sync; its settle_ms stays as it is where only the default is in force. */
void config_sync_options(const struct config *c, struct sync_options *opt);
/* Have the dashboard these keys; those that hide each other are added to problems and are not changed. */
void config_apply_keys(struct config *c);
/* Hand the rates over; a problem of one is added to problems. */
void config_apply_rates(struct config *c, struct aws_client *client);

/* ERR_NOTFOUND suggests the nearest. */
int setting_find(const char *name, enum setting_id *ret, struct err *err) NODISCARD;
/* Is this text right as the value of that setting, as an entry of it? (config_check.c) */
int setting_check_text(enum setting_id id, const char *text, struct err *err) NODISCARD;
int setting_check_entry(enum setting_id id, const char *key, const char *value, struct err *err) NODISCARD;
/* Is this an operation whose rate can be set? */
int setting_check_operation(const char *name, struct err *err) NODISCARD;
/* The table as a section of sagetop-config(5). */
void config_docs_man(FILE *out);

#endif
