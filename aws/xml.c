/* A small tree of XML by expat, capped in depth, size and nodes. */
#include "aws/xml.h"

#include <expat.h>

#define MAX_DEPTH 64
#define MAX_NODES 200000
#define MAX_BYTES ((size_t)32 << 20)

struct builder {
	XML_Parser parser;
	struct xml_node *root;
	struct xml_node *open[MAX_DEPTH];
	size_t depth, n_nodes;
	const char *refused; /* why we stopped */
};

static void stop(struct builder *b, const char *why)
{
	b->refused = why;
	XML_StopParser(b->parser, XML_FALSE);
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct builder *b = user;
	const char *colon = strchr(name, ':');
	struct xml_node *n;

	if (b->depth == MAX_DEPTH || b->n_nodes == MAX_NODES) {
		stop(b, "too deep or too many elements");
		return;
	}
	n = NEW(struct xml_node);
	n->name = xstrdup(colon ? colon + 1 : name);
	b->n_nodes++;
	if (b->depth) {
		struct xml_node *parent = b->open[b->depth - 1];

		if (parent->last)
			parent->last->next = n;
		else
			parent->first = n;
		parent->last = n;
	} else {
		b->root = n;
	}
	b->open[b->depth++] = n;
}

static void on_end(void *user, const XML_Char *name)
{
	struct builder *b = user;

	b->depth--;
}

static bool all_blank(const XML_Char *s, int len)
{
	for (int i = 0; i < len; i++)
		if (!strchr(" \t\r\n", s[i]))
			return false;
	return true;
}

static void on_text(void *user, const XML_Char *s, int len)
{
	struct builder *b = user;
	struct xml_node *n = b->depth ? b->open[b->depth - 1] : NULL;

	if (!n || len <= 0 || (n->first && all_blank(s, len))) /* indentation between elements */
		return;
	GROW(n->text, n->text_cap, n->text_len + (size_t)len + 1);
	memcpy(n->text + n->text_len, s, (size_t)len);
	n->text_len += (size_t)len;
	n->text[n->text_len] = '\0';
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
		       int internal_subset)
{
	stop(user, "document types are not accepted");
}

static void finish(struct xml_node *n)
{
	if (!n->text)
		n->text = xstrdup("");
	for (struct xml_node *child = n->first; child; child = child->next)
		finish(child);
}

int xml_parse(const char *text, size_t n, const char *what, struct xml_node **ret, struct err *err)
{
	struct builder b = {0};
	int rc = 0;

	if (n > MAX_BYTES)
		return err_set(err, ERR_TOOBIG, "%s: larger than %zu MiB", what, MAX_BYTES >> 20);
	b.parser = XML_ParserCreate(NULL);
	if (!b.parser)
		abort();
	XML_SetUserData(b.parser, &b);
	XML_SetElementHandler(b.parser, on_start, on_end);
	XML_SetCharacterDataHandler(b.parser, on_text);
	XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
	if (XML_Parse(b.parser, text, (int)n, 1) != XML_STATUS_OK)
		rc = err_set(err, ERR_PARSE, "%s:%lu:%lu: %s", what, (unsigned long)XML_GetCurrentLineNumber(b.parser),
			     (unsigned long)XML_GetCurrentColumnNumber(b.parser),
			     b.refused ? b.refused : XML_ErrorString(XML_GetErrorCode(b.parser)));
	XML_ParserFree(b.parser);
	if (rc) {
		xml_free(b.root);
		return rc;
	}
	finish(b.root);
	*ret = b.root;
	return 0;
}

void xml_free(struct xml_node *n)
{
	while (n) {
		struct xml_node *next = n->next;

		xml_free(n->first);
		free(n->name);
		free(n->text);
		free(n);
		n = next;
	}
}

const struct xml_node *xml_find(const struct xml_node *n, const char *path)
{
	while (n && *path) {
		size_t len = strcspn(path, "/");

		for (n = n->first; n; n = n->next)
			if (strlen(n->name) == len && !strncmp(n->name, path, len))
				break;
		path += len;
		if (*path == '/')
			path++;
	}
	return n;
}

const char *xml_text(const struct xml_node *n, const char *path)
{
	n = xml_find(n, path);
	return n ? n->text : NULL;
}

const struct xml_node *xml_next(const struct xml_node *n)
{
	for (const struct xml_node *s = n->next; s; s = s->next)
		if (!strcmp(s->name, n->name))
			return s;
	return NULL;
}
