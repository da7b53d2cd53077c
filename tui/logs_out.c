/* logs_out.c - lines of a log into the clipboard. */
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/logs_internal.h"

#define COPY_MAX ((size_t)512 << 10) /* terminals take no more */

/* "2026-11-21T05:48:06.120Z algo-1 text": the name where lines are of several. */
static void add_line(const struct pager *p, size_t line, struct buf *out)
{
	const struct log_line *l = &p->log->lines[line];
	const char *text = l->text;
	char time[TIMEFMT_LEN], name[64] = "";

	if (p->tag_is_name)
		str_copy(name, sizeof(name), p->log->streams.items[l->stream]);
	else if (p->log->streams.n > 1)
		log_stream_host(name, sizeof(name), p->log->streams.items[l->stream]);
	timefmt_show_ms(time, l->time_ms);
	do { /* an event may have several lines */
		size_t n = strcspn(text, "\n");

		(void)buf_addf(out, "%s %s%s", time, name, name[0] ? " " : "");
		(void)buf_add(out, text, n);
		(void)buf_addc(out, '\n');
		text += n;
	} while (*text++ == '\n');
}

static void copy_marked(struct view *v)
{
	struct logs_state *st = v->state;
	AUTO(buf) struct buf text = BUF_INIT(COPY_MAX);
	char count[32], what[64];
	size_t line = 0, n = st->pager.n_marks;

	for (size_t i = 0; i < n && !text.overflow; i++, line++) {
		line = pager_marked(&st->pager, i, line);
		add_line(&st->pager, line, &text);
	}
	if (text.overflow) {
		ui_notice(v->ui, NOTICE_WARNING, "the marked lines are too much for a clipboard: :save FILE");
		return;
	}
	snprintf(what, sizeof(what), "%s line%s", jobtext_count(count, n), n == 1 ? "" : "s");
	ui_copy_as(v->ui, buf_str(&text), what);
}

void logs_copy(struct view *v)
{
	struct logs_state *st = v->state;
	const struct log_line *l = pager_line_at_hand(&st->pager);

	if (st->zoomed)
		ui_copy(v->ui, st->zoom_text);
	else if (st->pager.n_marks)
		copy_marked(v);
	else if (l && l->len > COPY_MAX)
		ui_notice(v->ui, NOTICE_WARNING, "the line is too much for a clipboard");
	else if (l)
		ui_copy(v->ui, l->text);
}
