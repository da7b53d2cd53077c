/* What we read of the AWS tools' files, for a comparison with botocore: cases as lines of
 * JSON on standard input, {"config":..,"credentials":..,"profile":..} gives the profile's
 * values, {"line":..} the words of a command. */
#include <stdio.h>

#include "aws/ini.h"
#include "base/json.h"
#include "base/proc.h"

static json_t *words_of(const char *line)
{
	AUTO(strlist) struct strlist words = {0};
	json_t *list;

	if (proc_split_words(line, &words, NULL))
		return json_null();
	list = json_array();
	for (size_t i = 0; i < words.n; i++)
		json_array_append_new(list, json_string(words.items[i]));
	return list;
}

static json_t *profile_of(const json_t *c)
{
	AUTO(ini) struct ini ini = {0};
	const char *config = str_or(json_get_str(c, "config"), ""),
		   *credentials = str_or(json_get_str(c, "credentials"), "");
	const struct ini_section *s;
	struct err err = {0};
	json_t *values;

	if (ini_parse(&ini, config, strlen(config), INI_CONFIG_FILE, "config", &err) ||
	    ini_parse(&ini, credentials, strlen(credentials), INI_CREDENTIALS_FILE, "credentials", &err))
		return json_string(err.msg);
	s = ini_find(&ini, INI_PROFILE, json_get_str(c, "profile"));
	if (!s)
		return json_null();
	values = json_object();
	for (size_t i = 0; i < s->values.n; i++)
		json_object_set_new(values, s->values.items[i].name, json_string(s->values.items[i].value));
	return values;
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		AUTO(json) json_t *c = NULL;
		AUTO(json) json_t *out = NULL;

		if (json_parse(line, strlen(line), "case", &c, NULL))
			return 1;
		out = json_get_str(c, "line") ? words_of(json_get_str(c, "line")) : profile_of(c);
		json_dumpf(out, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
		putchar('\n');
	}
	free(line);
	return 0;
}
