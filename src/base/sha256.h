/* SHA-256 (FIPS 180-4) through libsodium. */
#ifndef WL_BASE_SHA256_H
#define WL_BASE_SHA256_H
#include "base/str.h"

#define WL_SHA256_TEXT_BYTES 65 /* 64 hex digits and a NUL */

/* wl_sha256_text - lower-case hex digest of bytes. Returns text. */
char *wl_sha256_text(struct wl_str bytes, char text[WL_SHA256_TEXT_BYTES]);

#endif
