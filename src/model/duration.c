/* duration.c - the history: what finished jobs tell of their times and of spot. */
#include "model/duration_impl.h"

#include <math.h>

#include "model/instance.h"

#define PROCESSORS_WORD "processors"

const char *duration_part_name(enum duration_part p)
{
	static const char *const names[DURATION_PARTS] = {"start-up", "download", "training", "billed"};

	return names[p];
}

void duration_history_free(struct duration_history *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		free(h->items[i].tokens);
	for (size_t i = 0; i < h->n_spot; i++)
		free(h->spot[i].instance_type);
	for (size_t i = 0; i < h->n_words; i++)
		free(h->words[i].name);
	free(h->items);
	free(h->spot);
	free(h->words);
	map_done(&h->by_name);
	free(h);
}

size_t duration_history_count(const struct duration_history *h)
{
	return h->n;
}

/* --- words ------------------------------------------------------------------------------ */

static uint32_t word_of(struct duration_history *h, const char *name, bool is_number, bool make)
{
	uintptr_t at = (uintptr_t)map_get(&h->by_name, name);

	if (at || !make)
		return at ? (uint32_t)(at - 1) : WORD_NONE;
	GROW(h->words, h->cap_words, h->n_words + 1);
	h->words[h->n_words++] = (struct word){xstrdup(name), is_number, !strcmp(name, PROCESSORS_WORD)};
	map_put(&h->by_name, name, (void *)(uintptr_t)h->n_words);
	return (uint32_t)(h->n_words - 1);
}

struct duration_history *duration_history_new(void)
{
	struct duration_history *h = NEW(struct duration_history);

	(void)word_of(h, PROCESSORS_WORD, true, true); /* the prior knows of them without any job */
	return h;
}

/* Takes the name. */
static uint32_t add_token(struct duration_history *h, struct case_tokens *c, char *name, bool is_number, double value,
			  bool make)
{
	uint32_t word = word_of(h, name, is_number, make);

	free(name);
	if (word != WORD_NONE && c->n < TOKENS_MAX)
		c->items[c->n++] = (struct token){word, value};
	return word;
}

/* An image without its tag or digest: versions of one program. */
static char *repository_of(const char *image)
{
	const char *slash = strrchr(image, '/');

	return xstrndup(image, (size_t)(slash ? slash - image : 0) + strcspn(slash ? slash : image, ":@"));
}

static void add_hyperparameters(struct duration_history *h, const char *repository, const struct strmap *map, bool make,
				struct case_tokens *c)
{
	for (size_t i = 0; map && i < map->n && c->n < TOKENS_MAX; i++) {
		const struct strpair *p = &map->items[i];
		double v;

		if (!p->value || strlen(p->value) > JOB_FACET_MAX)
			continue;
		if (str_to_f64(p->value, &v) && v > 0)
			add_token(h, c, xasprintf("number %s %s", repository, p->name), true, log(v), make);
		else
			add_token(h, c, xasprintf("word %s %s %s", repository, p->name, p->value), false, 1, make);
	}
}

void duration_tokens(struct duration_history *h, const struct duration_case *c, bool make, struct case_tokens *ret)
{
	const char *image = str_or(c->image, "?"), *type = str_or(c->instance_type, "?");
	AUTO(str) char *repository = repository_of(image);
	AUTO(str) char *family = instance_family(type);
	struct instance_spec spec;

	*ret = (struct case_tokens){0};
	ret->repository = add_token(h, ret, xasprintf("repository %s", repository), false, 1, make);
	ret->type = add_token(h, ret, xasprintf("type %s", type), false, 1, make);
	ret->pair = add_token(h, ret, xasprintf("pair %s %s", repository, type), false, 1, make);
	add_token(h, ret, xasprintf("image %s", image), false, 1, make);
	add_token(h, ret, xasprintf("family %s", family), false, 1, make);
	if (instance_spec_find(type, &spec) && spec.vcpu > 0)
		add_token(h, ret, xstrdup(PROCESSORS_WORD), true, log(spec.vcpu), make);
	if (c->instances > 0)
		add_token(h, ret, xstrdup("instances"), true, log((double)c->instances), make);
	if (!str_empty(c->data))
		add_token(h, ret, xasprintf("data %s", c->data), false, 1, make);
	add_hyperparameters(h, repository, c->hyperparameters, make, ret);
}

/* --- jobs ------------------------------------------------------------------------------- */

struct duration_case duration_case_of(const struct job *j)
{
	return (struct duration_case){.image = j->cold->image,
				      .instance_type = j->instance_type,
				      .data = j->cold->n_channels ? j->cold->channels[0].uri : NULL,
				      .instances = j->instance_count,
				      .hyperparameters = &j->cold->hyperparameters};
}

/* Seconds in a phase, all its visits; NaN where it has none that ended. */
static double phase_seconds(const struct job *j, const char *first, const char *second)
{
	double sum = NAN;

	for (size_t i = 0; i < j->cold->n_transitions; i++) {
		const struct job_transition *t = &j->cold->transitions[i];
		bool is_of = str_eq(t->status, first) || (second && str_eq(t->status, second));

		if (is_of && t->start_ms != TIME_UNKNOWN && t->end_ms != TIME_UNKNOWN && t->end_ms >= t->start_ms)
			sum = (isnan(sum) ? 0 : sum) + (double)(t->end_ms - t->start_ms) / 1000;
	}
	return sum;
}

static double log_seconds(double s)
{
	return isnan(s) || s < 0 || s > (double)JOB_SECONDS_MAX ? NAN : log(MAX(s, 0.5));
}

