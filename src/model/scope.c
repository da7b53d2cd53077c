/* scope.c - lists of profiles and regions. */
#include "model/scope.h"

#include "base/utf8.h"

#define WORD_MAX 128

void scope_list_done(struct scope_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].profile);
		free(l->items[i].region);
	}
	*l = (struct scope_list){0};
}

/* What no name of a profile has, or could not be told from our own signs. */
static bool is_profile(const char *s)
{
	size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("/:[]", *p))
			return false;
	return n > 0 && n <= WORD_MAX;
}

static int wrong_part(const char *part, struct err *err)
{
	AUTO(str) char *clean = utf8_sanitize_dup(part);

	return err_set(err, ERR_USAGE, "\"%.80s\" is not PROFILE/REGION, a profile or a region", clean);
}

static int parse_part(char *part, struct scope *ret, struct err *err)
{
	char *slash = strchr(part, '/');
	const char *profile = part, *region = slash ? slash + 1 : "";

	if (!slash && str_is_region(part, strlen(part))) {
		profile = "";
		region = part;
	} else if (slash) {
		*slash = '\0';
	}
	bool wrong = (*profile && !is_profile(profile)) || (*region && !str_is_region(region, strlen(region))) ||
		     (!*profile && !*region);

	if (slash)
		*slash = '/';
	if (wrong)
		return wrong_part(part, err);
	if (slash)
		*slash = '\0';
	*ret = (struct scope){*profile ? xstrdup(profile) : NULL, *region ? xstrdup(region) : NULL};
	return 0;
}

static bool is_there(const struct scope_list *l, const struct scope *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].profile, s->profile) && str_eq(l->items[i].region, s->region))
			return true;
	return false;
}

int scope_list_parse(const char *text, struct scope_list *ret, struct err *err)
{
	AUTO(scope_list) struct scope_list list = {0};
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, text, ',');
	for (size_t i = 0; i < parts.n; i++) {
		struct scope one;

		if (list.n == SCOPES_MAX)
			return err_set(err, ERR_USAGE, "%zu scopes are too many: at most %d", parts.n, SCOPES_MAX);
		if (parse_part(parts.items[i], &one, err) < 0)
			return -ERR_USAGE;
		bool twice = is_there(&list, &one);

		list.items[list.n++] = one;
		if (twice)
			return err_set(err, ERR_USAGE, "%s is named twice", parts.items[i]);
	}
	if (!list.n)
		return err_set(err, ERR_USAGE,
			       "which scopes? PROFILE/REGION, a profile or a region, separated by commas");
	*ret = list;
	list.n = 0;
	return 0;
}

size_t scope_of(const struct strlist *scopes, const char *text, const char **ret_name)
{
	*ret_name = text;
	for (size_t i = 0; i < scopes->n; i++) {
		size_t n = strlen(scopes->items[i]);

		if (strncmp(text, scopes->items[i], n) == 0 && text[n] == ':') {
			*ret_name = text + n + 1;
			return i;
		}
	}
	return scopes->n;
}
