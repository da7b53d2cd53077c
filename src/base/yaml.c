/* libyaml's events into json_t trees, with the line of every member. */
#include "base/yaml.h"

#include <yaml.h>

#include "base/fs.h"

#define YAML_MAX_DEPTH 64
#define YAML_MAX_NODES 200000 /* after expansion of aliases */
#define SPEC_MAX_BYTES ((size_t)4 << 20)

struct loader {
	yaml_parser_t parser;
	yaml_event_t event;
	bool have_event;
	const char *what;
	struct source_lines *lines;
	struct buf path; /* where we are: "InputDataConfig.0.ChannelName" */
	json_t *anchors; /* name -> tree */
	size_t nodes;
	struct err *err;
};

void source_lines_done(struct source_lines *s)
{
	strmap_done(&s->lines);
}

int source_lines_find(const struct source_lines *s, const char *path)
{
	AUTO(str) char *at = xstrdup(path);

	for (;;) {
		const char *line = strmap_get(&s->lines, at);
		int64_t n;
		if (line && str_to_i64(line, &n))
			return (int)n;
		char *dot = strrchr(at, '.');
		if (!dot)
			return 0;
		*dot = '\0';
	}
}

static int event_line(const struct loader *l)
{
	return (int)l->event.start_mark.line + 1;
}

