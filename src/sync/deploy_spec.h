/* deploy_spec.h - what is asked of the service to serve a model: CreateModel, CreateEndpointConfig,
 * CreateEndpoint or UpdateEndpoint. Pure: no network, no files.
 *
 * A configuration is named after its endpoint and its content, so that a repetition finds
 * what is there already, and an update never takes the name of what serves.
 */
#ifndef SAGETOP_SYNC_DEPLOY_SPEC_H
#define SAGETOP_SYNC_DEPLOY_SPEC_H

#include "base/json.h"

#define DEPLOY_VARIANT "AllTraffic"
#define DEPLOY_NAME_MAX 63

/* What a variant runs on. */
struct deploy_machines {
	const char *instance_type; /* NULL: as it is; of a new variant it must be there, or memory_mb */
	int64_t instances;	   /* 0: as it is; of a new variant 1 */
	int64_t memory_mb;	   /* 0: not serverless */
	int64_t concurrency;
	const char *place; /* s3://: asynchronous, with answers and failures under it; NULL: as it is */
};
/* "2048,5" of --serverless. ERR_USAGE says what is allowed. */
int deploy_parse_serverless(const char *text, struct deploy_machines *m, struct err *err) NODISCARD;

/* CreateModel's input for what a training job made (job: DescribeTrainingJob's answer). image
 * and role: NULL: the job's. ERR_INVALID where it has no artefact. *ret is a new reference. */
int deploy_model_of_job(const json_t *job, const char *image, const char *role, json_t **ret,
			struct err *err) NODISCARD;
/* The same of an artefact in S3. */
json_t *deploy_model_of_artefact(const char *name, const char *uri, const char *image, const char *role) NODISCARD;
/* Whether DescribeModel's answer is of what the request would make. */
bool deploy_model_is(const json_t *model, const json_t *request);
/* Where the request's name is taken by another model: a name that its content makes. */
void deploy_model_rename(json_t *request);

/* CreateEndpointConfig's input for a new endpoint of one variant. */
json_t *deploy_config_new(const char *endpoint, const char *model, const struct deploy_machines *m) NODISCARD;
/* The same for an update: DescribeEndpointConfig's answer with another model in a variant (NULL: its only
 * one), and other machines where they are told; its name stays where nothing changes. ERR_USAGE
 * names the variants. */
int deploy_config_changed(const json_t *config, const char *endpoint, const char *model, const char *variant,
			  const struct deploy_machines *m, json_t **ret, struct err *err) NODISCARD;
/* UpdateEndpoint's input; weights and instances stay as they are, but for instances that are
 * told. */
struct deploy_way;
json_t *deploy_update(const char *endpoint, const char *config, bool new_instances,
		      const struct deploy_way *way) NODISCARD;

/* A name as the service allows it, out of any text; NULL where nothing of it is left. */
char *deploy_name(const char *text) NODISCARD;
/* Dollars an hour of all variants; what is billed by use is 0, USD_UNKNOWN where one has no price. */
struct price_table;
int64_t deploy_rate_micro(const json_t *config, const struct price_table *prices, const char *region);
/* Dollars an hour of use of what is serverless; 0: nothing is. No price list has them by the hour, so
 * they are the user's own rates of DEPLOY_SERVERLESS_TYPE<MB>. */
#define DEPLOY_SERVERLESS_TYPE "ml.serverless."
int64_t deploy_use_micro(const json_t *config, const struct price_table *prices, const char *region);

#endif
