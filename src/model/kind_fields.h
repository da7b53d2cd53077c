/* kind_fields.h - the fields of every kind: the tables that kinds.def names.
 * job_fields.c has those of the training job, kind_fields.c all others. */
#ifndef SAGETOP_MODEL_KIND_FIELDS_H
#define SAGETOP_MODEL_KIND_FIELDS_H

#include "model/field.h"

/* Where a thing is: rows behind the name of every kind. */
/* clang-format off */
#define SCOPE_FIELDS \
	{"profile", NULL, "profile", NULL, "the profile that it is seen with", FIELD_TEXT, \
	 FIELD_SCOPED | FIELD_ASCENDING, {8, 20, 10, 3}, NULL, NULL, field_get_profile}, \
	{"region", NULL, "region", NULL, "the region that it is in", FIELD_TEXT, \
	 FIELD_SCOPED | FIELD_ASCENDING, {9, 14, 0, 2}, NULL, NULL, field_get_region}, \
	{"account", NULL, "account", NULL, "the account that it is in", FIELD_TEXT, \
	 FIELD_ASCENDING, {12, 12, 0, 24}, NULL, NULL, field_get_account}
/* clang-format on */

extern const struct field job_fields[];
extern const struct field tuning_job_fields[];
extern const struct field tuning_child_fields[];
extern const struct field processing_job_fields[];
extern const struct field transform_job_fields[];
extern const struct field model_fields[];
extern const struct field endpoint_config_fields[];
extern const struct field endpoint_fields[];
extern const struct field inference_component_fields[];
extern const struct field model_group_fields[];
extern const struct field model_version_fields[];
extern const struct field pipeline_fields[];
extern const struct field pipeline_execution_fields[];
extern const struct field pipeline_step_fields[];
extern const struct field schedule_fields[];
extern const struct field rule_fields[];
extern const struct field monitoring_schedule_fields[];
extern const struct field monitoring_execution_fields[];
extern const struct field alarm_fields[];
extern const struct field dashboard_fields[];
extern const struct field scalable_target_fields[];
extern const struct field scaling_policy_fields[];
extern const struct field scaling_activity_fields[];
extern const struct field mlflow_server_fields[];
extern const struct field mlflow_app_fields[];
extern const struct field notebook_fields[];
extern const struct field app_fields[];
extern const struct field domain_fields[];
extern const struct field project_fields[];
extern const struct field automl_job_fields[];
extern const struct field compilation_job_fields[];
extern const struct field labeling_job_fields[];
extern const struct field recommendation_job_fields[];
extern const struct field feature_group_fields[];
extern const struct field model_card_fields[];
extern const struct field image_fields[];
extern const struct field cluster_fields[];
extern const struct field training_plan_fields[];
extern const struct field experiment_fields[];
extern const struct field trial_fields[];

#endif
