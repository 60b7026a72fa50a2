/* Files. zlib's gzread reads plain files too, so one path serves both; the truncated-stream check
 * is ours, because gzread reports a cut file as an ordinary end unless asked. */
#define _GNU_SOURCE
#include "base/file.h"

#include "base/arena.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static wl_status fail_errno(wl_error *error, const char *path, const char *verb)
{
    int code = errno;
    wl_status status = code == ENOENT ? WL_ENOTFOUND : WL_EIO;
    return wl_fail(error, status, "cannot %s %s: %s", verb, path, strerror(code));
}

wl_status wl_file_read(const char *path, struct wl_buf *buf, wl_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char chunk[65536];
    wl_status status = WL_OK;

    if (fd < 0) {
        return fail_errno(error, path, "read");
    }
    wl_buf_clear(buf);
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            status = fail_errno(error, path, "read");
            break;
        }
        wl_buf_add(buf, chunk, (size_t)n);
        status = wl_buf_check(buf, error); // at once: a pipe without an end must end here
        if (status != WL_OK) {
            (void)wl_fail_at(error, status, "%s", path);
        }
        if (n == 0 || status != WL_OK) {
            break;
        }
    }
    if (!is_stdin) {
        (void)close(fd);
    }
    return status;
}

static bool write_all(int fd, struct wl_str bytes)
{
    while (bytes.n_bytes > 0) {
        ssize_t n = write(fd, bytes.data, bytes.n_bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes.data += n;
        bytes.n_bytes -= (size_t)n;
    }
    return true;
}

wl_status wl_file_writer_open(struct wl_file_writer *writer, const char *path, wl_error *error)
{
    int n =
        snprintf(writer->temporary, sizeof(writer->temporary), "%s.tmp.%ld", path, (long)getpid());

    writer->fd = -1;
    if (n < 0 || (size_t)n >= sizeof(writer->temporary)) {
        return wl_fail(error, WL_EINVAL, "path of %zu bytes is too long", strlen(path));
    }
    memcpy(writer->path, path, strlen(path) + 1); // shorter than the temporary's name
    writer->fd = open(writer->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return writer->fd >= 0 ? WL_OK : fail_errno(error, path, "write");
}

wl_status wl_file_writer_add(struct wl_file_writer *writer, struct wl_str bytes, wl_error *error)
{
    return write_all(writer->fd, bytes) ? WL_OK : fail_errno(error, writer->path, "write");
}

wl_status wl_file_writer_commit(struct wl_file_writer *writer, wl_error *error)
{
    bool good = fsync(writer->fd) == 0;
    int code = errno;

    good = close(writer->fd) == 0 && good;
    writer->fd = -1;
    if (!good || rename(writer->temporary, writer->path) != 0) {
        errno = good ? errno : code;
        wl_status status = fail_errno(error, writer->path, "write");
        (void)unlink(writer->temporary);
        return status;
    }
    return WL_OK;
}

void wl_file_writer_close(struct wl_file_writer *writer)
{
    if (writer->fd >= 0) {
        (void)close(writer->fd);
        (void)unlink(writer->temporary);
        writer->fd = -1;
    }
}

wl_status wl_file_write(const char *path, struct wl_str bytes, wl_error *error)
{
    struct wl_file_writer writer;

    wl_status status = wl_file_writer_open(&writer, path, error);
    if (status == WL_OK) {
        status = wl_file_writer_add(&writer, bytes, error);
    }
    if (status == WL_OK) {
        status = wl_file_writer_commit(&writer, error);
    }
    wl_file_writer_close(&writer);
    return status;
}

wl_status wl_file_append(const char *path, struct wl_str bytes, wl_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0) {
        return fail_errno(error, path, "append to");
    }
    off_t end = lseek(fd, 0, SEEK_END);
    bool good = write_all(fd, bytes) && fsync(fd) == 0;
    wl_status status = good ? WL_OK : fail_errno(error, path, "append to");
    if (!good && end >= 0) { // a full disk leaves no half line behind
        status = ftruncate(fd, end) == 0 ? status : WL_EIO;
    }
    (void)close(fd);
    return status;
}

bool wl_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

wl_status wl_folder_make(const char *path, wl_error *error)
{
    char prefix[4096];
    size_t n = strlen(path);

    if (n == 0 || n >= sizeof(prefix)) {
        return wl_fail(error, WL_EINVAL, "folder name of %zu bytes is too short or too long", n);
    }
    memcpy(prefix, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            prefix[i] = '\0';
            if (mkdir(prefix, 0755) != 0 && errno != EEXIST) {
                return fail_errno(error, prefix, "make folder");
            }
            prefix[i] = path[i];
        }
    }
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return wl_fail(error, WL_EIO, "%s is not a folder", path);
    }
    return WL_OK;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static bool is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

