/* doc_search.c - hits in the lines of a document as they stand on the screen: over the spans that a line is made of. */
#include "tui/doc_search.h"

#include "base/str.h"
#include "base/utf8.h"

void doc_search_done(struct doc_search *s)
{
	pattern_free(s->pattern);
	free(s->before);
	*s = (struct doc_search){0};
}

/* --- hits ----------------------------------------------------------------------------------------- */

static bool is_hit(const struct doc_search *s, size_t line, struct buf *text)
{
	doc_line_text(s->doc, line, text);
	return pattern_matches(s->pattern, buf_str(text), text->len);
}

/* How many hits there are, and which one is gone to; 0: none. */
static size_t count_hits(const struct doc_search *s, size_t *ret_hit)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	size_t n = 0;

	*ret_hit = 0;
	for (size_t i = 0; i < s->doc->n; i++) {
		if (!is_hit(s, i, &text))
			continue;
		n++;
		if (i == s->at)
			*ret_hit = n;
	}
	return n;
}

/* To the next hit by lines; with here, the line where we are counts. What there is to say, or NULL. */
static const char *step(struct doc_search *s, int by, bool here)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	size_t n = s->doc->n;

	if (!s->pattern)
		return "search first: /";
	s->at = n ? MIN(s->at, n - 1) : 0;
	for (size_t i = here ? 0 : 1; i <= n && n; i++) {
		size_t line = by > 0 ? (s->at + i) % n : (s->at + n - i) % n;

		if (!is_hit(s, line, &text))
			continue;
		bool around = by > 0 ? line < s->at : line > s->at;

		s->at = line;
		doc_show(s->doc, line);
		return !around	? NULL
		       : by > 0 ? "past the end: from the top again"
				: "past the top: from the end again";
	}
	return "no hit";
}

/* --- what is typed -------------------------------------------------------------------------------- */

static int set_pattern(struct doc_search *s, const char *text, struct err *err)
{
	struct pattern *p = *text ? pattern_new(text, PATTERN_CASE_SMART, err) : NULL;

	if (*text && !p)
		return -ERR_INVALID;
	pattern_free(s->pattern);
	s->pattern = p;
	s->at = s->doc->top = s->top_before;
	return 0;
}

static void changed(struct view *v, const char *text, struct err *err)
{
	struct doc_search *s = v->ops->doc_search(v);

	if (set_pattern(s, text, err) < 0 || !*text)
		return;
	(void)step(v->ops->doc_search(v), 1, true); /* laid out anew */
}

static void done(struct view *v, const char *text)
{
	struct doc_search *s = v->ops->doc_search(v);
	struct err err = {0};
	const char *words = NULL;

	if (set_pattern(s, text ? text : s->before, &err) < 0)
		words = err.msg;
	else if (!str_empty(text))
		words = step(v->ops->doc_search(v), 1, true);
	if (words)
		ui_notice(v->ui, NOTICE_INFO, "%s", words);
}

static void ask(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_SEARCH, changed, done};
	struct doc_search *s = v->ops->doc_search(v);

	str_set(&s->before, s->pattern ? pattern_text(s->pattern) : "");
	s->top_before = s->doc->top;
	ui_prompt(v, &ops, "");
}

bool doc_search_action(struct view *v, enum action a)
{
	struct doc_search *s = v->ops->doc_search(v);
	const char *words;

	switch (a) {
	case ACT_SEARCH:
		ask(v);
		return true;
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		words = step(s, a == ACT_SEARCH_NEXT ? 1 : -1, false);
		if (words)
			ui_notice(v->ui, NOTICE_INFO, "%s", words);
		return true;
	case ACT_BACK:
		if (!s->pattern)
			return false;
		pattern_free(TAKE(s->pattern));
		return true;
	default:
		return false;
	}
}

/* --- what is seen --------------------------------------------------------------------------------- */

void search_title(struct buf *out, const struct pattern *p, size_t hit, size_t n_hits)
{
	(void)buf_addf(out, " · /%s/ ", pattern_text(p));
	if (hit)
		(void)buf_addf(out, "%zu of ", hit);
	(void)buf_addf(out, "%zu", n_hits);
}

void doc_search_title(const struct doc_search *s, struct buf *out)
{
	size_t hit, n;

	if (!s->pattern)
		return;
	n = count_hits(s, &hit);
	search_title(out, s->pattern, hit, n);
}

struct marking {
	struct area a;
	int row, left; /* cells that are scrolled out */
	const char *text;
	enum style style;
};

/* Of the first n bytes, as far as they are seen. */
static int cells_of(const struct marking *m, size_t n)
{
	AUTO(str) char *part = xstrndup(m->text, n);

	return utf8_width(part) - m->left;
}

static void mark(void *user, size_t from, size_t to)
{
	const struct marking *m = user;
	int begin = cells_of(m, from), end = cells_of(m, to);

	if (end > MAX(begin, 0))
		area_restyle(m->a, m->row, MAX(begin, 0), end - MAX(begin, 0), m->style);
}

void doc_search_draw(const struct doc_search *s, struct area a)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (int row = 0; s->pattern && row < a.rows && s->doc->top + (size_t)row < s->doc->n; row++) {
		size_t line = s->doc->top + (size_t)row;

		doc_line_text(s->doc, line, &text);
		struct marking m = {a, row, s->doc->left, buf_str(&text), line == s->at ? ST_MATCH_CURRENT : ST_MATCH};

		pattern_each(s->pattern, m.text, text.len, text.len, mark, &m);
	}
}
