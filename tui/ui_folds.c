/* ui_folds.c - what the user folded and unfolded, for screens that are built anew. */
#include "base/str.h"
#include "tui/ui_internal.h"

#define FOLDED "-"
#define UNFOLDED "+"

bool ui_fold_of(const struct ui *ui, const char *what, bool *ret_folded)
{
	const char *said = strmap_get(&ui->folds, what);

	if (said)
		*ret_folded = str_eq(said, FOLDED);
	return said;
}

void ui_fold(struct ui *ui, const char *what, bool folded)
{
	strmap_set(&ui->folds, what, folded ? FOLDED : UNFOLDED);
}
