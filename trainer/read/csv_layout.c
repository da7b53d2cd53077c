/* Which column of a table is a label, a weight, an entity or a feature. */
#include "trainer/read/csv_layout.h"

#include "base/utf8.h"

void csv_layout_done(struct csv_layout *l)
{
	free(l->columns);
	strlist_done(&l->names);
	*l = (struct csv_layout){0};
}

const char *csv_layout_name(const struct csv_layout *l, size_t column)
{
	return column < l->names.n ? l->names.items[column] : "";
}

/* The separator that occurs most, in this order where equal; a blank only where
 * there is nothing else. Quoted text does not count. */
static char csv_sniff(const char *p, const char *end)
{
	static const char candidates[] = {',', ';', '\t', '|'};
	size_t counts[ARRAY_LEN(candidates)] = {0}, blanks = 0, best = 0;
	bool quoted = false;

	for (; p < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		blanks += *p == ' ';
		for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
			counts[i] += *p == candidates[i];
	}
	for (size_t i = 1; i < ARRAY_LEN(candidates); i++)
		if (counts[i] > counts[best])
			best = i;
	if (counts[best])
		return candidates[best];
	return blanks ? ' ' : ',';
}

static bool csv_is_blank(char c, char delimiter)
{
	return (c == ' ' || c == '\t' || c == '\r') && c != delimiter;
}

static int csv_split(const char *p, const char *end, char delimiter, struct strlist *cells, const char *name,
		     size_t line, struct err *err)
{
	while (end > p && (end[-1] == '\r' || (delimiter == ' ' && end[-1] == ' ')))
		end--;
	for (;;) {
		AUTO(buf) struct buf cell = BUF_INIT(1 << 20);

		if (cells->n > DATASET_MAX_COLUMNS + 8) /* with room for the columns that are no features */
			return err_set(err, ERR_TOOBIG, "%s line %zu: more than %zu columns", name, line,
				       DATASET_MAX_COLUMNS);
		while (p < end && (csv_is_blank(*p, delimiter) || (delimiter == ' ' && *p == ' ')))
			p++;
		if (p < end && *p == '"') {
			for (p++; p < end && (*p != '"' || (p + 1 < end && p[1] == '"')); p++) {
				p += *p == '"';
				if (buf_addc(&cell, *p))
					return err_set(err, ERR_TOOBIG, "%s line %zu: a cell is too long", name, line);
			}
			if (p == end)
				return err_set(err, ERR_INVALID, "%s line %zu column %zu: unterminated quote", name,
					       line, cells->n + 1);
			for (p++; p < end && csv_is_blank(*p, delimiter); p++)
				;
			if (p < end && *p != delimiter)
				return err_set(err, ERR_INVALID, "%s line %zu column %zu: text behind a closing quote",
					       name, line, cells->n + 1);
		} else {
			const char *start = p, *stop;

			while (p < end && *p != delimiter)
				p++;
			for (stop = p; stop > start && csv_is_blank(stop[-1], delimiter); stop--)
				;
			if (buf_add(&cell, start, (size_t)(stop - start)))
				return err_set(err, ERR_TOOBIG, "%s line %zu: a cell is too long", name, line);
		}
		strlist_add(cells, buf_str(&cell));
		if (p == end)
			return 0;
		p++;
	}
}

/* The column called name, or an error with the nearest name. */
static int csv_find_column(const struct csv_layout *l, const char *what, const char *column, const char *file,
			   size_t *ret, struct err *err)
{
	const char *near;

	for (size_t i = 0; i < l->names.n; i++)
		if (str_eq(l->names.items[i], column)) {
			*ret = i;
			return 0;
		}
	near = str_nearest(column, (const char *const *)l->names.items, l->names.n);
	if (near)
		return err_set(err, ERR_INVALID, "%s: %s '%.80s' is not in the header (did you mean '%.80s'?)", file,
			       what, column, near);
	return err_set(err, ERR_INVALID, "%s: %s '%.80s' is not in the header", file, what, column);
}

static int csv_take_names(struct csv_layout *l, struct strlist *cells, const char *name, size_t line, struct err *err)
{
	AUTO(map) struct map seen = {0};

	for (size_t i = 0; i < cells->n; i++) {
		char *clean = utf8_sanitize_dup(cells->items[i]);

		strlist_take(&l->names, clean);
		if (!*clean)
			return err_set(err, ERR_INVALID,
				       "%s line %zu column %zu: the header has a column without a name", name, line,
				       i + 1);
		if (map_put(&seen, clean, clean))
			return err_set(err, ERR_INVALID,
				       "%s line %zu column %zu: the header has the name '%.80s' twice", name, line,
				       i + 1, clean);
	}
	return 0;
}

