/* ui_keys.c - keys of the settings that would hide each other on a screen. */
#include "tui/ui.h"

#include "tui/keymap.h"
#include "tui/view.h"

static bool listens_to(const struct view_ops *v, enum key_context c)
{
	for (int i = 0; i < VIEW_CONTEXTS_MAX; i++)
		if (v->contexts[i] == c)
			return true;
	return c == CTX_GLOBAL;
}

/* Both have a key that not both have usually. */
static bool share_a_key(const struct key_binding *a, const struct key_binding *b, int *ret)
{
	char name[KEY_NAME_LEN];

	for (size_t i = 0; keymap_nth_key_of(name, a->context, a->action, i)[0]; i++) {
		*ret = keyc_parse(name);
		if (keymap_has(b, *ret, false) && !(keymap_has(a, *ret, true) && keymap_has(b, *ret, true)))
			return true;
	}
	return false;
}

/* The field that lists of such a screen are sorted by with one of the row's keys; NULL. */
static const struct field *sorts_by_key_of(const struct key_binding *b)
{
	for (size_t k = 0; (b->context == CTX_JOBS || b->context == CTX_THINGS) && k < KIND_COUNT; k++) {
		if ((b->context == CTX_JOBS) != (k == KIND_TRAINING_JOB))
			continue;
		for (const struct field *f = kind_table[k].fields; f->name; f++)
			if (f->key && keymap_has(b, keyc_parse(f->key), false))
				return f;
	}
	return NULL;
}

static const struct view_ops *screen_of_both(const struct key_binding *a, const struct key_binding *b)
{
	for (size_t i = 0; i < n_view_table; i++)
		if (listens_to(view_table[i], a->context) && listens_to(view_table[i], b->context))
			return view_table[i];
	return NULL;
}

static bool is_in_the_way(const struct key_binding *a, struct strlist *ret)
{
	char mine[KEYMAP_NAME_LEN], theirs[KEYMAP_NAME_LEN], name[KEY_NAME_LEN];
	const struct field *f = sorts_by_key_of(a);
	int key;

	keymap_name(mine, a);
	if (f) {
		strlist_take(ret, xasprintf("%s: %s sorts by %s: its usual keys are left", mine, f->key, f->name));
		return true;
	}
	for (size_t i = 0; i < n_key_bindings; i++) {
		const struct key_binding *b = &key_bindings[i];
		const struct view_ops *v = b->action == a->action ? NULL : screen_of_both(a, b);

		if (!v || !share_a_key(a, b, &key))
			continue;
		strlist_take(ret, xasprintf("%s: %s is %s on the screen %s: its usual keys are left", mine,
					    keyc_name(name, key), keymap_name(theirs, b), v->name));
		return true;
	}
	return false;
}

void ui_keys_settle(struct strlist *ret_problems)
{
	bool again = true;

	while (again) { /* what one gives up may be another's */
		again = false;
		for (size_t i = 0; i < n_key_bindings; i++)
			if (keymap_is_changed(&key_bindings[i]) && is_in_the_way(&key_bindings[i], ret_problems)) {
				keymap_restore(&key_bindings[i]);
				again = true;
			}
	}
}
