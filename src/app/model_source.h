/* model_source.h - which model the command line means: one that is there, what a training or
 * tuning job made, or an archive in S3. */
#ifndef SAGETOP_APP_MODEL_SOURCE_H
#define SAGETOP_APP_MODEL_SOURCE_H

#include "app/app.h"
#include "base/json.h"

struct model_source {
	char *name;
	json_t *request; /* CreateModel's input; NULL: the model is there */
	bool many;	 /* below a prefix: only endpoints have them */
};
void model_source_done(struct model_source *m);

/* "tiny", "tuning-job/search", "model/tiny", "s3://.../model.tar.gz", "s3://.../" (many), with the options --name (of
 * an archive), --image-uri and --role. Where the same model is there already nothing is to be made; another of
 * its name gives it a name of its own. The app is connected. */
int model_source_find(struct app *a, const char *what, struct model_source *ret, struct err *err) NODISCARD;

#endif
