/* The files of rules that are built in; share/text/ holds them as people edit them. */
#include "text/rules.h"

#include <string.h>

extern const unsigned char wl_embedded_text_reasons[];
extern const size_t wl_embedded_text_reasons_bytes;
extern const unsigned char wl_embedded_text_intents[];
extern const size_t wl_embedded_text_intents_bytes;
extern const unsigned char wl_embedded_text_sentiment[];
extern const size_t wl_embedded_text_sentiment_bytes;
extern const unsigned char wl_embedded_text_emotion[];
extern const size_t wl_embedded_text_emotion_bytes;

static const char *const names[] = {"reasons", "intents", "sentiment", "emotion", NULL};

const char *const *wl_rules_builtin_names(void)
{
    return names;
}

bool wl_rules_builtin(const char *name, struct wl_str *text)
{
    const struct {
        const unsigned char *data;
        size_t n_bytes;
    } files[] = {{wl_embedded_text_reasons, wl_embedded_text_reasons_bytes},
                 {wl_embedded_text_intents, wl_embedded_text_intents_bytes},
                 {wl_embedded_text_sentiment, wl_embedded_text_sentiment_bytes},
                 {wl_embedded_text_emotion, wl_embedded_text_emotion_bytes}};

    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            *text = (struct wl_str){(const char *)files[i].data, files[i].n_bytes};
            return true;
        }
    }
    return false;
}
