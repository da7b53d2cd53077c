/* judge.c - all figures of a backtest: over all rows, and by cycle, week, slate, entity
 * and level. */
#include "model/judge_impl.h"

#define NO_GROUP UINT32_MAX

static const char *const by_names[JUDGE_BY_COUNT] = {"cycle", "week", "slate", "entity", "level"};

const char *judge_by_name(enum judge_by by)
{
	return by_names[by];
}

static void grouping_done(struct judge_grouping *g)
{
	free(g->items);
	free(g->skills);
}

void judge_done(struct judge *j)
{
	grouping_done(&j->whole);
	for (size_t i = 0; i < JUDGE_BY_COUNT; i++)
		grouping_done(&j->by[i]);
	free(j->others);
	free(j->tests);
	*j = (struct judge){0};
}

/* Rows of the largest slate: what ranks and pairs of one need. */
static size_t largest_slate(const struct judge_input *in)
{
	const uint32_t *slate = in->of[JUDGE_BY_SLATE];
	size_t most = 0;

	for (size_t i = 0, from = 0; i < in->n; i++) {
		if (slate[i] != slate[from])
			from = i;
		most = MAX(most, i + 1 - from);
	}
	return most;
}

static void room_init(struct judge_room *room, const struct judge_input *in)
{
	size_t rows = largest_slate(in), slates = in->n_of[JUDGE_BY_SLATE];

	*room = (struct judge_room){0};
	room->slates.items = xreallocarray(NULL, slates + 1, sizeof(*room->slates.items));
	room->ranked = xreallocarray(NULL, rows + 1, sizeof(*room->ranked));
	room->a = xreallocarray(NULL, 4 * (rows + 1), sizeof(double));
	room->b = room->a + rows + 1;
	room->ranks_a = room->b + rows + 1;
	room->ranks_b = room->ranks_a + rows + 1;
	room->draws = xreallocarray(NULL, JUDGE_DRAWS, sizeof(double));
}

static void room_done(struct judge_room *room)
{
	free(room->slates.items);
	free(room->ranked);
	free(room->a);
	free(room->draws);
}

static void judge_rows(const struct judge_input *in, struct judge_pick pick, struct judge_room *room,
		       struct judge_group *g)
{
	for (size_t i = 0; i < pick.n; i++) {
		uint32_t row = pick.rows[i];
		g->pool++;
		g->scored += in->scored[row];
		g->predicted += !isnan(in->prediction[row]);
	}
	judge_measure(in, pick, in->prediction, room, &g->measures);
	judge_measure_intervals(in, pick, &g->intervals);
	for (size_t k = 0; k < in->n_others; k++)
		judge_compare(in, pick, in->others[k], room, &g->skills[k]);
}

static struct judge_group *add_group(struct judge_grouping *ret, size_t n_others, uint32_t id)
{
	struct judge_group *g = &ret->items[ret->n];

	*g = (struct judge_group){.id = id, .skills = ret->skills + ret->n * n_others};
	ret->n++;
	return g;
}

static void judge_all(const struct judge_input *in, const uint32_t *order, struct judge_room *room, struct judge *ret)
{
	struct judge_pick all = {order, in->n};
	struct judge_skill again;

	ret->whole.items = xcalloc(1, sizeof(*ret->whole.items));
	ret->whole.skills = xcalloc(in->n_others + 1, sizeof(*ret->whole.skills));
	judge_rows(in, all, room, add_group(&ret->whole, in->n_others, 0));
	ret->n_others = in->n_others;
	ret->others = xcalloc(in->n_others + 1, sizeof(*ret->others));
	ret->tests = xcalloc(in->n_others + 1, sizeof(*ret->tests));
	for (size_t k = 0; k < in->n_others; k++) {
		judge_measure(in, all, in->others[k], room, &ret->others[k]);
		judge_compare(in, all, in->others[k], room, &again);
		judge_test_slates(room, &ret->tests[k]);
	}
}

/* Rows by their group, those of one in the order they had: a counting sort. starts has
 * n_groups + 1 places. */
