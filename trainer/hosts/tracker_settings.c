/* The hosts' settings, compared. */
#include "trainer/hosts/tracker_settings.h"

static char *differ(const struct host_settings *a, const struct host_settings *b, const char *name)
{
	const char *x = strmap_get(a->settings, name), *y = strmap_get(b->settings, name);

	if (str_eq(x, y) || (str_starts(name, SETTING_OF_DATA) && !(a->has_data && b->has_data)))
		return NULL;
	return xasprintf("the hosts do not agree: %.100s is %.100s on host %s and %.100s on host %s", name,
			 str_or(x, "not set"), a->host, str_or(y, "not set"), b->host);
}

char *settings_difference(const struct host_settings *a, const struct host_settings *b)
{
	const struct strmap *both[] = {a->settings, b->settings};
	char *reason = NULL;

	for (size_t m = 0; m < ARRAY_LEN(both); m++)
		for (size_t i = 0; i < both[m]->n && !reason; i++)
			reason = differ(a, b, both[m]->items[i].name);
	return reason;
}
