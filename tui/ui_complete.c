/* ui_complete.c - what Tab offers at the prompt: commands, names, fields, values. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "model/groups.h"

static void add_if(struct strlist *l, const char *candidate, const char *prefix)
{
	if (str_starts(candidate, prefix) && !strlist_has(l, candidate))
		strlist_add(l, candidate);
}

#define CANDIDATES_MAX 200
#define KEYS_LOOKED_AT 2000    /* ... the keys */
#define VALUES_LOOKED_AT 20000 /* of so many things the values are offered */

static void collect_commands(struct strlist *l, const char *prefix)
{
	for (size_t i = 0; i < n_view_table; i++)
		add_if(l, view_table[i]->name, prefix);
	for (size_t i = 0; i < n_ui_commands; i++)
		add_if(l, ui_commands[i].name, prefix);
	for (size_t i = 0; i < KIND_COUNT; i++)
		add_if(l, kind_table[i].plural, prefix);
	strlist_sort(l);
}

static void collect_themes(struct strlist *l, const char *prefix)
{
	for (size_t i = 0; i < THEME_COUNT; i++)
		add_if(l, theme_name((enum theme)i), prefix);
}

static void collect_marks(struct strlist *l, const char *prefix)
{
	for (size_t i = 0; i < MARKS_COUNT; i++)
		add_if(l, ui_marks_name((enum chart_marks)i), prefix);
}

static void collect_scopes(const struct ui *ui, struct strlist *l, const char *prefix)
{
	AUTO(strlist) struct strlist places = {0};

	if (ui->host->places)
		ui->host->places(ui->host->user, &places);
	for (size_t i = 0; i < places.n; i++)
		add_if(l, places.items[i], prefix);
}

/* The words before FILE as well. */
static void collect_files(const struct ui *ui, struct strlist *l, const char *argument, const char *prefix)
{
	AUTO(str) char *word = xstrndup(argument, strcspn(argument, " "));

	if (strchr(argument, ' '))
		add_if(l, word, prefix);
	if (ui->host->paths)
		ui->host->paths(ui->host->user, prefix, l);
	strlist_sort(l);
}

/* What is kept under names, and the verbs. */
static void collect_kept(const struct ui *ui, void (*kept)(const struct ui *ui, struct strlist *ret), struct strlist *l,
			 const char *prefix)
{
	AUTO(strlist) struct strlist names = {0};

	kept(ui, &names);
	for (size_t i = 0; i < names.n; i++)
		add_if(l, names.items[i], prefix);
	add_if(l, "save", prefix);
	add_if(l, "delete", prefix);
}

/* "hp." and what may stand behind it: the names that things have, of jobs in memory as of others. */
static void collect_keyed(const struct ui *ui, struct strlist *l, const struct kind *k, const struct field *f,
			  const char *prefix)
{
	const struct resources *t = &view_session(ui_top(ui))->tables[k->id];
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = t->n; i-- > 0 && names.n < CANDIDATES_MAX && t->n - i < KEYS_LOOKED_AT;) {
		const struct strmap *map = f->map ? f->map(t->items[i]) : NULL;

		for (size_t m = 0; map && m < map->n; m++)
			if (!strlist_has(&names, map->items[m].name))
				strlist_add(&names, map->items[m].name);
		if (k == TRAINING_KIND && (str_eq(f->name, "hp.") || str_eq(f->name, "tag.")))
			job_facet_names(resource_job(t->items[i]), f->name[0], &names);
	}
	for (size_t i = 0; i < names.n; i++) {
		AUTO(str) char *whole = xasprintf("%s%s", f->name, names.items[i]);

		add_if(l, whole, prefix);
	}
}

/* Those that have none of the flags; the names of a keyed one where its own was typed. */
static void collect_fields(const struct ui *ui, struct strlist *l, const struct kind *k, unsigned without,
			   const char *prefix)
{
	for (const struct field *f = k->fields; f->name; f++) {
		if (f->flags & without)
			continue;
		if (!(f->flags & FIELD_KEYED))
			add_if(l, f->name, prefix);
		else if (str_starts(prefix, f->name))
			collect_keyed(ui, l, k, f, prefix);
		else if (without == FIELD_NO_FILTER)
			add_if(l, f->name, prefix);
	}
	strlist_sort(l);
}

