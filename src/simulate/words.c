/* Sentences from the phrase tables. Chinese joins its parts with commas, English with full stops;
 * the end of the sentence and the missing parts vary, so that texts differ in form as well. */
#include "simulate/words.h"

#include <string.h>

const char *wl_sim_topic_key(enum wl_sim_topic topic)
{
    static const char *const keys[] = {"ads",   "stall",  "content",  "price",  "payment",
                                       "other", "praise", "question", "neutral"};
    return keys[topic];
}

const char *wl_sim_text_channel_key(enum wl_sim_text_channel channel)
{
    static const char *const keys[] = {"ticket", "feedback", "cancel"};
    return keys[channel];
}

static void write_slot(struct wl_str name, bool is_zh, struct wl_rng *rng, struct wl_buf *buf)
{
    static const char *const zh_categories[] = {"电视剧", "电影",   "综艺", "动漫",
                                                "体育",   "纪录片", "少儿", "新闻"};
    static const char *const en_categories[] = {"drama",  "film",        "variety", "anime",
                                                "sports", "documentary", "kids",    "news"};
    static const char *const zh_when[] = {"晚上", "周末", "下班后", "高峰期", "午休时", "最近"};
    static const char *const en_when[] = {"at night",     "on weekends", "after work",
                                          "at peak time", "at lunch",    "these days"};
    static const char *const zh_devices[] = {"手机", "平板", "电视", "电脑", "盒子"};
    static const char *const en_devices[] = {"phone", "tablet", "TV", "laptop", "box"};

    if (wl_str_is(name, "n")) {
        wl_buf_format(buf, "%d", 2 + (int)wl_rng_below(rng, 28));
    } else if (wl_str_is(name, "money")) {
        wl_buf_format(buf, "%d", 5 + (int)wl_rng_below(rng, 45));
    } else if (wl_str_is(name, "cat")) {
        wl_buf_text(buf, (is_zh ? zh_categories : en_categories)[wl_rng_below(rng, 8)]);
    } else if (wl_str_is(name, "when")) {
        wl_buf_text(buf, (is_zh ? zh_when : en_when)[wl_rng_below(rng, 6)]);
    } else {
        wl_buf_text(buf, (is_zh ? zh_devices : en_devices)[wl_rng_below(rng, 5)]);
    }
}

static const char *pick(struct wl_sim_phrases phrases, struct wl_rng *rng)
{
    return phrases.n_items == 0 ? "" : phrases.items[wl_rng_below(rng, phrases.n_items)];
}

// One phrase with its slots filled, behind the separator when something stands before it.
static void write_phrase(const char *phrase, const char *separator, bool is_zh, size_t begin,
                         struct wl_rng *rng, struct wl_buf *buf)
{
    struct wl_str rest = wl_str_from(phrase);

    if (rest.n_bytes == 0) {
        return;
    }
    if (buf->n_bytes > begin) {
        wl_buf_text(buf, separator);
    }
    size_t first = buf->n_bytes;
    while (rest.n_bytes > 0) {
        bool has_slot = memchr(rest.data, '{', rest.n_bytes) != NULL;
        wl_buf_str(buf, wl_str_cut(&rest, '{'));
        if (has_slot) {
            write_slot(wl_str_cut(&rest, '}'), is_zh, rng, buf);
        }
    }
    bool starts_sentence = first == begin || separator[0] == '.';
    if (buf->status == WL_OK && starts_sentence && buf->data[first] >= 'a' &&
        buf->data[first] <= 'z') {
        buf->data[first] = (char)(buf->data[first] - 'a' + 'A');
    }
}

void wl_sim_words_write(const struct wl_sim_text *text, struct wl_buf *buf)
{
    static const char *const zh_ends[] = {"。", "！", "", "", "…", "～"};
    static const char *const en_ends[] = {".", "!", "", ".", "...", "!!"};
    bool is_zh = text->is_zh;
    enum wl_sim_topic topic = (enum wl_sim_topic)text->topic;
    enum wl_sim_tone tone = (enum wl_sim_tone)text->tone;
    size_t begin = buf->n_bytes;
    struct wl_rng rng;

    wl_rng_init(&rng, text->seed, 0);
    const char *opener = pick(wl_sim_opener_phrases(tone, is_zh), &rng);
    const char *matter = pick(wl_sim_topic_phrases(topic, is_zh), &rng);
    const char *detail = pick(wl_sim_detail_phrases(topic, is_zh), &rng);
    const char *closer = pick(wl_sim_closer_phrases(tone, is_zh), &rng);
    bool has_detail = wl_rng_unit(&rng) < 0.6;
    // Not everybody who is about to leave says so.
    bool has_closer = wl_rng_unit(&rng) < (tone == WL_SIM_TONE_LEAVING ? 0.95 : 0.6);

    write_phrase(opener, ", ", is_zh, begin, &rng, buf);
    write_phrase(matter, is_zh ? "，" : ", ", is_zh, begin, &rng, buf);
    if (has_detail) {
        write_phrase(detail, is_zh ? "，" : ", ", is_zh, begin, &rng, buf);
    }
    if (has_closer) {
        write_phrase(closer, is_zh ? "，" : ". ", is_zh, begin, &rng, buf);
    }
    wl_buf_text(buf, (is_zh ? zh_ends : en_ends)[wl_rng_below(&rng, 6)]);
}
