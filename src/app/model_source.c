/* model_source.c - the model that is meant, and the request that makes it. */
#include "app/model_source.h"

#include "app/reference.h"
#include "sync/deploy_spec.h"

#define LOCAL_IMAGE "sagetop-trainer"
#define LOCAL_ROLE "arn:aws:iam::000000000000:role/sagetop-deploy"

void model_source_done(struct model_source *m)
{
	free(m->name);
	json_decref(m->request);
}

static int of_artefact(struct app *a, struct model_source *m, const char *uri, struct err *err)
{
	const char *name = app_value(a, OPT_NAME);
	const char *image = str_or(app_value(a, OPT_IMAGE), a->local ? LOCAL_IMAGE : NULL);
	const char *role = str_or(app_value(a, OPT_ROLE), a->local ? LOCAL_ROLE : NULL);

	m->many = str_ends(uri, "/");
	if (!str_ends(uri, ".tar.gz") && !m->many)
		return err_set(err, ERR_USAGE,
			       "%s: an artefact is an archive, s3://BUCKET/.../model.tar.gz, or with / at its end the "
			       "prefix of many",
			       uri);
	if (!name || !image || !role)
		return err_set(err, ERR_USAGE, "an artefact needs %s as well",
			       !name	? "--name NAME"
			       : !image ? "--image-uri IMAGE"
					: "--role ARN");
	m->request = deploy_model_of_artefact(name, uri, image, role);
	return 0;
}

static int of_job(struct app *a, struct model_source *m, const char *name, struct err *err)
{
	AUTO(json) json_t *job = NULL;
	struct resource *r;

	if (reference_describe(a, TRAINING_KIND, name, &r, &job, err) < 0)
		return -err->code;
	return deploy_model_of_job(job, app_value(a, OPT_IMAGE), app_value(a, OPT_ROLE), &m->request, err);
}

static int of_tuning_job(struct app *a, struct model_source *m, const char *name, struct err *err)
{
	AUTO(json) json_t *search = NULL;
	struct resource *r;

	if (reference_describe(a, &kind_table[KIND_TUNING_JOB], name, &r, &search, err) < 0)
		return -err->code;
	const char *best = json_string_value(json_path_get(search, "BestTrainingJob.TrainingJobName"));

	if (!best)
		return err_set(err, ERR_INVALID, "%s has no best training job yet: sagetop wait tuning-job/%s", name,
			       name);
	return of_job(a, m, best, err);
}

static int of_model(struct app *a, struct model_source *m, const char *name, struct err *err)
{
	AUTO(json) json_t *model = NULL;
	struct resource *r;

	if (app_value(a, OPT_IMAGE) || app_value(a, OPT_ROLE))
		return err_set(err, ERR_USAGE, "%s is a model and has its image and role already", name);
	if (reference_describe(a, &kind_table[KIND_MODEL], name, &r, &model, err) < 0)
		return -err->code;
	m->name = xstrdup(str_or(json_get_str(model, "ModelName"), name));
	return 0;
}

/* A name alone is a training job's, or a model's. */
static int find_source(struct app *a, struct model_source *m, const char *what, struct err *err)
{
	const struct kind *k;
	const char *name;

	if (str_starts(what, "s3://"))
		return of_artefact(a, m, what, err);
	if (kind_parse_reference(what, &k, &name, err) < 0)
		return -err->code;
	if (k->id == KIND_MODEL)
		return of_model(a, m, name, err);
	if (k->id == KIND_TUNING_JOB)
		return of_tuning_job(a, m, name, err);
	if (k->id != KIND_TRAINING_JOB)
		return err_set(err, ERR_USAGE,
			       "%s are not served: name a training job, tuning-job/NAME, model/NAME or an "
			       "artefact in S3",
			       k->title);
	if (of_job(a, m, name, err) == 0)
		return 0;
	struct err of_a_model = {0};

	if (err->code != ERR_NOTFOUND || of_model(a, m, name, &of_a_model) < 0)
		return -err->code;
	err_clear(err);
	return 0;
}

/* The model's name, and whether it is there. */
static int find_model(struct app *a, struct model_source *m, struct err *err)
{
	for (int i = 0; m->request && i < 2; i++) {
		AUTO(json) json_t *there = NULL;

		str_set(&m->name, json_get_str(m->request, "ModelName"));
		if (reference_look(a, &kind_table[KIND_MODEL], m->name, &there, err) < 0)
			return -err->code;
		if (there && deploy_model_is(there, m->request))
			json_decref(TAKE(m->request));
		else if (there && i == 0)
			deploy_model_rename(m->request);
		else
			break;
	}
	return 0;
}

int model_source_find(struct app *a, const char *what, struct model_source *ret, struct err *err)
{
	return find_source(a, ret, what, err) < 0 || find_model(a, ret, err) < 0 ? -err->code : 0;
}
