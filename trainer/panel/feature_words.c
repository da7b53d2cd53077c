/* The words of features: what there is, what each takes, and what a text asks for. */
#include "trainer/panel/features_impl.h"

#define WORD_LETTERS "abcdefghijklmnopqrstuvwxyz_"

enum word_shape {
	SHAPE_WINDOWS,	  /* (column[, rows...]) */
	SHAPE_LAGS,	  /* (column, rows...) */
	SHAPE_HALF_LIVES, /* (column, half-lives...) */
	SHAPE_RATE,	  /* (column, per[, rows...]) */
	SHAPE_ALLOWED,	  /* (column, by[, per]) */
	SHAPE_DAYS,	  /* (days...) */
	SHAPE_WORDS,	  /* (column, words...) */
	SHAPE_NONE,	  /* () */
};

static const struct word_row {
	const char *name;
	enum feature_kind kind;
	enum word_shape shape;
	const char *arguments, *help;
} rows[] = {
	{"lag", FEATURE_LAG, SHAPE_LAGS, "column, n", "the value n rows of the entity ago; 1 is its last row"},
	{"mean", FEATURE_MEAN, SHAPE_WINDOWS, "column, n", "mean of its last n rows; without n of all of the season"},
	{"std", FEATURE_STD, SHAPE_WINDOWS, "column, n",
	 "deviation (of a sample) of its last n rows, or of the season"},
	{"min", FEATURE_MIN, SHAPE_WINDOWS, "column, n", "least of its last n rows, or of the season"},
	{"max", FEATURE_MAX, SHAPE_WINDOWS, "column, n", "greatest of its last n rows, or of the season"},
	{"ewm", FEATURE_EWM, SHAPE_HALF_LIVES, "column, h", "mean of all its rows, weights halved every h rows"},
	{"rate", FEATURE_RATE, SHAPE_RATE, "column, per, n", "sum of one column over the sum of another, as of mean"},
	{"allowed", FEATURE_ALLOWED, SHAPE_ALLOWED, "column, by, per",
	 "mean of all earlier rows with this word of another column (an opponent), less the mean of all rows; per: sum "
	 "over sum"},
	{"allowed_mean", FEATURE_ALLOWED_MEAN, SHAPE_ALLOWED, "column, by, per", "that mean alone"},
	{"allowed_ratio", FEATURE_ALLOWED_RATIO, SHAPE_ALLOWED, "column, by, per",
	 "that mean over the mean of all rows"},
	{"count", FEATURE_COUNT, SHAPE_NONE, "", "its rows so far"},
	{"rest", FEATURE_REST, SHAPE_NONE, "", "days since its last row"},
	{"recent", FEATURE_RECENT, SHAPE_DAYS, "days", "its rows in so many days before"},
	{"weekday", FEATURE_WEEKDAY, SHAPE_NONE, "", "0 on Monday to 6"},
	{"month", FEATURE_MONTH, SHAPE_NONE, "", "1 to 12"},
	{"day", FEATURE_DAY, SHAPE_NONE, "", "days since the season began (windows.train_start)"},
	{"is", FEATURE_IS, SHAPE_WORDS, "column, word", "1 where a known column is this word, else 0"},
};

const char *feature_word_help(size_t i, const char **arguments, const char **help)
{
	if (i >= ARRAY_LEN(rows))
		return NULL;
	*arguments = rows[i].arguments;
	*help = rows[i].help;
	return rows[i].name;
}

/* A word while it is read. */
struct reading {
	struct features *f;
	const struct backtest_spec *spec;
	const struct panel *p;
	const char *text;
	struct err *err;
	struct strlist args;
};

static int wrong(const struct reading *r, const char *what)
{
	return err_set(r->err, ERR_INVALID, "features: \"%s\": %s", r->text, what);
}

static struct feature *add(struct reading *r, enum feature_kind kind, char *name)
{
	struct features *f = r->f;

	GROW(f->items, f->cap, f->n + 1);
	f->items[f->n] = (struct feature){
		.kind = kind, .name = name, .column = FRAME_NO_COLUMN, .per = FRAME_NO_COLUMN, .by = FRAME_NO_COLUMN};
	return &f->items[f->n++];
}

/* Is a row's own value of this column known before its slate? */
static bool known(const struct reading *r, const char *name)
{
	return strlist_has(&r->spec->known_before, name) || str_eq(name, r->spec->entity) ||
	       str_eq(name, r->spec->group);
}

