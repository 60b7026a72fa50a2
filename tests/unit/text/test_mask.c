/* Goal:   what names a person is hidden and nothing else: amounts, dates, times, shares and shops'
 *         names stay. Quotes are cut from the text as it was written.
 * Method: a table of texts with their masks, near misses among them; the telecom set's labelled
 *         numbers, prices and times, skipped where it is not; hostile texts in linear time; failed
 *         allocations. */
#include "check.h"

#include "base/file.h"
#include "base/limits.h"
#include "data/node.h"
#include "text/mask.h"

struct both {
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf out;
};

static void both_init(struct both *both)
{
    wl_normal_init(&both->normal, wl_alloc_default());
    wl_masks_init(&both->masks, wl_alloc_default());
    wl_buf_init(&both->out, wl_alloc_default(), 0);
}

static void both_release(struct both *both)
{
    wl_normal_release(&both->normal);
    wl_masks_release(&both->masks);
    wl_buf_release(&both->out);
}

static struct wl_str masked(struct both *both, struct wl_str raw, enum wl_language language,
                            const char *const *tokens)
{
    wl_buf_clear(&both->out);
    CHECK_INT(wl_normal_set(&both->normal, raw, NULL), WL_OK);
    CHECK_INT(wl_masks_find(&both->masks, wl_buf_view(&both->normal.text), NULL), WL_OK);
    wl_masks_write(&both->masks, &both->normal, raw, 0, both->normal.text.n_bytes, language, tokens,
                   &both->out);
    return wl_buf_view(&both->out);
}

// NULL: nothing is masked.
static const struct {
    const char *raw;
    const char *want;
} cases[] = {
    // telephone numbers
    {"我的电话是13812345678", "我的电话是<phone>"},
    {"请回电１３８１２３４５６７８谢谢", "请回电<phone>谢谢"},
    {"138 1234 5678", "<phone>"},
    {"138-1234-5678。", "<phone>。"},
    {"call 138.1234.5678 now", "call <phone> now"},
    {"+86 138 1234 5678", "<phone>"},
    {"+8613812345678转告", "<phone>转告"},
    {"8613812345678", "<phone>"},
    {"打010-82345678-1234", "打<phone>"},
    {"0571 8765 4321", "<phone>"},
    {"（010）8234-5678", "<phone>"},
    {"400-820-8820", "<phone>"},
    {"4008208820打不通", "<phone>打不通"},
    {"call me at (415) 555-2671", "call me at <phone>"},
    {"415-555-2671 or 1-800-555-0199", "<phone> or <phone>"},
    {"+44 20 7946 0958", "<phone>"},
    {"+1 (212) 555-0187.", "<phone>."},
    {"07700 900123", "<phone>"},
    {"1\u200b38\u200b12345678", "<phone>"},
    {"13812345678,13912345678", "<phone>,<phone>"},
    {"13812345678 13912345678", "<phone> <phone>"},
    // cards
    {"身份证11010119900307721X", "身份证<number>"}, // wrong check digit
    {"身份证110101199003077758", "身份证<identity>"},
    {"11010119900307002X", "<identity>"},
    {"110101 19900307 7758", "<identity>"},
    {"my ssn is 078-05-1120", "my ssn is <identity>"},
    {"卡号6222 0212 3456 7890 128", "卡号<card>"},
    {"4111 1111 1111 1111", "<card>"},
    {"4111111111111111", "<card>"},
    {"4111111111111112", "<number>"},
    // addresses and mail
    {"看 https://item.jd.com/123.html?a=1&b=2，很贵", "看 <url>，很贵"},
    {"see http://example.com/a_(b).", "see <url>."},
    {"WWW.Example.COM/Path!", "<url>!"},
    {"短链t.cn/A6xYz打开", "短链<url>打开"},
    {"写信到user.name+tag@mail.example.co.uk吧", "写信到<email>吧"},
    {"12345678@qq.com", "<email>"},
    {"from 192.168.1.10 today", "from <ip> today"},
    // accounts and names
    {"加微信abc_12345", "加微信<account>"},
    {"vx:wxid_8x7y，回我", "vx:<account>，回我"},
    {"qq号是 287654321", "qq号是 <account>"},
    {"wechat: johnsmith", "wechat: <account>"},
    {"@john_doe please help", "<handle> please help"},
    {"@客服小美 在吗", "<handle> 在吗"},
    // orders and parcels
    {"订单号：88231一直没到", "订单号：<number>一直没到"},
    {"order #A10293-77 is late", "order #<number> is late"},
    {"快递SF1234567890123", "快递<number>"},
    {"20231101123456789", "<number>"},
    {"timestamp 1699999999", "timestamp <number>"},
    // what stays
    {"充值299元只用了3天", NULL},
    {"$20 or $1,299.99 a month", NULL},
    {"预存100000000元", NULL},
    {"¥12345678", NULL},
    {"12345678 yuan", NULL},
    {"2023-11-01 12:30:45", NULL},
    {"2023年11月1日", NULL},
    {"20231101那天", NULL},
    {"2019-2023", NULL},
    {"2021 2022 2023 2024", NULL},
    {"20% off, 3.5折, 99.99%", NULL},
    {"π=3.14159265358979", NULL},
    {"iphone15promax 256gb 5000mah", NULL},
    {"v1.2.3.4 and 10.15.7", NULL},
    {"第110次打110", NULL},
    {"24/7 km/h and/or e.g. a.m.", NULL},
    {"jd.com和taobao.com都便宜", NULL},
    {"node.js is fine.Thanks", NULL},
    {"meet @ 5pm @7", NULL},
    {"价格@你们客服说了半天也没有解决我的问题", NULL},
    {"微信支付200块", NULL},
    {"微信转了50000元", NULL},
    {"qq music is great", NULL},
    {"用户100000000人", NULL},
    {"播放12345678次", NULL},
    {"a@b", NULL},
    {"满100+20", NULL},
    {"+20%", NULL},
    {"100 200 300", NULL},
    {"10-20-30", NULL},
    {"1234567", NULL},
    {"买了2.5kg，1/2没用", NULL},
    {"wx", NULL},
    {"order 2", NULL},
    {"五星好评666", NULL},
};

