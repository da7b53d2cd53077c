/* tracker_settings.h - what all hosts of a job must have alike.
 *
 * Hosts with other settings or other columns would train on, each its own trees, or
 * wait for each other for ever. Settings are name and value as text; the name of one
 * that only a host with data has begins with SETTING_OF_DATA.
 */
#ifndef SAGETOP_TRAINER_TRACKER_SETTINGS_H
#define SAGETOP_TRAINER_TRACKER_SETTINGS_H

#include "base/str.h"

#define SETTING_OF_DATA "channel "

struct host_settings {
	const char *host;
	const struct strmap *settings;
	bool has_data;
};

/* The first difference as a reason that names both hosts, or NULL. */
char *settings_difference(const struct host_settings *a, const struct host_settings *b) NODISCARD;

#endif
