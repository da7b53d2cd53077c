/* The two configuration files: sections, properties, nested properties. */
#include "aws/ini.h"

#include <strings.h>

#include "base/proc.h"

#define MAX_LINE ((size_t)64 << 10)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A piece of the text, borrowed. */
struct span {
	const char *p;
	size_t n;
};

static struct span span_trim(struct span s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool span_eq(struct span s, const char *text)
{
	return strlen(text) == s.n && !memcmp(s.p, text, s.n);
}

/* Behind the quoted piece that begins at i; i where no quote begins, or none ends it: an
 * apostrophe in a word is none. */
static size_t skip_quoted(struct span s, size_t i)
{
	const char *end;

	if ((s.p[i] != '"' && s.p[i] != '\'') || (i && !is_blank(s.p[i - 1]) && s.p[i - 1] != '='))
		return i;
	end = memchr(s.p + i + 1, s.p[i], s.n - i - 1);
	return end ? (size_t)(end - s.p) + 1 : i;
}

/* Cut a trailing comment. It counts only after a blank, so that "value#1" is a value, and
 * not within the quotes of a command. */
static struct span span_without_comment(struct span s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t after = skip_quoted(s, i);

		if (after > i) {
			i = after;
		} else if ((s.p[i] == '#' || s.p[i] == ';') && i && is_blank(s.p[i - 1])) {
			s.n = i;
			break;
		} else {
			i++;
		}
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Characters of profile and property names; others make the item ignored. */
static bool is_valid_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr("_-/.%@:+", c))))
			return false;
	}
	return s.n > 0;
}

struct parser {
	struct ini *ini;
	enum ini_file file;
	const char *what;
	int line;
	struct ini_section *section; /* where properties go; NULL before the first and in an ignored one */
	bool started, has_property, nested;
	size_t indent;	/* of the properties of a section that is indented as a whole; 0: none */
	char *property; /* the name that continuation lines add to; NULL where it is ignored */
};

static int parse_error(const struct parser *p, struct err *err, const char *text)
{
	return err_set(err, ERR_PARSE, "%s:%d: %s", p->what, p->line, text);
}

/* A profile is one, quoted in one file and odd in the other. */
static bool same_kind(enum ini_kind a, enum ini_kind b)
{
	return a == b || (a <= INI_ODD_PROFILE && b <= INI_ODD_PROFILE);
}

static struct ini_section *section_find(struct ini *ini, enum ini_kind kind, struct span name)
{
	for (size_t i = 0; i < ini->n; i++)
		if (same_kind(ini->sections[i].kind, kind) && span_eq(name, ini->sections[i].name))
			return &ini->sections[i];
	return NULL;
}

static void section_clear(struct ini_section *s)
{
	strmap_done(&s->values);
	strlist_done(&s->from_credentials);
	s->values = (struct strmap){0};
	s->from_credentials = (struct strlist){0};
}

static struct ini_section *section_open(struct ini *ini, enum ini_kind kind, struct span name, bool prefixed)
{
	struct ini_section *s = section_find(ini, kind, name);

	if (!s) {
		GROW(ini->sections, ini->cap, ini->n + 1);
		s = &ini->sections[ini->n++];
		*s = (struct ini_section){.kind = kind, .name = xstrndup(name.p, name.n), .prefixed = prefixed};
		return s;
	}
	if (s->prefixed && !prefixed && kind == INI_PROFILE)
		return NULL; /* [default] after [profile default] */
	if (!s->prefixed && prefixed) {
		section_clear(s);
		s->prefixed = true;
	}
	return s;
}

/* "profile x", "sso-session 'x y'", split as a shell would: the kind and the name, which
 * is owned by the caller. */
static bool split_prefix(struct span s, enum ini_kind *ret_kind, char **ret_name, bool *ret_quoted)
{
	static const struct {
		const char *word;
		enum ini_kind kind;
	} kinds[] = {{"profile", INI_PROFILE}, {"sso-session", INI_SSO_SESSION}, {"services", INI_SERVICES}};
	AUTO(strlist) struct strlist words = {0};
	AUTO(str) char *text = xstrndup(s.p, s.n);

	if (proc_split_words(text, &words, NULL) || words.n != 2)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(words.items[0], kinds[i].word)) {
			*ret_kind = kinds[i].kind;
			*ret_quoted = strpbrk(text, "\"'") != NULL;
			*ret_name = xstrdup(words.items[1]);
			return true;
		}
	return false;
}

