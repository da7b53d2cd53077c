/* A page of styled lines, wrapped and scrolled. */
#include "tui/doc.h"

#include "base/utf8.h"

void doc_done(struct doc *d)
{
	buf_done(&d->text);
	free(d->spans);
	free(d->lines);
	memset(d, 0, sizeof(*d));
}

void doc_clear(struct doc *d)
{
	if (!d->text.max)
		buf_init(&d->text, (size_t)64 << 20);
	buf_clear(&d->text);
	d->n = d->n_spans = 0;
	d->col = 0;
}

void doc_line(struct doc *d)
{
	GROW(d->lines, d->cap, d->n + 1);
	d->lines[d->n++] = (struct doc_line){.first_span = (uint32_t)d->n_spans};
	d->col = 0;
}

static void add_bytes(struct doc *d, enum style st, const char *text, size_t n)
{
	size_t from = d->text.len;

	if (!d->n)
		doc_line(d);
	if (buf_add(&d->text, text, n) < 0 || buf_addc(&d->text, '\0') < 0)
		return;
	GROW(d->spans, d->cap_spans, d->n_spans + 1);
	d->spans[d->n_spans++] =
		(struct doc_span){.from = (uint32_t)from, .col = (uint16_t)MIN(d->col, 65535), .style = (uint8_t)st};
	d->lines[d->n - 1].n_spans++;
	d->col += utf8_width(d->text.data + from);
}

void doc_add(struct doc *d, enum style st, const char *text)
{
	add_bytes(d, st, text, strlen(text));
}

void doc_addf(struct doc *d, enum style st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);
	va_end(ap);
	doc_add(d, st, text);
}

void doc_at(struct doc *d, int col)
{
	d->col = d->col > 0 && d->col >= col ? d->col + 1 : col;
}

void doc_wrapped(struct doc *d, enum style st, int col, int width, const char *text)
{
	do {
		size_t line = strcspn(text, "\n");
		const char *s = text, *end = text + line;
		do {
			size_t fits = MIN(utf8_fit(s, MAX(width, 4)), (size_t)(end - s)), cut = fits;
			if (s + fits < end) { /* break at a blank where there is one */
				while (cut > 0 && s[cut] != ' ')
					cut--;
				if (cut == 0)
					cut = MAX(fits, (size_t)1);
			}
			doc_line(d);
			doc_at(d, col);
			add_bytes(d, st, s, cut);
			s += cut;
			while (s < end && *s == ' ')
				s++;
		} while (s < end);
		text += line;
	} while (*text++ == '\n' && *text);
}

void doc_lines(struct doc *d, enum style st, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		doc_line(d);
		add_bytes(d, st, text, n);
		text += n + (text[n] == '\n');
	}
}

void doc_line_text(const struct doc *d, size_t line, struct buf *out)
{
	const struct doc_line *l = &d->lines[line];

	buf_clear(out);
	for (uint32_t i = 0; i < l->n_spans; i++) {
		const struct doc_span *s = &d->spans[l->first_span + i];

		for (int col = utf8_width(buf_str(out)); col < s->col; col++)
			(void)buf_addc(out, ' ');
		(void)buf_adds(out, d->text.data + s->from);
	}
}

static void scroll_by(struct doc *d, long by)
{
	long to = (long)d->top + by;
	size_t last = d->n > (size_t)MAX(d->page, 1) ? d->n - (size_t)MAX(d->page, 1) : 0;

	d->top = to < 0 ? 0 : MIN((size_t)to, last);
}

void doc_show(struct doc *d, size_t line)
{
	size_t page = (size_t)MAX(d->page, 1);

	if (line < d->top)
		d->top = line;
	else if (line >= d->top + page)
		d->top = line - page + 1;
}

bool doc_action(struct doc *d, enum action a)
{
	switch (a) {
	case ACT_UP:
		scroll_by(d, -1);
		return true;
	case ACT_DOWN:
		scroll_by(d, 1);
		return true;
	case ACT_PAGE_UP:
		scroll_by(d, -MAX(1, d->page - 1));
		return true;
	case ACT_PAGE_DOWN:
		scroll_by(d, MAX(1, d->page - 1));
		return true;
	case ACT_HALF_UP:
		scroll_by(d, -MAX(1, d->page / 2));
		return true;
	case ACT_HALF_DOWN:
		scroll_by(d, MAX(1, d->page / 2));
		return true;
	case ACT_TOP:
		d->top = 0;
		d->left = 0;
		return true;
	case ACT_BOTTOM:
		scroll_by(d, (long)d->n);
		return true;
	case ACT_SCROLL_LEFT:
		d->left = MAX(0, d->left - 8);
		return true;
	case ACT_SCROLL_RIGHT:
		d->left = MIN(d->left + 8, 60000);
		return true;
	default:
		return false;
	}
}

static void draw_line(const struct doc *d, struct area a, int row, const struct doc_line *l)
{
	for (uint32_t i = 0; i < l->n_spans; i++) {
		const struct doc_span *s = &d->spans[l->first_span + i];
		const char *text = d->text.data + s->from;
		int col = s->col - d->left;
		area_put_scrolled(a, row, MAX(col, 0), s->style, text, strlen(text), col < 0 ? -col : 0);
		if (i + 1 == l->n_spans && col + utf8_width(text) > a.cols) /* it goes on */
			area_put(a, row, a.cols - 1, ST_DIM, "…");
	}
}

void doc_draw_columns(struct doc *d, struct area a, int width)
{
	int n = MAX(a.cols / MAX(width, 1), 1), each = a.cols / n;

	d->page = a.rows * n;
	scroll_by(d, 0);
	for (int i = 0; i < d->page && d->top + (size_t)i < d->n; i++)
		draw_line(d, area_part(a, 0, i / a.rows * each, a.rows, each), i % a.rows,
			  &d->lines[d->top + (size_t)i]);
}

void doc_draw(struct doc *d, struct area a)
{
	doc_draw_columns(d, a, a.cols);
}

void doc_position(const struct doc *d, struct buf *out)
{
	if (d->n > (size_t)MAX(d->page, 1))
		(void)buf_addf(out, "%zu–%zu of %zu lines", d->top + 1, MIN(d->top + (size_t)MAX(d->page, 1), d->n),
			       d->n);
}