static int fail_here(struct loader *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int fail_here(struct loader *l, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(l->err, ERR_PARSE, "%s:%d:%d: %s", l->what, event_line(l), (int)l->event.start_mark.column + 1,
		       reason);
}

static int next_event(struct loader *l)
{
	if (l->have_event)
		yaml_event_delete(&l->event);
	l->have_event = yaml_parser_parse(&l->parser, &l->event);
	if (!l->have_event) {
		const yaml_parser_t *p = &l->parser;
		return err_set(l->err, ERR_PARSE, "%s:%d:%d: %s%s%s", l->what, (int)p->problem_mark.line + 1,
			       (int)p->problem_mark.column + 1, str_or(p->problem, "not YAML"), p->context ? " " : "",
			       str_or(p->context, ""));
	}
	return 0;
}

static void note_line(struct loader *l)
{
	if (!l->lines)
		return;
	char line[16];
	snprintf(line, sizeof(line), "%d", event_line(l));
	/* Paths are unique within a document, so no look-up is needed. */
	struct strmap *m = &l->lines->lines;
	GROW(m->items, m->cap, m->n + 1);
	m->items[m->n++] = (struct strpair){xstrdup(buf_str(&l->path)), xstrdup(line)};
}

/* The core schema (YAML 1.2, 10.3.2) for plain scalars. */
static json_t *plain_scalar(const char *s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const trues[] = {"true", "True", "TRUE"}, *const falses[] = {"false", "False", "FALSE"};

	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (str_eq(s, nulls[i]))
			return json_null();
	for (size_t i = 0; i < ARRAY_LEN(trues); i++) {
		if (str_eq(s, trues[i]))
			return json_true();
		if (str_eq(s, falses[i]))
			return json_false();
	}
	int64_t i;
	if (str_to_i64(s, &i))
		return json_integer(i);
	double d;
	if (strspn(s, "+-.0123456789eE") == strlen(s) && strpbrk(s, "0123456789") && str_to_f64(s, &d))
		return json_real(d);
	return json_string(s);
}

static int load_node(struct loader *l, int depth, json_t **ret);

static int count_nodes(struct loader *l, const json_t *j)
{
	const char *name;
	json_t *child;
	size_t i;

	if (++l->nodes > YAML_MAX_NODES)
		return fail_here(l, "the document expands to more than %d nodes", YAML_MAX_NODES);
	int r = 0;
	if (json_is_object(j)) {
		json_object_foreach((json_t *)j, name, child) if ((r = count_nodes(l, child)) < 0) break;
	} else if (json_is_array(j)) {
		json_array_foreach(j, i, child) if ((r = count_nodes(l, child)) < 0) break;
	}
	return r;
}

static int load_alias(struct loader *l, json_t **ret)
{
	const char *name = (const char *)l->event.data.alias.anchor;
	json_t *target = json_object_get(l->anchors, name);

	if (!target)
		return fail_here(l, "the alias *%s names no anchor above it", name);
	int r = count_nodes(l, target);
	if (r < 0)
		return r;
	*ret = json_deep_copy(target);
	return 0;
}

static int load_scalar(struct loader *l, json_t **ret)
{
	const char *text = (const char *)l->event.data.scalar.value;

	if (strlen(text) != l->event.data.scalar.length)
		return fail_here(l, "the text holds a NUL character");
	*ret = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain_scalar(text) : json_string(text);
	return *ret ? 0 : fail_here(l, "the text is not UTF-8");
}

static int load_sequence(struct loader *l, int depth, json_t **ret)
{
	AUTO(json) json_t *list = json_array();
	size_t mark = l->path.len;

	for (;;) {
		int r = next_event(l);
		if (r < 0)
			return r;
		if (l->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		buf_addf(&l->path, "%s%zu", mark ? "." : "", json_array_size(list));
		json_t *item = NULL;
		r = load_node(l, depth + 1, &item);
		if (r < 0)
			return r;
		json_array_append_new(list, item);
		buf_truncate(&l->path, mark);
	}
	*ret = TAKE(list);
	return 0;
}

static int load_pair(struct loader *l, int depth, json_t *object)
{
	if (l->event.type != YAML_SCALAR_EVENT)
		return fail_here(l, "a member's name must be plain text");
	const char *text = (const char *)l->event.data.scalar.value;
	if (str_eq(text, "<<"))
		return fail_here(l, "merge keys (<<) are not supported: write the members out");
	AUTO(str) char *name = xstrdup(text);
	if (json_object_get(object, name))
		return fail_here(l, "the member '%s' is given twice", name);
	buf_addf(&l->path, "%s%s", l->path.len ? "." : "", name);
	note_line(l);
	int r = next_event(l);
	json_t *value = NULL;
	if (r == 0)
		r = load_node(l, depth + 1, &value);
	if (r == 0 && json_object_set_new(object, name, value) < 0)
		r = fail_here(l, "the member's name is not UTF-8");
	return r;
}

static int load_mapping(struct loader *l, int depth, json_t **ret)
{
	AUTO(json) json_t *object = json_object();
	size_t mark = l->path.len;

	for (;;) {
		int r = next_event(l);
		if (r < 0)
			return r;
		if (l->event.type == YAML_MAPPING_END_EVENT)
			break;
		r = load_pair(l, depth, object);
		if (r < 0)
			return r;
		buf_truncate(&l->path, mark);
	}
	*ret = TAKE(object);
	return 0;
}

/* The anchor and tag of the event at hand, which its node is about to replace. */
static int take_properties(struct loader *l, char **ret_anchor)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (l->event.type) {
	case YAML_SCALAR_EVENT:
		anchor = l->event.data.scalar.anchor;
		tag = l->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = l->event.data.sequence_start.anchor;
		tag = l->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = l->event.data.mapping_start.anchor;
		tag = l->event.data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (tag)
		return fail_here(l, "the tag %s is not supported", (const char *)tag);
	*ret_anchor = xstrdup((const char *)anchor);
	return 0;
}

/* The node that starts with the event at hand. */
static int load_node(struct loader *l, int depth, json_t **ret)
{
	if (depth > YAML_MAX_DEPTH)
		return fail_here(l, "nested deeper than %d levels", YAML_MAX_DEPTH);
	if (++l->nodes > YAML_MAX_NODES)
		return fail_here(l, "more than %d nodes", YAML_MAX_NODES);
	AUTO(str) char *anchor = NULL;
	int r = take_properties(l, &anchor);
	if (r < 0)
		return r;
	switch (l->event.type) {
	case YAML_ALIAS_EVENT:
		return load_alias(l, ret);
	case YAML_SCALAR_EVENT:
		r = load_scalar(l, ret);
		break;
	case YAML_SEQUENCE_START_EVENT:
		r = load_sequence(l, depth, ret);
		break;
	case YAML_MAPPING_START_EVENT:
		r = load_mapping(l, depth, ret);
		break;
	default:
		return fail_here(l, "a value is missing");
	}
	if (r == 0 && anchor)
		json_object_set(l->anchors, anchor, *ret);
	return r;
}

static int load_document(struct loader *l, json_t **ret)
{
	int r = next_event(l); /* stream start */

	if (r == 0)
		r = next_event(l);
	if (r < 0)
		return r;
	if (l->event.type == YAML_STREAM_END_EVENT)
		return err_set(l->err, ERR_PARSE, "%s: the file is empty", l->what);
	r = next_event(l);
	AUTO(json) json_t *root = NULL;
	if (r == 0)
		r = load_node(l, 0, &root);
	if (r == 0)
		r = next_event(l); /* document end */
	if (r == 0)
		r = next_event(l);
	if (r == 0 && l->event.type != YAML_STREAM_END_EVENT)
		r = fail_here(l, "a second document begins here: one a file, please");
	if (r == 0)
		*ret = TAKE(root);
	return r;
}

int yaml_parse(const char *text, size_t n, const char *what, json_t **ret, struct source_lines *lines, struct err *err)
{
	struct loader l = {
		.what = what, .lines = lines, .path = BUF_INIT(64 << 10), .anchors = json_object(), .err = err};

	if (!yaml_parser_initialize(&l.parser))
		return err_set(err, ERR_INTERNAL, "libyaml does not start");
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, n);
	int r = load_document(&l, ret);
	if (l.have_event)
		yaml_event_delete(&l.event);
	yaml_parser_delete(&l.parser);
	json_decref(l.anchors);
	buf_done(&l.path);
	return r;
}

static int read_stdin(struct buf *out, struct err *err)
{
	char chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		if (buf_add(out, chunk, n) < 0)
			return err_set(err, ERR_TOOBIG, "standard input is larger than %zu bytes", out->max);
	return 0;
}

bool spec_names_file(const char *what)
{
	return str_eq(what, "-") || str_ends(what, ".json") || str_ends(what, ".yaml") || str_ends(what, ".yml");
}

int spec_load(const char *path, json_t **ret, struct source_lines *lines, struct err *err)
{
	bool from_stdin = str_eq(path, "-");
	const char *what = from_stdin ? "standard input" : path;
	AUTO(buf) struct buf text = BUF_INIT(SPEC_MAX_BYTES);
	int r = from_stdin ? read_stdin(&text, err) : fs_read(path, &text, err);

	if (r < 0)
		return r;
	if (str_ends(path, ".json")) {
		AUTO(json) json_t *strict = NULL;
		r = json_parse(buf_str(&text), text.len, what, &strict, err);
		if (r < 0)
			return r;
	}
	return yaml_parse(buf_str(&text), text.len, what, ret, lines, err);
}
