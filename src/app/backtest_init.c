/* sagetop backtest init DATA: look at a file, and write a commented specification that runs. */
#include <math.h>

#include "app/backtest.h"
#include "trainer/panel/backtest_spec_impl.h"
#include "trainer/panel/panel.h"

#define DAYS_LEAST 10  /* different ones in a column of days */
#define TEST_SHARE 0.6 /* of the days are behind us where the test begins */
#define ENTITY_ROWS 3  /* rows of an entity, in the mean */
#define MIN_ROWS_USUAL 10

/* What each column looks like. */
struct look {
	const struct frame *frame;
	int32_t *day; /* of each row */
	int32_t first, last;
	size_t date, entity, group, target, count; /* FRAME_NO_COLUMN where none does */
	double mean_rows;			   /* of an entity */
};

/* numbered: the days are numbers. */
static int32_t cell_day(const struct frame_column *c, size_t row, bool numbered)
{
	char text[32];

	if (c->text)
		return c->codes[row] == FRAME_NO_WORD ? DAY_UNKNOWN : day_parse(c->words.items[c->codes[row]]);
	if (numbered)
		return c->numbers[row] >= 0 && c->numbers[row] <= DAY_NUMBER_MAX &&
				       c->numbers[row] == floor(c->numbers[row])
			       ? (int32_t)c->numbers[row]
			       : DAY_UNKNOWN;
	if (!(c->numbers[row] >= 10000101 && c->numbers[row] <= 99991231))
		return DAY_UNKNOWN;
	snprintf(text, sizeof(text), "%.0f", c->numbers[row]);
	return day_parse(text);
}

/* Numbers might be anything: they have to count the days from the first row to the last. */
static bool take_days(struct look *l, const struct frame_column *c, bool numbered)
{
	size_t changes = 0;

	l->first = INT32_MAX;
	l->last = INT32_MIN;
	for (size_t i = 0; i < l->frame->n_rows; i++) {
		l->day[i] = cell_day(c, i, numbered);
		if (l->day[i] == DAY_UNKNOWN || (numbered && i && l->day[i] < l->day[i - 1]))
			return false;
		changes += i && l->day[i] != l->day[i - 1];
		l->first = MIN(l->first, l->day[i]);
		l->last = MAX(l->last, l->day[i]);
	}
	return changes + 1 >= DAYS_LEAST && l->last - l->first + 1 >= DAYS_LEAST;
}

/* --- what may be an entity, or a group ----------------------------------------------------- */

struct value_day {
	double value;
	int32_t day;
};

static int compare_values(const void *a, const void *b)
{
	const struct value_day *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->day < y->day ? -1 : x->day > y->day;
}

/* Words, or whole numbers: their values with their days, in order. NULL where the column has
 * others, or empty cells; the caller's. */
static struct value_day *sorted_values(const struct look *l, const struct frame_column *c)
{
	struct value_day *v = xcalloc(l->frame->n_rows + 1, sizeof(*v));

	for (size_t i = 0; i < l->frame->n_rows; i++) {
		double value = c->text ? c->codes[i] == FRAME_NO_WORD ? NAN : c->codes[i] : c->numbers[i];

		if (isnan(value) || value != floor(value)) {
			free(v);
			return NULL;
		}
		v[i] = (struct value_day){value, l->day[i]};
	}
	qsort(v, l->frame->n_rows, sizeof(*v), compare_values);
	return v;
}

/* An entity has one row on a day, and several in all; a group has several rows, and one day. */
static void look_at_values(struct look *l, size_t column)
{
	size_t n = l->frame->n_rows, values = 1, twice = 0, moved = 0;
	struct value_day *v = sorted_values(l, &l->frame->columns[column]);

	if (!v)
		return;
	for (size_t i = 1; i < n; i++) {
		bool same = v[i].value == v[i - 1].value;

		values += !same;
		twice += same && v[i].day == v[i - 1].day;
		moved += same && v[i].day != v[i - 1].day;
	}
	free(v);
	double rows = (double)n / (double)values;

	if (!twice && values > 1 && rows >= ENTITY_ROWS && l->entity == FRAME_NO_COLUMN) {
		l->entity = column;
		l->mean_rows = rows;
	}
	if (!moved && twice && rows >= 2 && l->frame->columns[column].text && l->group == FRAME_NO_COLUMN)
		l->group = column;
}

