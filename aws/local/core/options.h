/* options.h - the engine's command line, from one table (options.c): the parser,
 * --help and the checks come from it. */
#ifndef SAGETOP_LOCAL_OPTIONS_H
#define SAGETOP_LOCAL_OPTIONS_H

#include "base/str.h"

struct options {
	int64_t port;  /* 0: any free one */
	char *address; /* a loopback address */
	char *state_dir;
	int64_t slots;		/* processes at a time; 0: as many as cores */
	int64_t stop_timeout_s; /* between SIGTERM and SIGKILL */
	bool open;		/* the secret is `local`, which everybody knows */
	bool strict;
	char *faults;		/* a fault specification, or NULL */
	char *deny;		/* operations answered with AccessDenied, or NULL */
	char *rates, *quotas;	/* --strict: what differs from the defaults, or NULL */
	char *load;		/* documents to begin with, or NULL */
	char *record;		/* the file that every request is written to, or NULL */
	int64_t simulate;	/* synthetic jobs */
	int64_t simulate_hours; /* over which they are spread */
	double speed;		/* simulated seconds in a real one */
	int64_t seed;
	char *runner;		      /* "process" or "runc" */
	char *settings;		      /* what stands for images, or NULL: local.yaml where there is one */
	int64_t scaling_minute_ms;    /* likewise: how long scaling's minute is */
	int64_t monitoring_hour_ms;   /* likewise: an hour of monitoring schedules */
	int64_t serverless_idle_ms;   /* of the settings' file: after so long a serverless server ends */
	int64_t deployment_minute_ms; /* of that file: how long a minute of an update's waits is */
	char *image;		      /* runc: the image's unpacked root file system */
	bool foreground;
	bool help, version;
};

void options_init(struct options *o);
void options_done(struct options *o);
AUTO_EMBEDDED(options, struct options, options_done)

/* ERR_USAGE names the argument and the nearest option. */
int options_parse(struct options *o, int argc, char **argv, struct err *err) NODISCARD;
/* more: writes what stands between the options and the end. */
void options_help(FILE *out, void (*more)(FILE *out));

#endif
