/* Lines by hand: a fixed scratch line on the stack, filled left to right, appended in one piece.
 * Only the customers' own words go through the JSON writer, because only they may need escapes. */
#include "simulate/emit.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "simulate/words.h"

#include <math.h>
#include <string.h>

#define LINE_BYTES 384 /* the longest line without words is about 260 bytes */

struct line {
    char bytes[LINE_BYTES];
    size_t n_bytes;
};

static void put(struct line *line, const char *text)
{
    size_t n = strlen(text);
    WL_ASSERT(line->n_bytes + n <= LINE_BYTES);
    memcpy(line->bytes + line->n_bytes, text, n);
    line->n_bytes += n;
}

// A number with at least n_digits_min digits.
static void put_number(struct line *line, uint64_t value, int n_digits_min)
{
    char digits[20];
    int n = 0;

    while (value > 0 || n < n_digits_min) {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    }
    WL_ASSERT(line->n_bytes + (size_t)n <= LINE_BYTES);
    while (n > 0) {
        line->bytes[line->n_bytes++] = digits[--n];
    }
}

// 2025-01-01T08:00:00.123Z
static void put_time(struct line *line, int64_t time_us)
{
    int64_t year = 0;
    int month = 0;
    int day = 0;
    int64_t days = time_us / WL_DAY_US;
    uint64_t ms = (uint64_t)(time_us % WL_DAY_US) / 1000;

    wl_civil_from_days(days, &year, &month, &day);
    put_number(line, (uint64_t)year, 4);
    put(line, "-");
    put_number(line, (uint64_t)month, 2);
    put(line, "-");
    put_number(line, (uint64_t)day, 2);
    put(line, "T");
    put_number(line, ms / 3600000, 2);
    put(line, ":");
    put_number(line, ms / 60000 % 60, 2);
    put(line, ":");
    put_number(line, ms / 1000 % 60, 2);
    put(line, ".");
    put_number(line, ms % 1000, 3);
    put(line, "Z");
}

static void put_user(struct line *line, size_t i_user)
{
    put(line, "u");
    put_number(line, i_user + 1, 6);
}

static void flush(const struct line *line, struct wl_buf *buf)
{
    wl_buf_add(buf, line->bytes, line->n_bytes);
}

static const char *kind_key(enum wl_sim_kind kind)
{
    static const char *const keys[WL_SIM_KIND_COUNT] = {"Signed Up",
                                                        "Signed In",
                                                        "Video Played",
                                                        "Products Searched",
                                                        "Content Viewed",
                                                        "Comment Posted",
                                                        "Content Shared",
                                                        "Order Completed",
                                                        "Subscription Started",
                                                        "Subscription Renewed",
                                                        "Subscription Cancelled",
                                                        "Payment Failed",
                                                        "Ticket Created",
                                                        "Feedback Submitted",
                                                        "Error Shown",
                                                        "Ad Shown",
                                                        "Offer Decided",
                                                        "Cancel Reason Given"};
    return keys[kind];
}

static const char *feature_key(uint8_t feature)
{
    static const char *const keys[WL_SIM_FEATURES] = {"recommend", "search",   "history",
                                                      "live",      "playlist", "plan_page"};
    return keys[feature];
}

// Key and text of one property; the comma belongs in front of all but the first.
static void put_property(struct line *line, bool *is_first, const char *key, const char *text)
{
    put(line, *is_first ? "\"" : ",\"");
    put(line, key);
    put(line, "\":\"");
    put(line, text);
    put(line, "\"");
    *is_first = false;
}

static void put_value(struct line *line, bool *is_first, int32_t value_e2)
{
    put(line, *is_first ? "\"value\":" : ",\"value\":");
    put_number(line, (uint64_t)value_e2 / 100, 1);
    if (value_e2 % 100 != 0) {
        put(line, ".");
        put_number(line, (uint64_t)value_e2 % 100, 2);
    }
    *is_first = false;
}

static void put_detail(struct line *line, bool *is_first, const struct wl_sim_event *event)
{
    if (event->kind == WL_SIM_OFFER_DECIDED) {
        enum wl_sim_action action = (enum wl_sim_action)event->detail;
        put_property(line, is_first, "action", wl_sim_action_key(action));
        put(line, ",\"propensity\":0.");
        put_number(line, (uint64_t)lround(100.0 * wl_sim_propensity(action)), 2);
        put_property(line, is_first, "policyVersion", "random-1");
    } else {
        put_property(line, is_first, "reason", wl_sim_cause_key((enum wl_sim_cause)event->detail));
    }
}

void wl_sim_event_write(const struct wl_sim_emitter *emitter, const struct wl_sim_event *event,
                        struct wl_buf *buf)
{
    struct line line = {.n_bytes = 0};
    bool is_first = true;

