/* test_list.c - a list of so many jobs that its rows take several turns: keys act on the old
 * rows until the new ones are whole, the last filter typed is the one that counts, and rows that
 * were put among others stand as if all had been built anew; groups likewise. */
#include "unit.h"

#include "tui/key.h"
#include "tui/list_draw.h"
#include "tui/ui.h"
#include "tui/ui_internal.h"
#include "tuner/random.h"

#define JOBS 60000 /* more than are built at once */
/* Of 60,000 names not done in one turn, however fast the machine. */
#define SLOW_FILTER "name~.*.*"
#define TURNS_MAX 100000

struct world {
	struct session *session;
	struct ui_host host;
	struct tuner_random random;
};

static uint64_t below(struct world *w, uint64_t n)
{
	return tuner_random_next(&w->random) % n;
}

static void put(struct world *w, uint64_t number, const char *status)
{
	char name[48];

	snprintf(name, sizeof(name), "sweep-%02d-trial-%06llu", (int)(number % 13), (unsigned long long)number);
	struct job *j = job_new(name);

	job_set_status(j, status);
	j->secondary_text = intern(status);
	j->created_ms = 1000000 + (int64_t)(number * 2654435761u % 1000003);
	j->modified_ms = j->created_ms + (int64_t)below(w, 1000000);
	j->instance_type = intern(number % 3 ? "ml.m5.large" : "ml.g5.xlarge");
	if (str_eq(status, "Failed"))
		j->failure_reason = xasprintf("no memory after %d rounds", (int)(number % 7));
	jobs_put(session_jobs(w->session), j, NULL);
}

static int begin(void **state)
{
	struct world *w = NEW(struct world);

	tuner_random_begin(&w->random, 7, 0);
	w->session = session_new();
	w->session->profile = xstrdup("research");
	w->session->region = xstrdup("us-east-1");
	for (uint64_t i = 0; i < JOBS; i++)
		put(w, i, i % 11 ? "Completed" : "Failed");
	session_jobs(w->session)->complete = true;
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	session_free(w->session);
	free(w);
	return 0;
}

static struct ui *open_ui(const struct world *w)
{
	const struct ui_options opt = {.rows = 24, .cols = 120, .notice_ms = 8000};
	struct ui *ui = ui_new(w->session, &w->host, &opt);

	ui_command(ui, "columns name,status,cause");
	(void)ui_draw(ui);
	return ui;
}

static struct list *list_at_top(const struct ui *ui)
{
	return ui_top(ui)->state;
}

static const char *name_at(const struct list *l, size_t row)
{
	assert_true(row < l->n);
	return l->rows[row]->name;
}

static void type(struct ui *ui, const char *text)
{
	for (; *text; text++) {
		ui_key(ui, *text);
		(void)ui_draw(ui);
	}
}

/* Until all that was asked for is there. */
static void work(struct ui *ui)
{
	int turns = 0;

	do
		(void)ui_draw(ui);
	while (ui_work(ui) && ++turns < TURNS_MAX);
	(void)ui_draw(ui);
	assert_null(list_at_top(ui)->build);
}

/* The rows are those of a list that was opened just now. */
static void assert_as_built(const struct world *w, struct ui *ui, const char *sort, const char *filter)
{
	AUTO(ui) struct ui *other = open_ui(w);
	const struct list *l = list_at_top(ui), *expected = list_at_top(other);

	if (filter) {
		ui_key(other, '/');
		type(other, filter);
		ui_key(other, KEYC_ENTER);
	}
	ui_command(other, sort);
	work(other);
	assert_int_equal(l->n, expected->n);
	for (size_t i = 0; i < l->n; i++)
		assert_ptr_equal(l->rows[i], expected->rows[i]);
}