static int take_column(const struct reading *r, size_t arg, bool text, size_t *ret)
{
	const struct frame *t = r->p->frame;

	if (arg >= r->args.n)
		return wrong(r, "a column is missing");
	*ret = frame_find(t, r->args.items[arg]);
	if (*ret == FRAME_NO_COLUMN)
		return err_set(r->err, ERR_INVALID, "features: \"%s\": the data has no column %s", r->text,
			       r->args.items[arg]);
	if (t->columns[*ret].text != text)
		return err_set(r->err, ERR_INVALID, "features: \"%s\": %s is %s", r->text, r->args.items[arg],
			       text ? "not text" : "text, not numbers");
	return 0;
}

/* "3 5 10", "1..5" */
static int take_numbers(const struct reading *r, const char *text, bool whole, double **ret, size_t *ret_n)
{
	AUTO(strlist) struct strlist parts = {0};
	size_t cap = 0;

	*ret = NULL;
	*ret_n = 0;
	strlist_split(&parts, text, ' ');
	for (size_t i = 0; i < parts.n; i++) {
		char *dots = strstr(parts.items[i], "..");
		double from, to;

		if (!*parts.items[i])
			continue;
		if (dots)
			*dots = 0;
		if (!str_to_f64(parts.items[i], &from) || (dots && !str_to_f64(dots + 2, &to)))
			return wrong(r, "numbers such as 3 5 10 or 1..5 are needed");
		if (!dots)
			to = from;
		if (!(from > 0) || to < from || to > FEATURE_MAX_WINDOW || (whole && from != (double)(int)from))
			return wrong(r, "numbers from 1 to 1000 are needed");
		for (double v = from; v <= to; v++) {
			GROW(*ret, cap, *ret_n + 1);
			(*ret)[(*ret_n)++] = v;
		}
	}
	return *ret_n ? 0 : wrong(r, "a number is missing");
}

static int add_numbers(struct reading *r, const struct word_row *w, size_t column, size_t per, const char *text)
{
	const struct frame_column *c = r->p->frame->columns;
	AUTO(str)
	char *of = column == FRAME_NO_COLUMN ? xstrdup("")
		   : per == FRAME_NO_COLUMN  ? xasprintf("%s,", c[column].name)
					     : xasprintf("%s,%s,", c[column].name, c[per].name);
	double *values = NULL;
	size_t n = 0;
	int rc = take_numbers(r, text, w->shape != SHAPE_HALF_LIVES, &values, &n);

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct feature *f = add(r, w->kind, xasprintf("%s(%s%g)", w->name, of, values[i]));

		f->column = column;
		f->per = per;
		f->arg = values[i];
	}
	free(values);
	return rc;
}

static int add_season(struct reading *r, const struct word_row *w, size_t column, size_t per)
{
	const struct frame_column *c = r->p->frame->columns;
	struct feature *f = add(r, w->kind,
				per == FRAME_NO_COLUMN ? xasprintf("%s(%s)", w->name, c[column].name)
						       : xasprintf("%s(%s,%s)", w->name, c[column].name, c[per].name));

	f->column = column;
	f->per = per;
	return 0;
}

static int add_allowed(struct reading *r, const struct word_row *w)
{
	const struct frame_column *c = r->p->frame->columns;
	size_t column, by, per = FRAME_NO_COLUMN;
	int rc = take_column(r, 0, false, &column);

	if (rc == 0)
		rc = take_column(r, 1, true, &by);
	if (rc == 0 && r->args.n > 2)
		rc = take_column(r, 2, false, &per);
	if (rc)
		return rc;
	if (!known(r, c[by].name))
		return wrong(r, "the column that it goes by is not known before the slate (columns.known_before)");
	struct feature *f = add(r, w->kind,
				per == FRAME_NO_COLUMN
					? xasprintf("%s(%s,%s)", w->name, c[column].name, c[by].name)
					: xasprintf("%s(%s,%s,%s)", w->name, c[column].name, c[by].name, c[per].name));

	f->column = column;
	f->by = by;
	f->per = per;
	return 0;
}

static int add_words(struct reading *r, const struct word_row *w)
{
	AUTO(strlist) struct strlist words = {0};
	size_t column;
	int rc = take_column(r, 0, true, &column);

	if (rc)
		return rc;
	if (!known(r, r->args.items[0]))
		return wrong(r, "the column is not known before the slate (columns.known_before)");
	if (r->args.n < 2)
		return wrong(r, "a word is missing");
	strlist_split(&words, r->args.items[1], ' ');
	for (size_t i = 0; i < words.n; i++) {
		struct feature *f = add(r, w->kind, xasprintf("is(%s,%s)", r->args.items[0], words.items[i]));

		f->column = column;
		f->word = xstrdup(words.items[i]);
	}
	return 0;
}

