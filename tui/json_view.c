/* json_view.c - JSON by its lines: what folds is told by the brackets at their ends and by how far they stand in. */
#include "tui/json_view.h"

#include "base/timefmt.h"

#define TEXT_COL 3
#define DATE_FROM_S 946684800.0 /* 2000 */
#define DATE_TO_S 4102444800.0	/* 2100 */

static void clear(struct json_view *j)
{
	for (size_t i = 0; i < j->n; i++)
		free(j->lines[i].text);
	j->n = j->n_rows = j->at = 0;
}

void json_view_done(struct json_view *j)
{
	clear(j);
	free(j->lines);
	free(j->rows);
	pattern_free(j->pattern);
	doc_done(&j->doc);
	*j = (struct json_view){0};
}

/* --- what folds --------------------------------------------------------------------------------- */

static bool opens(const char *text)
{
	return str_ends(text, "{") || str_ends(text, "[");
}

static bool closes(const char *text)
{
	const char *s = text + strspn(text, " ");

	return *s == '}' || *s == ']';
}

void json_view_set(struct json_view *j, const char *text)
{
	size_t open = 0;
	bool is_open = false;

	clear(j);
	while (*text) {
		size_t n = strcspn(text, "\n"), i = j->n;

		GROW(j->lines, j->cap, i + 1);
		j->lines[j->n++] = (struct json_line){.text = xstrndup(text, n), .parent = is_open ? open : i};
		if (is_open && closes(j->lines[i].text)) {
			j->lines[open].end = i;
			is_open = j->lines[open].parent != open;
			open = j->lines[open].parent;
		} else if (is_open) {
			j->lines[open].n++;
		}
		if (opens(j->lines[i].text)) {
			open = i;
			is_open = true;
		}
		text += n + (text[n] == '\n');
	}
	free(j->rows);
	j->rows = xcalloc(j->n + 1, sizeof(*j->rows));
	j->stale = true;
}

static bool is_root(const struct json_view *j, size_t line)
{
	return j->lines[line].parent == line;
}

/* All of the first level, or none of them where one is folded. */
static void fold_all(struct json_view *j)
{
	bool any = false;

	for (size_t i = 0; i < j->n; i++)
		any |= j->lines[i].folded;
	for (size_t i = 0; i < j->n; i++)
		j->lines[i].folded = !any && j->lines[i].end && !is_root(j, i);
	while (!any && !is_root(j, j->at) && !is_root(j, j->lines[j->at].parent))
		j->at = j->lines[j->at].parent;
}

static void unfold_around(struct json_view *j, size_t line)
{
	while (!is_root(j, line)) {
		line = j->lines[line].parent;
		j->lines[line].folded = false;
	}
}

/* The line that folds with this one: itself where it opens something, else what it stands in. */
static size_t folds_with(const struct json_view *j, size_t line)
{
	return j->lines[line].end && !j->lines[line].folded ? line : j->lines[line].parent;
}

static bool fold(struct json_view *j)
{
	size_t line = folds_with(j, j->at);

	if (!j->lines[line].end)
		return false;
	j->lines[line].folded = true;
	j->at = line;
	return true;
}

static bool unfold(struct json_view *j)
{
	bool was = j->lines[j->at].folded;

	j->lines[j->at].folded = false;
	return was;
}

/* --- searching ---------------------------------------------------------------------------------- */

static bool is_hit(const struct json_view *j, size_t line)
{
	const char *text = j->lines[line].text;

	return j->pattern && pattern_matches(j->pattern, text, strlen(text));
}

int json_view_search(struct json_view *j, const char *pattern, struct err *err)
{
	struct pattern *compiled = *pattern ? pattern_new(pattern, PATTERN_CASE_SMART, err) : NULL;

	if (*pattern && !compiled)
		return -ERR_INVALID;
	pattern_free(j->pattern);
	j->pattern = compiled;
	j->n_hits = 0;
	for (size_t i = 0; i < j->n; i++)
		j->n_hits += is_hit(j, i);
	j->stale = true;
	return 0;
}

const char *json_view_step(struct json_view *j, int by, bool at)
{
	if (!j->pattern)
		return "search first: /";
	for (size_t i = at ? 0 : 1; i <= j->n; i++) {
		size_t line = by > 0 ? (j->at + i) % j->n : (j->at + j->n - i) % j->n;

		if (!is_hit(j, line))
			continue;
		bool around = by > 0 ? line < j->at : line > j->at;

		unfold_around(j, line);
		j->at = line;
		j->stale = true;
		return !around	? NULL
		       : by > 0 ? "past the end: from the top again"
				: "past the top: from the end again";
	}
	return "no hit";
}

size_t json_view_hit(const struct json_view *j)
{
	size_t n = 0;

	if (!j->n || !is_hit(j, j->at))
		return 0;
	for (size_t i = 0; i <= j->at; i++)
		n += is_hit(j, i);
	return n;
}

