#include <stdio.h>
#include <string.h>

#include "base/err.h"

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("sagetop-trainer " SAGETOP_VERSION);
		return 0;
	}
	fputs("sagetop-trainer: usage: sagetop-trainer --version\n", stderr);
	return err_exit_status(ERR_USAGE);
}
