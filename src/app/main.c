/* The program: all of it is app_main. */
#include "app/app.h"

#include <malloc.h>

#define LARGE_BYTES (512 * 1024)

int main(int argc, char **argv)
{
#ifdef M_MMAP_THRESHOLD
	/* What is large is given back when it is freed. Left to itself the first such block would raise that
	 * size, and the rows and columns of a large account would stay behind as holes. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
	return app_main(argc, argv);
}