/* The AWS CLI writes names that hold blanks in quotes. */
static bool unquote(struct span *s)
{
	if (s->n < 3 || (s->p[0] != '"' && s->p[0] != '\'') || s->p[s->n - 1] != s->p[0])
		return false;
	s->p++;
	s->n -= 2;
	return !memchr(s->p, s->p[-1], s->n);
}

/* What stands in the brackets. They end at the last one, for "[[PROD]-x]", unless what
 * follows an earlier one is a comment. False where nothing ends them. */
static bool section_header(struct span line, struct span *ret)
{
	const char *end = NULL;

	for (size_t i = 1; i < line.n; i++) {
		struct span rest = {line.p + i + 1, line.n - i - 1};

		if (line.p[i] != ']')
			continue;
		end = line.p + i;
		rest = span_trim(rest);
		if (rest.n && (rest.p[0] == '#' || rest.p[0] == ';'))
			break;
	}
	if (!end)
		return false;
	*ret = span_trim((struct span){line.p + 1, (size_t)(end - line.p) - 1});
	return true;
}

static void section_begin(struct parser *p)
{
	p->started = true;
	p->section = NULL;
	p->has_property = p->nested = false;
	p->indent = 0;
	free(p->property);
	p->property = NULL;
}

static int read_section(struct parser *p, struct span line, struct err *err)
{
	enum ini_kind kind = INI_PROFILE;
	AUTO(str) char *owned = NULL;
	struct span header, name;
	bool prefixed = false, quoted = false;

	if (!section_header(line, &header))
		return parse_error(p, err, "Profile definition must end with ']'");
	section_begin(p);
	name = header;
	if (p->file == INI_CREDENTIALS_FILE) {
		quoted = unquote(&name);
	} else if (split_prefix(header, &kind, &owned, &quoted)) {
		prefixed = true;
		name = (struct span){owned, strlen(owned)};
	} else if (!span_eq(header, "default")) {
		return 0;
	}
	/* Known by its name only, which is no name to the published rules. */
	if (!name.n)
		return 0;
	if (!quoted && !is_valid_name(name) && kind == INI_PROFILE)
		kind = INI_ODD_PROFILE;
	if (p->file == INI_CREDENTIALS_FILE) {
		/* Adds to the profile whatever form the config file has given it. */
		p->section = section_find(p->ini, kind, name);
		if (p->section)
			return 0;
	}
	p->section = section_open(p->ini, kind, name, prefixed && kind == INI_PROFILE);
	return 0;
}

/* name = value. The messages name `what` ("property", "sub-property"). */
static int split_property(struct parser *p, struct span line, const char *what, struct span *name, struct span *value,
			  struct err *err)
{
	const char *equals;

	line = span_without_comment(line);
	equals = memchr(line.p, '=', line.n);
	if (!equals)
		return err_set(err, ERR_PARSE, "%s:%d: Expected an '=' sign defining a %s", p->what, p->line, what);
	*name = span_trim((struct span){line.p, (size_t)(equals - line.p)});
	*value = span_trim((struct span){equals + 1, line.n - (size_t)(equals - line.p) - 1});
	if (!name->n)
		return err_set(err, ERR_PARSE, "%s:%d: %s did not have a name", p->what, p->line,
			       *what == 's' ? "Sub-property" : "Property");
	return 0;
}

static void set_value(struct parser *p, const char *value)
{
	if (!p->section || !p->property)
		return;
	strmap_set(&p->section->values, p->property, value);
	if (p->file == INI_CREDENTIALS_FILE && !strlist_has(&p->section->from_credentials, p->property))
		strlist_add(&p->section->from_credentials, p->property);
}

static int read_property(struct parser *p, struct span line, struct err *err)
{
	struct span name, value;
	int rc;

	if (!p->started)
		return parse_error(p, err, "Expected a profile definition");
	rc = split_property(p, line, "property", &name, &value, err);
	if (rc)
		return rc;
	p->has_property = true;
	p->nested = value.n == 0;
	free(p->property);
	p->property = NULL;
	if (is_valid_name(name)) {
		AUTO(str) char *text = xstrndup(value.p, value.n);

		p->property = xstrndup(name.p, name.n);
		str_lower(p->property);
		set_value(p, text);
	}
	return 0;
}