static void sort_rows(const uint32_t *of, size_t n, size_t n_groups, size_t *starts, uint32_t *order)
{
	memset(starts, 0, (n_groups + 1) * sizeof(*starts));
	for (size_t i = 0; i < n; i++)
		if (of[i] != NO_GROUP)
			starts[of[i] + 1]++;
	for (size_t g = 0; g < n_groups; g++)
		starts[g + 1] += starts[g];
	for (size_t i = 0; i < n; i++)
		if (of[i] != NO_GROUP)
			order[starts[of[i]]++] = (uint32_t)i;
	/* each start has moved to its group's end */
	memmove(starts + 1, starts, n_groups * sizeof(*starts));
	starts[0] = 0;
}

static void judge_grouping(const struct judge_input *in, const uint32_t *of, size_t n_groups, uint32_t *order,
			   struct judge_room *room, struct judge_grouping *ret)
{
	size_t *starts = xcalloc(n_groups + 1, sizeof(*starts));

	ret->items = xcalloc(n_groups + 1, sizeof(*ret->items));
	ret->skills = xcalloc(n_groups * in->n_others + 1, sizeof(*ret->skills));
	sort_rows(of, in->n, n_groups, starts, order);
	for (size_t g = 0; g < n_groups; g++) {
		struct judge_pick pick = {order + starts[g], starts[g + 1] - starts[g]};
		if (pick.n)
			judge_rows(in, pick, room, add_group(ret, in->n_others, (uint32_t)g));
	}
	free(starts);
}

/* Each row's fifth; NO_GROUP where its level is not known. */
static void find_levels(const struct judge_input *in, uint32_t *ret_of, struct judge *ret)
{
	const double *level = in->level ? in->level : in->prediction;
	double *known = xreallocarray(NULL, in->n + 1, sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < in->n; i++)
		if (judge_counts(in, in->prediction, (uint32_t)i) && !isnan(level[i]))
			known[n++] = level[i];
	doubles_sort(known, n);
	for (size_t e = 0; e < JUDGE_LEVELS - 1; e++)
		ret->edges[e] = n ? judge_quantile(known, n, (double)(e + 1) / JUDGE_LEVELS) : NAN;
	for (size_t i = 0; i < in->n; i++) {
		ret_of[i] = n && !isnan(level[i]) ? 0 : NO_GROUP;
		ret->without_level += ret_of[i] == NO_GROUP;
		for (size_t e = 0; ret_of[i] != NO_GROUP && e < JUDGE_LEVELS - 1 && level[i] > ret->edges[e]; e++)
			ret_of[i]++;
	}
	free(known);
}

void judge_predictions(const struct judge_input *in, struct judge *ret)
{
	uint32_t *order = xreallocarray(NULL, in->n + 1, sizeof(*order));
	uint32_t *levels = xreallocarray(NULL, in->n + 1, sizeof(*levels));
	struct judge_room room;

	*ret = (struct judge){0};
	room_init(&room, in);
	for (size_t i = 0; i < in->n; i++)
		order[i] = (uint32_t)i;
	judge_all(in, order, &room, ret);
	for (enum judge_by by = 0; by < JUDGE_BY_LEVEL; by++)
		judge_grouping(in, in->of[by], in->n_of[by], order, &room, &ret->by[by]);
	find_levels(in, levels, ret);
	judge_grouping(in, levels, JUDGE_LEVELS, order, &room, &ret->by[JUDGE_BY_LEVEL]);
	room_done(&room);
	free(order);
	free(levels);
}

double judge_lost(const struct judge_skill *s)
{
	return (s->mae - s->other_mae) * s->n;
}

struct loss {
	double lost;
	uint32_t at;
};

static int compare_losses(const void *pa, const void *pb)
{
	const struct loss *a = pa, *b = pb;

	return a->lost != b->lost ? (a->lost < b->lost) - (a->lost > b->lost) : (a->at > b->at) - (a->at < b->at);
}

uint32_t *judge_worst_entities(const struct judge *j, size_t other, size_t *ret_n)
{
	const struct judge_grouping *g = &j->by[JUDGE_BY_ENTITY];
	struct loss *losses = xreallocarray(NULL, g->n + 1, sizeof(*losses));
	uint32_t *ret = xreallocarray(NULL, g->n + 1, sizeof(*ret));
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].skills[other].n)
			losses[n++] = (struct loss){judge_lost(&g->items[i].skills[other]), (uint32_t)i};
	qsort(losses, n, sizeof(*losses), compare_losses);
	for (size_t i = 0; i < n; i++)
		ret[i] = losses[i].at;
	free(losses);
	*ret_n = n;
	return ret;
}
