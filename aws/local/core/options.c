/* The command line: one table of options, its parser and --help. */
#include "aws/local/core/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/timefmt.h"

enum option_type { OPT_FLAG, OPT_INT, OPT_REAL, OPT_SECONDS, OPT_TEXT };

struct option_row {
	const char *name;
	enum option_type type;
	const char *value; /* the word in --help */
	size_t offset;
	double min, max;
	const char *fallback; /* as written on the command line; NULL: unset */
	const char *help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct option_row option_table[] = {
	{"port", OPT_INT, "N", FIELD(port), 0, 65535, "4670", "TCP port; 0 takes a free one"},
	{"address", OPT_TEXT, "ADDR", FIELD(address), 0, 0, "127.0.0.1",
	 "address to listen on; only loopback ones are accepted"},
	{"state", OPT_TEXT, "DIR", FIELD(state_dir), 0, 0, NULL,
	 "folder of the database, the objects and the jobs (default: $XDG_STATE_HOME/sagetop/local)"},
	{"slots", OPT_INT, "N", FIELD(slots), 0, 4096, "0", "processes of jobs at a time; 0 is one per core"},
	{"stop-timeout", OPT_SECONDS, "TIME", FIELD(stop_timeout_s), 0, 86400, "120s",
	 "time between SIGTERM and SIGKILL when a job is stopped"},
	{"open", OPT_FLAG, NULL, FIELD(open), 0, 0, NULL,
	 "access key and secret are `local`: every user of this machine can start programs as you"},
	{"strict", OPT_FLAG, NULL, FIELD(strict), 0, 0, NULL,
	 "enforce the service's rates, quotas and error codes to the letter"},
	{"rates", OPT_TEXT, "LIST", FIELD(rates), 0, 0, NULL,
	 "strict: other requests a second: ListTrainingJobs=2,Search=5"},
	{"quotas", OPT_TEXT, "LIST", FIELD(quotas), 0, 0, NULL,
	 "strict: other instances at a time: ml.g5.xlarge=2,spot:ml.m5.large=4,*=20"},
	{"faults", OPT_TEXT, "SPEC", FIELD(faults), 0, 0, NULL,
	 "inject faults: throttle=0.05,reset=1%,slow=0.1:500ms ..."},
	{"deny", OPT_TEXT, "LIST", FIELD(deny), 0, 0, NULL,
	 "refuse operations as IAM does: sagemaker:Search,logs:Get*"},
	{"load", OPT_TEXT, "FILE", FIELD(load), 0, 0, NULL,
	 "store documents of any kind and state: lines of {\"kind\", \"document\"}"},
	{"record", OPT_TEXT, "FILE", FIELD(record), 0, 0, NULL,
	 "append every request as a line of JSON, without secrets"},
	{"simulate", OPT_INT, "N", FIELD(simulate), 0, 1000000, "0", "add N synthetic jobs on a simulated clock"},
	{"simulate-hours", OPT_INT, "H", FIELD(simulate_hours), 1, 24 * 365, "10",
	 "simulated hours that the synthetic jobs to come are spread over"},
	{"speed", OPT_REAL, "X", FIELD(speed), 0.001, 100000, "1", "simulated seconds in a real one"},
	{"seed", OPT_INT, "N", FIELD(seed), 0, 9e15, "1", "seed of the simulation and the faults"},
	{"runner", OPT_TEXT, "HOW", FIELD(runner), 0, 0, "process",
	 "run jobs as a `process` or in a container by `runc`"},
	{"image", OPT_TEXT, "DIR", FIELD(image), 0, 0, NULL,
	 "runc: the image's unpacked root file system (make image)"},
	{"settings", OPT_TEXT, "FILE", FIELD(settings), 0, 0, NULL,
	 "what stands for images: YAML (default: $XDG_CONFIG_HOME/sagetop/local.yaml)"},
	{"foreground", OPT_FLAG, NULL, FIELD(foreground), 0, 0, NULL, "say on standard output what is served"},
	{"help", OPT_FLAG, NULL, FIELD(help), 0, 0, NULL, "show this text"},
	{"version", OPT_FLAG, NULL, FIELD(version), 0, 0, NULL, "show the version"},
};

static int set_value(struct options *o, const struct option_row *row, const char *text, struct err *err)
{
	void *field = (char *)o + row->offset;
	int64_t i = 0;
	double f = 0;
	bool ok = true;

	switch (row->type) {
	case OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_TEXT:
		str_set(field, text);
		return 0;
	case OPT_REAL:
		ok = str_to_f64(text, &f);
		break;
	case OPT_SECONDS:
		ok = str_to_i64(text, &i);
		if (!ok && (ok = timefmt_parse_duration(text, &i)))
			i /= 1000;
		f = (double)i;
		break;
	case OPT_INT:
		ok = str_to_i64(text, &i);
		f = (double)i;
		break;
	}
	if (!ok)
		return err_set(err, ERR_USAGE, "--%s: '%s' is not a %s", row->name, text,
			       row->type == OPT_SECONDS ? "time (90s, 2m)" : "number");
	if (f < row->min || f > row->max)
		return err_set(err, ERR_USAGE, "--%s: %s is not in %g..%g", row->name, text, row->min, row->max);
	if (row->type == OPT_REAL)
		*(double *)field = f;
	else
		*(int64_t *)field = i;
	return 0;
}

void options_init(struct options *o)
{
	*o = (struct options){0};
	for (size_t i = 0; i < ARRAY_LEN(option_table); i++) {
		const struct option_row *row = &option_table[i];

		if (row->fallback && set_value(o, row, row->fallback, NULL) < 0)
			abort();
	}
}

void options_done(struct options *o)
{
	for (size_t i = 0; i < ARRAY_LEN(option_table); i++) {
		if (option_table[i].type == OPT_TEXT)
			str_set((char **)((char *)o + option_table[i].offset), NULL);
	}
}

static const struct option_row *find_row(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(option_table); i++) {
		if (strlen(option_table[i].name) == n && !memcmp(option_table[i].name, name, n))
			return &option_table[i];
	}
	return NULL;
}

