/* logs_out.c - lines of a log into the clipboard, or into a file: that is written in slices between keys, and
 * has its name once it is whole. */
#include "base/clock.h"
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/logs_internal.h"

#define SAVE_BYTES ((size_t)64 << 10) /* at a time */
#define COPY_MAX ((size_t)512 << 10)  /* terminals take no more */

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
		line = pager_find(&st->pager, st->pager.marks[i], line);
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

/* --- into a file --- */

static void forget(struct logs_saving *s)
{
	free(s->path);
	free(s->marks);
	buf_done(&s->text);
	*s = (struct logs_saving){0};
}

static void drop(struct logs_saving *s)
{
	fs_draft_drop(s->draft);
	forget(s);
}

void logs_save_stop(struct view *v, const char *why)
{
	struct logs_state *st = v->state;

	if (!st->saving.draft)
		return;
	ui_notice(v->ui, NOTICE_WARNING, "%s is not written: %s", st->saving.path, why);
	drop(&st->saving);
}

int logs_save(struct view *v, const char *path, bool replace, struct err *err)
{
	struct logs_state *st = v->state;
	const struct pager *p = &st->pager;
	struct fs_draft *draft;

	if (!p->log || !p->log->n)
		return err_set(err, ERR_USAGE, "there is no line yet");
	logs_save_stop(v, "another file came before its end");
	if (ui_draft(v->ui, path, replace ? NULL : ":save!", &draft, err) < 0)
		return -err->code;
	st->saving = (struct logs_saving){.draft = draft,
					  .path = xstrdup(path),
					  .choice = pager_choice(p),
					  .text = BUF_INIT(LOG_LINE_MAX_LEN * 64)};
	if (p->n_marks) {
		st->saving.marks = xmemdup(p->marks, p->n_marks * sizeof(*p->marks));
		st->saving.n_marks = p->n_marks;
	}
	return 0;
}

/* The next line that is to be written; false at the end. */
static bool next_marked(const struct pager *p, struct logs_saving *s, size_t *line)
{
	while (s->next < s->n_marks) {
		*line = pager_find(p, s->marks[s->next++], *line);
		if (*line < p->log->n) /* else it was given up */
			return true;
		*line = 0;
	}
	return false;
}

static int write_text(struct logs_saving *s, struct err *err)
{
	int rc = s->text.overflow ? err_set(err, ERR_TOOBIG, "a line of it is too long")
				  : fs_draft_add(s->draft, s->text.data, s->text.len, err);

	buf_clear(&s->text);
	return rc;
}

/* Lines until the time is up; *ret_end: there are no more. */
static int write_slice(const struct pager *p, struct logs_saving *s, int64_t until_us, bool *ret_end, struct err *err)
{
	size_t place = s->marks ? 0 : pager_place_after(p, s->last), n = pager_n(p), line = 0;
	int rc = 0;

	while (rc == 0 && clock_mono_us() < until_us) {
		while (s->text.len < SAVE_BYTES && !*ret_end) {
			*ret_end = s->marks ? !next_marked(p, s, &line) : place >= n;
			if (*ret_end)
				break;
			line = s->marks ? line : pager_line_index(p, place++);
			add_line(p, line, &s->text);
			s->last = (struct pager_mark){p->log->lines[line].time_ms, p->log->lines[line].seq};
			s->n++;
		}
		rc = write_text(s, err);
		if (*ret_end)
			break;
	}
	return rc;
}

/* It has its name now; what is missing of the log is missing in it as well. */
static void finish(struct view *v, struct logs_saving *s)
{
	const struct logs_state *st = v->state;
	const char *missing = s->marks ? "" : st->missing;
	struct fs_draft *draft = s->draft;
	struct err err = {0};
	char count[32];

	s->draft = NULL;
	if (fs_draft_keep(draft, false, &err) < 0)
		ui_notice(v->ui, NOTICE_ERROR, "%s", err.msg);
	else
		ui_notice(v->ui, missing[0] ? NOTICE_WARNING : NOTICE_INFO, "%s line%s written to %s%s%s",
			  jobtext_count(count, s->n), s->n == 1 ? "" : "s", s->path, missing[0] ? "; " : "", missing);
	forget(s);
}

bool logs_save_work(struct view *v, int64_t budget_us)
{
	struct logs_state *st = v->state;
	struct logs_saving *s = &st->saving;
	struct err err = {0};
	bool end = false;

	if (!s->draft || !st->pager.log)
		return false;
	if (!s->marks && s->choice != pager_choice(&st->pager)) {
		logs_save_stop(v, "other lines are shown now; :save again");
		return false;
	}
	if (!s->marks && !pager_is_complete(&st->pager))
		return false;
	if (write_slice(&st->pager, s, clock_mono_us() + budget_us, &end, &err) < 0) {
		ui_notice(v->ui, NOTICE_ERROR, "%s", err.msg);
		drop(s);
		return false;
	}
	if (!end)
		return true;
	finish(v, s);
	return true;
}
