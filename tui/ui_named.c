/* ui_named.c - commands about what is kept under names of the user's: `:view` and `:template`, with the verbs save and
 * delete. */
#include "tui/ui_internal.h"

#include "base/str.h"

static void say_names(struct ui *ui, const struct ui_named *n)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	n->names(ui, &names);
	for (size_t i = 0; i < names.n; i++)
		(void)buf_addf(&text, " %s", names.items[i]);
	if (names.n)
		ui_notice(ui, NOTICE_INFO, "%ss:%s", n->what, buf_str(&text));
	else
		ui_notice(ui, NOTICE_INFO, "none is saved yet: :%s save NAME", n->what);
}

void ui_named_unknown(struct ui *ui, const struct ui_named *n, const char *name)
{
	AUTO(strlist) struct strlist names = {0};

	n->names(ui, &names);
	const char *nearest = str_nearest(name, (const char *const *)names.items, names.n);
	if (nearest)
		ui_notice(ui, NOTICE_WARNING, "there is no %s '%s'; did you mean :%s %s?", n->what, name, n->what,
			  nearest);
	else
		ui_notice(ui, NOTICE_WARNING, "there is no %s '%s': :%s save %s makes it %s", n->what, name, n->what,
			  name, n->made_of);
}

void ui_named_run(struct ui *ui, const struct ui_named *n, const char *text)
{
	const struct {
		const char *word;
		void (*run)(struct ui *ui, const char *name);
	} verbs[] = {{"save", n->save}, {"delete", n->forget}, {"forget", n->forget}};
	AUTO(strlist) struct strlist words = {0};
	size_t verb = 0;

	if (!text) {
		say_names(ui, n);
		return;
	}
	strlist_split(&words, text, ' ');
	while (verb < ARRAY_LEN(verbs) && strcmp(words.items[0], verbs[verb].word))
		verb++;
	bool is_verb = verb < ARRAY_LEN(verbs);
	const char *name = words.items[words.n - 1];
	bool is_name = true;

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		is_name &= !str_eq(name, verbs[i].word);
	if (words.n != (is_verb ? 2u : 1u) || !is_name)
		ui_notice(ui, NOTICE_WARNING, "which %s? :%s NAME, :%s save NAME, :%s delete NAME; one word", n->what,
			  n->what, n->what, n->what);
	else if (is_verb)
		verbs[verb].run(ui, name);
	else
		n->show(ui, name);
}
