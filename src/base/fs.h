/* fs.h - files and folders: whole-file reads with a cap, atomic writes, XDG. */
#ifndef SAGETOP_BASE_FS_H
#define SAGETOP_BASE_FS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

/* Read a whole file into out (its max is the cap; ERR_TOOBIG beyond). */
int fs_read(const char *path, struct buf *out, struct err *err) NODISCARD;

/* Write through a temporary file in the same folder, fsync, rename: a reader
 * or a crash sees the old or the new content, never a part. */
int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode, struct err *err) NODISCARD;

/* The same piece by piece. What is added lies in a temporary file until fs_draft_keep gives it its name; where
 * replace is false, ERR_EXISTS where there is anything of that name, at the beginning and at the end. A folder or a
 * device is never replaced. */
struct fs_draft;
int fs_draft_begin(const char *path, bool replace, mode_t mode, struct fs_draft **ret, struct err *err) NODISCARD;
int fs_draft_add(struct fs_draft *d, const void *data, size_t n, struct err *err) NODISCARD;
/* d is gone afterwards, whatever comes of it. durable: the file outlasts a crash of the machine, for which the disk
 * is waited for. */
int fs_draft_keep(struct fs_draft *d, bool durable, struct err *err) NODISCARD;
void fs_draft_drop(struct fs_draft *d); /* nothing is left of it; d may be NULL */

int fs_mkdirs(const char *path, mode_t mode, struct err *err) NODISCARD; /* mkdir -p */
int fs_mkdir_parent(const char *path, mode_t mode, struct err *err) NODISCARD;
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);
int64_t fs_size(const char *path); /* -1 where it cannot be had */
/* All files of a folder and those below it, in order of their names; what begins with a dot is left
 * out. Appended to ret. */
int fs_list_tree(const char *path, struct strlist *ret, struct err *err) NODISCARD;
/* The paths of files and folders that begin with text ("~/" stays as it is), a folder with '/' behind it, in order;
 * hidden ones only where text names a dot; at most `most`, appended to ret. */
void fs_complete(const char *text, size_t most, struct strlist *ret);
int fs_remove_tree(const char *path, struct err *err) NODISCARD; /* does not follow links; absent is fine */

/* Hold a file, made where it is absent with the folders above it, until *ret_fd is closed; ERR_EXISTS where another
 * process does. */
int fs_lock(const char *path, int *ret_fd, struct err *err) NODISCARD;

/* A path joined with one '/', owned by the caller. */
char *fs_join(const char *dir, const char *name) NODISCARD;
/* Whether a path means the same file wherever we run: from '/', or from "~/", the home folder; and a path with
 * "~" and "~/" in full, owned by the caller (NULL gives NULL). */
bool fs_is_rooted(const char *path);
char *fs_expand(const char *path) NODISCARD;

/* $XDG_CACHE_HOME/sagetop (or ~/.cache/sagetop) and so on, with `name` added
 * where not NULL. The folder itself is not made. Owned by the caller. */
char *fs_cache_path(const char *name) NODISCARD;
char *fs_state_path(const char *name) NODISCARD;
char *fs_config_path(const char *name) NODISCARD;
char *fs_home(void) NODISCARD; /* $HOME, or the password entry's */

char *fs_program_dir(void) NODISCARD; /* where our own program lies; NULL where the system does not say */

/* A file shipped in share/: the first that holds `name` of $SAGETOP_SHARE, the source
 * tree's where the program lies in its build folder, the one beside the program's
 * bin/ and the one of the configured prefix. NULL where none does. */
char *fs_share_path(const char *name) NODISCARD;

#endif