static void add_spot(struct duration_history *h, const struct job *j)
{
	if (!j->spot || j->billable_s < 0 || j->training_s < j->billable_s)
		return;
	GROW(h->spot, h->cap_spot, h->n_spot + 1);
	h->spot[h->n_spot++] = (struct past_spot){.end_ms = j->end_ms,
						  .instance_type = xstrdup(str_or(j->instance_type, "?")),
						  .training_s = (double)j->training_s,
						  .billable_s = (double)j->billable_s,
						  .interruptions = MAX(j->interruptions, 0)};
}

bool duration_history_add(struct duration_history *h, const struct job *j)
{
	bool ended = j->status == JOB_COMPLETED && j->end_ms != TIME_UNKNOWN && j->training_s > 0;

	if (!ended || j->training_s > JOB_SECONDS_MAX || h->n == DURATION_JOBS_MAX)
		return false;
	const struct duration_case c = duration_case_of(j);
	struct case_tokens tokens;
	bool began = j->start_ms != TIME_UNKNOWN && j->created_ms != TIME_UNKNOWN && j->start_ms >= j->created_ms;

	duration_tokens(h, &c, true, &tokens);
	GROW(h->items, h->cap, h->n + 1);
	h->items[h->n++] = (struct past){
		.end_ms = j->end_ms,
		.tokens = xmemdup(tokens.items, tokens.n * sizeof(*tokens.items)),
		.n_tokens = tokens.n,
		.repository = tokens.repository,
		.type = tokens.type,
		.pair = tokens.pair,
		.log_s = {[DURATION_STARTUP] = log_seconds(began ? (double)(j->start_ms - j->created_ms) / 1000 : NAN),
			  [DURATION_DOWNLOAD] =
				  log_seconds(phase_seconds(j, "Downloading", "DownloadingTrainingImage")),
			  [DURATION_TRAINING] = log_seconds(phase_seconds(j, "Training", NULL)),
			  [DURATION_BILLED] = log_seconds((double)j->training_s)}};
	add_spot(h, j);
	return true;
}

/* --- spot ------------------------------------------------------------------------------- */

#define SPOT_LEAST 5	/* jobs that make a group */
#define SPOT_NEWEST 300 /* jobs: the market changes */

static int compare_spot(const void *a, const void *b)
{
	const struct past_spot *x = *(struct past_spot *const *)a, *y = *(struct past_spot *const *)b;

	return (x->end_ms < y->end_ms) - (x->end_ms > y->end_ms); /* newest first */
}

enum spot_group { SPOT_TYPE = 0, SPOT_FAMILY, SPOT_ALL, SPOT_GROUPS };

static bool is_in_group(const struct past_spot *p, enum spot_group g, const char *type, const char *family)
{
	AUTO(str) char *its = g == SPOT_FAMILY ? instance_family(p->instance_type) : NULL;

	return g == SPOT_ALL || (g == SPOT_TYPE ? str_eq(p->instance_type, type) : str_eq(its, family));
}

/* The mean is weighed by time; its range is that of single jobs. */
static void measure_spot(const struct past_spot **items, size_t n, struct duration_spot *ret)
{
	double training = 0, billable = 0, interruptions = 0, *shares = xcalloc(n, sizeof(*shares));

	for (size_t i = 0; i < n; i++) {
		training += items[i]->training_s;
		billable += items[i]->billable_s;
		interruptions += items[i]->interruptions;
		shares[i] = 1 - items[i]->billable_s / MAX(items[i]->training_s, 1.0);
	}
	qsort(shares, n, sizeof(*shares), duration_compare);
	ret->jobs = n;
	ret->mid = 1 - billable / MAX(training, 1.0);
	ret->low = MIN(shares[(size_t)(0.05 * (double)(n - 1))], ret->mid);
	ret->high = MAX(shares[(size_t)ceil(0.95 * (double)(n - 1))], ret->mid);
	ret->interruptions_an_hour = interruptions / (MAX(training, 1.0) / 3600);
	free(shares);
}

static size_t find_group(const struct duration_history *h, enum spot_group g, const char *type, const char *family,
			 const struct past_spot **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_spot; i++)
		if (is_in_group(&h->spot[i], g, type, family))
			ret[n++] = &h->spot[i];
	qsort(ret, n, sizeof(*ret), compare_spot);
	return MIN(n, (size_t)SPOT_NEWEST);
}

void duration_spot(const struct duration_history *h, const char *instance_type, struct duration_spot *ret)
{
	AUTO(str) char *family = instance_family(instance_type);
	const struct past_spot **items = xcalloc(h->n_spot + 1, sizeof(*items));
	const char *type = str_or(instance_type, "?");

	*ret = (struct duration_spot){.mid = DURATION_SPOT_USUAL, .low = -1, .high = -1, .interruptions_an_hour = -1};
	snprintf(ret->why, sizeof(ret->why), "assumed: no spot job of this account is known");
	for (enum spot_group g = 0; g < SPOT_GROUPS && ret->basis == DURATION_DEFAULT; g++) {
		static const enum duration_basis basis[SPOT_GROUPS] = {DURATION_LEARNED, DURATION_OTHER_TYPE,
								       DURATION_ALL};
		size_t n = find_group(h, g, type, family, items);

		if (n < (g == SPOT_ALL ? 1 : SPOT_LEAST))
			continue;
		measure_spot(items, n, ret);
		ret->basis = basis[g];
		snprintf(ret->why, sizeof(ret->why), "%zu spot %s%s%s", n, n == 1 ? "job" : "jobs",
			 g == SPOT_ALL	  ? " of all types"
			 : g == SPOT_TYPE ? " on "
					  : " on types of the family ",
			 g == SPOT_ALL	  ? ""
			 : g == SPOT_TYPE ? type
					  : family);
	}
	free(items);
}
