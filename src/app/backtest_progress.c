/* The line that tells how far a backtest is. */
#include "app/backtest_progress.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/timefmt.h"

void backtest_progress_begin(struct backtest_progress *p, const char *name)
{
	*p = (struct backtest_progress){.name = name, .tty = isatty(STDERR_FILENO)};
}

static void wipe(struct backtest_progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

char *backtest_progress_text(const struct backtest_run *r, size_t fetched)
{
	struct backtest_counts c = backtest_run_count(r);
	AUTO(buf) struct buf b = BUF_INIT(BUF_MAX_TEXT);
	int64_t eta = backtest_run_eta_ms(r);
	char text[TIMEFMT_LEN];

	buf_addf(&b, "%zu of %lld packs", fetched, (long long)r->jobs);
	if (c.running)
		buf_addf(&b, ", %zu running", c.running);
	if (c.failed) {
		buf_addf(&b, ", %zu failed (", c.failed);
		for (size_t i = 1, n = 0; i < CAUSE_COUNT; i++)
			if (c.causes[i])
				buf_addf(&b, "%s%s %zu", n++ ? ", " : "", backtest_cause_name(i), c.causes[i]);
		buf_addc(&b, ')');
	}
	if (c.retried)
		buf_addf(&b, ", %zu made again", c.retried);
	if (r->state == BACKTEST_RUNNING && eta > 0)
		buf_addf(&b, ", about %s to go", timefmt_duration(text, eta));
	if (r->usd_micro != 0)
		buf_addf(&b, ", %s", money_text(text, r->usd_micro));
	return buf_take(&b);
}

void backtest_progress_show(struct backtest_progress *p, const struct backtest_run *r, size_t fetched)
{
	AUTO(str) char *text = backtest_progress_text(r, fetched);

	if (!p->tty || str_eq(text, p->last))
		return;
	fprintf(stderr, "\r\033[K%s: %.*s", p->name, 79 - (int)MIN(strlen(p->name) + 2, 60), text);
	fflush(stderr);
	str_copy(p->last, sizeof(p->last), text);
	p->shown = true;
}

void backtest_progress_say(struct backtest_progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);

	va_end(ap);
	wipe(p);
	fprintf(stderr, "sagetop: %s\n", text);
	p->last[0] = '\0';
}

void backtest_progress_end(struct backtest_progress *p)
{
	wipe(p);
}
