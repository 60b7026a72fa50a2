/* Goal:   digests are SHA-256.
 * Method: the example vectors of FIPS 180-4 and its companion test set. */
#include "check.h"

#include "base/sha256.h"

int main(void)
{
    static const struct {
        const char *text;
        const char *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    static char million[1000000];
    char text[WL_SHA256_TEXT_BYTES];

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_STR(wl_sha256_text(wl_str_from(cases[i].text), text), cases[i].digest);
    }
    memset(million, 'a', sizeof(million));
    CHECK_STR(wl_sha256_text((struct wl_str){million, sizeof(million)}, text),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    return check_report();
}
