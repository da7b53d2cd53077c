/* Searching a log by a regular expression, a slice at a time. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "tui/pager_internal.h"

#define MATCH_LIMIT 200000 /* steps: a pattern that explodes gives up on a line */
#define MATCHES_PER_LINE 2000
#define SLICE_BYTES ((size_t)256 << 10) /* between two looks at the clock */

struct pager_search {
	char *pattern;
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t *hits; /* line numbers, ascending */
	size_t n_hits, cap_hits;
	size_t from, scanned;		/* lines looked at: from that one on, before that one */
	uint64_t from_seq, scanned_seq; /* of the first and the last of them */
	size_t n_before;		/* of the log, then */
	int step;			/* a jump that waits for more to be scanned */
	size_t step_from;
	bool step_at; /* the line it starts from counts too */
};

void search_free(struct pager_search *s)
{
	if (!s)
		return;
	pcre2_code_free(s->code);
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	free(s->pattern);
	free(s->hits);
	free(s);
}

void search_restart(struct pager_search *s)
{
	s->n_hits = s->from = s->scanned = 0;
	s->from_seq = s->scanned_seq = 0;
}

/* Older lines have come before the first one: what was found is further down. */
static void make_way(struct pager_search *s, size_t n)
{
	for (size_t i = 0; i < s->n_hits; i++)
		s->hits[i] += (uint32_t)n;
	s->from += n;
	s->scanned += n;
	s->step_from += n;
}

/* A late line within what was scanned moves all that follows. */
void search_check(struct pager_search *s, const struct loglines *log)
{
	size_t n = log->n_before - s->n_before;

	s->n_before = log->n_before;
	if (s->scanned == s->from)
		search_restart(s);
	else if (n > 0)
		make_way(s, n);
	if (s->scanned && (s->scanned > log->n || log->lines[s->scanned - 1].seq != s->scanned_seq ||
			   log->lines[s->from].seq != s->from_seq))
		search_restart(s);
}

static bool is_complete(const struct pager *p)
{
	return !p->search || !p->log || (p->search->scanned >= p->log->n && p->search->from == 0);
}

const uint32_t *search_hits(const struct pager_search *s, size_t *n)
{
	*n = s->n_hits;
	return s->hits;
}

size_t search_lower_bound(const struct pager_search *s, size_t line)
{
	size_t lo = 0, hi = s->n_hits;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->hits[mid] < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool has_upper(const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++; /* \W is no capital letter */
		else if (*s >= 'A' && *s <= 'Z')
			return true;
	}
	return false;
}

static struct pager_search *search_new(const char *pattern, struct err *err)
{
	int code;

	PCRE2_SIZE at;
	uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | (has_upper(pattern) ? 0 : PCRE2_CASELESS);
	if (!utf8_valid(pattern, strlen(pattern))) {
		(void)err_set(err, ERR_INVALID, "the pattern is not UTF-8");
		return NULL;
	}
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
	if (!re) {
		PCRE2_UCHAR why[160];
		pcre2_get_error_message(code, why, sizeof(why));
		(void)err_set(err, ERR_INVALID, "%s at %zu", (const char *)why, (size_t)at);
		return NULL;
	}
	pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
	struct pager_search *s = NEW(struct pager_search);
	s->code = re;
	s->pattern = xstrdup(pattern);
	s->data = pcre2_match_data_create_from_pattern(re, NULL);
	s->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(s->context, MATCH_LIMIT);
	return s;
}

int pager_search_set(struct pager *p, const char *pattern, bool jump, struct err *err)
{
	struct pager_search *s = NULL;
	size_t n = pager_n(p), line = p->top < n ? pager_line_index(p, p->top) : 0;

	if (pattern[0] && p->search && !strcmp(p->search->pattern, pattern)) {
		s = p->search;
	} else if (pattern[0]) {
		s = search_new(pattern, err);
		if (!s)
			return -ERR_INVALID;
	}
	if (s != p->search) {
		if (p->only_hits) { /* the hits it stood on are gone */
			p->only_hits = false;
			p->top = line;
			p->top_row = 0;
		}
		search_free(p->search);
		p->search = s;
	}
	if (s && jump) {
		s->step = 1;
		s->step_at = true;
		s->step_from = line;
	}
	return 0;
}

const char *pager_search_pattern(const struct pager *p)
{
	return p->search ? p->search->pattern : "";
}

size_t pager_hits(const struct pager *p, bool *ret_complete)
{
	*ret_complete = is_complete(p);
	return p->search ? p->search->n_hits : 0;
}

size_t pager_hit_number(const struct pager *p)
{
	if (!p->search || !p->has_current)
		return 0;
	size_t at = search_lower_bound(p->search, p->current);
	return at < p->search->n_hits && p->search->hits[at] == p->current ? at + 1 : 0;
}

static bool line_matches(const struct pager_search *s, const struct log_line *l)
{
	return pcre2_match(s->code, (PCRE2_SPTR)l->text, l->len, 0, PCRE2_NO_UTF_CHECK, s->data, s->context) > 0;
}

