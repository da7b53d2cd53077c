/* ui_views.c - `:view`: how lists are looked at, under names of the user's, kept from one start
 * to the next. */
#include "tui/ui_internal.h"

#include "base/str.h"

#define KEPT_AS "views"
/* A line each, its parts separated by tabs. */
enum part { PART_NAME, PART_KIND, PART_FILTER, PART_ORDER, PART_COLUMNS, PART_GROUP, PART_FLAGS, PARTS };

static void load(const struct ui *ui, struct strlist *lines)
{
	strlist_split(lines, str_or(ui_kept(ui, KEPT_AS), ""), '\n');
}

static bool is_named(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(line, name, n) && line[n] == '\t';
}

static void add_line(struct buf *text, const char *line)
{
	if (!str_empty(line))
		(void)buf_addf(text, "%s%s", text->len ? "\n" : "", line);
}

/* The line (NULL: none) in the place of the one of that name, else behind all. */
static void replace(struct ui *ui, const char *name, const char *line)
{
	AUTO(strlist) struct strlist lines = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	load(ui, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		bool is = is_named(lines.items[i], name);

		add_line(&text, is ? line : lines.items[i]);
		line = is ? NULL : line;
	}
	add_line(&text, line);
	ui_keep(ui, KEPT_AS, text.len ? buf_str(&text) : NULL);
}

static char *to_line(const char *name, const struct kind *k, const struct view_shape *s)
{
	return xasprintf("%s\t%s\t%s\t%s\t%s\t%s\t%s%s", name, k->name, str_or(s->filter, ""), str_or(s->order, ""),
			 str_or(s->columns, ""), str_or(s->group, ""), s->faults ? "f" : "", s->wide ? "w" : "");
}

static char *text_or_null(const char *text)
{
	return text[0] ? xstrdup(text) : NULL;
}

static void read_line(const char *line, struct saved_view *ret)
{
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, line, '\t');
	while (parts.n < PARTS) /* empty ones at the end are trimmed with the line */
		strlist_add(&parts, "");
	ret->name = xstrdup(parts.items[PART_NAME]);
	ret->kind = kind_find(parts.items[PART_KIND]);
	ret->shape = (struct view_shape){
		.filter = text_or_null(parts.items[PART_FILTER]),
		.order = text_or_null(parts.items[PART_ORDER]),
		.columns = text_or_null(parts.items[PART_COLUMNS]),
		.group = text_or_null(parts.items[PART_GROUP]),
		.faults = strchr(parts.items[PART_FLAGS], 'f'),
		.wide = strchr(parts.items[PART_FLAGS], 'w'),
	};
}

void saved_view_done(struct saved_view *s)
{
	free(s->name);
	view_shape_done(&s->shape);
}

const char *ui_views_text(const struct ui *ui)
{
	return str_or(ui_kept(ui, KEPT_AS), "");
}

size_t ui_views_read(const struct ui *ui, struct saved_view **ret)
{
	AUTO(strlist) struct strlist lines = {0};
	size_t n = 0;

	load(ui, &lines);
	*ret = xcalloc(lines.n + 1, sizeof(**ret));
	for (size_t i = 0; i < lines.n; i++)
		if (strcspn(lines.items[i], "\t") && strchr(lines.items[i], '\t'))
			read_line(lines.items[i], &(*ret)[n++]);
	return n;
}

/* False where there is none of that name. */
static bool find(const struct ui *ui, const char *name, struct saved_view *ret)
{
	AUTO(strlist) struct strlist lines = {0};

	load(ui, &lines);
	for (size_t i = 0; i < lines.n; i++)
		if (is_named(lines.items[i], name)) {
			read_line(lines.items[i], ret);
			return true;
		}
	return false;
}

void ui_views_names(const struct ui *ui, struct strlist *ret)
{
	struct saved_view *views;
	size_t n = ui_views_read(ui, &views);

	for (size_t i = 0; i < n; i++) {
		strlist_add(ret, views[i].name);
		saved_view_done(&views[i]);
	}
	free(views);
	strlist_sort(ret);
}

static void save(struct ui *ui, const char *name)
{
	const struct view *v = ui_list_in_reach(ui);
	AUTO(view_shape) struct view_shape s = {0};

	if (!v->ops->shape) {
		ui_notice(ui, NOTICE_WARNING, "views are of lists: :jobs, :endpoints and the like");
		return;
	}
	v->ops->shape(v, &s);
	if (s.filter && strpbrk(s.filter, "\t\n")) {
		ui_notice(ui, NOTICE_WARNING, "a filter with a tab or the end of a line cannot be kept");
		return;
	}
	AUTO(str) char *line = to_line(name, ui_kind_of(v), &s);
	replace(ui, name, line);
	ui_tab_saved(ui, name);
}

static const struct ui_named named;

static void delete (struct ui *ui, const char *name)
{
	AUTO(saved_view) struct saved_view s = {0};

	if (!find(ui, name, &s)) {
		ui_named_unknown(ui, &named, name);
		return;
	}
	ui_notice(ui, NOTICE_INFO, "view %s is deleted", name);
	replace(ui, name, NULL);
}

static bool is_list_of(const struct view *v, const struct kind *k)
{
	return v->ops->reshape && ui_kind_of(v) == k;
}

/* On the list that is seen where it is one of that kind, else on that kind's. */
bool ui_view_show(struct ui *ui, const char *name)
{
	AUTO(saved_view) struct saved_view s = {0};
	struct err err = {0};

	if (!find(ui, name, &s)) {
		ui_named_unknown(ui, &named, name);
		return false;
	}
	if (!s.kind) {
		ui_notice(ui, NOTICE_WARNING, "view %s is of a kind that is not known here: :view delete %s", name,
			  name);
		return false;
	}
	if (!is_list_of(ui_top(ui), s.kind))
		ui_push(ui, ui_list_of(s.kind), &(struct view_arg){.kind = s.kind});
	if (!is_list_of(ui_top(ui), s.kind))
		return false; /* a notice says why */
	if (ui_top(ui)->ops->reshape(ui_top(ui), &s.shape, &err) == 0)
		return true;
	ui_notice(ui, NOTICE_WARNING, "%s: %s", name, err.msg);
	return false;
}

static const struct ui_named named = {"view", "of this list", ui_views_names, save, delete, ui_tab_show};

void ui_view_run(struct ui *ui, const char *text)
{
	ui_named_run(ui, &named, text);
}