static void test_keys_act_on_the_old_rows(void **state)
{
	struct world *w = *state;
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);
	AUTO(str) char *third = xstrdup(name_at(l, 2));

	ui_key(ui, '/');
	type(ui, SLOW_FILTER "trial"); /* all of them */
	ui_key(ui, KEYC_ENTER);
	work(ui);
	ui_command(ui, "sort name");
	(void)ui_draw(ui);
	assert_non_null(l->build); /* not done, and nothing has moved */
	assert_int_equal(l->n, JOBS);
	assert_string_equal(name_at(l, 2), third);
	ui_key(ui, 'j');
	ui_key(ui, 'j');
	assert_string_equal(list_selected(l)->name, third);
	work(ui);
	assert_string_equal(name_at(l, 0), "sweep-00-trial-000000");
	assert_string_equal(list_selected(l)->name, third); /* the cursor has gone with its job */
	assert_int_not_equal(l->table.selected, 2);
	assert_as_built(w, ui, "sort name", SLOW_FILTER "trial");
}

static void test_the_last_filter_counts(void **state)
{
	struct world *w = *state;
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);

	work(ui);
	ui_key(ui, '/');
	type(ui, SLOW_FILTER "trial-000");
	assert_non_null(l->build);
	type(ui, "1 status:failed");
	ui_key(ui, KEYC_ENTER);
	work(ui);
	assert_in_range(l->n, 8, 10);
	for (size_t i = 0; i < l->n; i++)
		assert_int_equal(l->rows[i]->state, STATE_BAD);
	assert_as_built(w, ui, "sort created", SLOW_FILTER "trial-0001 status:failed");
	ui_key(ui, KEYC_ESC);
	work(ui);
	assert_int_equal(l->n, JOBS);
	/* All that is shown is what the filter says, though its rows were still to come. */
	ui_key(ui, '/');
	type(ui, "status:failed");
	ui_key(ui, KEYC_ENTER);
	assert_true(list_mark_action(ui_top(ui), ACT_MARK_ALL));
	assert_int_equal(list_at_top(ui)->marks.n, (JOBS + 10) / 11);
}

/* Esc clears the filter; what is typed behind it before anything is painted moves no cursor. */
static void test_a_key_that_moves_nothing_leaves_the_cursor(void **state)
{
	struct world *w = *state;
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);

	ui_key(ui, '/');
	type(ui, "status:failed trial-0000");
	ui_key(ui, KEYC_ENTER);
	work(ui);
	ui_key(ui, KEYC_ESC);
	list_settle(ui_top(ui)); /* the rows are there, but not seen yet */
	ui_key(ui, KEYC_ESC);
	work(ui);
	assert_int_equal(l->table.selected, 0);
	assert_false(l->pinned);
}

static void test_vain_terms_are_named(void **state)
{
	struct world *w = *state;
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);

	ui_key(ui, '/');
	type(ui, "trial status:faild");
	work(ui);
	assert_int_equal(l->n, 0);
	assert_string_equal(l->vain, "status:faild");
}

/* Jobs come, change and go, some of them while rows are being made. */
static void change_some(struct world *w, uint64_t *next)
{
	static const char *const statuses[] = {"Completed", "Failed", "Stopped", "Completed"};
	struct resources *t = session_jobs(w->session);

	for (uint64_t n = below(w, 20); n > 0; n--) {
		uint64_t what = below(w, 10);
		struct resource *r = t->items[below(w, t->n)];

		if (what < 3) {
			put(w, (*next)++, statuses[below(w, ARRAY_LEN(statuses))]);
		} else if (what < 5) {
			AUTO(str) char *name = xstrdup(r->name);
			assert_true(resources_remove(t, name));
		} else {
			struct job *j = job_new(r->name);

			job_set_status(j, statuses[below(w, ARRAY_LEN(statuses))]);
			j->created_ms = r->created_ms;
			j->modified_ms = r->modified_ms + 1;
			if (what < 8)
				j->failure_reason = xasprintf("another reason %d", (int)below(w, 100));
			jobs_put(t, j, NULL);
		}
	}
}

