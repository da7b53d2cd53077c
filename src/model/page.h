/* page.h - all that is known of one thing as lines: the detail screen and `job` and
 * `show` print the same.
 *
 * A line has a label ("" where it goes on from the line above) and parts, each a
 * text with a style; the parts stand behind each other as they are. Lines of pairs
 * (hyperparameters, tags) have two parts, a name and a value: the screen puts as
 * many beside each other as fit. What the screen shows in a way of its own (the
 * title, the phases) is built for text only. */
#ifndef SAGETOP_MODEL_PAGE_H
#define SAGETOP_MODEL_PAGE_H

#include "model/field.h"

enum page_for { PAGE_FOR_SCREEN, PAGE_FOR_TEXT };
enum page_style { PAGE_NORMAL, PAGE_DIM, PAGE_STRONG, PAGE_GOOD, PAGE_WARN, PAGE_BAD, PAGE_CURVE };

struct page_part {
	char *text;
	enum page_style style;
	int at;	     /* cells from where the value begins; 0: behind the part before */
	bool clause; /* begins with two blanks; a line of its own where it does not fit */
};

struct page_line {
	char *label;
	struct page_part *parts;
	size_t n, cap;
	bool pair;
	bool gap; /* another section begins: a blank line before it, on the screen */
	/* The thing, or the list of things (link NULL), that it leads to; kind NULL: nothing. */
	const struct kind *kind;
	char *link;
};

struct page {
	enum page_for what_for;
	struct page_line *lines;
	size_t n, cap;
	int label_cells; /* of the widest label, at least 12 */
};
void page_done(struct page *p);
AUTO_EMBEDDED(page, struct page, page_done)

/* The thing with its cold part in memory. Where only its summary is known, the last
 * line says so. */
void page_build(struct page *p, const struct resource *r, const struct field_context *x, enum page_for what_for);

/* For the builders. page_line begins a line, the others add to the last one; a text
 * that is NULL or "" adds no line and no part. */
struct page_line *page_line(struct page *p, const char *label);
void page_part(struct page *p, enum page_style style, const char *text);
void page_partf(struct page *p, enum page_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
void page_clausef(struct page *p, enum page_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
void page_text(struct page *p, const char *label, const char *text); /* a line of one part; newlines begin others */
void page_pairs(struct page *p, const char *label, const struct strmap *m);
void page_gap(struct page *p); /* the next line begins a section */
/* What is known of the training job. */
void page_add_job(struct page *p, const struct resource *r, const struct field_context *x);
/* The variants of an endpoint; their instance types where the session has the configuration. */
void page_add_endpoint(struct page *p, const struct resource *r, const struct field_context *x);
/* The processing job whose check found violations: of a monitoring execution its own, of a schedule the
 * last one's. NULL: no violation is known. Borrowed. */
const char *page_findings_job(const struct resource *r);
/* What scales them (page_scaling.c), and the name of a variant's scalable target: the caller's; NULL where there is no
 * such variant. */
void page_add_scaling(struct page *p, const struct resource *r, const struct field_context *x);
char *page_scaling_target(const struct resource *endpoint, int variant) NODISCARD;
bool page_endpoint_tells(const char *path); /* a member of the record that these lines say already */

#endif
