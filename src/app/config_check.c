/* What the text of a setting must be: asked of those who will read it. */
#include "app/config.h"
#include "model/kind.h"

int setting_check_text(enum setting_id id, const char *text, struct err *err)
{
	const struct kind *jobs = &kind_table[KIND_TRAINING_JOB];
	AUTO(field_list) struct field_list columns = {0};

	if (id != SETTING_columns)
		text += *text == '-' || *text == '+';
	return field_list_parse(jobs, text, &columns, err);
}