/* The columns that are no features. */
static int csv_assign_special(struct csv_layout *l, const struct dataset_options *opt, const char *name,
			      struct err *err)
{
	size_t at;
	int r;

	if (opt->label_column || opt->has_label) {
		at = 0;
		if (opt->label_column && opt->has_label) {
			r = csv_find_column(l, "label_column", opt->label_column, name, &at, err);
			if (r)
				return r;
		} else if (opt->label_column && csv_find_column(l, "", opt->label_column, name, &at, NULL)) {
			at = CSV_NO_COLUMN; /* prediction input may still hold the label, and need not */
		}
		if (at != CSV_NO_COLUMN)
			l->columns[at].role = opt->has_label ? CSV_LABEL : CSV_IGNORED;
		if (opt->has_label)
			l->label = at;
	}
	if (opt->csv_weights && opt->has_label) {
		l->weight = l->label + 1;
		if (l->weight >= l->width)
			return err_set(err, ERR_INVALID,
				       "%s: csv_weights needs a weight behind the label, but there are %zu columns",
				       name, l->width);
		l->columns[l->weight].role = CSV_WEIGHT;
	}
	if (opt->entity_first) {
		l->columns[0].role = CSV_ENTITY;
		l->columns[0].text = l->text_columns++;
	}
	if (opt->entity_column) {
		r = csv_find_column(l, "entity_column", opt->entity_column, name, &at, err);
		if (r)
			return r;
		if (l->columns[at].role != CSV_FEATURE)
			return err_set(err, ERR_INVALID, "%s: entity_column '%.80s' is the label or weight already",
				       name, opt->entity_column);
		l->columns[at].role = CSV_ENTITY;
		l->columns[at].text = l->text_columns++;
	}
	if (opt->date_column) {
		r = csv_find_column(l, "date_column", opt->date_column, name, &at, err);
		if (r)
			return r;
		if (l->columns[at].role != CSV_FEATURE)
			return err_set(err, ERR_INVALID, "%s: date_column '%.80s' has another part already", name,
				       opt->date_column);
		l->columns[at].role = CSV_DATE;
	}
	for (size_t i = 0; opt->ignore && i < opt->ignore->n; i++) {
		uint64_t number;

		r = csv_find_column(l, "ignored column", opt->ignore->items[i], name, &at, NULL);
		if (r && str_to_u64(opt->ignore->items[i], &number) && number < l->width)
			at = (size_t)number;
		else if (r)
			return csv_find_column(l, "ignored column", opt->ignore->items[i], name, &at, err);
		if (l->columns[at].role == CSV_FEATURE)
			l->columns[at].role = CSV_IGNORED;
	}
	return 0;
}

/* Features to their places: in the order of the file, or of `like` by name. */
static int csv_assign_features(struct csv_layout *l, const struct dataset_options *opt, const char *name,
			       struct err *err)
{
	const struct dataset *like = opt->like;
	bool by_name = like && like->feature_names.n && l->names.n;
	size_t place = 0;

	for (size_t i = 0; i < l->width; i++) {
		if (l->columns[i].role != CSV_FEATURE)
			continue;
		l->columns[i].target = place++;
		if (!by_name)
			continue;
		for (place = 0; place < like->feature_names.n; place++)
			if (str_eq(like->feature_names.items[place], l->names.items[i]))
				break;
		if (place == like->feature_names.n)
			return err_set(err, ERR_INVALID, "%s: column '%.80s' is not a feature of the training data",
				       name, l->names.items[i]);
		l->columns[i].target = place;
		l->features++;
	}
	if (!by_name)
		l->features = place;
	for (size_t f = 0; by_name && f < like->feature_names.n; f++) {
		size_t at;
		int r = csv_find_column(l, "feature", like->feature_names.items[f], name, &at, err);

		if (r)
			return r;
	}
	if (!l->features)
		return err_set(err, ERR_INVALID, "%s: there are no feature columns (%zu column%s in all)", name,
			       l->width, l->width == 1 ? "" : "s");
	return 0;
}

static int csv_assign_categories(struct csv_layout *l, const struct dataset_options *opt, const char *name,
				 struct err *err)
{
	size_t total = opt->categorical ? opt->categorical->n : 0;