void search_each_match(const struct pager_search *s, const char *text, size_t n, size_t end,
		       void (*fn)(void *user, size_t from, size_t to), void *user)
{
	PCRE2_SIZE *found = pcre2_get_ovector_pointer(s->data);
	size_t at = 0;

	for (int i = 0; i < MATCHES_PER_LINE && at < end && at <= n; i++) {
		if (pcre2_match(s->code, (PCRE2_SPTR)text, n, at, PCRE2_NO_UTF_CHECK, s->data, s->context) <= 0)
			return;
		size_t from = found[0], to = found[1];
		if (from >= end)
			return;
		if (to > from)
			fn(user, from, to);
		at = to > from ? to : to + 1;
		while (at < n && ((unsigned char)text[at] & 0xc0) == 0x80) /* not into a character */
			at++;
	}
}

/* Carry out a jump that waits, where what has been scanned decides it. */
static const char *settle_step(struct pager *p)
{
	struct pager_search *s = p->search;
	bool complete = is_complete(p);

	if (!s->step)
		return NULL;
	if (s->step > 0) {
		size_t at = search_lower_bound(s, s->step_from + !s->step_at);
		if (at < s->n_hits) {
			s->step = 0;
			pager_show_line(p, s->hits[at]);
		} else if (complete) {
			s->step = 0;
			if (!s->n_hits)
				return "no hit";
			pager_show_line(p, s->hits[0]);
			return "past the end: from the top again";
		}
		return NULL;
	}
	if (s->scanned < s->step_from && !complete)
		return NULL;
	size_t at = search_lower_bound(s, s->step_from);
	if (at == 0 && !complete)
		return NULL; /* the last one is not known yet */
	s->step = 0;
	if (!s->n_hits)
		return "no hit";
	pager_show_line(p, s->hits[at ? at - 1 : s->n_hits - 1]);
	return at ? NULL : "past the top: from the end again";
}

const char *search_step(struct pager *p, int by)
{
	struct pager_search *s = p->search;

	if (!s)
		return "search first: /";
	if (!p->log || !p->log->n)
		return "no hit";
	size_t n = pager_n(p);
	s->step = by;
	s->step_at = !p->has_current && by > 0;
	s->step_from = p->has_current ? p->current : p->top < n ? pager_line_index(p, p->top) : 0;
	return settle_step(p);
}

static void add_hit(struct pager_search *s, size_t line)
{
	GROW(s->hits, s->cap_hits, s->n_hits + 1);
	s->hits[s->n_hits++] = (uint32_t)line;
}

/* A slice of the lines behind those that were looked at. */
static void scan_on(struct pager_search *s, const struct loglines *log, int64_t until_us)
{
	size_t bytes = 0;

	while (s->scanned < log->n) {
		const struct log_line *l = &log->lines[s->scanned];
		if (line_matches(s, l))
			add_hit(s, s->scanned);
		s->scanned++;
		bytes += l->len + 64;
		if (bytes > SLICE_BYTES) {
			if (clock_mono_us() >= until_us)
				break;
			bytes = 0;
		}
	}
}

/* A slice of those before them. Returns how many hits it brought. */
static size_t scan_back(struct pager_search *s, const struct loglines *log, int64_t until_us)
{
	size_t before = s->n_hits;

	while (s->from > 0 && clock_mono_us() < until_us) {
		size_t to = s->from, n_old = s->n_hits;

		for (size_t bytes = 0; s->from > 0 && bytes < SLICE_BYTES; s->from--)
			bytes += log->lines[s->from - 1].len + 64;
		for (size_t i = s->from; i < to; i++)
			if (line_matches(s, &log->lines[i]))
				add_hit(s, i);
		/* They were put behind the others: turn them to the front. */
		size_t n_new = s->n_hits - n_old;
		if (n_new == 0)
			continue;
		uint32_t *fresh = xmemdup(s->hits + n_old, n_new * sizeof(*fresh));

		memmove(s->hits + n_new, s->hits, n_old * sizeof(*fresh));
		memcpy(s->hits, fresh, n_new * sizeof(*fresh));
		free(fresh);
	}
	return s->n_hits - before;
}

bool pager_work(struct pager *p, int64_t budget_us)
{
	struct pager_search *s = p->search;
	int64_t until = clock_mono_us() + budget_us;

	if (!s || !p->log || !p->log->n)
		return false;
	search_check(s, p->log);
	size_t before = s->scanned - s->from;

	scan_on(s, p->log, until);
	size_t n_before = scan_back(s, p->log, until);

	if (p->only_hits)
		p->top += n_before;
	if (s->scanned) {
		s->from_seq = p->log->lines[s->from].seq;
		s->scanned_seq = p->log->lines[s->scanned - 1].seq;
	}
	if (s->step)
		(void)settle_step(p);
	return s->scanned - s->from != before;
}
