/* wanliu: customer-retention engine, public C interface.
 *
 * Caveats first:
 *   - Nothing here prints, exits, reads the environment, the clock or a random device.
 *   - On failure outputs and state are as they were before the call.
 *   - Strings are UTF-8 with a length; times are int64 microseconds since 1970 UTC.
 */
#ifndef WANLIU_WANLIU_H
#define WANLIU_WANLIU_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define WL_API                __attribute__((visibility("default")))
#define WL_MUST_CHECK         __attribute__((warn_unused_result))
#define WL_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define WL_VERSION_MAJOR 0
#define WL_VERSION_MINOR 1
#define WL_VERSION_PATCH 0
#define WL_VERSION       "0.1.0"

/* Who can do something about a failure. */
#define WL_CLASS_NONE        0 /* no failure */
#define WL_CLASS_CALLER      1 /* the call was wrong: fix the program or the command line */
#define WL_CLASS_DATA        2 /* bytes from outside were wrong: fix data or configuration */
#define WL_CLASS_ENVIRONMENT 3 /* disk, memory, network: a retry may help */
#define WL_CLASS_OURS        4 /* a defect in wanliu: please report it */

/* One table makes the enum, wl_status_name(), wl_status_text() and docs/errors.md.
 * Numbers are ABI: never renumber, never reuse. X(name, number, class, text) */
#define WL_STATUS_MAP(X)                                                                           \
    X(WL_OK, 0, WL_CLASS_NONE, "ok")                                                               \
    X(WL_EINVAL, -1, WL_CLASS_CALLER, "invalid argument")                                          \
    X(WL_ENOMEM, -2, WL_CLASS_ENVIRONMENT, "out of memory")                                        \
    X(WL_ESHAPE, -3, WL_CLASS_CALLER, "array shape does not match")                                \
    X(WL_ENOTFOUND, -4, WL_CLASS_CALLER, "no such thing")                                          \
    X(WL_EEXIST, -5, WL_CLASS_CALLER, "exists already")                                            \
    X(WL_ECORRUPT, -6, WL_CLASS_DATA, "data is damaged")                                           \
    X(WL_EPARSE, -7, WL_CLASS_DATA, "text does not follow its format")                             \
    X(WL_ESCHEMA, -8, WL_CLASS_DATA, "schema does not match")                                      \
    X(WL_ERANGE, -9, WL_CLASS_DATA, "value is outside its range")                                  \
    X(WL_ELIMIT, -10, WL_CLASS_DATA, "limit reached")                                              \
    X(WL_EREJECTS, -11, WL_CLASS_DATA, "too many rejected rows")                                   \
    X(WL_ECONFIG, -12, WL_CLASS_DATA, "configuration is wrong")                                    \
    X(WL_EGATE, -13, WL_CLASS_DATA, "a gate said no")                                              \
    X(WL_EVERSION, -14, WL_CLASS_DATA, "unsupported version")                                      \
    X(WL_EIO, -15, WL_CLASS_ENVIRONMENT, "input or output failed")                                 \
    X(WL_EBUSY, -16, WL_CLASS_ENVIRONMENT, "in use by somebody else")                              \
    X(WL_ELIBRARY, -17, WL_CLASS_OURS, "a library refused the call")                               \
    X(WL_EINTERNAL, -18, WL_CLASS_OURS, "internal error")

typedef enum wl_status {
#define X(name, number, class, text) name = number,
    WL_STATUS_MAP(X)
#undef X
} wl_status;

typedef struct wl_error {
    int32_t status;    /* a wl_status */
    char message[252]; /* one line, lower case, no full stop, always NUL-terminated */
} wl_error;

/* wl_status_name - the symbol of a status, "WL_EINVAL"; "WL_?" for an unknown number.
 * Since: 0.1 */
WL_API const char *wl_status_name(wl_status status);

/* wl_status_text - the fixed short text of a status.
 * Since: 0.1 */
WL_API const char *wl_status_text(wl_status status);

/* wl_status_class - one of WL_CLASS_*: who can do something about it.
 * Since: 0.1 */
WL_API int wl_status_class(wl_status status);

/* wl_version - version of the library in use, "0.1.0"; compare with WL_VERSION.
 * Since: 0.1 */
WL_API const char *wl_version(void);

#ifdef __cplusplus
}
#endif
#endif