static void collect_names(const struct ui *ui, struct strlist *l, const struct kind *k, const char *prefix)
{
	const struct session *s = view_session(ui_top(ui));
	const struct resources *t = &s->tables[k->id];
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = t->n; i-- > 0 && l->n < CANDIDATES_MAX;) {
		const char *name = session_name_of(s, t->items[i], &buf);

		if (str_starts(name, prefix) || str_starts(t->items[i]->name, prefix))
			strlist_add(l, name);
	}
	strlist_sort(l);
}

/* Those of costs; of the list's groups fewer, and none. */
static void collect_groupings(struct strlist *l, bool of_list, const char *prefix)
{
	enum spend_by by;
	const char *tag;

	for (size_t i = 0; i < BY_COUNT; i++)
		if (i != BY_TAG && (!of_list || groups_parse(spend_by_name(i), &by, &tag, NULL) == 0))
			add_if(l, spend_by_name(i), prefix);
	if (of_list)
		add_if(l, "none", prefix);
}

static void collect_of_kind(const struct ui *ui, struct strlist *l, const char *kind, const char *prefix)
{
	collect_names(ui, l, kind_find(kind), prefix);
	for (size_t i = 0; i < l->n; i++) {
		AUTO(str) char *name = l->items[i];
		l->items[i] = xasprintf("%s/%s", kind, name);
	}
}

/* Names of a kind, or behind "KIND/" of that one; of "endpoint/NAME" those alone. */
static void collect_references(const struct ui *ui, struct strlist *l, const struct kind *k, const char *argument,
			       const char *prefix)
{
	AUTO(str) char *typed = xstrndup(prefix, strcspn(prefix, "/"));
	AUTO(str) char *only = xstrndup(argument, strcspn(argument, "/"));

	if (strchr(prefix, '/') && kind_find(typed))
		collect_of_kind(ui, l, typed, strchr(prefix, '/') + 1);
	else if (strchr(argument, '/') && kind_find(only))
		collect_of_kind(ui, l, only, prefix);
	else
		collect_names(ui, l, k, prefix);
}

/* The values that a field has among the things. */
static void collect_values(struct ui *ui, const struct kind *k, const char *word, size_t field_len)
{
	struct strlist *l = &ui->prompt.candidates;
	struct field_context x = {.session = view_session(ui_top(ui)), .now_ms = ui->now_ms};
	AUTO(str) char *name = xstrndup(word, field_len);
	const struct resources *t = &x.session->tables[k->id];
	const char *key = NULL;
	const struct field *f = field_find(k, name, &key);
	struct field_ref ref = {.field = f, .key = (char *)(uintptr_t)key};

	for (size_t i = t->n; f && i-- > 0 && l->n < CANDIDATES_MAX && t->n - i < VALUES_LOOKED_AT;) {
		struct field_value v = field_get(&ref, t->items[i], &x);
		bool plain = v.known && v.text && !strpbrk(v.text, " \"()");

		if (!plain || !str_starts(v.text, word + field_len + 1))
			continue;
		AUTO(str) char *whole = xasprintf("%.*s%s", (int)field_len + 1, word, v.text);
		add_if(l, whole, word);
	}
}

static void collect_filter(struct ui *ui, const struct kind *k, const char *word)
{
	size_t n = strcspn(word, ":=");

	if (word[n])
		collect_values(ui, k, word, n);
	else
		collect_fields(ui, &ui->prompt.candidates, k, FIELD_NO_FILTER, word);
	strlist_sort(&ui->prompt.candidates);
}

/* What a command's row says that it takes; NULL where there is no such command. */
static const char *argument_of(const char *command)
{
	for (size_t i = 0; i < n_view_table; i++)
		if (!strcmp(view_table[i]->name, command))
			return view_table[i]->argument;
	for (size_t i = 0; i < n_ui_commands; i++)
		if (!strcmp(ui_commands[i].name, command))
			return ui_commands[i].argument;
	return NULL;
}

