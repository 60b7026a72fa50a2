/* Files: whole reads with a ceiling, atomic writes, and a line reader that sees through gzip. */
#ifndef WL_BASE_FILE_H
#define WL_BASE_FILE_H
#include "base/buf.h"

/* wl_file_read - whole file into buf (cleared first). "-" is standard input.
 * Errors:  WL_ENOTFOUND  no such file.  WL_EIO  it cannot be read.
 *          WL_ELIMIT     larger than buf's ceiling.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_file_read(const char *path, struct wl_buf *buf, wl_error *error);

/* wl_file_write - write a file so that a crash leaves the old one or the new one, never half:
 * a temporary file beside it, fsync, rename. Parent folders must exist.
 * Errors:  WL_EIO  with the system's reason; the old file is untouched. */
WL_MUST_CHECK wl_status wl_file_write(const char *path, struct wl_str bytes, wl_error *error);

/* A file being written piece by piece; nobody sees it before wl_file_writer_commit. */
#define WL_PATH_BYTES_MAX 4096
struct wl_file_writer {
    int fd;                            /* the temporary file; -1 once committed or closed */
    char path[WL_PATH_BYTES_MAX];      /* where it will stand */
    char temporary[WL_PATH_BYTES_MAX]; /* where it stands now */
};

/* wl_file_writer_open - start writing path: a temporary file beside it. End with
 * wl_file_writer_close, on success too.
 * Errors:  WL_EIO, WL_ENOTFOUND (no such folder), WL_EINVAL (path too long). */
WL_MUST_CHECK wl_status wl_file_writer_open(struct wl_file_writer *writer, const char *path,
                                            wl_error *error);

/* wl_file_writer_add - append bytes. Errors: WL_EIO with the system's reason. */
WL_MUST_CHECK wl_status wl_file_writer_add(struct wl_file_writer *writer, struct wl_str bytes,
                                           wl_error *error);

/* wl_file_writer_commit - fsync and rename: the whole file is there from now on, after a crash too.
 * Errors:  WL_EIO; the old file is untouched. */
WL_MUST_CHECK wl_status wl_file_writer_commit(struct wl_file_writer *writer, wl_error *error);

/* wl_file_writer_close - drop what was not committed; fine when it was, or when opening failed. */
void wl_file_writer_close(struct wl_file_writer *writer);

/* wl_file_append - append one record with a single write and fsync; creates the file.
 * Errors:  WL_EIO  nothing of the record is left in the file, also when the disk was full. */
WL_MUST_CHECK wl_status wl_file_append(const char *path, struct wl_str bytes, wl_error *error);

/* wl_file_exists - something is there (file or folder). */
bool wl_file_exists(const char *path);

/* wl_folder_make - make a folder and its parents; fine when it is there. */
WL_MUST_CHECK wl_status wl_folder_make(const char *path, wl_error *error);

/* wl_folder_list - names inside a folder (without "." and ".."), sorted by bytes.
 *   names  (out) (n_names) NUL-terminated, in arena.
 * Errors:  WL_ENOTFOUND, WL_EIO, WL_ENOMEM. */
struct wl_arena;
WL_MUST_CHECK wl_status wl_folder_list(const char *path, struct wl_arena *arena, char ***names,
                                       size_t *n_names, wl_error *error);

/* wl_folder_lock - wait until nobody else holds this folder, then hold it: against other processes
 * and other threads. A process that dies lets go.
 *   lock  (out) for wl_folder_unlock; untouched on failure.
 * Errors:  WL_ENOTFOUND, WL_EIO (a file system without locks, too). */
WL_MUST_CHECK wl_status wl_folder_lock(const char *path, int *lock, wl_error *error);

/* wl_folder_unlock - let go; -1 is fine. */
void wl_folder_unlock(int lock);

#define WL_FOLDER_TEMPORARY ".new-" /* how the names of unfinished folders begin */

/* wl_folder_temporary - make a new folder with a name nobody else has, ".new-XXXXXX" inside folder.
 *   path_out  (out) in arena.
 * Errors:  WL_EIO, WL_ENOTFOUND (no such folder), WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_folder_temporary(const char *folder, struct wl_arena *arena,
                                            char **path_out, wl_error *error);

/* wl_folder_publish - give a finished folder its name in one step: all of it is there or nothing.
 * Errors:  WL_EEXIST  the name is taken; nothing is changed.  WL_EIO. */
WL_MUST_CHECK wl_status wl_folder_publish(const char *from, const char *to, wl_error *error);

/* wl_folder_remove - remove a folder and everything in it; links are removed, not followed. Best
 * effort: for clearing away what a failure or a former run left behind. */
void wl_folder_remove(const char *path);

/* wl_path_join - "folder/name" in arena; name alone when it is absolute or folder is "" or ".".
 * NULL when memory is out. */
char *wl_path_join(struct wl_arena *arena, const char *folder, const char *name);

/* wl_path_parent - the folder that a path lies in, in arena: "a" of "a/b" and of "a/b/", "." of
 * "b". NULL when memory is out. */
char *wl_path_parent(struct wl_arena *arena, const char *path);

struct wl_lines; /* an open text source; gzip is unpacked on the way */

/* wl_lines_open - open a text file for reading line by line; "-" is standard input.
 *   Gzip is recognised by its first bytes, whatever the name.
 * Errors:  WL_ENOTFOUND, WL_EIO, WL_ENOMEM. Close with wl_lines_close (NULL is fine). */
WL_MUST_CHECK wl_status wl_lines_open(const char *path, const wl_alloc *alloc,
                                      struct wl_lines **lines_out, wl_error *error);
void wl_lines_close(struct wl_lines *lines);

/* wl_lines_next - the next line without its "\n" or "\r\n"; borrowed until the next call.
 *   got  (out) false at the end of the file. A UTF-8 byte-order mark in front is skipped.
 * Errors:  WL_ECORRUPT  damaged or cut gzip, after the whole lines in front of it were handed out;
 *                       the message says after which line.
 *          WL_ELIMIT    a line longer than WL_LINE_BYTES_MAX.  WL_EIO. */
WL_MUST_CHECK wl_status wl_lines_next(struct wl_lines *lines, struct wl_str *line, bool *got,
                                      wl_error *error);

/* wl_lines_number - 1-based number of the line last returned; 0 before the first. */
size_t wl_lines_number(const struct wl_lines *lines);

/* wl_lines_share - how much of the file has been read, 0..1, or -1 when unknown (a pipe). */
double wl_lines_share(const struct wl_lines *lines);

#endif
