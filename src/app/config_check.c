/* What the text of a setting must be: asked of those who will read it. */
#include "app/config.h"
#include "aws/op.h"
#include "base/fs.h"
#include "base/proc.h"
#include "model/budget.h"
#include "model/kind.h"
#include "model/price_rules.h"
#include "tui/keymap.h"

int setting_check_text(enum setting_id id, const char *text, struct err *err)
{
	const struct kind *jobs = &kind_table[KIND_TRAINING_JOB];
	AUTO(field_list) struct field_list columns = {0};
	struct money_currency currency;

	AUTO(strlist) struct strlist words = {0};

	if (id == SETTING_notice_command)
		return proc_split_words(text, &words, err);
	if (id == SETTING_events)
		return fs_is_rooted(text) ? 0 : err_set(err, ERR_INVALID, "a path from / or ~/ is wanted");
	if (id == SETTING_currency)
		return money_currency_parse(text, &currency, err);
	if (id != SETTING_columns)
		text += *text == '-' || *text == '+';
	return field_list_parse(jobs, text, false, &columns, err);
}

int setting_check_entry(enum setting_id id, const char *key, const char *value, struct err *err)
{
	AUTO(budget) struct budget budget = {0};

	if (id == SETTING_keys)
		return keymap_change(key, value, true, err);
	if (id == SETTING_budgets)
		return budget_parse(key, value, &budget, err);
	if (id == SETTING_own_rates)
		return price_rule_check_rate(key, value, err);
	return price_rule_check_discount(key, value, err);
}

int setting_check_operation(const char *name, struct err *err)
{
	const char *names[AWS_OP_COUNT];

	for (size_t i = 0; i < AWS_OP_COUNT; i++) {
		names[i] = aws_ops[i].name;
		if (!strcmp(name, names[i]))
			return 0;
	}
	const char *near = str_nearest(name, names, AWS_OP_COUNT);
	return err_set(err, ERR_INVALID, "sagetop calls no such operation%s%s%s", near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "");
}
