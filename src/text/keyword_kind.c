/* Chinese words are judged by their part of speech, with a list of the frequent verbs and nouns
 * that say nothing alone; English ones by a list. The lists hold what people write in feedback;
 * they are sorted by bytes for a binary search. */
#include "text/keyword_kind.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(list)    (sizeof(list) / sizeof((list)[0]))
#define WORD_BYTES_MAX 16 /* of a listed word */

static const char *const turns[] = {
    "barely", "cannot", "dont",     "hardly", "less", "never", "no",   "none",   "not",  "nothing",
    "only",   "too",    "without",  "一直",   "不",   "不会",  "不到", "不够",   "不是", "不能",
    "不让",   "从不",   "从来不",   "太",     "很难", "总",    "总也", "总是",   "无",   "无法",
    "未",     "没",     "没完没了", "没有",   "没法", "老",    "老是", "越来越", "难"};

static const char *const glue[] = {
    "a",     "about", "after", "again",  "all",    "also",    "am",      "an",      "and",
    "any",   "are",   "as",    "at",     "be",     "because", "been",    "before",  "being",
    "but",   "by",    "can",   "could",  "did",    "do",      "does",    "done",    "each",
    "even",  "every", "for",   "from",   "get",    "gets",    "getting", "go",      "goes",
    "going", "got",   "had",   "has",    "have",   "having",  "he",      "her",     "here",
    "hers",  "him",   "his",   "how",    "i",      "if",      "in",      "into",    "is",
    "it",    "its",   "just",  "let",    "like",   "lot",     "made",    "make",    "makes",
    "many",  "may",   "me",    "might",  "mine",   "more",    "most",    "much",    "must",
    "my",    "now",   "of",    "off",    "on",     "one",     "or",      "other",   "others",
    "our",   "out",   "over",  "own",    "per",    "please",  "quite",   "really",  "s",
    "same",  "shall", "she",   "should", "since",  "so",      "some",    "still",   "such",
    "t",     "than",  "thank", "thanks", "that",   "the",     "their",   "them",    "then",
    "there", "these", "they",  "thing",  "things", "this",    "those",   "through", "to",
    "up",    "us",    "very",  "was",    "way",    "we",      "well",    "were",    "what",
    "when",  "where", "which", "while",  "who",    "whom",    "why",     "will",    "with",
    "would", "you",   "your",  "yours"};

static const char *const chinese_glue[] = {
    "一下", "一个", "一些", "一样", "一次", "一点", "上",   "下",   "中",   "人",   "什么", "以前",
    "以后", "会",   "使",   "做",   "其他", "几",   "到",   "去",   "叫",   "可以", "可能", "吗",
    "吧",   "呢",   "和",   "啊",   "在",   "多",   "大家", "好像", "就是", "属于", "左右", "希望",
    "应该", "开始", "怎么", "想",   "感觉", "成",   "我",   "所以", "把",   "方面", "时",   "时候",
    "是",   "有",   "有点", "来",   "来说", "比较", "特别", "现在", "的",   "看",   "看到", "知道",
    "给",   "能",   "能够", "自己", "要",   "觉得", "认为", "让",   "说",   "谢谢", "起来", "还是",
    "还有", "这样", "进行", "那么", "问题", "需要", "非常"};

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

    if (is_in(turns, COUNT(turns), word) ||
        (word.n_bytes > 3 && memcmp(word.data + word.n_bytes - 3, "n't", 3) == 0)) {
        return WL_WORD_TURN;
    }
    if (is_ascii) {
        bool is_glue = word.n_bytes < 2 || is_in(glue, COUNT(glue), word) ||
                       memchr(word.data, '\'', word.n_bytes) != NULL;
        return is_glue ? WL_WORD_GLUE : WL_WORD_CONTENT;
    }
    return is_in(chinese_glue, COUNT(chinese_glue), word) || !says_something(tag) ? WL_WORD_GLUE
                                                                                  : WL_WORD_CONTENT;
}

static bool ends_in(const char *word, size_t n_bytes, const char *end)
{
    size_t n = strlen(end);

    return n_bytes > n && memcmp(word + n_bytes - n, end, n) == 0;
}

size_t wl_keyword_stem(char *word, size_t n_bytes)
{
    if (n_bytes < 3 || !ends_in(word, n_bytes, "s")) {
        return n_bytes;
    }
    if (ends_in(word, n_bytes, "ies")) {
        if (!ends_in(word, n_bytes, "eies") && !ends_in(word, n_bytes, "aies") && n_bytes > 4) {
            word[n_bytes - 3] = 'y';
            return n_bytes - 2;
        }
        return n_bytes;
    }
    if (ends_in(word, n_bytes, "es")) {
        bool stays = ends_in(word, n_bytes, "aes") || ends_in(word, n_bytes, "ees") ||
                     ends_in(word, n_bytes, "oes");
        return stays ? n_bytes : n_bytes - 1;
    }
    return ends_in(word, n_bytes, "us") || ends_in(word, n_bytes, "ss") ? n_bytes : n_bytes - 1;
}

// Parts of what people write when they go; found anywhere in a keyword.
static const char *const leaving[] = {"取消",
                                      "退订",
                                      "卸载",
                                      "注销",
                                      "不会再",
                                      "续费",
                                      "续订",
                                      "续",
                                      "再见",
                                      "弃",
                                      "最后",
                                      "告辞",
                                      "销户",
                                      "换别",
                                      "别家",
                                      "别的平台",
                                      "关闭",
                                      "受够",
                                      "忍",
                                      "心寒",
                                      "失望",
                                      "打算",
                                      "准备",
                                      "cancel",
                                      "unsubscrib",
                                      "uninstall",
                                      "renew",
                                      "quit",
                                      "goodbye",
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
                                      "turn off",
                                      "i am done",
                                      "long-time"};

bool wl_keyword_is_leaving(struct wl_str keyword)
{
    for (size_t i = 0; i < COUNT(leaving); i++) {
        size_t n = strlen(leaving[i]);
        for (size_t at = 0; at + n <= keyword.n_bytes; at++) {
            if (memcmp(keyword.data + at, leaving[i], n) == 0) {
                return true;
            }
        }
    }
    return false;
}