	for (size_t i = 0; i < l->width; i++) {
		struct csv_column *c = &l->columns[i];

		if (c->role == CSV_FEATURE && opt->like && opt->like->categories &&
		    opt->like->categories[c->target].n) {
			c->role = CSV_CATEGORY;
			c->text = l->text_columns++;
		}
	}
	if (opt->like && opt->like->categories)
		return 0;
	for (size_t k = 0; k < total; k++) {
		const char *wanted = opt->categorical->items[k];
		size_t at = CSV_NO_COLUMN;
		uint64_t number;

		if (csv_find_column(l, "", wanted, name, &at, NULL)) {
			if (!str_to_u64(wanted, &number))
				return csv_find_column(l, "categorical column", wanted, name, &at, err);
			for (size_t i = 0; i < l->width; i++)
				if ((l->columns[i].role == CSV_FEATURE || l->columns[i].role == CSV_CATEGORY) &&
				    l->columns[i].target == number)
					at = i;
			if (at == CSV_NO_COLUMN)
				return err_set(err, ERR_INVALID, "%s: categorical column %s: there are %zu features",
					       name, wanted, l->features);
		}
		if (l->columns[at].role == CSV_CATEGORY)
			continue;
		if (l->columns[at].role != CSV_FEATURE)
			return err_set(err, ERR_INVALID, "%s: categorical column '%.80s' is no feature", name, wanted);
		l->columns[at].role = CSV_CATEGORY;
		l->columns[at].text = l->text_columns++;
	}
	return 0;
}

static void csv_find_plain(struct csv_layout *l)
{
	l->plain = true;
	l->first_feature = CSV_NO_COLUMN;
	for (size_t i = 0; i < l->width; i++) {
		const struct csv_column *c = &l->columns[i];

		if (c->role == CSV_FEATURE && l->first_feature == CSV_NO_COLUMN)
			l->first_feature = i;
		if (c->role == CSV_FEATURE ? c->target != i - l->first_feature
					   : c->role != CSV_LABEL && c->role != CSV_WEIGHT)
			l->plain = false;
	}
}

int csv_layout_assign(struct csv_layout *l, const struct dataset_options *opt, struct strlist *cells, const char *name,
		      size_t line, struct err *err)
{
	size_t expected = opt->like ? opt->like->columns : opt->expect_columns;
	int r;

	l->label = l->weight = CSV_NO_COLUMN;
	l->width = cells->n;
	if (l->width > DATASET_MAX_COLUMNS)
		return err_set(err, ERR_TOOBIG, "%s line %zu: more than %zu columns", name, line, DATASET_MAX_COLUMNS);
	l->columns = xcalloc(l->width, sizeof(*l->columns));
	r = opt->header ? csv_take_names(l, cells, name, line, err) : 0;
	if (!r && !opt->header && (opt->label_column || opt->entity_column || opt->date_column))
		r = err_set(err, ERR_USAGE, "%s: a column can be named only where the data has a header", name);
	if (!r)
		r = csv_assign_special(l, opt, name, err);
	if (!r)
		r = csv_assign_features(l, opt, name, err);
	if (!r && expected && l->features != expected)
		r = err_set(err, ERR_INVALID, "%s line %zu: %zu feature columns, but %zu are expected%s", name, line,
			    l->features, expected,
			    !opt->has_label && l->features == expected + 1 ? " (is the label still in the data?)" : "");
	if (!r)
		r = csv_assign_categories(l, opt, name, err);
	if (!r)
		csv_find_plain(l);
	return r;
}

int csv_layout_find(struct csv_layout *l, const struct dataset_options *opt, const char *p, const char *end,
		    const char *name, size_t line, struct err *err)
{
	AUTO(strlist) struct strlist cells = {0};
	int r;

	l->delimiter = opt->delimiter ? opt->delimiter : csv_sniff(p, end);
	r = csv_split(p, end, l->delimiter, &cells, name, line, err);
	return r ? r : csv_layout_assign(l, opt, &cells, name, line, err);
}

int csv_layout_check(const struct csv_layout *l, const char *p, const char *end, const char *name, size_t line,
		     struct err *err)
{
	AUTO(strlist) struct strlist cells = {0};
	int r = csv_split(p, end, l->delimiter, &cells, name, line, err);

	if (r)
		return r;
	if (cells.n != l->width)
		return err_set(err, ERR_INVALID, "%s line %zu: the header has %zu columns, that of the first file %zu",
			       name, line, cells.n, l->width);
	for (size_t i = 0; i < cells.n; i++) {
		AUTO(str) char *clean = utf8_sanitize_dup(cells.items[i]);

		if (!str_eq(clean, l->names.items[i]))
			return err_set(
				err, ERR_INVALID,
				"%s line %zu column %zu: the header says '%.80s', that of the first file '%.80s'", name,
				line, i + 1, clean, l->names.items[i]);
	}
	return 0;
}
