/* The only file that sees libsodium's hash. */
#include "base/sha256.h"

#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>

char *wl_sha256_text(struct wl_str bytes, char text[WL_SHA256_TEXT_BYTES])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(digest, (const unsigned char *)bytes.data, bytes.n_bytes);
    return sodium_bin2hex(text, WL_SHA256_TEXT_BYTES, digest, sizeof(digest));
}
