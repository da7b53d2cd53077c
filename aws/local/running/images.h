/* images.h - the engine's settings: what stands for an image here, and times.
 *
 *   images:
 *     "churn:3":                            # patterns as in the shell; the first that matches
 *       command: [/srv/churn/bin/run]       # gets "train" or "serve" as a container would
 *     "churn-folder":                       # without account, region and tag
 *       folder: /srv/churn/program          # /opt/program: holds `train` and `serve`
 *     "sagemaker-scikit-learn*":
 *       python: /srv/venv/bin/python3       # runs the scripts of script mode and processing
 *     "legacy":
 *       rootfs: /srv/legacy/rootfs          # an unpacked OCI image, run by runc
 *       command: [/usr/bin/legacy]          # where its PATH holds no `train`
 *   serverless-idle: 5m                     # then a serverless endpoint's server ends
 *   monitoring-hour: 1h                     # of monitoring schedules
 */
#ifndef SAGETOP_LOCAL_IMAGES_H
#define SAGETOP_LOCAL_IMAGES_H

#include "aws/local/core/engine.h"

struct image_row {
	char *pattern;
	struct strlist command; /* empty: none */
	char *folder, *python, *rootfs;
};

/* Reads e->opt.settings; without one local.yaml in the configuration's folder, where
 * there is one. ERR_INVALID names file, line and member. */
int images_load(struct engine *e, struct err *err) NODISCARD;
void images_free(struct engine *e);

/* The row of an image; NULL where nobody has mapped it. */
const struct image_row *images_find(const struct engine *e, const char *image);
/* The file in which it would stand. */
const char *images_file(const struct engine *e);

#endif
