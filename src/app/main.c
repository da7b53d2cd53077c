/* The program: all of it is app_main. */
#include "app/app.h"

int main(int argc, char **argv)
{
	return app_main(argc, argv);
}