/* The words of those rows that can be completed; others are texts of the user's, paths and times. */
static void collect_argument(struct ui *ui, const char *argument, const struct kind *k, const char *prefix)
{
	struct strlist *l = &ui->prompt.candidates;
	const struct kind *seen = ui_top(ui)->ops->sort && ui_top_kind(ui) ? ui_top_kind(ui) : TRAINING_KIND;

	if (strstr(argument, "THEME"))
		collect_themes(l, prefix);
	else if (strstr(argument, "MARKS"))
		collect_marks(l, prefix);
	else if (strstr(argument, "SCOPE"))
		collect_scopes(ui, l, prefix);
	else if (strstr(argument, "VIEW"))
		collect_kept(ui, ui_views_names, l, prefix);
	else if (strstr(argument, "TEMPLATE"))
		collect_kept(ui, ui_templates_names, l, prefix);
	else if (strstr(argument, "FILE"))
		collect_files(ui, l, argument, prefix);
	else if (strstr(argument, "COLUMN"))
		collect_fields(ui, l, seen, FIELD_NO_COLUMN, prefix);
	else if (strstr(argument, "GROUP"))
		collect_groupings(l, !strstr(argument, "GROUPING"), prefix);
	else if (strstr(argument, "EXPR") && strcspn(prefix, ":=.") < strlen(prefix))
		collect_filter(ui, seen, prefix);
	else if (strstr(argument, "NAME") || strstr(argument, "EXPR"))
		collect_references(ui, l, k, argument, prefix);
}

static void collect_candidates(struct ui *ui, const char *command, const char *prefix)
{
	const struct kind *k = command ? kind_find(command) : NULL;
	const char *argument = command ? argument_of(command) : NULL;

	if (!command)
		collect_commands(&ui->prompt.candidates, prefix);
	else if (argument)
		collect_argument(ui, argument, k ? k : TRAINING_KIND, prefix);
	else if (k)
		collect_references(ui, &ui->prompt.candidates, k, "", prefix);
}

/* Where the word begins that ends the text: behind a blank; of a list of columns behind a comma,
 * of a filter behind a sign as well. */
static size_t word_start(const struct prompt *p, const char *text)
{
	const char *signs = p->ops->kind == PROMPT_FILTER  ? " (!"
			    : str_starts(text, "columns ") ? " ,+"
			    : str_starts(text, "scope ")   ? " ,/"
			    : str_starts(text, "filter ")  ? " (!"
							   : " ";
	size_t at = strlen(text);

	while (at && !strchr(signs, text[at - 1]))
		at--;
	return at;
}

void ui_prompt_complete(struct ui *ui, int by)
{
	struct prompt *p = &ui->prompt;

	if (p->ops->kind != PROMPT_COMMAND && p->ops->kind != PROMPT_FILTER)
		return;
	if (!p->candidates.n) {
		char word[LINEEDIT_MAX], command[LINEEDIT_MAX];
		str_copy(word, MIN(sizeof(word), p->edit.at + 1), p->edit.text);
		p->word_at = word_start(p, word);
		str_copy(command, sizeof(command), word);
		command[strcspn(command, " ")] = '\0';
		if (p->ops->kind == PROMPT_FILTER && ui_top_kind(ui))
			collect_filter(ui, ui_top_kind(ui), word + p->word_at);
		else if (p->ops->kind == PROMPT_COMMAND)
			collect_candidates(ui, p->word_at ? command : NULL, word + p->word_at);
		p->candidate = by > 0 ? 0 : p->candidates.n - 1;
		if (!p->candidates.n)
			return;
	} else {
		p->candidate = (p->candidate + p->candidates.n + (size_t)(by + (int)p->candidates.n)) % p->candidates.n;
	}
	char text[LINEEDIT_MAX];
	str_copy(text, p->word_at + 1, p->edit.text);
	bool only = p->candidates.n == 1 && p->ops->kind == PROMPT_COMMAND;
	bool ends = only && !str_ends(p->candidates.items[p->candidate], "/"); /* of a folder more follows */
	AUTO(str) char *full = xasprintf("%s%s%s", text, p->candidates.items[p->candidate], ends ? " " : "");
	lineedit_set(&p->edit, full);
	if (only)
		strlist_done(&p->candidates);
	struct view *v = ui_find_view(ui, p->view_id);
	err_clear(&p->err);
	if (v && p->ops->changed) /* a filter is seen at once */
		p->ops->changed(v, p->edit.text, &p->err);
}
