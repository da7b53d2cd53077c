/* page_lines.c - labels in a column, values behind them; pairs beside each other; parts that are folded on one line. */
#include "tui/page_lines.h"

#include "base/utf8.h"
#include "tui/jobtext.h"

#define LONG_PAIRS 12 /* a part with more members is folded at first, */
#define LONG_LINES 24 /* or with more lines */
#define MORE_CELLS 16 /* " … 1,988 more" */

static const enum style styles[] = {
	[PAGE_NORMAL] = ST_NORMAL, [PAGE_DIM] = ST_DIM, [PAGE_STRONG] = ST_STRONG,  [PAGE_GOOD] = ST_GOOD,
	[PAGE_WARN] = ST_WARN,	   [PAGE_BAD] = ST_BAD, [PAGE_CURVE] = ST_SERIES_1,
};

/* --- parts ----------------------------------------------------------------------------------------- */

/* Behind the last line of the part that begins with this one. */
static size_t part_end(const struct page *p, size_t line)
{
	size_t i = line + 1;

	while (i < p->n && !p->lines[i].label[0] && !p->lines[i].gap && !p->lines[i].kind)
		i++;
	return i;
}

bool page_line_folds(const struct page *p, size_t line)
{
	return p->lines[line].label[0] && !p->lines[line].kind && part_end(p, line) > line + 1;
}

bool page_line_is_long(const struct page *p, size_t line)
{
	return page_line_folds(p, line) && part_end(p, line) - line > (p->lines[line].pair ? LONG_PAIRS : LONG_LINES);
}

static char *part_key(const struct view *v, const struct page *p, size_t line)
{
	return xasprintf("%s/%s", v->kind->name, p->lines[line].label);
}

bool page_line_is_folded(const struct view *v, const struct page *p, size_t line)
{
	if (!page_line_folds(p, line))
		return false;
	AUTO(str) char *key = part_key(v, p, line);
	bool folded = page_line_is_long(p, line);

	(void)ui_fold_of(v->ui, key, &folded);
	return folded;
}

void page_line_fold(const struct view *v, const struct page *p, size_t line, bool folded)
{
	AUTO(str) char *key = part_key(v, p, line);

	ui_fold(v->ui, key, folded);
}

void page_fold_all(const struct view *v, const struct page *p)
{
	bool any = false;

	for (size_t i = 0; i < p->n; i++)
		any |= page_line_is_folded(v, p, i);
	for (size_t i = 0; i < p->n; i++)
		if (page_line_folds(p, i))
			page_line_fold(v, p, i, !any);
}

/* --- lines ----------------------------------------------------------------------------------------- */

struct layout {
	struct doc *doc;
	const struct page *page;
	int value_column, width;
	bool mark; /* the next line is that of the cursor */
};

static void begin_line(struct layout *l, const char *label)
{
	doc_line(l->doc);
	if (l->mark)
		doc_add(l->doc, ST_KEY, "▸");
	l->mark = false;
	doc_at(l->doc, 1);
	doc_add(l->doc, ST_DIM, label);
	doc_at(l->doc, l->value_column);
}

static int parts_width(const struct page_line *l)
{
	int w = 1;

	for (size_t i = 0; i < l->n; i++)
		w += utf8_width(l->parts[i].text);
	return w;
}

static bool fits(struct layout *l, const struct page_line *line, int spare)
{
	return l->doc->col <= l->value_column || l->doc->col + parts_width(line) + 3 + spare <= l->width;
}

static void add_pair_text(struct layout *l, const struct page_line *line)
{
	if (l->doc->col > l->value_column)
		doc_add(l->doc, ST_NORMAL, "   ");
	for (size_t i = 0; i < line->n; i++)
		doc_addf(l->doc, styles[line->parts[i].style], i ? "%s" : "%s ", line->parts[i].text);
}

/* name value   name value …, as many on a line as fit. */
static void add_pair(struct layout *l, const struct page_line *line)
{
	if (line->label[0] || !fits(l, line, 0))
		begin_line(l, line->label);
	add_pair_text(l, line);
}

static void add_line(struct layout *l, const struct page_line *line, bool under_cursor)
{
	if (line->label[0] || line->n)
		begin_line(l, line->label);
	if (line->kind)
		doc_add(l->doc, under_cursor ? ST_KEY : ST_NORMAL, under_cursor ? "▸ " : "  ");
	for (size_t i = 0; i < line->n; i++) {
		const struct page_part *part = &line->parts[i];
		bool alone = part->clause && l->doc->col + utf8_width(part->text) > l->width;

		if (part->at)
			doc_at(l->doc, l->value_column + part->at);
		if (alone)
			begin_line(l, "");
		doc_add(l->doc, styles[part->style], part->text + (alone ? strlen("  ") : 0));
	}
}

/* The first line, and of pairs as many as it has room for; then how many there are besides. */
static void add_folded(struct layout *l, size_t from, size_t end)
{
	const struct page_line *lines = l->page->lines;
	size_t i = from + 1;
	char count[32];

	if (lines[from].pair)
		add_pair(l, &lines[from]);
	else
		add_line(l, &lines[from], false);
	for (; lines[from].pair && i < end && fits(l, &lines[i], MORE_CELLS); i++)
		add_pair_text(l, &lines[i]);
	if (i < end)
		doc_addf(l->doc, ST_DIM, "   … %s more", jobtext_count(count, end - i));
}

static void add_any(struct layout *l, const struct page_line *line, bool under_cursor)
{
	if (line->pair)
		add_pair(l, line);
	else if (!line->label[0] && line->n == 1 && line->gap && !line->kind) /* a sentence */
		doc_wrapped(l->doc, styles[line->parts[0].style], 1, l->width - 1, line->parts[0].text);
	else
		add_line(l, line, under_cursor);
}

void page_lines_add(struct doc *d, const struct page *p, const struct page_look *look, size_t *line_of)
{
	struct layout l = {d, p, p->label_cells + (p->label_cells > 12 ? 3 : 2), look->width - 1, false};

	for (size_t i = 0; i < p->n;) {
		const bool folded = !look->unfolded && page_line_is_folded(look->view, p, i),
			   here = (long)i == look->cursor;
		const size_t end = folded ? part_end(p, i) : i + 1;

		if (p->lines[i].gap)
			doc_line(d);
		l.mark = here && !p->lines[i].kind; /* of what leads on it stands at the value */
		if (folded)
			add_folded(&l, i, end);
		else
			add_any(&l, &p->lines[i], here);
		for (; i < end; i++)
			line_of[i] = d->n ? d->n - 1 : 0;
	}
}
