/* What names a person or leads to one, found in a text, so that it can be hidden from readers and
 * counted as one thing by classifiers. Amounts, dates, times, shares and small numbers are no such
 * things and stay: "299元", "$20", "2023-11-01", "12:30", "20%".
 *
 * Works on a normalised text (normalise.h): digits are ASCII, letters small. A bare name of a shop
 * such as "jd.com" stays, with a path behind it it is an address. */
#ifndef WL_TEXT_MASK_H
#define WL_TEXT_MASK_H
#include "base/buf.h"
#include "base/language.h"
#include "text/normalise.h"

enum wl_mask_kind {
    WL_MASK_URL = 0,
    WL_MASK_EMAIL = 1,
    WL_MASK_PHONE = 2,    /* mobile, landline with area code, +country, 400 and 800 */
    WL_MASK_IDENTITY = 3, /* identity card with a right check digit; social security number */
    WL_MASK_CARD = 4,     /* 13 to 19 digits that pass the Luhn check */
    WL_MASK_ACCOUNT = 5,  /* an id behind the word WeChat or QQ */
    WL_MASK_HANDLE = 6,   /* @somebody */
    WL_MASK_IP = 7,
    WL_MASK_NUMBER = 8 /* order, parcel and other long numbers */
};
#define WL_MASK_KIND_COUNT 9

struct wl_mask {
    uint32_t i_byte;
    uint32_t n_bytes;
    enum wl_mask_kind kind;
};

/* Masks of one text in order, none overlapping; reused from text to text. */
struct wl_masks {
    const wl_alloc *alloc;
    struct wl_mask *items; /* (n_items), owned */
    size_t n_items;
    size_t capacity;
};

extern const char *const wl_mask_names[WL_MASK_KIND_COUNT + 1];  /* "url", ... NULL */
extern const char *const wl_mask_tokens[WL_MASK_KIND_COUNT + 1]; /* "<url>", ... NULL */

/* wl_masks_init - empty; takes no memory yet. wl_masks_release - give it back; zeroed is fine. */
void wl_masks_init(struct wl_masks *masks, const wl_alloc *alloc);
void wl_masks_release(struct wl_masks *masks);

/* wl_masks_find - everything in text that names a person.
 *   text   (in)     normalised; any bytes do no harm.
 *   masks  (in,out) initialised; gets what was found; empty on failure.
 * Cost:    O(bytes), no allocation once masks has grown.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, each with its own masks.
 * Source:  check digits: GB 11643-1999 (ISO 7064, MOD 11-2); ISO/IEC 7812-1 annex B (Luhn). Shapes
 *          of telephone numbers: own. On zh_telecom_intents_rasa all 230 mobile numbers are found
 *          and nothing else (tests/unit/text/test_mask.c). */
WL_MUST_CHECK wl_status wl_masks_find(struct wl_masks *masks, struct wl_str text, wl_error *error);

/* wl_mask_word - what a reader sees instead: "[phone]", "[电话]". */
const char *wl_mask_word(enum wl_mask_kind kind, enum wl_language language);

/* wl_masks_write - append part of a text as it was written, with a word in place of every mask that
 * touches it.
 *   normal   (in) what wl_normal_set made of raw.
 *   i_byte   (in) begin of the part in the normalised text, n_bytes (in) its length.
 *   words    (in) by kind: wl_mask_tokens, or NULL for those of language.
 *   out      (in,out) sticky. */
void wl_masks_write(const struct wl_masks *masks, const struct wl_normal *normal, struct wl_str raw,
                    size_t i_byte, size_t n_bytes, enum wl_language language,
                    const char *const *words, struct wl_buf *out);

#endif
