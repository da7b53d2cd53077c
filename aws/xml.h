/* xml.h - small XML replies (STS, S3, errors) as a tree, by expat.
 *
 * Namespaces' prefixes are dropped, attributes and comments ignored, document
 * types refused (no entities to expand). Depth, size and number of nodes are capped.
 */
#ifndef SAGETOP_AWS_XML_H
#define SAGETOP_AWS_XML_H

#include "base/mem.h"

struct xml_node {
	char *name;
	char *text;		       /* character data of this node, never NULL */
	struct xml_node *first, *next; /* children in order; the next sibling */
	struct xml_node *last;	       /* private */
	size_t text_len, text_cap;
};
int xml_parse(const char *text, size_t n, const char *what, struct xml_node **ret, struct err *err) NODISCARD;
void xml_free(struct xml_node *n);
AUTO_POINTER(xml, struct xml_node, xml_free)

/* The first node at a path below n ("GetCallerIdentityResult/Arn"); NULL: none. */
const struct xml_node *xml_find(const struct xml_node *n, const char *path);
/* Its text; NULL where there is no such node. */
const char *xml_text(const struct xml_node *n, const char *path);
/* The next sibling of the same name; NULL at the end. */
const struct xml_node *xml_next(const struct xml_node *n);

#endif