/* The last column of numbers is often what all the others are about: best one with fractions. */
static void look_for_target(struct look *l)
{
	bool fractions = false;

	for (size_t i = 0; i < l->frame->n_columns; i++) {
		const struct frame_column *c = &l->frame->columns[i];
		bool has = false, changes = false;

		if (c->text || i == l->date || i == l->entity)
			continue;
		for (size_t k = 0; k < l->frame->n_rows; k++) {
			has |= !isnan(c->numbers[k]) && c->numbers[k] != floor(c->numbers[k]);
			changes |= k && c->numbers[k] != c->numbers[k - 1];
		}
		if (!changes || (fractions && !has))
			continue;
		fractions |= has;
		l->target = i;
	}
}

static int look_at(struct look *l, const char *what, struct err *err)
{
	l->date = l->entity = l->group = l->target = FRAME_NO_COLUMN;
	for (int numbered = 0; numbered < 2; numbered++)
		for (size_t i = 0; i < l->frame->n_columns && l->date == FRAME_NO_COLUMN; i++)
			if (!(numbered && l->frame->columns[i].text) && take_days(l, &l->frame->columns[i], numbered))
				l->date = i;
	if (l->date == FRAME_NO_COLUMN)
		return err_set(
			err, ERR_INVALID,
			"%s has no column of days such as 2018-01-01 or 20180101, or that counts them, at least %d of "
			"them",
			what, DAYS_LEAST);
	for (size_t i = 0; i < l->frame->n_columns; i++)
		if (i != l->date)
			look_at_values(l, i);
	if (l->entity == FRAME_NO_COLUMN)
		return err_set(err, ERR_INVALID,
			       "%s has no column of which each value has one row on a day, and some days: whose rows "
			       "are they?",
			       what);
	look_for_target(l);
	if (l->target == FRAME_NO_COLUMN)
		return err_set(err, ERR_INVALID, "%s has no column of numbers that could be predicted", what);
	l->count = frame_find(l->frame, "played");
	return 0;
}

/* --- the specification --------------------------------------------------------------------- */

static void set_text(struct strmap *m, const char *path, const char *text)
{
	AUTO(buf) struct buf quoted = BUF_INIT(BUF_MAX_TEXT);

	json_add_quoted(&quoted, text);
	strmap_set(m, path, buf_str(&quoted));
}

static void set_features(struct strmap *m, const char *target)
{
	static const char *const words[] = {"lag(%s, 1..3)", "mean(%s, 3 10)", "mean(%s)", "std(%s, 10)",
					    "ewm(%s, 5)",    "count()",	       "rest()",   "weekday()"};
	AUTO(buf) struct buf list = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *at = strstr(words[i], "%s");
		AUTO(str)
		char *word =
			at ? xasprintf("%.*s%s%s", (int)(at - words[i]), words[i], target, at + 2) : xstrdup(words[i]);

		(void)buf_adds(&list, i ? ", " : "[");
		json_add_quoted(&list, word);
	}
	(void)buf_addc(&list, ']');
	strmap_set(m, "features", buf_str(&list));
}

/* Values of the members that the data tell. */
static void choose(const struct look *l, const char *path, struct strmap *m)
{
	const struct frame_column *c = l->frame->columns;
	int64_t rows = l->mean_rows / 3 < MIN_ROWS_USUAL ? MAX((int64_t)(l->mean_rows / 3), 1) : MIN_ROWS_USUAL;
	int32_t test = l->first + (int32_t)((double)(l->last - l->first) * TEST_SHARE);
	char day[16], number[32];

	set_text(m, "data.files", path);
	if (l->count != FRAME_NO_COLUMN)
		strmap_set(m, "data.count", "played = 1");
	set_text(m, "columns.entity", c[l->entity].name);
	set_text(m, "columns.date", c[l->date].name);
	set_text(m, "columns.target", c[l->target].name);
	if (l->group != FRAME_NO_COLUMN)
		set_text(m, "columns.group", c[l->group].name);
	snprintf(number, sizeof(number), "%lld", (long long)rows);
	strmap_set(m, "eligible.min_rows", number);
	strmap_set(m, "windows.train_start", day_text(day, l->first));
	strmap_set(m, "windows.test_start", day_text(day, test));
	strmap_set(m, "windows.test_end", day_text(day, l->last));
	set_features(m, c[l->target].name);
	strmap_set(m, "model", "pooled");
	strmap_set(m, "headline", "season_mean");
}

