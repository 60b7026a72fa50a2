/* Goal:   the language of a text is told right, for texts of our own and on two public sets.
 * Method: a table of texts; all reviews of zh_online_shopping_10_cats that hold a Chinese character
 *         must be Chinese and all questions of banking77 English, at least 99.9 % of each (skipped
 *         where the sets are not). A planted fault: the sets exchanged must fail the same check. */
#include "check.h"

#include "base/buf.h"
#include "base/language.h"

static void test_texts(void)
{
    static const struct {
        const char *text;
        enum wl_text_language want;
    } cases[] = {
        {"", WL_TEXT_NONE},
        {"123 !? 😀 ￥299", WL_TEXT_NONE},
        {"\xff\xfe", WL_TEXT_NONE},
        {"ok", WL_TEXT_EN},
        {"Where is my card?", WL_TEXT_EN},
        {"Très déçu, café froid", WL_TEXT_EN},
        {"太贵了", WL_TEXT_ZH},
        {"VIP会员太贵了", WL_TEXT_ZH},
        {"iPhone 15 Pro Max 很好用，电池也不错", WL_TEXT_ZH},
        {"好 very good service thanks", WL_TEXT_EN},
        {"the app called 微信 does not open", WL_TEXT_EN},
        {"app打不开", WL_TEXT_ZH},
        {"〇", WL_TEXT_ZH},
        {"優惠太少，會員費用太貴", WL_TEXT_ZH},
        {"ＡＰＰ　ＯＫ", WL_TEXT_EN},
        {"とても良いサービスでした", WL_TEXT_OTHER},
        {"カスタマーサービス", WL_TEXT_OTHER},
        {"서비스가 좋지 않아요", WL_TEXT_OTHER},
        {"美の味，很好吃的一家店", WL_TEXT_ZH},
        {"Очень плохо", WL_TEXT_OTHER},
        {"خدمة سيئة", WL_TEXT_OTHER},
        {"แย่มาก", WL_TEXT_OTHER},
        {"App плохо", WL_TEXT_OTHER},
        {"I love the word ありがとう so much", WL_TEXT_EN},
        {"\U00020000\U00020001", WL_TEXT_ZH},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_STR(wl_text_language_names[wl_language_detect(wl_str_from(cases[i].text))],
                  wl_text_language_names[cases[i].want]);
    }
}

static void test_counts(void)
{
    struct wl_letters letters = wl_letters_count(WL_STR("I don't 喜欢 ラーメン, нет; ok"));

    CHECK_INT(letters.n_han, 2);
    CHECK_INT(letters.n_kana, 4);
    CHECK_INT(letters.n_latin_words, 3);
    CHECK_INT(letters.n_latin, 7);
    CHECK_INT(letters.n_other, 3);
}

// Share of lines in a language; lines without a wanted script do not count. -1: no data.
static double share_of(const char *command, size_t n_columns, enum wl_text_language want)
{
    char line[65536];
    size_t n_right = 0;
    size_t n_lines = 0;
    FILE *pipe = popen(command, "r");

    while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL) {
        struct wl_str text = wl_str_from(line);
        for (size_t i = 0; i < n_columns; i++) {
            (void)wl_str_cut(&text, ',');
        }
        struct wl_letters letters = wl_letters_count(text);
        if (want == WL_TEXT_ZH ? letters.n_han > 0 : letters.n_latin > 0) {
            n_lines++;
            n_right += wl_letters_language(letters) == want;
        }
    }
    if (pipe != NULL) {
        (void)pclose(pipe);
    }
    fprintf(stderr, "%zu of %zu\n", n_right, n_lines);
    return n_lines > 0 ? (double)n_right / (double)n_lines : -1.0;
}

static bool test_sets(void)
{
    static const char zh[] =
        "unzip -p " WL_SHARED_DIR "/data/zh_online_shopping_10_cats/*.zip 2>/dev/null | tail -n +2";
    static const char en[] = "cat " WL_SHARED_DIR "/data/banking77/train.csv " WL_SHARED_DIR
                             "/data/banking77/test.csv 2>/dev/null | sed s/,[^,]*$//";
    double share_zh = share_of(zh, 2, WL_TEXT_ZH);
    double share_en = share_of(en, 0, WL_TEXT_EN);

    if (share_zh < 0.0 || share_en < 0.0) {
        fprintf(stderr, "skipped: no zh_online_shopping_10_cats or banking77 in ../shared/data\n");
        return false;
    }
    CHECK(share_zh >= 0.999);
    CHECK(share_en >= 0.999);
    CHECK(share_of(en, 0, WL_TEXT_OTHER) < 0.999);
    return true;
}

int main(void)
{
    bool has_data;

    RUN(test_texts);
    RUN(test_counts);
    has_data = test_sets();
    if (check_failures == 0 && !has_data) {
        return 77;
    }
    return check_report();
}
