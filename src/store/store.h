/* The store: where a company's records stay between two commands. This header is the port; the
 * embedded store keeps one file, wanliu.db. Records arrive in batches; a batch is there whole or
 * not at all, whatever happens while it is written. */
#ifndef WL_STORE_STORE_H
#define WL_STORE_STORE_H
#include "base/progress.h"
#include "store/segment.h"

#define WL_STORE_SCHEMA_VERSION 1

struct wl_store;

struct wl_append_report {
    uint64_t n_events; /* records stored */
    uint64_t n_texts;
    uint64_t n_attributes;
    uint64_t n_duplicates; /* records that were there already */
    uint64_t n_replaced;   /* stored records that are better copies of older ones */
};

struct wl_store_info {
    int64_t schema_version;
    uint64_t n_segments;
    uint64_t n_events;
    uint64_t n_texts;
    uint64_t n_attributes;
    uint64_t stored_bytes;
    int64_t first_us; /* earliest and latest time of a record; WL_TIME_NONE when empty */
    int64_t last_us;
    int64_t last_received_us; /* latest time anything became known */
};

/* wl_store_open - open a store, making the file when there is none; its folder must exist.
 * Errors:  WL_EVERSION  made by a newer program.   WL_ESCHEMA  a database of something else.
 *          WL_ECORRUPT  not a database.            WL_EBUSY    somebody else is writing.
 *          WL_EIO       cannot be opened.          WL_ENOMEM.
 * Close with wl_store_close (NULL is fine). Threads: one at a time; processes: any number. */
WL_MUST_CHECK wl_status wl_store_open(const char *path, const wl_alloc *alloc,
                                      struct wl_store **store_out, wl_error *error);
void wl_store_close(struct wl_store *store);

/* wl_store_append - store all records of a company in one transaction, leaving out those that are
 * there.
 *   window_us  (in)  how far apart copies of one message may lie: WL_DEDUPE_WINDOW_US.
 *   report     (out) may be NULL.
 * Cost:    O(records); reads the keys of stored segments whose times overlap, once while the store
 *          is open. Waits up to two seconds for another writer; one sync of the disk.
 * Errors:  WL_EBUSY, WL_EIO, WL_ECORRUPT, WL_ELIMIT, WL_ENOMEM; nothing is stored then. */
WL_MUST_CHECK wl_status wl_store_append(struct wl_store *store, const struct wl_company *company,
                                        int64_t window_us, struct wl_append_report *report,
                                        wl_error *error);

/* wl_store_load - add the stored records to a company.
 *   bounds  (in) NULL: all. Otherwise events and texts that happened, and attributes that became
 *                known, between two times.
 * Cost:    O(records); segments outside the bounds are not read.
 * Errors:  WL_ECORRUPT  names the segment.  WL_EBUSY, WL_EIO, WL_ELIMIT, WL_ENOMEM. The company
 *          holds a part of the records then; throw it away. */
WL_MUST_CHECK wl_status wl_store_load(struct wl_store *store, struct wl_company *company,
                                      const struct wl_bounds *bounds, const struct wl_sink *sink,
                                      wl_error *error);

/* wl_store_info - what is stored. Errors: WL_EBUSY, WL_EIO. */
WL_MUST_CHECK wl_status wl_store_info(struct wl_store *store, struct wl_store_info *info,
                                      wl_error *error);

/* wl_store_check - read everything and say what is damaged. Errors: WL_ECORRUPT, and as above. */
WL_MUST_CHECK wl_status wl_store_check(struct wl_store *store, wl_error *error);

#endif