static int unknown_option(const char *arg, struct err *err)
{
	const char *names[ARRAY_LEN(option_table)];

	for (size_t i = 0; i < ARRAY_LEN(option_table); i++)
		names[i] = option_table[i].name;
	const char *near = str_starts(arg, "--") ? str_nearest(arg + 2, names, ARRAY_LEN(names)) : NULL;

	if (near)
		return err_set(err, ERR_USAGE, "unknown option '%s'; did you mean --%s?", arg, near);
	return err_set(err, ERR_USAGE, "unknown argument '%s'; see sagetop-local --help", arg);
}

static bool is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Jobs run in folders of their own, and are told where theirs is. */
static int absolute_state(struct options *o, struct err *err)
{
	AUTO(str) char *here = NULL;

	if (*o->state_dir == '/')
		return 0;
	here = getcwd(NULL, 0);
	if (!here)
		return err_set(err, ERR_IO, "--state: this folder cannot be told: %s", strerror(errno));
	char *path = fs_join(here, o->state_dir);

	free(o->state_dir);
	o->state_dir = path;
	return 0;
}

static int check(struct options *o, struct err *err)
{
	if (!is_loopback(o->address))
		return err_set(err, ERR_USAGE,
			       "--address: %s is not a loopback address; the engine listens nowhere else", o->address);
	if (!str_eq(o->runner, "process") && !str_eq(o->runner, "runc"))
		return err_set(err, ERR_USAGE, "--runner: '%s' is neither process nor runc", o->runner);
	if (str_eq(o->runner, "runc") && !o->image)
		return err_set(err, ERR_USAGE,
			       "--runner runc needs --image DIR, the image's unpacked root file system");
	if (!o->state_dir)
		o->state_dir = fs_state_path("local");
	return absolute_state(o, err);
}

int options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		const char *eq = strchr(arg, '=');
		size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
		const struct option_row *row = str_starts(arg, "--") ? find_row(arg + 2, n - 2) : NULL;

		if (!row)
			return unknown_option(arg, err);
		const char *value = eq ? eq + 1 : NULL;

		if (row->type == OPT_FLAG && value)
			return err_set(err, ERR_USAGE, "--%s takes no value", row->name);
		if (row->type != OPT_FLAG && !value) {
			if (i + 1 >= argc)
				return err_set(err, ERR_USAGE, "--%s needs a value", row->name);
			value = argv[++i];
		}
		int rc = set_value(o, row, value, err);

		if (rc < 0)
			return rc;
	}
	return check(o, err);
}

void options_help(FILE *out, void (*more)(FILE *out))
{
	fputs("usage: sagetop-local [options]\n\n"
	      "Serves SageMaker, CloudWatch Logs, CloudWatch, EventBridge and its Scheduler, Application Auto\n"
	      "Scaling, S3, STS, Pricing and Cost Explorer on this machine. Training, tuning, processing and\n"
	      "transform jobs run as real processes, endpoints serve. `sagetop local env` prints the keys.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_LEN(option_table); i++) {
		const struct option_row *row = &option_table[i];
		char head[64];

		snprintf(head, sizeof(head), "--%s%s%s", row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		fprintf(out, "  %-20s %s", head, row->help);
		if (row->fallback)
			fprintf(out, " (default: %s)", row->fallback);
		fputc('\n', out);
	}
	more(out);
	fputs("\nThe endpoint is written to $XDG_STATE_HOME/sagetop/local/engine.json, or under --state.\n"
	      "SIGTERM and SIGINT stop it. See sagetop-local(8).\n",
	      out);
}
