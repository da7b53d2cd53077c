/* script.h - script mode, as AWS's framework images do it and the SDKs ask for it: the
 * hyperparameter sagemaker_program names a script within the archive that
 * sagemaker_submit_directory names (on S3, or a file or folder of a channel). It is
 * executed with the other hyperparameters as arguments and the SM_ variables.
 */
#ifndef SAGETOP_LOCAL_SCRIPT_H
#define SAGETOP_LOCAL_SCRIPT_H

#include "aws/local/running/layout.h"

bool script_is_asked_for(const json_t *request);

/* The code of one host goes to root/code. ERR_INVALID: the job's FailureReason. */
int script_plan(struct engine *e, const json_t *request, const char *root, struct copy_plan *plan,
		struct err *err) NODISCARD;

/* The command, the variables and the folder below root in which it runs; seen: where the
 * program finds its /opt/ml. The code must be there already (ERR_INVALID where the script
 * is not). */
int script_command(const struct training_job *job, const json_t *request, const char *root, const char *seen,
		   const char *python, struct strlist *argv, struct strmap *env, char **ret_folder,
		   struct err *err) NODISCARD;

#endif
