/* sagetop backtest report RUN and compare A B: what is asked for, in which form. */
#include "app/backtest.h"

#include "app/output.h"

enum { STATUS_NOT_BEATEN = 3 };

static int check_forms(struct app *a, struct err *err)
{
	if (app_flag(a, OPT_CSV) && app_flag(a, OPT_JSON))
		return err_set(err, ERR_USAGE, "--csv and --json exclude each other: leave one out");
	return 0;
}

int backtest_report(struct app *a, struct err *err)
{
	AUTO(backtest_result) struct backtest_result r = {0};
	const char *html = app_value(a, OPT_HTML), *format = app_value(a, OPT_FORMAT);

	if (check_forms(a, err) < 0 ||
	    backtest_result_load(a->cli.args.items[1], app_value(a, OPT_BASELINE), &r, err) < 0)
		return -err->code;
	if (html && backtest_write_html(&r, html, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON)
		backtest_print_json(a, &r);
	else if (app_flag(a, OPT_CSV))
		backtest_print_rows(a, &r, ',');
	else if (str_eq(format, "tsv"))
		backtest_print_rows(a, &r, '\t');
	else
		backtest_print_text(a, &r, html != NULL);
	if (judge_outcome(backtest_skill(&r)) != JUDGE_BETTER)
		a->exit_status = STATUS_NOT_BEATEN;
	return 0;
}

/* --- compare ------------------------------------------------------------------ */

static void print_count(const struct app *a, const char *what, size_t n)
{
	char text[32];

	fprintf(a->out, "%-34s %s\n", what, backtest_count_text(text, n));
}

static void print_pair_text(const struct app *a, const struct backtest_pair *pair)
{
	const struct backtest_result *r = &pair->joined;
	const struct judge_test *t = &r->judge.tests[0];
	const struct judge_skill *s = &judge_whole(&r->judge)->skills[0];
	AUTO(str) char *verdict = judge_sentence(s, pair->name_b);
	char n1[32], n2[64], p[32], dm[32];

	fprintf(a->out, "%s: %s\n\n", pair->name_a, verdict);
	print_count(a, "rows in both", pair->both);
	print_count(a, "only in the first", pair->only_a);
	print_count(a, "only in the second", pair->only_b);
	print_count(a, "happened, and predicted by both", s->n);
	fprintf(a->out, "\nMAE %s against %s", backtest_number_text(n1, s->mae, 4),
		backtest_number_text(n2, s->other_mae, 4));
	fprintf(a->out, "; bootstrap 95 %%: %s %% better\n", backtest_range_text(n2, t->boot_low, t->boot_high));
	fprintf(a->out, "Diebold-Mariano %s, p %s; smaller errors on %zu of %u slates\n",
		backtest_number_text(dm, t->dm, 3), backtest_p_text(p, t->p), t->wins, s->slates);
	backtest_print_group_tables(a, r, "SECOND");
}

static void print_pair_json(const struct app *a, const struct backtest_pair *pair)
{
	const struct backtest_result *r = &pair->joined;
	const struct judge_skill *s = &judge_whole(&r->judge)->skills[0];
	AUTO(str) char *sentence = judge_sentence(s, pair->name_b);
	AUTO(str) char *verdict = xasprintf("%s: %s", pair->name_a, sentence);
	AUTO(json) json_t *o = json_object();

	json_put_str(o, "verdict", verdict);
	json_put_str(o, "outcome", judge_outcome_name(judge_outcome(s)));
	json_put_str(o, "a", pair->name_a);
	json_put_str(o, "b", pair->name_b);
	json_object_set_new(o, "rows_in_both", json_integer((json_int_t)pair->both));
	json_object_set_new(o, "rows_only_in_a", json_integer((json_int_t)pair->only_a));
	json_object_set_new(o, "rows_only_in_b", json_integer((json_int_t)pair->only_b));
	json_object_set_new(o, "skill", backtest_skill_json(s, &r->judge.tests[0]));
	output_json(a, o);
}

int backtest_compare(struct app *a, struct err *err)
{
	AUTO(backtest_pair) struct backtest_pair pair = {0};

	if (app_flag(a, OPT_CSV) || app_value(a, OPT_HTML) || app_value(a, OPT_BASELINE))
		return err_set(err, ERR_USAGE, "backtest compare takes neither --csv nor --html nor --baseline");
	if (backtest_pair_load(a->cli.args.items[1], a->cli.args.items[2], &pair, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON)
		print_pair_json(a, &pair);
	else
		print_pair_text(a, &pair);
	if (judge_outcome(&judge_whole(&pair.joined.judge)->skills[0]) != JUDGE_BETTER)
		a->exit_status = STATUS_NOT_BEATEN;
	return 0;
}