static void test_table(void)
{
    struct both both;

    both_init(&both);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str raw = wl_str_from(cases[i].raw);
        const char *want = cases[i].want != NULL ? cases[i].want : cases[i].raw;
        CHECK_VIEW(masked(&both, raw, WL_LANGUAGE_EN, wl_mask_tokens), want);
    }
    CHECK(COUNT(cases) >= 60);
    both_release(&both);
}

static void test_quotes(void)
{
    struct wl_str raw = WL_STR("  我的电话是１３８１２３４５６７８，ＶＩＰ费２９９元 ");
    struct both both;

    both_init(&both);
    CHECK_VIEW(masked(&both, raw, WL_LANGUAGE_ZH, NULL), "我的电话是[电话]，ＶＩＰ费２９９元");
    CHECK_VIEW(masked(&both, raw, WL_LANGUAGE_EN, NULL), "我的电话是[phone]，ＶＩＰ费２９９元");
    wl_buf_clear(&both.out);
    // A part that begins inside the number shows nothing of it.
    wl_masks_write(&both.masks, &both.normal, raw, 17, 5, WL_LANGUAGE_EN, NULL, &both.out);
    CHECK_VIEW(wl_buf_view(&both.out), "[phone]");
    both_release(&both);
}

static bool is_phone(struct wl_str value) // of a person: 110 is none
{
    return value.n_bytes == 11;
}

