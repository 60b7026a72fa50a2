/* What the analyser's stop words leave. Chinese words are judged by their part of speech, with a
 * list of frequent verbs and nouns that say nothing alone. The lists hold what people write in
 * feedback; they are sorted by bytes for a binary search. */
#include "text/keyword_kind.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(list)    (sizeof(list) / sizeof((list)[0]))
#define WORD_BYTES_MAX 16 /* of a listed word */

static const char *const turns[] = {
    "another", "barely", "cannot", "dont", "every", "fewer", "hardly",   "last", "less",
    "longer",  "more",   "never",  "no",   "none",  "not",   "nothing",  "only", "too",
    "without", "一直",   "不",     "不会", "不再",  "不到",  "不够",     "不是", "不能",
    "不让",    "从不",   "从来不", "先",   "再也",  "太",    "很难",     "总",   "总也",
    "总是",    "无",     "无法",   "最",   "未",    "没",    "没完没了", "没有", "没法",
    "老",      "老是",   "越来越", "难"};

// Frequent English verbs and nouns that stop words leave.
static const char *const english_glue[] = {
    "also",    "anything",  "ask",   "asked",  "back",       "bit",    "came",  "come",    "comes",
    "could",   "dear",      "even",  "ever",   "everything", "get",    "gets",  "give",    "gives",
    "go",      "goes",      "going", "got",    "hello",      "hi",     "just",  "keep",    "keeps",
    "know",    "knows",     "let",   "lets",   "like",       "long",   "look",  "looking", "looks",
    "lot",     "made",      "make",  "makes",  "many",       "much",   "need",  "needed",  "needs",
    "others",  "please",    "put",   "really", "right",      "said",   "say",   "says",    "see",
    "someone", "something", "still", "take",   "takes",      "tell",   "thank", "thanks",  "thing",
    "things",  "think",     "time",  "times",  "told",       "took",   "tried", "try",     "turn",
    "use",     "used",      "uses",  "using",  "want",       "wanted", "wants", "way",     "well",
    "went",    "would",     "yet"};

static const char *const chinese_glue[] = {
    "一下", "一个", "一些", "一样", "一次", "一点", "上",   "下",   "中",   "久",   "人",   "什么",
    "以前", "以后", "会",   "使",   "做",   "其他", "几",   "到",   "加",   "去",   "只是", "叫",
    "可以", "可能", "吗",   "吧",   "呢",   "和",   "啊",   "在",   "多",   "大家", "好像", "就是",
    "属于", "左右", "希望", "帮",   "应该", "开",   "开始", "很久", "怎么", "想",   "感觉", "成",
    "成为", "我",   "所以", "找",   "把",   "拿",   "改",   "放",   "方面", "时",   "时候", "是",
    "有",   "有点", "来",   "来说", "比较", "特别", "现在", "用",   "的",   "看",   "看到", "知道",
    "给",   "能",   "能够", "自己", "要",   "觉得", "认为", "让",   "说",   "请",   "谢谢", "起来",
    "还是", "还有", "这是", "这样", "进行", "那么", "问题", "需要", "非常"};

static int compare_to_word(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_in(const char *const *list, size_t n, struct wl_str word)
{
    char key[WORD_BYTES_MAX + 1];

    if (word.n_bytes > WORD_BYTES_MAX) {
        return false;
    }
    memcpy(key, word.data, word.n_bytes);
    key[word.n_bytes] = '\0';
    return bsearch(key, list, n, sizeof(*list), compare_to_word) != NULL;
}

// Nouns, verbs, adjectives, idioms and what the dictionary does not tag.
static bool says_something(struct wl_str tag)
{
    return tag.n_bytes == 0 || memchr("navijlszbx", tag.data[0], 10) != NULL ||
           wl_str_is(tag, "eng") || wl_str_is(tag, "tg");
}

enum wl_word_kind wl_keyword_kind(struct wl_str word, struct wl_str tag)
{
    bool is_ascii = word.n_bytes > 0 && (unsigned char)word.data[0] < 0x80;

    if (is_in(turns, COUNT(turns), word)) {
        return WL_WORD_TURN;
    }
    if (is_ascii) {
        return word.n_bytes < 2 || is_in(english_glue, COUNT(english_glue), word) ? WL_WORD_GLUE
                                                                                  : WL_WORD_CONTENT;
    }
    return is_in(chinese_glue, COUNT(chinese_glue), word) || !says_something(tag) ? WL_WORD_GLUE
                                                                                  : WL_WORD_CONTENT;
}

// Parts of what people write when they go; found anywhere in a keyword.
static const char *const certain[] = {"取消会员", "退订",    "卸载",      "注销",   "销户",
                                      "cancel",   "unsubsc", "uninstall", "goodbye"};
static const char *const likely[] = {"取消",
                                     "不会再",
                                     "自动续费",
                                     "再续",
                                     "不续",
                                     "续订",
                                     "再见",
                                     "弃",
                                     "最后",
                                     "告辞",
                                     "换别",
                                     "别家",
                                     "别的平台",
                                     "关闭自动续",
                                     "受够",
                                     "忍",
                                     "心寒",
                                     "失望",
                                     "打算",
                                     "renew",
                                     "quit",
                                     "clos",
                                     "account",
                                     "leav",
                                     "switch",
                                     "moving",
                                     "coming back",
                                     "last month",
                                     "last time",
                                     "enough",
                                     "disappoint",
                                     "patient",
                                     "joined",
                                     "someone else",
                                     "another service",
                                     "long time member"};

static bool holds_any(const char *const *list, size_t n_list, struct wl_str keyword)
{
    for (size_t i = 0; i < n_list; i++) {
        size_t n = strlen(list[i]);
        for (size_t at = 0; at + n <= keyword.n_bytes; at++) {
            if (memcmp(keyword.data + at, list[i], n) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool wl_keyword_is_leaving(struct wl_str keyword, bool is_certain)
{
    return holds_any(certain, COUNT(certain), keyword) ||
           (!is_certain && holds_any(likely, COUNT(likely), keyword));
}
