/* Makes the model of part-of-speech tags from jieba's tables, for the dictionary file. */
#ifndef WL_TEXT_POS_MAKE_H
#define WL_TEXT_POS_MAKE_H
#include "base/dict.h"
#include "text/dict_make.h"
#include "text/pos_model.h"

/* wl_pos_model_make - the model from the tag tables of source.
 *   tags   (in,out) ids of tags; those of the model are added.
 *   model  (out)    release with wl_pos_model_release.
 * Cost:    0.3 s for jieba's tables.
 * Errors:  WL_EPARSE  a table is not as dict_make.h says.  WL_ELIMIT  more than 256 states or 255
 *          tags.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_pos_model_make(const wl_alloc *alloc,
                                          const struct wl_dict_source *source, struct wl_dict *tags,
                                          struct wl_pos_model *model, wl_error *error);

#endif
