/* fuzz.h - one entry point for libFuzzer, AFL++ and the bounded run of the suite. */
#ifndef SAGETOP_TESTS_FUZZ_H
#define SAGETOP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define FUZZ_CHECK(condition)             \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
