/* Values of hyperparameters that are lists, tuples or dicts, as JSON and Python write them. */
#include "trainer/settings/literal.h"

#define ENCODED_MOST 3 /* times a value is encoded as JSON */

/* --- Python's spelling as JSON's ------------------------------------------------------ */

/* A string in single quotes at *p, as one in double quotes; false where it does not end. */
static bool convert_quoted(const char **p, struct buf *out)
{
	const char *s = *p + 1;

	(void)buf_addc(out, '"');
	for (; *s && *s != '\''; s++) {
		if (*s == '\\' && s[1] == '\'')
			s++;
		else if (*s == '\\' && s[1])
			(void)buf_addc(out, *s++);
		else if (*s == '"')
			(void)buf_addc(out, '\\');
		(void)buf_addc(out, *s);
	}
	(void)buf_addc(out, '"');
	*p = s;
	return *s == '\'';
}

/* A string in double quotes at *p as it is. */
static bool copy_quoted(const char **p, struct buf *out)
{
	const char *s = *p;

	do {
		if (*s == '\\' && s[1])
			(void)buf_addc(out, *s++);
		(void)buf_addc(out, *s++);
	} while (*s && *s != '"');
	(void)buf_addc(out, '"');
	*p = s;
	return *s == '"';
}

static bool closes(const char *p)
{
	p += strspn(p, " \t\n");
	return *p && strchr("])}", *p);
}

static bool convert(const char *p, struct buf *out)
{
	for (; *p; p++) {
		if (*p == '\'') {
			if (!convert_quoted(&p, out))
				return false;
		} else if (*p == '"') {
			if (!copy_quoted(&p, out))
				return false;
		} else if (*p == ',' && closes(p + 1)) {
			continue; /* ("a",) */
		} else {
			(void)buf_addc(out, *p == '(' ? '[' : *p == ')' ? ']' : *p);
		}
	}
	return true;
}

json_t *literal_parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	AUTO(buf) struct buf json = BUF_INIT(BUF_MAX_TEXT);

	if (value || !convert(text, &json) || json.overflow)
		return value;
	return json_loads(buf_str(&json), JSON_DECODE_ANY, NULL);
}

char *literal_decode(const char *text)
{
	AUTO(str) char *now = xstrdup(text);

	for (int i = 0; i < ENCODED_MOST; i++) {
		AUTO(str) char *copy = xstrdup(now);
		char *t = str_trim(copy);
		size_t n = strlen(t);
		AUTO(json) json_t *value = *t == '"' ? json_loads(t, JSON_DECODE_ANY, NULL) : NULL;

		if (json_is_string(value))
			str_set(&now, json_string_value(value));
		else if (n >= 2 && t[0] == '"' && memchr(t + 1, '"', n - 1) == t + n - 1)
			return xstrndup(t + 1, n - 2);
		else if (n)
			return xstrdup(t);
		else
			break;
	}
	return TAKE(now);
}

/* --- lists ------------------------------------------------------------------------------ */

static bool add_item(const json_t *item, struct strlist *ret)
{
	if (json_is_string(item))
		strlist_add(ret, json_string_value(item));
	else if (json_is_number(item))
		strlist_take(ret, json_text(item));
	else
		return false;
	return true;
}

bool literal_list(const char *text, struct strlist *ret)
{
	AUTO(strlist) struct strlist words = {0};

	if (strchr("[(", text[strspn(text, " \t\n")])) {
		AUTO(json) json_t *list = literal_parse(text);
		bool good = json_is_array(list);

		for (size_t i = 0; good && i < json_array_size(list); i++)
			good = add_item(json_array_get(list, i), ret);
		if (good)
			return true;
		/* [auc, logloss]: words without quotes */
		if (list || text[strlen(text) - 1] != ']')
			return false;
		AUTO(str) char *inside = xstrndup(text + 1, strlen(text) - 2);
		return *text == '[' && !strpbrk(inside, "[]()\"'") && literal_list(inside, ret);
	}
	strlist_split(&words, text, ',');
	for (size_t i = 0; i < words.n; i++) {
		AUTO(json) json_t *quoted = strchr("\"'", *words.items[i]) ? literal_parse(words.items[i]) : NULL;

		if (json_is_string(quoted))
			strlist_add(ret, json_string_value(quoted));
		else if (*words.items[i])
			strlist_add(ret, words.items[i]);
	}
	return true;
}

char *literal_list_text(const struct strlist *items)
{
	AUTO(json) json_t *list = json_array();
	AUTO(buf) struct buf plain = BUF_INIT(BUF_MAX_TEXT);
	bool simple = true;

	for (size_t i = 0; i < items->n; i++) {
		const char *item = items->items[i];

		simple = simple && *item && !strpbrk(item, ",\"'[(") && *item != ' ' && !str_ends(item, " ");
		(void)buf_addf(&plain, "%s%s", i ? "," : "", item);
		json_array_append_new(list, json_string(item));
	}
	return simple ? buf_take(&plain) : json_text(list);
}