wl_status wl_folder_list(const char *path, struct wl_arena *arena, char ***names, size_t *n_names,
                         wl_error *error)
{
    DIR *folder = opendir(path);
    size_t capacity = 64;
    size_t n = 0;
    char **list = wl_arena_zeroed(arena, capacity, sizeof(*list));
    const struct dirent *entry;

    if (folder == NULL) {
        return fail_errno(error, path, "list");
    }
    while (list != NULL && (entry = readdir(folder)) != NULL) {
        if (!is_listed(entry)) {
            continue;
        }
        if (n == capacity) {
            char **larger = wl_arena_zeroed(arena, capacity * 2, sizeof(*list));
            if (larger != NULL) {
                memcpy(larger, list, n * sizeof(*list));
            }
            list = larger;
            capacity *= 2;
        }
        if (list != NULL) {
            list[n] = wl_arena_string(arena, wl_str_from(entry->d_name));
            list = list[n++] != NULL ? list : NULL;
        }
    }
    (void)closedir(folder);
    if (list == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the names in %s", path);
    }
    qsort(list, n, sizeof(*list), compare_names);
    *names = list;
    *n_names = n;
    return WL_OK;
}

wl_status wl_folder_lock(const char *path, int *lock, wl_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = -1;

    if (fd < 0) {
        return fail_errno(error, path, "open");
    }
    do {
        failed = flock(fd, LOCK_EX);
    } while (failed != 0 && errno == EINTR);
    if (failed != 0) {
        wl_status status = fail_errno(error, path, "lock");
        (void)close(fd);
        return status;
    }
    *lock = fd;
    return WL_OK;
}

void wl_folder_unlock(int lock)
{
    if (lock >= 0) {
        (void)close(lock);
    }
}

wl_status wl_folder_temporary(const char *folder, struct wl_arena *arena, char **path_out,
                              wl_error *error)
{
    char *path = wl_path_join(arena, folder, WL_FOLDER_TEMPORARY "XXXXXX");

    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a folder name");
    }
    if (mkdtemp(path) == NULL || chmod(path, 0755) != 0) {
        return fail_errno(error, folder, "make a folder in");
    }
    *path_out = path;
    return WL_OK;
}

/* The rename lasts once the folder that holds the name is on disk. */
static void sync_parent(const char *path)
{
    char parent[4096];
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) : 0;

    if (n + 1 < sizeof(parent)) {
        memcpy(parent, n > 0 ? path : ".", n > 0 ? n : 1);
        parent[n > 0 ? n : 1] = '\0';
        int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            (void)fsync(fd);
            (void)close(fd);
        }
    }
}

wl_status wl_folder_publish(const char *from, const char *to, wl_error *error)
{
    if (rename(from, to) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
            return wl_fail(error, WL_EEXIST, "%s is there already", to);
        }
        return fail_errno(error, to, "make");
    }
    sync_parent(to);
    return WL_OK;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    (void)remove(path);
    return 0;
}

void wl_folder_remove(const char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); // links are removed, never followed
}

char *wl_path_join(struct wl_arena *arena, const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == '\0' || strcmp(folder, ".") == 0) {
        return wl_arena_string(arena, wl_str_from(name));
    }
    size_t n_folder = strlen(folder);
    size_t n_name = strlen(name);
    char *path = wl_arena_alloc(arena, n_folder + n_name + 2);
    if (path != NULL) {
        bool has_slash = folder[n_folder - 1] == '/';
        memcpy(path, folder, n_folder);
        path[n_folder] = '/';
        memcpy(path + n_folder + !has_slash, name, n_name + 1);
    }
    return path;
}

char *wl_path_parent(struct wl_arena *arena, const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') { // "out/" is "out"
        n--;
    }
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    return wl_arena_string(arena,
                           n == 0 ? WL_STR(".") : (struct wl_str){.data = path, .n_bytes = n});
}

#define CHUNK_BYTES ((size_t)256 * 1024) /* large enough that zlib's call cost does not show */

struct wl_lines {
    const wl_alloc *alloc;
    gzFile file;
    char *path;
    int fd;
    int64_t n_file_bytes; /* compressed size, or -1 */
    char *data;           /* (capacity) owned */
    size_t capacity;
    size_t n_filled; /* bytes in data */
    size_t n_taken;  /* bytes handed out */
    size_t i_line;
    int damage; /* zlib's code for what is wrong behind the bytes in data; Z_OK: nothing */
    bool at_end;
};