static int add_word(struct reading *r, const struct word_row *w)
{
	size_t column = FRAME_NO_COLUMN, per = FRAME_NO_COLUMN, most = w->shape == SHAPE_NONE ? 0 : 2;
	int rc = 0;

	if (w->shape == SHAPE_RATE || w->shape == SHAPE_ALLOWED)
		most = 3;
	if (w->shape == SHAPE_DAYS)
		most = 1;
	if (r->args.n > most)
		return wrong(r, "there are too many arguments");
	switch (w->shape) {
	case SHAPE_NONE:
		add(r, w->kind, xasprintf("%s()", w->name));
		return 0;
	case SHAPE_DAYS:
		return add_numbers(r, w, FRAME_NO_COLUMN, FRAME_NO_COLUMN, r->args.n ? r->args.items[0] : "");
	case SHAPE_ALLOWED:
		return add_allowed(r, w);
	case SHAPE_WORDS:
		return add_words(r, w);
	case SHAPE_RATE:
		rc = take_column(r, 1, false, &per);
		break;
	default:
		break;
	}
	if (rc == 0)
		rc = take_column(r, 0, false, &column);
	if (rc)
		return rc;
	if (r->args.n < most && (w->shape == SHAPE_WINDOWS || w->shape == SHAPE_RATE))
		return add_season(r, w, column, per);
	return add_numbers(r, w, column, per, r->args.n == most ? r->args.items[most - 1] : "");
}

/* What is no word is an expression over what is known of the row itself. */
static int add_expression(struct reading *r)
{
	AUTO(expression) struct expression *e = NULL;
	const struct frame *t = r->p->frame;
	int rc = expression_new(r->text, t, &e, r->err);

	if (rc)
		return err_prefix(r->err, "features");
	for (size_t i = 0; i < t->n_columns; i++)
		if (expression_reads(e, i) && !known(r, t->columns[i].name))
			return err_set(
				r->err, ERR_INVALID,
				"features: \"%s\": %s is not known before the slate: name it in columns.known_before, "
				"if it is, or take its past, as lag(%s, 1)",
				r->text, t->columns[i].name, t->columns[i].name);
	struct feature *f = add(r, FEATURE_EXPRESSION, xstrdup(r->text));

	f->text = xstrdup(r->text);
	return 0;
}

static const struct word_row *find_word(const char *text)
{
	size_t n = strspn(text, WORD_LETTERS);

	for (size_t i = 0; text[n] == '(' && i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == n && !strncmp(rows[i].name, text, n))
			return &rows[i];
	return NULL;
}

static int unknown_word(const struct reading *r, size_t n)
{
	AUTO(str) char *word = xstrndup(r->text, n);
	const char *names[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		names[i] = rows[i].name;
	const char *near = str_nearest(word, names, ARRAY_LEN(rows));

	return err_set(r->err, ERR_INVALID, "features: \"%s\": there is no word %s%s%s%s (see sagetop-backtest(5))",
		       r->text, word, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

int feature_words_add(struct features *f, const char *word, const struct backtest_spec *spec, const struct panel *p,
		      struct err *err)
{
	struct reading r = {.f = f, .spec = spec, .p = p, .text = word, .err = err};
	const struct word_row *w = find_word(word);
	size_t before = f->n, letters = strspn(word, WORD_LETTERS);
	int rc;

	if (w) {
		const char *open = strchr(word, '('), *close = strrchr(word, ')');

		if (!close || close[1 + strspn(close + 1, " ")])
			return wrong(&r, "a ) is missing at its end");
		AUTO(str) char *inner = xstrndup(open + 1, (size_t)(close - open - 1));

		if (inner[strspn(inner, " ")])
			strlist_split(&r.args, inner, ',');
		rc = add_word(&r, w);
		strlist_done(&r.args);
	} else if (letters && word[letters] == '(' && strcmp(word, "not("))
		rc = unknown_word(&r, letters);
	else
		rc = add_expression(&r);
	for (size_t i = before; rc == 0 && i < f->n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(f->items[i].name, f->items[k].name))
				return err_set(err, ERR_INVALID, "features: %s is there twice", f->items[i].name);
	if (rc == 0 && f->n > FEATURES_MAX)
		return err_set(err, ERR_TOOBIG, "features: there are more than %d", FEATURES_MAX);
	return rc;
}
