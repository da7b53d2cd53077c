/* ui_notice.c - notices: shown for a while; what comes again and again by itself is told once, then marked. */
#include "tui/ui_internal.h"

#include "base/clock.h"
#include "base/str.h"
#include "model/failure.h"

#define ELSEWHERE_MS 5000 /* on another screen than its own a notice soon gives way */
#define AT_REST_MS 300000 /* what did not come again for so long is over, and new when it does */

static void show(struct ui *ui, const struct notice *n, bool of_key)
{
	ui->notice = *n;
	ui->notice_shown_ms = clock_mono_ms();
	ui->notice_of_key = of_key;
	ui->notice_view = ui_top(ui)->id;
	ui->dirty = true;
}

void ui_notice(struct ui *ui, enum notice_level level, const char *fmt, ...)
{
	struct notice n = {.level = level, .at_ms = ui->now_ms};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(n.text, sizeof(n.text), fmt, ap);
	va_end(ap);
	show(ui, &n, ui->in_key && level < NOTICE_ERROR);
}

/* --- what comes again --- */

static bool is_at_rest(const struct trouble *t)
{
	return clock_mono_ms() - t->mono_ms > AT_REST_MS;
}

static void trouble_done(struct trouble *t)
{
	free(t->cause);
	free(t->text);
}

void ui_troubles_done(struct ui *ui)
{
	while (ui->n_troubles)
		trouble_done(&ui->troubles[--ui->n_troubles]);
}

/* Its entry comes first; a new one where nothing of that cause was told. */
static struct trouble *trouble_of(struct ui *ui, const char *cause)
{
	struct trouble found = {0};
	size_t i = 0;

	while (i < ui->n_troubles && !str_eq(ui->troubles[i].cause, cause))
		i++;
	if (i < ui->n_troubles)
		found = ui->troubles[i];
	else if (ui->n_troubles < UI_TROUBLES_MAX)
		ui->n_troubles++;
	else
		trouble_done(&ui->troubles[--i]);
	memmove(&ui->troubles[1], &ui->troubles[0], i * sizeof(found));
	ui->troubles[0] = found;
	if (!found.cause)
		ui->troubles[0].cause = xstrdup(cause);
	return &ui->troubles[0];
}

/* True where it was not told of late. */
static bool note_trouble(struct ui *ui, const struct notice *n)
{
	AUTO(buf) struct buf cause = BUF_INIT(BUF_MAX_TEXT);

	failure_mask(n->text, NULL, &cause);
	struct trouble *t = trouble_of(ui, buf_str(&cause));
	bool is_new = !t->n || t->tell || is_at_rest(t);

	if (is_at_rest(t))
		t->n = 0;
	t->n++;
	t->tell = false;
	t->at_ms = n->at_ms;
	t->mono_ms = clock_mono_ms();
	str_set(&t->text, n->text);
	return is_new;
}

void ui_notice_collect(struct ui *ui)
{
	const struct session *s = ui->session;

	if (ui->session_notice_seen == s->notice_generation)
		return;
	ui->session_notice_seen = s->notice_generation;
	if (s->notice.level == NOTICE_INFO || note_trouble(ui, &s->notice))
		show(ui, &s->notice, false);
}

void ui_troubles_tell(struct ui *ui)
{
	for (size_t i = 0; i < ui->n_troubles; i++)
		ui->troubles[i].tell = true;
}

const struct trouble *ui_trouble_at(const struct ui *ui, size_t i)
{
	return i < ui->n_troubles ? &ui->troubles[i] : NULL;
}

size_t ui_troubles_last(const struct ui *ui)
{
	size_t n = 0;

	for (size_t i = 0; i < ui->n_troubles; i++)
		n += ui->troubles[i].n > 1 && !is_at_rest(&ui->troubles[i]);
	return n;
}

bool ui_notice_showing(const struct ui *ui)
{
	static const int halves[] = {[NOTICE_INFO] = 2, [NOTICE_WARNING] = 5, [NOTICE_ERROR] = 15}; /* of notice_ms */
	int64_t shown_ms = ui->notice_ms * halves[ui->notice.level] / 2;

	if (ui_top(ui)->id != ui->notice_view)
		shown_ms = MIN(shown_ms, ELSEWHERE_MS);
	return ui->notice.text[0] && clock_mono_ms() - ui->notice_shown_ms < shown_ms;
}
