/* What the text of a setting must be: asked of those who will read it. */
#include "app/columns.h"
#include "app/config.h"

int setting_check_text(enum setting_id id, const char *text, struct err *err)
{
	AUTO(column_list) struct column_list columns = {0};
	struct column_context nothing = {0};

	return id == SETTING_columns ? columns_parse(text, &columns, err) : columns_sort(NULL, 0, text, &nothing, err);
}