/* Whether a member of the section that this path begins with was chosen. */
static bool section_has(const struct strmap *values, const char *path, size_t n)
{
	for (size_t i = 0; i < values->n; i++)
		if (!strncmp(values->items[i].name, path, n + 1))
			return true;
	return false;
}

/* What a member is by default, as it would be written; "" where it has to be given. */
static char *usual_text(const struct spec_row *r)
{
	AUTO(strlist) struct strlist words = {0};
	AUTO(buf) struct buf list = BUF_INIT(BUF_MAX_TEXT);

	if (r->type != SPEC_LIST || !*r->fallback || str_eq(r->fallback, "!"))
		return xstrdup(str_eq(r->fallback, "!") ? "" : r->fallback);
	strlist_split(&words, r->fallback, ' ');
	for (size_t i = 0; i < words.n; i++)
		(void)buf_addf(&list, "%s%s", i ? ", " : "[", words.items[i]);
	(void)buf_addc(&list, ']');
	return buf_take(&list);
}

/* Every member: those that were chosen, the others behind a # with what they are by default. */
static void write_spec(const struct look *l, const struct strmap *values, struct buf *out)
{
	const char *section = "";
	size_t length = 0;

	(void)buf_addf(out, "# A backtest of %s by %s: see sagetop-backtest(5).\n", l->frame->columns[l->target].name,
		       l->frame->columns[l->entity].name);
	(void)buf_adds(out, "# Columns that are known before the slate are to be named in known_before:\n#  ");
	for (size_t i = 0; i < l->frame->n_columns; i++)
		(void)buf_addf(out, " %s", l->frame->columns[i].name);
	(void)buf_addc(out, '\n');
	for (size_t i = 0; i < spec_rows_n; i++) {
		const struct spec_row *r = &spec_rows[i];
		const char *dot = strchr(r->path, '.'), *name = dot ? dot + 1 : r->path;
		const char *value = strmap_get(values, r->path);
		size_t n = dot ? (size_t)(dot - r->path) : 0;

		if (dot && (n != length || strncmp(section, r->path, n)))
			(void)buf_addf(out, "\n%s%.*s:\n", section_has(values, r->path, n) ? "" : "# ", (int)n,
				       r->path);
		else if (!dot)
			(void)buf_addc(out, '\n');
		section = r->path;
		length = n;
		(void)buf_addf(out, "%s# %s\n", dot ? "  " : "", r->help);
		AUTO(str) char *usual = usual_text(r);

		(void)buf_addf(out, "%s%s%s: %s\n", dot ? "  " : "", value ? "" : "# ", name, str_or(value, usual));
	}
	(void)buf_adds(out, "\n");
}

/* It has to be one: read as a run would, over the same rows. */
static int check_spec(const struct buf *text, struct err *err)
{
	AUTO(backtest_spec) struct backtest_spec *spec = NULL;
	AUTO(panel) struct panel *panel = NULL;
	AUTO(json) json_t *doc = NULL;

	if (yaml_parse(text->data, text->len, "the specification", &doc, NULL, err) < 0 ||
	    backtest_spec_parse(doc, "the specification", NULL, &spec, err) < 0)
		return -err->code;
	return panel_load(spec, &spec->files, &spec->earlier, &panel, err);
}

int backtest_init(struct app *a, struct err *err)
{
	const char *path = a->cli.args.items[1];
	AUTO(frame) struct frame *frame = NULL;
	AUTO(strlist) struct strlist files = {0};
	AUTO(strmap) struct strmap values = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	struct look l = {0};

	strlist_add(&files, path);
	if (frame_load(&files, NULL, &frame, err) < 0)
		return -err->code;
	l.frame = frame;
	l.day = xcalloc(frame->n_rows + 1, sizeof(*l.day));
	int rc = look_at(&l, path, err);

	if (rc == 0) {
		choose(&l, path, &values);
		write_spec(&l, &values, &text);
		rc = check_spec(&text, err);
	}
	free(l.day);
	if (rc == 0)
		fputs(buf_str(&text), a->out);
	return rc;
}