wl_status wl_lines_open(const char *path, const wl_alloc *alloc, struct wl_lines **lines_out,
                        wl_error *error)
{
    struct stat info = {0};
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct wl_lines *lines = NULL;
    wl_status status = WL_OK;

    *lines_out = NULL;
    if (fd < 0) {
        return fail_errno(error, path, "read");
    }
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        (void)close(fd);
        return wl_fail(error, WL_EIO, "cannot read %s: it is a folder", path);
    }
    lines = wl_alloc_zeroed(alloc, 1, sizeof(*lines));
    if (lines == NULL) {
        (void)close(fd);
        return wl_fail(error, WL_ENOMEM, "no memory to read %s", path);
    }
    lines->alloc = alloc;
    lines->fd = fd;
    lines->n_file_bytes = S_ISREG(info.st_mode) ? (int64_t)info.st_size : -1;
    lines->path = wl_alloc_array(alloc, 1, strlen(path) + 1);
    lines->file = gzdopen(fd, "rb");
    if (lines->file == NULL) {
        (void)close(fd);
    }
    status = WL_GROW(alloc, lines->data, lines->capacity, CHUNK_BYTES, error);
    if (lines->path == NULL || lines->file == NULL || status != WL_OK) {
        wl_lines_close(lines);
        return wl_fail(error, WL_ENOMEM, "no memory to read %s", path);
    }
    memcpy(lines->path, path, strlen(path) + 1);
    (void)gzbuffer(lines->file, (unsigned)CHUNK_BYTES);
    *lines_out = lines;
    return WL_OK;
}

void wl_lines_close(struct wl_lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->file != NULL) {
        (void)gzclose(lines->file);
    }
    wl_alloc_free(lines->alloc, lines->data);
    wl_alloc_free(lines->alloc, lines->path);
    wl_alloc_free(lines->alloc, lines);
}

static wl_status fail_damage(const struct wl_lines *lines, wl_error *error)
{
    if (lines->damage == Z_ERRNO) {
        return fail_errno(error, lines->path, "read");
    }
    return wl_fail(error, WL_ECORRUPT, "%s: compressed data is %s after line %zu", lines->path,
                   lines->damage == Z_BUF_ERROR ? "cut off" : "damaged", lines->i_line);
}

static wl_status fail_long_line(const struct wl_lines *lines, wl_error *error)
{
    return wl_fail(error, WL_ELIMIT, "%s: line %zu is longer than %zu bytes", lines->path,
                   lines->i_line + 1, WL_LINE_BYTES_MAX);
}

// More bytes behind those not handed out yet. Whole lines in front of a damage are handed out
// first.
static wl_status fill(struct wl_lines *lines, wl_error *error)
{
    if (lines->n_taken > 0) {
        memmove(lines->data, lines->data + lines->n_taken, lines->n_filled - lines->n_taken);
        lines->n_filled -= lines->n_taken;
        lines->n_taken = 0;
    }
    if (lines->damage != Z_OK) {
        return fail_damage(lines, error);
    }
    if (lines->n_filled > WL_LINE_BYTES_MAX) {
        return fail_long_line(lines, error);
    }
    WL_TRY(
        WL_GROW(lines->alloc, lines->data, lines->capacity, lines->n_filled + CHUNK_BYTES, error));
    int n = gzread(lines->file, lines->data + lines->n_filled, (unsigned)CHUNK_BYTES);
    int code = Z_OK;
    (void)gzerror(lines->file, &code);
    lines->damage = code != Z_STREAM_END ? code : Z_OK;
    if (n <= 0 && lines->damage != Z_OK) {
        return fail_damage(lines, error);
    }
    lines->n_filled += (size_t)n;
    lines->at_end = n == 0;
    return WL_OK;
}

wl_status wl_lines_next(struct wl_lines *lines, struct wl_str *line, bool *got, wl_error *error)
{
    size_t n_searched = 0;

    for (;;) {
        char *start = lines->data + lines->n_taken;
        size_t n_open = lines->n_filled - lines->n_taken;
        char *end = memchr(start + n_searched, '\n', n_open - n_searched);
        if (end == NULL && !lines->at_end) {
            n_searched = n_open;
            WL_TRY(fill(lines, error));
            continue;
        }
        if (end == NULL && n_open == 0) {
            *got = false;
            return WL_OK;
        }
        size_t n = end != NULL ? (size_t)(end - start) : n_open;
        if (n > WL_LINE_BYTES_MAX) {
            return fail_long_line(lines, error);
        }
        lines->n_taken += n + (end != NULL);
        if (n > 0 && start[n - 1] == '\r') {
            n--;
        }
        if (lines->i_line == 0 && n >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
            start += 3; // byte-order mark
            n -= 3;
        }
        lines->i_line++;
        *line = (struct wl_str){.data = start, .n_bytes = n};
        *got = true;
        return WL_OK;
    }
}

size_t wl_lines_number(const struct wl_lines *lines)
{
    return lines->i_line;
}

double wl_lines_share(const struct wl_lines *lines)
{
    int64_t at = (int64_t)gzoffset(lines->file);
    return lines->n_file_bytes > 0 && at >= 0 ? (double)at / (double)lines->n_file_bytes : -1.0;
}
