/* Failure: one status for the machine, one line for the person. See STYLE in HACKING.md. */
#ifndef WL_BASE_ERROR_H
#define WL_BASE_ERROR_H
#include "wanliu/wanliu.h"

#include <stdbool.h>

/* wl_fail - record why in error (NULL allowed) and return the status to hand upward.
 * The message is one line, lower case, no full stop, and names the values. A message that does
 * not fit is cut at a UTF-8 boundary; line breaks and control bytes become spaces, bytes that are
 * not UTF-8 become "?". */
wl_status wl_fail(wl_error *error, wl_status status, const char *format, ...) WL_PRINTF(3, 4);

/* wl_fail_at - put "where: " in front of the message a callee has already left in error. */
wl_status wl_fail_at(wl_error *error, wl_status status, const char *format, ...) WL_PRINTF(3, 4);

/* wl_panic - our own bug: say where on stderr and abort. Used through WL_ASSERT. */
_Noreturn void wl_panic(const char *file, int line, const char *what);

/* WL_ASSERT - the caller broke the contract: stop here. Stays on in release builds.
 * Bytes from outside never reach an assert. */
#define WL_ASSERT(cond) ((cond) ? (void)0 : wl_panic(__FILE__, __LINE__, #cond))

/* WL_DCHECK - WL_ASSERT where it would cost: on in debug builds only. */
#ifdef NDEBUG
#define WL_DCHECK(cond) ((void)sizeof(cond))
#else
#define WL_DCHECK(cond) WL_ASSERT(cond)
#endif

/* WL_TRY - leave the function with the first failure. Only where nothing needs releasing. */
#define WL_TRY(call)                                                                               \
    do {                                                                                           \
        wl_status wl_try_ = (call);                                                                \
        if (wl_try_ != WL_OK) {                                                                    \
            return wl_try_;                                                                        \
        }                                                                                          \
    } while (0)

/* WL_GO - like WL_TRY where something is held: sets status and jumps to done. */
#define WL_GO(call)                                                                                \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != WL_OK) {                                                                     \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

#endif
