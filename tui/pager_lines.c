/* A log on the screen: which of its lines are shown. All of them, those that pass the filters, the hits of a search,
 * or those with some lines around each. */
#include "base/clock.h"
#include "base/map.h"
#include "tui/pager_internal.h"

#define AT_ONCE_US 2000	 /* for what the next painting shows */
#define LINES_BELOW 1000 /* where the end is shown, the newest lines are looked at first */

const struct line_set *lines_shown(const struct pager *p)
{
	if (p->search && p->lines == PAGER_HITS)
		return &p->search->hits;
	if (p->search && p->lines == PAGER_AROUND)
		return &p->search->around;
	return pager_is_filtered(p) ? &p->passing : NULL;
}

size_t pager_n(const struct pager *p)
{
	const struct line_set *s = lines_shown(p);

	return !p->log ? 0 : s ? s->n : p->log->n;
}

size_t pager_line_index(const struct pager *p, size_t i)
{
	const struct line_set *s = lines_shown(p);

	return s ? s->lines[i] : i;
}

const struct log_line *pager_line_at(const struct pager *p, size_t i)
{
	return &p->log->lines[pager_line_index(p, i)];
}

bool pager_is_complete(const struct pager *p)
{
	const struct line_set *s = lines_shown(p);

	return !s || line_set_is_complete(s, p->log);
}

uint64_t pager_choice(const struct pager *p)
{
	uint64_t h = p->lines + 1;

	if (p->lines != PAGER_ALL)
		h = h * 31 + hash_bytes(pager_search_pattern(p), strlen(pager_search_pattern(p)));
	for (size_t i = 0; i < p->n_filters; i++) {
		const char *text = pattern_text(p->filters[i].pattern);
		if (p->filters[i].on)
			h = h * 31 + hash_bytes(text, strlen(text)) * 2 + p->filters[i].must_not;
	}
	return h;
}

bool lines_end_is_known(const struct pager *p)
{
	const struct line_set *s = lines_shown(p);

	return !s || s->scanned >= p->log->n;
}

/* --- the tests --- */

static bool passes(void *user, const struct loglines *log, size_t line)
{
	return filters_pass(user, &log->lines[line]);
}

static bool is_hit(void *user, const struct loglines *log, size_t line)
{
	const struct pager *p = user;
	const struct log_line *l = &log->lines[line];

	return pattern_matches(p->search->pattern, l->text, l->len) && filters_pass(p, l);
}

static bool is_silence(void *user, const struct loglines *log, size_t line)
{
	return rules_is_silence(user, line);
}

bool pager_passes(const struct pager *p, size_t line)
{
	if (pager_is_filtered(p) && p->passing.from <= line && line < p->passing.scanned)
		return line_set_has(&p->passing, line);
	return filters_pass(p, &p->log->lines[line]);
}

/* The line that stands so many shown ones before that one, or behind it, as far as is known. */
static size_t beside(const struct pager *p, size_t line, int by)
{
	const struct line_set *s = &p->passing;
	size_t n = pager_is_filtered(p) ? s->n : p->log->n, step = (size_t)abs(by);
	size_t at = pager_is_filtered(p) ? line_set_place(s, line) : line;

	if (!n)
		return line;
	at = by < 0 ? at - MIN(at, step) : MIN(at + step, n - 1);
	at = MIN(at, n - 1);
	return pager_is_filtered(p) ? s->lines[at] : at;
}

static bool is_around(void *user, const struct loglines *log, size_t line)
{
	const struct pager *p = user;
	const struct line_set *hits = &p->search->hits;

	if (pager_is_filtered(p) && !line_set_has(&p->passing, line))
		return false;
	size_t at = line_set_place(hits, beside(p, line, -PAGER_LINES_AROUND));
	return at < hits->n && hits->lines[at] <= beside(p, line, PAGER_LINES_AROUND);
}

/* --- work --- */

/* Lines around hits, where the hits are known. At both ends some were looked at before the hits beyond them were. */
static void work_around(struct pager *p, int64_t until_us)
{
	struct line_set *s = &p->search->around;
	const struct line_set *hits = &p->search->hits;
	size_t low = hits->from, high = hits->scanned;

	if (pager_is_filtered(p)) {
		low = MAX(low, p->passing.from);
		high = MIN(high, p->passing.scanned);
	}
	if (low >= high)
		return;
	if (s->scanned > s->from)
		line_set_cut(s, p->log, beside(p, s->scanned, -PAGER_LINES_AROUND));
	line_set_cut(s, p->log, high);
	if (s->from > 0 && s->scanned > s->from)
		line_set_cut_front(s, p->log, MIN(beside(p, s->from, PAGER_LINES_AROUND), s->scanned));
	if (s->from < low)
		line_set_cut_front(s, p->log, low);
	line_set_work(s, p->log, low, high, is_around, p, until_us);
}

static size_t n_looked_at(const struct line_set *s)
{
	return s->scanned - s->from;
}

