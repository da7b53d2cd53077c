/* logs_kept.c - what stays of a log's screen for the next one, and the next start: its times and wrapping are of all
 * logs, the filters of each. */
#include "tui/logs_internal.h"

#define LOOK "logs/look" /* "time=utc wrap" */
/* A line of each log, the newest last: "training-job/NAME", then behind tabs "&+rmse", or "!-debug" that is off. */
#define FILTERS "logs/filters"
#define LOGS_MAX 50 /* of whose filters are kept */

static const char *const times[PAGER_TIMES] = {"time=utc", "time=local", "time=since", "time=none"};

void logs_load_look(struct view *v)
{
	struct logs_state *st = v->state;
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, str_or(ui_kept(v->ui, LOOK), ""), ' ');
	st->pager.wrap = strlist_has(&words, "wrap");
	for (size_t i = 0; i < PAGER_TIMES; i++)
		if (strlist_has(&words, times[i]))
			st->pager.time = (enum pager_time)i;
}

void logs_keep_look(struct view *v)
{
	const struct logs_state *st = v->state;
	AUTO(str) char *text = xasprintf("%s%s", times[st->pager.time], st->pager.wrap ? " wrap" : "");

	ui_keep(v->ui, LOOK, text);
}

/* --- filters --- */

/* What its line begins with: the kind, and all names of it. */
static void add_id(const struct view *v, struct buf *out)
{
	const struct logs_state *st = v->state;

	(void)buf_adds(out, v->kind->name);
	for (size_t i = 0; i < st->names.n; i++)
		(void)buf_addf(out, "%c%s", i ? ' ' : '/', st->names.items[i]);
}

static void add_filter(struct pager *p, const char *text)
{
	bool must_not = text[0] == '!';

	if (strlen(text) < 3 || pager_filter_add(p, text + 2, must_not, NULL) < 0)
		return;
	if (text[1] == '-')
		pager_filter_switch(p, p->n_filters - 1, false);
}

/* Whether that many bytes of a line are an identity, which a tab ends. */
static bool is_of(const char *line, size_t n, const struct buf *id)
{
	return n > id->len && !memcmp(line, id->data, id->len) && line[id->len] == '\t';
}

void logs_load_filters(struct view *v)
{
	struct logs_state *st = v->state;
	AUTO(buf) struct buf id = BUF_INIT(BUF_MAX_TEXT);
	const char *line = str_or(ui_kept(v->ui, FILTERS), "");

	add_id(v, &id);
	for (size_t n = strcspn(line, "\n"); n; line += n + (line[n] == '\n'), n = strcspn(line, "\n")) {
		if (!is_of(line, n, &id))
			continue;
		for (size_t at = id.len + 1, len; at < n; at += len + 1) { /* blanks belong to a pattern */
			len = strcspn(line + at, "\t\n");
			AUTO(str) char *text = xstrndup(line + at, len);
			add_filter(&st->pager, text);
		}
	}
}

/* Its own line; nothing where it has no filter. A pattern with a tab or a newline in it is left out. */
static void add_own_line(const struct view *v, struct buf *out)
{
	const struct logs_state *st = v->state;
	const struct pager *p = &st->pager;

	if (!p->n_filters)
		return;
	add_id(v, out);
	for (size_t i = 0; i < p->n_filters; i++) {
		const char *text = pattern_text(p->filters[i].pattern);

		if (!strpbrk(text, "\t\n"))
			(void)buf_addf(out, "\t%c%c%s", p->filters[i].must_not ? '!' : '&',
				       p->filters[i].on ? '+' : '-', text);
	}
}

void logs_keep_filters(struct view *v)
{
	AUTO(buf) struct buf id = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf own = BUF_INIT(BUF_MAX_TEXT);
	const char *kept = str_or(ui_kept(v->ui, FILTERS), "");
	size_t n_lines = 0;

	add_id(v, &id);
	add_own_line(v, &own);
	for (const char *p = kept; *p; p++)
		n_lines += *p == '\n';
	for (size_t n = strcspn(kept, "\n"); n; kept += n + 1, n = strcspn(kept, "\n"), n_lines--) {
		if (n == own.len && !memcmp(kept, own.data, n))
			return; /* as it is */
		if (!is_of(kept, n, &id) && n_lines < LOGS_MAX)
			(void)buf_addf(&text, "%.*s\n", (int)n, kept);
	}
	if (own.len)
		(void)buf_addf(&text, "%s\n", buf_str(&own));
	if (!text.overflow && !str_eq(buf_str(&text), str_or(ui_kept(v->ui, FILTERS), "")))
		ui_keep(v->ui, FILTERS, text.len ? buf_str(&text) : NULL);
}
