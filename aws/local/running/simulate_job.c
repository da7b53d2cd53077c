/* What a synthetic job is: a function of seed and index. */
#include <math.h>

#include "aws/local/running/simulate.h"
#include "base/clock.h"

#define MONTH_MS (30 * DAY_MS)
#define PACKS 34 /* jobs of one cycle of the pretended backtest */

/* splitmix64: a good stream from any seed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static double uniform(uint64_t *state, double low, double high)
{
	return low + (high - low) * (double)(next_random(state) >> 11) / 9007199254740992.0;
}

static void choose_outcome(struct sim_plan *p, uint64_t *rng)
{
	static const char *const failures[] = {
		"AlgorithmError: out of memory while reading the channel train (3.1 GB on 16 GiB)",
		"AlgorithmError: train/part-0007.csv:1841:12: 'n/a' is not a number",
		"ClientError: Data download failed:S3 403 Forbidden",
		"CapacityError: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
		"error. "
		"Please retry using a different ML instance type or after some time.",
		"InternalServerError: We encountered an internal error.  Please try again.",
	};
	double chance = uniform(rng, 0, 1);

	p->outcome = chance < 0.90 ? SIM_COMPLETED : chance < 0.98 ? SIM_FAILED : SIM_MAX_RUNTIME;
	p->fails_at = p->interrupted_at = -1;
	if (p->outcome != SIM_COMPLETED)
		p->fails_at = (int)uniform(rng, 0, p->rounds);
	if (p->outcome == SIM_FAILED)
		p->failure = failures[next_random(rng) % ARRAY_LEN(failures)];
	if (p->spot && p->outcome == SIM_COMPLETED && uniform(rng, 0, 1) < 0.08)
		p->interrupted_at = (int)uniform(rng, 1, p->rounds);
}

void sim_plan(struct sim_plan *p, int64_t seed, int64_t index, int64_t total, int64_t base_ms, int64_t hours)
{
	static const char *const instances[] = {"ml.m5.large",	"ml.m5.xlarge",	 "ml.m5.xlarge",   "ml.m5.2xlarge",
						"ml.c5.xlarge", "ml.c5.2xlarge", "ml.g4dn.xlarge", "ml.g5.xlarge"};
	uint64_t rng = (uint64_t)seed * 0x2545f4914f6cdd1dULL + (uint64_t)index;
	int64_t past = total / 2;

	*p = (struct sim_plan){.cycle = (int)(index / PACKS), .pack = (int)(index % PACKS)};
	snprintf(p->name, sizeof(p->name), "sim-c%03d-p%02d", p->cycle, p->pack);
	if (index < past)
		p->created_ms = base_ms - MONTH_MS + (MONTH_MS - (int64_t)7200 * 1000) * index / MAX(past, 1) +
				(int64_t)uniform(&rng, 0, 1000);
	else
		p->created_ms = base_ms + hours * HOUR_MS * (index - past) / MAX(total - past, 1) +
				(int64_t)uniform(&rng, 0, 1000);
	p->spot = uniform(&rng, 0, 1) < 0.6;
	p->instance = instances[next_random(&rng) % ARRAY_LEN(instances)];
	p->starting_ms = (int64_t)uniform(&rng, 35e3, 160e3);
	p->downloading_ms = (int64_t)uniform(&rng, 8e3, 40e3);
	p->uploading_ms = (int64_t)uniform(&rng, 3e3, 20e3);
	p->rounds = (int)uniform(&rng, 20, 60);
	p->round_ms = (int64_t)exp(uniform(&rng, log(1.5e3), log(40e3)));
	p->first_rmse = uniform(&rng, 8, 11);
	p->floor_rmse = uniform(&rng, 6.6, 7.8);
	p->decay = uniform(&rng, 0.04, 0.15);
	p->noise = next_random(&rng);
	choose_outcome(p, &rng);
}

static double jitter(const struct sim_plan *p, int round, uint64_t salt, double width)
{
	uint64_t state = p->noise + (uint64_t)round * 1000003u + salt;

	return uniform(&state, -width, width);
}

void sim_round(const struct sim_plan *p, int round, double *train, double *validation)
{
	double fallen = exp(-p->decay * round);

	*train = p->floor_rmse * 0.93 + (p->first_rmse - p->floor_rmse * 0.93) * fallen + jitter(p, round, 1, 0.01);
	*validation = p->floor_rmse + (p->first_rmse - p->floor_rmse) * fallen + jitter(p, round, 2, 0.02);
}

double sim_cpu(const struct sim_plan *p, int round)
{
	return 170 + jitter(p, round, 3, 25);
}

double sim_memory(const struct sim_plan *p, int round)
{
	return 22 + 8 * (1 - exp(-round / 10.0)) + jitter(p, round, 4, 1);
}

static json_t *channel(const char *name, const char *uri)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "ChannelName", name, "ContentType", "text/csv",
			 "CompressionType", "None", "RecordWrapperType", "None", "DataSource", "S3DataSource",
			 "S3DataType", "S3Prefix", "S3Uri", uri, "S3DataDistributionType", "FullyReplicated");
}

static json_t *hyperparameters(const struct sim_plan *p)
{
	char rounds[16], depth[16], eta[16], pack[32];

	snprintf(rounds, sizeof(rounds), "%d", p->rounds);
	snprintf(depth, sizeof(depth), "%d", 3 + p->pack % 6);
	snprintf(eta, sizeof(eta), "%.2f", 0.05 + 0.05 * (p->cycle % 4));
	snprintf(pack, sizeof(pack), "c%03d/p%02d", p->cycle, p->pack);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "num_round", rounds, "max_depth", depth, "eta", eta,
			 "subsample", "0.8", "objective", "reg:squarederror", "pack", pack);
}

json_t *sim_request(const struct sim_plan *p)
{
	json_t *stopping = json_pack("{s:i}", "MaxRuntimeInSeconds", 3600);

	if (p->spot)
		json_object_set_new(stopping, "MaxWaitTimeInSeconds", json_integer(7200));
	return json_pack("{s:s, s:o, s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}, s:s, s:[o, o], s:{s:s}, s:{s:s, s:i, "
			 "s:i}, s:o, s:b, s:{s:s}}",
			 "TrainingJobName", p->name, "HyperParameters", hyperparameters(p), "AlgorithmSpecification",
			 "TrainingImage", ACCOUNT_ID ".dkr.ecr." DEFAULT_REGION ".amazonaws.com/sagetop-trainer:1.0",
			 "TrainingInputMode", "File", "MetricDefinitions", "Name", "train:rmse", "Regex",
			 ".*\\[[0-9]+\\].*#011train-rmse:(\\S+)", "Name", "validation:rmse", "Regex",
			 ".*\\[[0-9]+\\].*#011validation-rmse:(\\S+)", "RoleArn",
			 "arn:aws:iam::" ACCOUNT_ID ":role/simulated", "InputDataConfig",
			 channel("train", "s3://simulated/data/train/"),
			 channel("validation", "s3://simulated/data/validation/"), "OutputDataConfig", "S3OutputPath",
			 "s3://simulated/output", "ResourceConfig", "InstanceType", p->instance, "InstanceCount", 1,
			 "VolumeSizeInGB", 30, "StoppingCondition", stopping, "EnableManagedSpotTraining", p->spot,
			 "CheckpointConfig", "S3Uri", "s3://simulated/checkpoints");
}
