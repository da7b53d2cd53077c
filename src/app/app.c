#include "app/app.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

int app_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("sagetop " SAGETOP_VERSION);
		return 0;
	}
	fputs("sagetop: usage: sagetop --version\n", stderr);
	return err_exit_status(ERR_USAGE);
}