// Labelled telephone numbers found, and masks that lie on no such label.
static bool test_telecom(void)
{
    struct wl_arena arena_batch;
    struct wl_node *tree = NULL;
    struct wl_buf file;
    struct both both;
    size_t n_phones = 0;
    size_t n_found = 0;
    size_t n_masks = 0;

    wl_arena_init(&arena_batch, wl_alloc_default(), 0);
    wl_buf_init(&file, wl_alloc_default(), 0);
    both_init(&both);
    bool has_data =
        wl_file_read(WL_SHARED_DIR "/data/zh_telecom_intents_rasa/nlu.json", &file, NULL) == WL_OK;
    if (has_data) {
        CHECK_INT(wl_json_parse(&arena_batch, wl_buf_view(&file), &tree, NULL), WL_OK);
        const struct wl_node *root =
            wl_node_get(wl_node_get(tree, "rasa_nlu_data"), "common_examples");
        for (const struct wl_node *node = root->first; node != NULL; node = node->next) {
            struct wl_str text = wl_node_get(node, "text")->text;
            (void)masked(&both, text, WL_LANGUAGE_ZH, NULL);
            n_masks += both.masks.n_items;
            const struct wl_node *entity = wl_node_get(node, "entities")->first;
            for (; entity != NULL; entity = entity->next) {
                struct wl_str value = wl_node_get(entity, "value")->text;
                if (wl_str_is(wl_node_get(entity, "entity")->text, "phone_number") &&
                    is_phone(value)) {
                    n_phones++;
                    n_found += strstr(both.out.data, "[电话]") != NULL;
                }
            }
        }
        fprintf(stderr, "telecom: %zu of %zu numbers found, %zu other masks\n", n_found, n_phones,
                n_masks - n_found);
        CHECK(n_phones > 200);
        CHECK_INT(n_found, n_phones);
        CHECK_INT(n_masks, n_phones);
    } else {
        fprintf(stderr, "skipped: no zh_telecom_intents_rasa in ../shared/data\n");
    }
    both_release(&both);
    wl_buf_release(&file);
    wl_arena_release(&arena_batch);
    return has_data;
}

static void test_hostile_texts_are_linear(void)
{
    static const char *const units[] = {"a.",   "1 ",   "1-",   "@", "(1",   "+1",
                                        "a@b.", "1.1.", "微信", ":", "www.", "12345678901234567890",
                                        "a_",   "号"};
    struct wl_masks masks;
    struct wl_buf text;

    wl_masks_init(&masks, wl_alloc_default());
    wl_buf_init(&text, wl_alloc_default(), 0);
    for (size_t k = 0; k < COUNT(units); k++) {
        wl_buf_clear(&text);
        while (text.n_bytes < 1 << 20) {
            wl_buf_text(&text, units[k]);
        }
        CHECK_INT(wl_masks_find(&masks, wl_buf_view(&text), NULL), WL_OK);
        size_t end = 0;
        for (size_t i = 0; i < masks.n_items; i++) {
            CHECK(masks.items[i].i_byte >= end && masks.items[i].n_bytes > 0);
            end = masks.items[i].i_byte + (size_t)masks.items[i].n_bytes;
        }
        CHECK(end <= text.n_bytes);
    }
    while (text.n_bytes <= WL_LINE_BYTES_MAX) {
        wl_buf_text(&text, "0123456789abcdef0123456789abcdef");
    }
    CHECK_INT(wl_masks_find(&masks, wl_buf_view(&text), NULL), WL_ELIMIT);
    wl_buf_release(&text);
    wl_masks_release(&masks);
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_masks masks;

        check_heap_init(&heap, n_good);
        wl_masks_init(&masks, &heap.alloc);
        wl_status status = wl_masks_find(&masks, WL_STR("a@b.cn 13812345678"), NULL);
        CHECK_INT(masks.n_items, status == WL_OK ? 2 : 0);
        wl_masks_release(&masks);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= 1);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_table);
    RUN(test_quotes);
    RUN(test_hostile_texts_are_linear);
    RUN(test_every_failed_allocation);
    bool has_data = test_telecom();
    if (check_failures == 0 && !has_data) {
        return 77;
    }
    return check_report();
}
