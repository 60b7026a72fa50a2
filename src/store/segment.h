/* A segment: one kind of records of one batch, as a block of bytes that stands alone. It carries
 * its own words, so segments are read in any order and merged; and its own checksum, so damage is
 * found before anything is believed. docs/formats/segment.md has the layout. */
#ifndef WL_STORE_SEGMENT_H
#define WL_STORE_SEGMENT_H
#include "base/buf.h"
#include "data/company.h"
#include "data/dedupe.h"

enum wl_segment_kind { WL_SEGMENT_EVENTS = 1, WL_SEGMENT_TEXTS = 2, WL_SEGMENT_ATTRIBUTES = 3 };

#define WL_SEGMENT_VERSION 1

/* What the header of a segment says. */
struct wl_segment_info {
    enum wl_segment_kind kind;
    uint64_t n_records;
    int64_t first_us; /* earliest and latest time of a record; for attributes: known */
    int64_t last_us;
    int64_t first_received_us;
    int64_t last_received_us;
};

/* Times both ends included; a record outside is not loaded. */
struct wl_bounds {
    int64_t from_us;
    int64_t to_us;
};

/* wl_segment_encode - write chosen records of a company as a segment.
 *   records  (in) (n_records) indexes of events, texts or attributes; n_records > 0.
 *   blob     (out) cleared first.
 *   info     (out)
 * Cost:    O(records); memory for the bytes before compression.
 * Errors:  WL_ELIMIT  more than WL_SEGMENT_BYTES_MAX.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_segment_encode(const struct wl_company *company,
                                          enum wl_segment_kind kind, const size_t *records,
                                          size_t n_records, struct wl_buf *blob,
                                          struct wl_segment_info *info, wl_error *error);

/* wl_segment_decode - add the records of a segment to a company.
 *   blob    (in)     hostile until checked.
 *   bounds  (in)     NULL: all records.
 *   dedupe  (in,out) NULL: none. Otherwise i_record of its messages are indexes into the company,
 *                    and the better of two copies stays; bounds must be NULL then.
 * Errors:  WL_ECORRUPT  wrong magic, length, checksum or content.  WL_EVERSION  a newer format.
 *          WL_ENOMEM. The company may hold a part of the records then. */
WL_MUST_CHECK wl_status wl_segment_decode(struct wl_str blob, const struct wl_bounds *bounds,
                                          struct wl_dedupe *dedupe, struct wl_company *company,
                                          struct wl_segment_info *info, wl_error *error);

/* wl_segment_keys - remember the messages of a segment of events or texts, without loading it.
 * Errors as wl_segment_decode. */
WL_MUST_CHECK wl_status wl_segment_keys(struct wl_str blob, struct wl_dedupe *dedupe,
                                        wl_error *error);

/* wl_frame_pack - header, compressed payload, checksum. wl_frame_unpack - check them and give the
 * payload back; payload is cleared first. They share the errors above. */
WL_MUST_CHECK wl_status wl_frame_pack(const struct wl_segment_info *info, struct wl_str payload,
                                      struct wl_buf *blob, wl_error *error);
WL_MUST_CHECK wl_status wl_frame_unpack(struct wl_str blob, struct wl_segment_info *info,
                                        struct wl_buf *payload, wl_error *error);

#endif
