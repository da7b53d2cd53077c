/* What a specification's rows say of themselves. */
#include "trainer/panel/backtest_docs.h"

#include "trainer/panel/backtest_spec_impl.h"

static const struct {
	const char *path, *help, *takes;
} model_rows[] = {
	{"models", "the models of a mixture, each a mapping with the members below", ""},
	{"models.name", "what it is called in reports", ""},
	{"models.type", "what kind of model it is", "ridge or xgboost"},
	{"models.per_entity", "one for each entity, learning from its rows alone; else one of all", "true or false"},
	{"models.alpha", "of a ridge: the weight of the penalty, columns being standardised",
	 "A number; 100 without it"},
	{"models.min_rows", "it learns from rows with so many earlier ones of their entity", "A number; 5 without it"},
	{"models.from_mean", "trees start from the mean of what they learn from", "true or false"},
	{"models.early_stopping_rounds",
	 "of xgboost: the best number of rounds is looked for on the last validation_days of what it learns from, "
	 "until "
	 "so many in a row are no better there (mean absolute error); with that many it learns from all of it, and "
	 "never "
	 "with more than num_round. No row that is predicted has a part in it",
	 "A whole number from 1; without it all rounds of num_round"},
	{"models.validation_days", "of xgboost, with early_stopping_rounds: days at the end of what it learns from",
	 "A whole number from 1; 28 without it"},
	{"models.hyperparameters", "of xgboost, as of a training job: num_round, max_depth, eta ...", ""},
};

static void say_limits(const struct spec_row *r, char *ret, size_t size)
{
	AUTO(strlist) struct strlist words = {0};
	const char *what = r->type == SPEC_COUNT ? "A whole number" : r->type == SPEC_SPAN ? "A time" : "A number";

	strlist_split(&words, r->limits, ' ');
	*ret = 0;
	if (r->type == SPEC_CHOICE)
		snprintf(ret, size, "One of: %s", r->limits);
	else if (r->type == SPEC_FLAG)
		snprintf(ret, size, "true or false");
	else if (r->type == SPEC_DATE)
		snprintf(ret, size, "A day: 2018-01-01 or 20180101");
	else if (*r->limits && words.n == 2)
		snprintf(ret, size, "%s from %s to %s", what, words.items[0], words.items[1]);
}

bool backtest_member_docs(size_t i, struct backtest_member *ret)
{
	if (i < spec_rows_n) {
		const struct spec_row *r = &spec_rows[i];
		bool required = str_eq(r->fallback, "!");

		*ret = (struct backtest_member){.path = r->path,
						.help = r->help,
						.fallback = required ? "" : r->fallback,
						.required = required};
		say_limits(r, ret->takes, sizeof(ret->takes));
		return true;
	}
	i -= spec_rows_n;
	if (i >= ARRAY_LEN(model_rows))
		return false;
	*ret = (struct backtest_member){.path = model_rows[i].path, .help = model_rows[i].help, .fallback = ""};
	str_copy(ret->takes, sizeof(ret->takes), model_rows[i].takes);
	return true;
}