static int read_continuation(struct parser *p, struct span line, struct err *err)
{
	const char *before;

	if (!p->started)
		return parse_error(p, err, "Expected a profile definition");
	if (!p->has_property)
		return parse_error(p, err, "Expected a property definition, found continuation");
	line = span_trim(line);
	if (p->nested) {
		struct span name, value;
		int rc = split_property(p, line, "sub-property", &name, &value, err);

		if (rc)
			return rc;
	}
	before = p->section && p->property ? strmap_get(&p->section->values, p->property) : NULL;
	if (before) {
		AUTO(str) char *text = xasprintf("%s\n%.*s", before, (int)line.n, line.p);

		set_value(p, text);
	}
	return 0;
}

static int read_line(struct parser *p, struct span line, struct err *err)
{
	struct span trimmed = span_trim(line);

	if (memchr(line.p, '\0', line.n))
		return parse_error(p, err, "Unexpected NUL byte");
	if (line.n > MAX_LINE)
		return parse_error(p, err, "Line too long");
	/* Comments may be indented; they do not end a value. */
	if (!trimmed.n || trimmed.p[0] == '#' || trimmed.p[0] == ';')
		return 0;
	if (line.p[0] == '[')
		return read_section(p, line, err);
	if (!is_blank(line.p[0]))
		return read_property(p, line, err);
	if (p->started && !p->has_property && trimmed.p[0] == '[')
		return read_section(p, trimmed, err);
	/* A section that is indented as a whole: nothing is there yet to be continued. */
	if (p->started && !p->has_property && memchr(trimmed.p, '=', trimmed.n)) {
		p->indent = (size_t)(trimmed.p - line.p);
		return read_property(p, trimmed, err);
	}
	if (p->has_property && p->indent && (size_t)(trimmed.p - line.p) <= p->indent)
		return trimmed.p[0] == '[' ? read_section(p, trimmed, err) : read_property(p, trimmed, err);
	return read_continuation(p, line, err);
}

int ini_parse(struct ini *ini, const char *text, size_t n, enum ini_file file, const char *what, struct err *err)
{
	struct parser p = {.ini = ini, .file = file, .what = what};
	int rc = 0;

	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		n -= 3;
	}
	while (n && !rc) {
		const char *end = memchr(text, '\n', n);
		size_t taken = end ? (size_t)(end - text) + 1 : n;
		struct span line = {text, end ? taken - 1 : taken};

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		p.line++;
		rc = read_line(&p, line, err);
		text += taken;
		n -= taken;
	}
	free(p.property);
	return rc;
}

void ini_done(struct ini *ini)
{
	for (size_t i = 0; i < ini->n; i++) {
		free(ini->sections[i].name);
		strmap_done(&ini->sections[i].values);
		strlist_done(&ini->sections[i].from_credentials);
	}
	free(ini->sections);
	*ini = (struct ini){0};
}

const struct ini_section *ini_find(const struct ini *ini, enum ini_kind kind, const char *name)
{
	for (size_t i = 0; i < ini->n; i++)
		if (ini->sections[i].kind == kind && str_eq(ini->sections[i].name, name))
			return &ini->sections[i];
	return kind == INI_PROFILE ? ini_find(ini, INI_ODD_PROFILE, name) : NULL;
}

const char *ini_get(const struct ini_section *s, const char *name)
{
	return s ? strmap_get(&s->values, name) : NULL;
}

bool ini_is_from_credentials(const struct ini_section *s, const char *name)
{
	return s && strlist_has(&s->from_credentials, name);
}

char *ini_get_nested(const struct ini_section *s, const char *property, const char *name)
{
	const char *text = ini_get(s, property);

	if (!text || *text != '\n')
		return NULL;
	for (const char *p = text + 1; *p;) {
		size_t n = strcspn(p, "\n");
		const char *equals = memchr(p, '=', n);

		if (equals) {
			struct span key = span_trim((struct span){p, (size_t)(equals - p)});
			struct span value = span_trim((struct span){equals + 1, n - (size_t)(equals - p) - 1});

			if (key.n == strlen(name) && !strncasecmp(key.p, name, key.n))
				return xstrndup(value.p, value.n);
		}
		p += n;
		if (*p)
			p++;
	}
	return NULL;
}
