/* What a job on several hosts is held to before it trains. */
#include <dirent.h>

#include "base/digest.h"
#include "base/fs.h"
#include "trainer/hosts/tracker_settings.h"
#include "trainer/job/train.h"
#include "trainer/models/schema.h"

#define VALUE_MAX 80 /* longer ones are cut, and told apart by their digest */

int train_hosts_check(const struct train_run *r, struct err *err)
{
	const struct hyper *h = &r->hyper;
	const char *alone = str_eq(hyper_text(h, HP_booster), "gblinear") ? "booster gblinear"
			    : hyper_given(h, HP__kfold)			  ? "_kfold"
			    : hyper_given(h, HP_entity_column)		  ? "entity_column"
									  : NULL;

	if (alone)
		return err_set(err, ERR_INVALID, "%s trains on one instance: set InstanceCount to 1", alone);
	if (str_eq(hyper_text(h, HP_tree_method), "exact"))
		return err_set(err, ERR_INVALID, "tree_method exact trains on one instance: use hist");
	return 0;
}

static bool has_files(const char *dir, int depth)
{
	bool found = false;
	DIR *d = opendir(dir);

	for (struct dirent *e; d && !found && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		AUTO(str) char *path = fs_join(dir, e->d_name);
		found = fs_is_dir(path) ? depth < 3 && has_files(path, depth + 1) : fs_size(path) > 0;
	}
	if (d)
		closedir(d);
	return found;
}

bool train_hosts_have_data(const struct train_run *r)
{
	return has_files(contract_channel(&r->contract, "train")->dir, 0);
}

/* --- what all must have alike -------------------------------------------------------------- */

/* As part of a line. */
static void set_cut(struct strmap *m, const char *name, const char *value)
{
	char digest[SHA256_HEX_LEN];
	size_t n = strlen(value);

	sha256_hex(value, n, digest);
	AUTO(str) char *cut = n <= VALUE_MAX ? xstrdup(value) : xasprintf("%.60s... (%.8s)", value, digest);
	for (char *c = cut; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	strmap_set(m, name, cut);
}

/* Of one host nthread and verbosity are its own affair. Everything else decides which
 * trees grow, or how often the hosts talk. */
static void settings_of_job(const struct train_run *r, struct strmap *m)
{
	strmap_set(m, "the version of sagetop-trainer", SAGETOP_VERSION);
	strmap_set(m, "the version of libxgboost", booster_library_version());
	for (int i = 0; i < HYPER_COUNT; i++) {
		enum hyper_id id = (enum hyper_id)i;
		if (!hyper_given(&r->hyper, id) || id == HP_nthread || id == HP_verbosity)
			continue;
		AUTO(str) char *name = xasprintf("hyperparameter %s", hyper_name(id));
		set_cut(m, name, hyper_text(&r->hyper, id));
	}
}

/* Sparse data may end at any column. Categories are numbered as they appear, so that
 * hosts that saw them in another order would take one for the other. */
static void settings_of_data(const struct train_run *r, struct strmap *m)
{
	const struct dataset *d = r->train;
	char number[24];

	snprintf(number, sizeof(number), "%zu", d->columns);
	if (d->dense)
		strmap_set(m, SETTING_OF_DATA "train's number of columns", number);
	if (d->feature_names.n || d->categorical) {
		AUTO(str) char *schema = schema_text(d);
		set_cut(m, SETTING_OF_DATA "train's list of column names and categories", schema);
	}
	if (r->validation)
		strmap_set(m, SETTING_OF_DATA "validation", "given");
}

int train_hosts_meet(struct train_run *r, bool *leave, struct err *err)
{
	AUTO(strmap) struct strmap settings = {0};

	*leave = false;
	if (!r->hosts)
		return 0;
	settings_of_job(r, &settings);
	if (r->train)
		settings_of_data(r, &settings);
	else
		str_copy(r->fingerprint, sizeof(r->fingerprint), "none");
	int rc =
		hosts_meet(r->hosts, r->train ? r->train->rows : 0, &settings, &r->columns, r->fingerprint, leave, err);
	if (!rc && !*leave && r->train->dense && r->train->columns != r->columns)
		rc = err_set(err, ERR_INVALID, "channel train: %zu columns here, %zu on another host",
			     r->train->columns, r->columns);
	return rc;
}