/* --- what is seen --------------------------------------------------------------------------------- */

static void find_rows(struct json_view *j)
{
	j->n_rows = 0;
	for (size_t i = 0; i < j->n; i = j->lines[i].folded ? j->lines[i].end + 1 : i + 1)
		j->rows[j->n_rows++] = i;
}

/* Where the cursor's line stands among those that are seen. */
static size_t row_of(const struct json_view *j)
{
	size_t row = 0;

	while (row + 1 < j->n_rows && j->rows[row + 1] <= j->at)
		row++;
	return row;
}

/* A number of seconds that a member whose name tells of a time has; 0 where it has none. */
static double seconds_of(const char *text)
{
	const char *colon = strstr(text, "\": ");
	const char *time = strstr(text, "Time"), *date = strstr(text, "Date");
	double s = colon ? strtod(colon + 3, NULL) : 0;
	bool named = (time && time < colon) || (date && date < colon);

	return named && s > DATE_FROM_S && s < DATE_TO_S ? s : 0;
}

struct hit_marks {
	struct doc *doc;
	const char *text;
	size_t done;
	enum style style;
};

static void add_bytes(struct doc *d, enum style st, const char *text, size_t n)
{
	AUTO(str) char *part = xstrndup(text, n);

	if (n)
		doc_add(d, st, part);
}

static void add_hit(void *user, size_t from, size_t to)
{
	struct hit_marks *m = user;

	add_bytes(m->doc, ST_NORMAL, m->text + m->done, from - m->done);
	add_bytes(m->doc, m->style, m->text + from, to - from);
	m->done = to;
}

static void add_line(struct json_view *j, size_t i)
{
	const struct json_line *l = &j->lines[i];
	struct hit_marks m = {&j->doc, l->text, 0, i == j->at ? ST_MATCH_CURRENT : ST_MATCH};
	double s = seconds_of(l->text);
	char date[TIMEFMT_LEN];

	doc_line(&j->doc);
	if (i == j->at)
		doc_add(&j->doc, ST_KEY, " ▸");
	doc_at(&j->doc, TEXT_COL);
	if (j->pattern)
		pattern_each(j->pattern, l->text, strlen(l->text), strlen(l->text), add_hit, &m);
	doc_add(&j->doc, ST_NORMAL, l->text + m.done);
	if (l->folded) {
		doc_addf(&j->doc, ST_DIM, " … %zu ", l->n);
		doc_add(&j->doc, ST_NORMAL, j->lines[l->end].text + strspn(j->lines[l->end].text, " "));
	}
	if (s > 0)
		doc_addf(&j->doc, ST_DIM, "  %s", timefmt_show(date, (int64_t)(s * 1000)));
}

static void lay_out(struct json_view *j)
{
	find_rows(j);
	doc_clear(&j->doc);
	for (size_t row = 0; row < j->n_rows; row++)
		add_line(j, j->rows[row]);
	doc_show(&j->doc, row_of(j));
	j->stale = false;
}

void json_view_draw(struct json_view *j, struct area a)
{
	j->doc.page = a.rows; /* before the cursor is looked for in it */
	if (j->stale)
		lay_out(j);
	doc_draw(&j->doc, a);
}

/* --- keys ------------------------------------------------------------------------------------------- */

static void move_to_row(struct json_view *j, size_t row)
{
	find_rows(j);
	j->at = j->rows[MIN(row, j->n_rows - 1)];
}

static void move_by(struct json_view *j, long by)
{
	find_rows(j);
	long row = (long)row_of(j) + by;

	move_to_row(j, row < 0 ? 0 : (size_t)row);
}

static bool act(struct json_view *j, enum action a)
{
	long page = MAX(j->doc.page, 2);

	switch (a) {
	case ACT_UP:
	case ACT_DOWN:
		move_by(j, a == ACT_UP ? -1 : 1);
		return true;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		move_by(j, a == ACT_PAGE_UP ? 1 - page : page - 1);
		return true;
	case ACT_HALF_UP:
	case ACT_HALF_DOWN:
		move_by(j, a == ACT_HALF_UP ? -page / 2 : page / 2);
		return true;
	case ACT_TOP:
	case ACT_BOTTOM:
		j->doc.left = 0;
		move_to_row(j, a == ACT_TOP ? 0 : j->n);
		return true;
	case ACT_OPEN:
		return unfold(j) || fold(j);
	case ACT_FOLD: /* first back to where the lines begin */
		return j->doc.left ? doc_action(&j->doc, ACT_SCROLL_LEFT) : fold(j);
	case ACT_UNFOLD:
		return unfold(j) || doc_action(&j->doc, ACT_SCROLL_RIGHT);
	case ACT_FOLD_ALL:
		fold_all(j);
		return true;
	default:
		return doc_action(&j->doc, a);
	}
}

bool json_view_action(struct json_view *j, enum action a)
{
	bool used = j->n && act(j, a);

	j->stale |= used;
	return used;
}