/* How many lines have been looked at, by all that is kept. */
static size_t progress(const struct pager *p)
{
	size_t n = pager_is_filtered(p) ? n_looked_at(&p->passing) : 0;

	if (p->search)
		n += n_looked_at(&p->search->hits);
	if (p->search && p->lines == PAGER_AROUND)
		n += n_looked_at(&p->search->around);
	if (lines_shown(p) && p->gap_ms)
		n += n_looked_at(&p->silences);
	return n;
}

/* The line at the top stays there, whatever was found before it. */
static void keep_place(struct pager *p)
{
	const struct line_set *s = lines_shown(p);

	if (p->anchor_seq)
		p->top = s ? line_set_place(s, p->anchor_line) : p->anchor_line;
}

static bool work(struct pager *p, int64_t budget_us)
{
	int64_t until = clock_mono_us() + budget_us;
	size_t before = progress(p), all = p->log->n;

	if (pager_is_filtered(p))
		line_set_work(&p->passing, p->log, 0, all, passes, p, until);
	if (p->search)
		line_set_work(&p->search->hits, p->log, 0, all, is_hit, p, until);
	if (p->search && p->lines == PAGER_AROUND)
		work_around(p, until);
	if (lines_shown(p) && p->gap_ms)
		line_set_work(&p->silences, p->log, 0, all, is_silence, p, until);
	keep_place(p);
	return progress(p) != before;
}

bool pager_work(struct pager *p, int64_t budget_us)
{
	if (!p->log || !p->log->n)
		return false;
	bool went_on = work(p, budget_us);

	if (!went_on) /* all is known: what stands at the top is what is there */
		pager_remember_place(p);
	search_settle_step(p);
	return went_on;
}

/* --- the place --- */

/* What is shown is known at that line. */
static void cover(struct pager *p, size_t line)
{
	struct pager_search *s = p->search;

	if (pager_is_filtered(p) && !line_set_covers(&p->passing, line))
		line_set_begin(&p->passing, p->log, line);
	if (s && p->lines != PAGER_ALL && !line_set_covers(&s->hits, line))
		line_set_begin(&s->hits, p->log, line);
	if (s && p->lines == PAGER_AROUND && !line_set_covers(&s->around, line))
		line_set_begin(&s->around, p->log, line);
	if (!line_set_covers(&p->silences, line))
		line_set_begin(&p->silences, p->log, line);
}

size_t lines_place(struct pager *p, size_t line)
{
	const struct line_set *s = lines_shown(p);

	if (!s || !p->log)
		return line;
	if (!line_set_covers(s, line)) {
		cover(p, line);
		(void)work(p, AT_ONCE_US);
	}
	return line_set_place(s, line);
}

void lines_restart(struct pager *p)
{
	line_set_begin(&p->passing, p->log, 0);
	if (!p->search)
		return;
	line_set_begin(&p->search->hits, p->log, 0);
	line_set_begin(&p->search->around, p->log, 0);
}

/* The line to begin with: that at the top, or of a log that is followed one of the last. */
static size_t first_wanted(const struct pager *p)
{
	return p->follow ? p->log->n - MIN(p->log->n, LINES_BELOW) : MIN(p->anchor_line, p->log->n);
}

void lines_changed(struct pager *p)
{
	lines_restart(p);
	p->top_row = 0;
	if (!p->log)
		return;
	size_t line = first_wanted(p);

	line_set_begin(&p->passing, p->log, line);
	if (p->search && p->lines != PAGER_ALL)
		line_set_begin(&p->search->hits, p->log, line);
	if (p->search)
		line_set_begin(&p->search->around, p->log, line);
	if (!line_set_covers(&p->silences, line))
		line_set_begin(&p->silences, p->log, line);
	(void)work(p, AT_ONCE_US);
}

void lines_around_begin(struct pager *p, size_t line)
{
	line_set_begin(&p->search->around, p->log, line);
	(void)work(p, AT_ONCE_US);
}

/* Of lines that were given up some were hits: those next to them are around none now. */
static void follow_around(struct pager *p)
{
	struct line_set *s = &p->search->around;
	bool dropped = p->log->n_dropped != s->seen_dropped, all_known;

	if (!line_set_follow(s, p->log) || !dropped || s->from > 0)
		return;
	if (pager_passing(p, &all_known) > PAGER_LINES_AROUND)
		line_set_cut_front(s, p->log, MIN(beside(p, 0, PAGER_LINES_AROUND), s->scanned));
	else
		line_set_begin(s, p->log, 0);
}

void lines_follow(struct pager *p)
{
	rules_follow(p);
	if (pager_is_filtered(p))
		(void)line_set_follow(&p->passing, p->log);
	if (p->search) {
		(void)line_set_follow(&p->search->hits, p->log);
		follow_around(p);
	}
	if (lines_shown(p) && p->anchor_seq && !line_set_covers(lines_shown(p), p->anchor_line))
		cover(p, first_wanted(p));
	if (lines_shown(p))
		(void)work(p, AT_ONCE_US);
	else
		keep_place(p);
}
