/* Words for the shells' completion, without asking anybody. */
#include "app/complete.h"

#include <dirent.h>

#include "app/verbs.h"
#include "app/config.h"
#include "app/engine.h"
#include "base/fs.h"
#include "base/str.h"
#include "sync/sync.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

static void print_words(FILE *out, const struct strlist *words)
{
	for (size_t i = 0; i < words->n; i++)
		fprintf(out, "%s\n", words->items[i]);
}

enum price_column { PRICE_TYPE, PRICE_REGION };

/* What the rows of the price table have there, each once. */
static void words_of_prices(enum price_column column, struct strlist *ret)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	AUTO(file) FILE *f = path ? fopen(path, "re") : NULL;
	AUTO(strlist) struct strlist seen = {0};
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		AUTO(strlist) struct strlist cells = {0};

		strlist_split(&cells, line, ',');
		if (cells.n > PRICE_REGION && str_starts(cells.items[PRICE_TYPE], "ml.") &&
		    !strlist_has(&seen, cells.items[column]))
			strlist_add(&seen, cells.items[column]);
	}
	strlist_sort(&seen);
	for (size_t i = 0; i < seen.n; i++)
		strlist_add(ret, seen.items[i]);
}

static int print_types(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist types = {0};

	words_of_prices(PRICE_TYPE, &types);
	print_words(out, &types);
	return 0;
}

static void profiles_of(const char *path, struct strlist *names)
{
	AUTO(file) FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char *name = str_trim(line);
		char *end = strchr(name, ']');
		if (*name != '[' || !end)
			continue;
		*end = '\0';
		name = str_trim(name + 1);
		if (str_starts(name, "profile "))
			name = str_trim(name + 8);
		else if (strchr(name, ' ')) /* [sso-session x], [services x] */
			continue;
		if (*name && !strlist_has(names, name))
			strlist_add(names, name);
	}
}

static void profiles(struct strlist *names)
{
	AUTO(str) char *home = fs_home();
	AUTO(str) char *config = xasprintf("%s/.aws/config", home);
	AUTO(str) char *credentials = xasprintf("%s/.aws/credentials", home);

	profiles_of(str_or(getenv("AWS_CONFIG_FILE"), config), names);
	profiles_of(str_or(getenv("AWS_SHARED_CREDENTIALS_FILE"), credentials), names);
}

static int print_profiles(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	profiles(&names);
	print_words(out, &names);
	return 0;
}

void complete_scopes(struct strlist *ret)
{
	profiles(ret);
	words_of_prices(PRICE_REGION, ret);
}

static int print_scopes(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	complete_scopes(&names);
	print_words(out, &names);
	return 0;
}

static int print_regions(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist regions = {0};

	words_of_prices(PRICE_REGION, &regions);
	print_words(out, &regions);
	return 0;
}

static int print_commands(FILE *out, struct err *err)
{
	for (enum command_id id = 0; id < CMD_COUNT; id++)
		fprintf(out, "%s\n", command_rows[id].name);
	return 0;
}

static int print_columns(FILE *out, struct err *err)
{
	for (const struct field *f = kind_table[KIND_TRAINING_JOB].fields; f->name; f++)
		if (!(f->flags & FIELD_NO_COLUMN))
			fprintf(out, "%s\n", f->name);
	return 0;
}

static int print_kinds(FILE *out, struct err *err)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		fprintf(out, "%s\n", kind_table[i].plural);
	return 0;
}

static int print_settings(FILE *out, struct err *err)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++)
		fprintf(out, "%s\n", setting_rows[id].name);
	return 0;
}

/* What a backtest can be asked for, and the runs there are. */
static int print_backtests(FILE *out, struct err *err)
{
	AUTO(str) char *folder = fs_state_path("backtests");
	AUTO(strlist) struct strlist names = {0};
	const struct verbs verbs = verbs_of(CMD_BACKTEST);
	DIR *d = opendir(folder);

	for (size_t i = 0; i < verbs.n; i++)
		fprintf(out, "%s\n", verbs.items[i].name);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.' && !e->d_name[strspn(e->d_name, NAME_CHARACTERS)])
			strlist_add(&names, e->d_name);
	if (d)
		closedir(d);
	strlist_sort(&names);
	print_words(out, &names);
	return 0;
}

static void jobs_of(const struct aws_options *aws, struct strlist *names)
{
	struct sync_options opt = {.aws = *aws};
	AUTO(sync) struct sync *sync = NULL;

	if (sync_new(&opt, &sync, NULL) < 0 || sync_load(sync, NULL) < 0)
		return;
	const struct resources *jobs = session_jobs(sync_session(sync));
	for (size_t i = 0; i < jobs->n; i++)
		strlist_add(names, jobs->items[i]->name);
}

static void print_each_once(FILE *out, struct strlist *names)
{
	strlist_sort(names);
	for (size_t i = 0; i < names->n; i++)
		if (i == 0 || strcmp(names->items[i], names->items[i - 1]))
			fprintf(out, "%s\n", names->items[i]);
}

/* What was last heard of, without asking anybody: of the account that the environment names ... */
static void account_jobs(struct strlist *names)
{
	struct aws_options account = {0};

	jobs_of(&account, names);
}

/* ... and of the engine. */
static void local_jobs(struct strlist *names)
{
	struct engine_info engine;

	engine_find(&engine);
	if (!engine.running)
		return;
	struct aws_options local = {.local = true, .local_secret = engine.secret, .endpoint_url = engine.endpoint};

	jobs_of(&local, names);
}

static int print_account_jobs(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	account_jobs(&names);
	print_each_once(out, &names);
	return 0;
}

static int print_local_jobs(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	local_jobs(&names);
	print_each_once(out, &names);
	return 0;
}

static int print_jobs(FILE *out, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	account_jobs(&names);
	local_jobs(&names);
	print_each_once(out, &names);
	return 0;
}

int complete_print(FILE *out, const char *kind, struct err *err)
{
	static const struct {
		const char *kind;
		int (*print)(FILE *out, struct err *err);
	} kinds[] = {{"columns", print_columns},
		     {"kinds", print_kinds},
		     {"settings", print_settings},
		     {"types", print_types},
		     {"profiles", print_profiles},
		     {"scopes", print_scopes},
		     {"regions", print_regions},
		     {"commands", print_commands},
		     {"jobs", print_jobs},
		     {"account-jobs", print_account_jobs},
		     {"local-jobs", print_local_jobs},
		     {"backtests", print_backtests}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kind, kinds[i].kind))
			return kinds[i].print(out, err);
	return err_set(err, ERR_USAGE,
		       "--complete knows columns, kinds, settings, types, profiles, scopes, regions, commands, jobs "
		       "and backtests, not \"%s\"",
		       kind);
}
