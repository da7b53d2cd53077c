/* ui_curves.c - what all screens of curves share: which colour a thing has, and the baseline. */
#include "base/str.h"
#include "tui/ui_internal.h"

static bool is_taken(const size_t *slots, const bool *has, size_t n, size_t slot)
{
	for (size_t i = 0; i < n; i++)
		if (has[i] && slots[i] == slot)
			return true;
	return false;
}

void ui_slots(struct ui *ui, const struct strlist *names, size_t *ret)
{
	bool *has = xcalloc(names->n + 1, sizeof(*has));
	char text[24];

	for (size_t i = 0; i < names->n; i++) {
		const char *kept = strmap_get(&ui->slots, names->items[i]);
		int64_t slot;

		if (!kept || !str_to_i64(kept, &slot) || is_taken(ret, has, i, (size_t)slot))
			continue;
		ret[i] = (size_t)slot;
		has[i] = true;
	}
	for (size_t i = 0; i < names->n; i++) {
		for (ret[i] = has[i] ? ret[i] : 0; !has[i] && is_taken(ret, has, names->n, ret[i]);)
			ret[i]++;
		has[i] = true;
		snprintf(text, sizeof(text), "%zu", ret[i]);
		strmap_set(&ui->slots, names->items[i], text);
	}
	free(has);
}

const char *ui_baseline(const struct ui *ui, const struct kind *kind)
{
	AUTO(str) char *name = xasprintf("baseline/%s", kind->name);

	return ui_kept(ui, name);
}

void ui_set_baseline(struct ui *ui, const struct kind *kind, const char *name)
{
	AUTO(str) char *kept = xasprintf("baseline/%s", kind->name);

	if (name)
		ui_notice(ui, NOTICE_INFO, "the curves of %s stay behind those of others", name);
	else
		ui_notice(ui, NOTICE_INFO, "no curves behind those of others any more");
	ui_keep(ui, kept, name); /* says so where it cannot */
}
