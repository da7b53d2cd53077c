/* mem.h - allocation that cannot fail, and the one clean-up idiom.
 *
 * xmalloc and friends abort with a message when memory is exhausted; anything
 * sized by a remote peer must be capped before it gets here (see buf.h).
 * AUTO(kind) releases a local variable when it leaves its scope; TAKE(p) hands
 * the value out and leaves NULL behind.
 */
#ifndef SAGETOP_BASE_MEM_H
#define SAGETOP_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

void *xmalloc(size_t size) NODISCARD __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) NODISCARD __attribute__((returns_nonnull));
void *xrealloc(void *p, size_t size) NODISCARD;
void *xreallocarray(void *p, size_t n, size_t size) NODISCARD;
void *xmemdup(const void *p, size_t n) NODISCARD __attribute__((returns_nonnull));
char *xstrdup(const char *s) NODISCARD; /* NULL gives NULL */
char *xstrndup(const char *s, size_t n) NODISCARD __attribute__((returns_nonnull));
char *xasprintf(const char *fmt, ...) NODISCARD PRINTF_LIKE(1, 2) __attribute__((returns_nonnull));
char *xvasprintf(const char *fmt, va_list ap) NODISCARD;

#define NEW(type) ((type *)xcalloc(1, sizeof(type)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Grow a plain array so that it holds n elements: GROW(v->items, v->cap, n). */
#define GROW(items, cap, n)                                                            \
	do {                                                                           \
		if ((size_t)(n) > (size_t)(cap)) {                                     \
			size_t grow_new_ = (size_t)(cap) ? (size_t)(cap)*2 : 8;        \
			if (grow_new_ < (size_t)(n))                                   \
				grow_new_ = (size_t)(n);                               \
			(items) = xreallocarray((items), grow_new_, sizeof(*(items))); \
			(cap) = grow_new_;                                             \
		}                                                                      \
	} while (0)

/* AUTO_POINTER(job, struct job, job_free) makes AUTO(job) struct job *j call
 * job_free(j) at the end of the scope; AUTO_EMBEDDED(buf, struct buf, buf_done)
 * makes AUTO(buf) struct buf b call buf_done(&b). Both stand in the type's header. */
#define AUTO(kind) __attribute__((cleanup(kind##_auto_release)))
#define AUTO_POINTER(kind, type, free_fn)                \
	static inline void kind##_auto_release(type **p) \
	{                                                \
		free_fn(*p);                             \
	}
#define AUTO_EMBEDDED(kind, type, done_fn)              \
	static inline void kind##_auto_release(type *p) \
	{                                               \
		done_fn(p);                             \
	}
#define TAKE(p)                              \
	({                                   \
		__auto_type take_tmp_ = (p); \
		(p) = NULL;                  \
		take_tmp_;                   \
	})

static inline void file_close(FILE *f)
{
	if (f)
		fclose(f);
}
/* What an AUTO(fd) holds, given up to the caller: TAKE for descriptors. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
void fd_close(int *fd); /* closes *fd unless it is negative, and sets it to -1 */

static inline void mem_free_char(char *p)
{
	free(p);
}
AUTO_POINTER(str, char, mem_free_char) /* AUTO(str) char *s = NULL; */
AUTO_POINTER(file, FILE, file_close)   /* AUTO(file) FILE *f = NULL; */
AUTO_EMBEDDED(fd, int, fd_close)       /* AUTO(fd) int fd = -1; */

/* What was freed goes back to the system, where the C library would keep it. Walks all of the heap: for the end of
 * something large. */
void mem_give_back(void);

/* Overwrite a secret so that the compiler cannot drop the write, then free it.
 * NULL is fine. */
void secret_free(char *s);
void secret_wipe(void *p, size_t n);

#endif