    put(&line, "{\"messageId\":\"m");
    put_number(&line, event->user + (uint64_t)1, 1);
    put(&line, "-");
    put_number(&line, event->serial, 1);
    put(&line, "\",\"type\":\"track\",\"event\":\"");
    put(&line, kind_key((enum wl_sim_kind)event->kind));
    put(&line, "\",\"userId\":\"");
    put_user(&line, event->user);
    put(&line, "\",\"timestamp\":\"");
    put_time(&line, event->event_us);
    put(&line, "\",\"receivedAt\":\"");
    put_time(&line, event->received_us);
    put(&line, "\",\"properties\":{");
    if (event->value_e2 != WL_SIM_NO_VALUE) {
        put_value(&line, &is_first, event->value_e2);
    }
    if (event->category != WL_SIM_NO_DETAIL) {
        put_property(&line, &is_first, "category", wl_sim_category_key(event->category));
    }
    if (event->feature != WL_SIM_NO_DETAIL) {
        put_property(&line, &is_first, "feature", feature_key(event->feature));
    }
    if (event->detail != WL_SIM_NO_DETAIL) {
        put_detail(&line, &is_first, event);
    }
    if (event->text != WL_SIM_NO_TEXT) {
        put(&line, is_first ? "\"text\":\"" : ",\"text\":\"");
        flush(&line, buf);
        wl_sim_words_write(&emitter->texts[event->text], buf);
        line.n_bytes = 0;
        put(&line, "\"");
    }
    put(&line, "}}\n");
    flush(&line, buf);
}

void wl_sim_texts_header(struct wl_buf *buf)
{
    wl_buf_text(buf, "user,time,received_at,channel,text,language,label,is_churner\n");
}

void wl_sim_text_write(const struct wl_sim_text *text, bool is_churner, struct wl_buf *buf)
{
    struct line line = {.n_bytes = 0};

    put_user(&line, text->user);
    put(&line, ",");
    put_time(&line, text->text_us);
    put(&line, ",");
    put_time(&line, text->received_us);
    put(&line, ",");
    put(&line, wl_sim_text_channel_key((enum wl_sim_text_channel)text->channel));
    put(&line, ",\"");
    flush(&line, buf);
    wl_sim_words_write(text, buf);
    line.n_bytes = 0;
    put(&line, text->is_zh ? "\",zh," : "\",en,");
    put(&line, wl_sim_topic_key((enum wl_sim_topic)text->topic));
    put(&line, is_churner ? ",1\n" : ",0\n");
    flush(&line, buf);
}

void wl_sim_customers_header(struct wl_buf *buf)
{
    wl_buf_text(buf, "user,known_at,plan,vip,city_tier,device,age_band,language,channel,"
                     "tenure_days\n");
}

void wl_sim_customer_write(const struct wl_world *world, const struct wl_sim_traits *traits,
                           size_t i_user, struct wl_buf *buf)
{
    int32_t known_day = traits->signup_day > 0 ? traits->signup_day : 0;
    char known[WL_TIME_TEXT_BYTES];

    (void)wl_time_format_iso(world->start_us + known_day * WL_DAY_US, known);
    wl_buf_format(buf, "u%06zu,%s,%s,%s,tier_%d,%s,%s,%s,%s,%d\n", i_user + 1, known,
                  wl_sim_plan_key(traits->plan), traits->is_vip ? "yes" : "no",
                  (int)traits->city_tier, wl_sim_device_key(traits->device),
                  wl_sim_age_key(traits->age_band), traits->is_zh ? "zh" : "en",
                  wl_sim_channel_key(traits->channel), (int)(known_day - traits->signup_day));
}

static void write_potential(const struct wl_sim_potential *potential, struct wl_json_writer *json)
{
    wl_json_key(json, "p_leave");
    wl_json_open(json, '{');
    for (size_t a = 0; a < WL_SIM_ACTION_COUNT; a++) {
        wl_json_key(json, wl_sim_action_key((enum wl_sim_action)a));
        wl_json_digits(json, potential->p_leave[a], 6);
    }
    wl_json_close(json, '}');
    wl_json_key(json, "leaves");
    wl_json_open(json, '{');
    for (size_t a = 0; a < WL_SIM_ACTION_COUNT; a++) {
        wl_json_key(json, wl_sim_action_key((enum wl_sim_action)a));
        wl_json_bool(json, potential->leaves[a]);
    }
    wl_json_close(json, '}');
}

void wl_sim_truth_write(const struct wl_world *world, const struct wl_sim_truth *truth,
                        const float *hazards, size_t i_user, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);
    struct line user = {.n_bytes = 0};

    put_user(&user, i_user);
    wl_json_open(&json, '{');
    wl_json_key(&json, "user");
    wl_json_str(&json, (struct wl_str){.data = user.bytes, .n_bytes = user.n_bytes});
    wl_json_key(&json, "type");
    wl_json_text(&json, wl_sim_type_key(truth->traits.type));
    wl_json_key(&json, "leave");
    wl_json_text(&json, wl_sim_leave_key(truth->leave));
    wl_json_key(&json, "left_at");
    if (truth->leave == WL_SIM_STAYS) {
        wl_json_null(&json);
    } else {
        wl_json_time(&json, world->start_us + (truth->leave_day + 1) * WL_DAY_US);
    }
    wl_json_key(&json, "reason");
    wl_json_text(&json, wl_sim_cause_key(truth->reason));
    wl_json_key(&json, "campaign");
    if (truth->is_in_campaign) {
        wl_json_text(&json, wl_sim_action_key(truth->action));
    } else {
        wl_json_null(&json);
    }
    if (truth->has_potential) {
        write_potential(&truth->potential, &json);
    }
    wl_json_key(&json, "hazard_weekly");
    wl_json_open(&json, '[');
    for (size_t w = 0; w < wl_sim_weeks(world); w++) {
        wl_json_digits(&json, (double)hazards[w], 4);
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}
