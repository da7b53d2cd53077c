/* The commands of sagetop-trainer. */
#include <locale.h>

#include "base/str.h"
#include "trainer/job/train.h"
#include "trainer/library/booster.h"
#include "trainer/serve/predict.h"
#include "trainer/serve/serve.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"train", command_train, "train as a SageMaker job does, under /opt/ml or $SAGETOP_ML_ROOT"},
	{"serve", command_serve, "answer /ping and /invocations as an endpoint does"},
	{"predict", command_predict, "predict the rows of a file with a model"},
	{"hyperparameters", command_hyperparameters, "list every hyperparameter of a training job"},
};

static void usage(FILE *out)
{
	fputs("usage: sagetop-trainer COMMAND [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-17s%s\n", commands[i].name, commands[i].help);
	fputs("  --version        print the version\n  --libraries      list the libraries that are opened when they "
	      "are needed\n"
	      "  --help           print this\n\n"
	      "sagetop-trainer(1) has the details.\n",
	      out);
}

int main(int argc, char **argv)
{
	const char *names[ARRAY_LEN(commands)];

	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		usage(stderr);
		return err_exit_status(ERR_USAGE);
	}
	if (str_eq(argv[1], "--version")) {
		puts("sagetop-trainer " SAGETOP_VERSION);
		return 0;
	}
	if (str_eq(argv[1], "--libraries")) {
		printf("%s\n%s\n", booster_library_file(), serve_library_file());
		return 0;
	}
	if (str_eq(argv[1], "--help") || str_eq(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		names[i] = commands[i].name;
		if (str_eq(commands[i].name, argv[1]))
			return commands[i].run(argc - 1, argv + 1);
	}
	const char *near = str_nearest(argv[1], names, ARRAY_LEN(names));
	fprintf(stderr, "sagetop-trainer: unknown command '%s'%s%s%s\n", argv[1], near ? "; did you mean " : "",
		near ? near : "", near ? "?" : ": see sagetop-trainer --help");
	return err_exit_status(ERR_USAGE);
}