static void test_changes_are_put_among_the_rows(void **state)
{
	static const char *const sorts[] = {"sort name", "sort status", "sort reason", "sort created"};
	struct world *w = *state;
	uint64_t next = JOBS;

	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		AUTO(ui) struct ui *ui = open_ui(w);
		const struct list *l = list_at_top(ui);

		ui_command(ui, sorts[i]);
		for (int k = 0; k < 30; k++) {
			change_some(w, &next);
			ui_key(ui, below(w, 2) ? 'j' : 'k');
			(void)ui_draw(ui);
			(void)ui_work(ui);
		}
		work(ui);
		assert_as_built(w, ui, sorts[i], NULL);
		change_some(w, &next);
		(void)ui_draw(ui);
		assert_null(l->build); /* nothing was built for a few of them */
		assert_int_equal(l->heard.generation, session_jobs(w->session)->generation);
		assert_as_built(w, ui, sorts[i], NULL);
	}
}

/* Rows stay what they are until the groups are made; what is asked for last counts. */
static void test_groups_come_in_turns(void **state)
{
	struct world *w = *state;
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);
	size_t n_jobs = session_jobs(w->session)->n, n_first, n_all = 0;

	work(ui);
	ui_command(ui, "group prefix");
	(void)ui_draw(ui);
	assert_non_null(l->build);
	assert_null(list_group_at(l, 0));
	assert_int_equal(l->n, n_jobs);
	work(ui);
	assert_int_equal(l->n, 13); /* one prefix: by its first number */
	for (size_t i = 0; i < l->n; i++) {
		size_t n;

		(void)list_members(l, list_group_at(l, i), &n);
		n_all += n;
	}
	assert_int_equal(n_all, n_jobs);
	(void)list_members(l, list_group_at(l, 0), &n_first);
	ui_command(ui, "group type");
	(void)ui_draw(ui);
	assert_non_null(l->build);
	ui_key(ui, KEYC_ENTER); /* unfolds one of those that are still there, at once */
	assert_int_equal(l->n, 13 + n_first);
	assert_null(list_group_at(l, 1));
	ui_command(ui, "group status");
	work(ui);
	assert_int_equal(l->n_things, n_jobs);
	assert_true(l->n < 13 && list_group_at(l, 0) && list_group_at(l, l->n - 1));
	ui_command(ui, "group type");
	(void)ui_draw(ui);
	ui_command(ui, "group none");
	work(ui);
	assert_int_equal(l->n, n_jobs);
	assert_null(l->row_groups);
}

/* More of them than anybody remembers, and all of them. */
static void test_what_is_gone_is_not_looked_at(void **state)
{
	struct world *w = *state;
	struct resources *t = session_jobs(w->session);
	AUTO(ui) struct ui *ui = open_ui(w);
	const struct list *l = list_at_top(ui);

	work(ui);
	ui_command(ui, "sort reason");
	(void)ui_draw(ui);
	for (size_t i = 0; i < RESOURCES_CHANGES_MAX + 10; i++) {
		AUTO(str) char *name = xstrdup(t->items[t->n - 1]->name);
		assert_true(resources_remove(t, name));
	}
	ui_key(ui, 'j');
	work(ui);
	assert_int_equal(l->n, t->n);
	assert_as_built(w, ui, "sort reason", NULL);
	ui_command(ui, "group status");
	work(ui);
	assert_int_equal(l->n, 3); /* two states were all that there were, a third has come since */
	AUTO(str) char *name = xstrdup(t->items[0]->name);
	assert_true(resources_remove(t, name));
	ui_key(ui, 'j');
	work(ui);
	assert_int_equal(l->n_things, t->n);
	ui_command(ui, "group none");
	work(ui);
	ui_command(ui, "sort name");
	(void)ui_draw(ui);
	resources_done(t);
	ui_key(ui, 'j');
	work(ui);
	assert_int_equal(l->n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_act_on_the_old_rows),
		cmocka_unit_test(test_the_last_filter_counts),
		cmocka_unit_test(test_a_key_that_moves_nothing_leaves_the_cursor),
		cmocka_unit_test(test_vain_terms_are_named),
		cmocka_unit_test(test_changes_are_put_among_the_rows),
		cmocka_unit_test(test_groups_come_in_turns),
		cmocka_unit_test(test_what_is_gone_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
