/* The template linter: what a person would have to notice in every template, every time. It judges
 * the text as it is written; what slots bring in comes from the catalogue and the workspace, and is
 * judged there. docs/templates.md lists the rules with examples. */
#ifndef WL_COMPOSE_LINT_H
#define WL_COMPOSE_LINT_H
#include "compose/script_library.h"

/* One table makes the enum, the ids and the page. X(name, id, en, zh) */
#define WL_LINT_RULES(X)                                                                           \
    X(WL_RULE_SYNTAX, "syntax", "the template does not compile", "模板语法错误")                   \
    X(WL_RULE_SLOT_UNDECLARED, "slot-undeclared", "a slot is used but not declared",               \
      "使用了未声明的变量")                                                                        \
    X(WL_RULE_SLOT_UNUSED, "slot-unused", "a slot is declared but not used", "声明的变量没有使用") \
    X(WL_RULE_RAW_VALUE, "raw-value", "a value is written without escaping",                       \
      "变量未经转义直接输出")                                                                      \
    X(WL_RULE_NUMBER, "number", "a number or percentage stands outside a slot",                    \
      "数字或百分比写在了变量之外")                                                                \
    X(WL_RULE_PROMISE, "promise", "a benefit is promised outside a slot",                          \
      "优惠或承诺写在了变量之外")                                                                  \
    X(WL_RULE_DATE, "date", "a date or deadline stands outside a slot",                            \
      "日期或期限写在了变量之外")                                                                  \
    X(WL_RULE_OFFER_UNBOUND, "offer-unbound", "offer slots and kinds of offers do not agree",      \
      "优惠变量与允许的优惠类型不一致")                                                            \
    X(WL_RULE_VIP, "vip", "VIP words in a text that is not only for entitled users",               \
      "VIP 用语出现在非专属模板中")                                                                \
    X(WL_RULE_SURVEILLANCE, "surveillance", "the text sounds like watching the reader",            \
      "措辞像在监视用户")                                                                          \
    X(WL_RULE_RAW_COUNT, "raw-count", "a raw count of the reader's behaviour is shown",            \
      "直接展示了用户行为的原始计数")                                                              \
    X(WL_RULE_OPT_OUT, "opt-out", "no way to refuse in the text's own language",                   \
      "缺少本语言的退订方式")                                                                      \
    X(WL_RULE_SENDER, "sender", "a short message must begin with its sender, {{brand}}",           \
      "短信必须以签名 {{brand}} 开头")                                                             \
    X(WL_RULE_TITLE, "title", "the title is missing, too long, or not wanted",                     \
      "标题缺失、过长或不应出现")                                                                  \
    X(WL_RULE_LENGTH, "length", "the text is too long for its channel", "正文超出渠道长度")        \
    X(WL_RULE_LANGUAGE, "language", "the text mixes languages", "中英文混杂")

enum wl_lint_rule {
#define X(name, id, en, zh) name,
    WL_LINT_RULES(X)
#undef X
        WL_RULE_COUNT
};

/* wl_rule_id - "number"; wl_rule_text - the rule in "zh" or "en". */
const char *wl_rule_id(enum wl_lint_rule rule);
const char *wl_rule_text(enum wl_lint_rule rule, enum wl_language language);

struct wl_finding {
    enum wl_lint_rule rule;
    const char *file;      /* borrowed from the library */
    const char *script_id; /* borrowed from the library */
    struct wl_place place; /* in the file */
    struct wl_str found;   /* the words it is about, borrowed; may be empty */
};

struct wl_findings {
    const wl_alloc *alloc;
    struct wl_finding *items; /* (n_items) by template, then place, then rule */
    size_t n_items;
    size_t capacity;
};

/* wl_findings_init - no findings yet. wl_findings_release - give memory back; zeroed is fine. */
void wl_findings_init(struct wl_findings *findings, const wl_alloc *alloc);
void wl_findings_release(struct wl_findings *findings);

struct wl_lint_options {
    bool allow_counts; /* the workspace has opted in to raw counts */
};

/* wl_lint_script - add what is wrong with one template.
 *   findings  (in,out) borrows from script: keep the library while it is used.
 * Cost:    O(bytes * words of the lists).
 * Errors:  WL_ENOMEM  findings so far stay. */
WL_MUST_CHECK wl_status wl_lint_script(const struct wl_script *script,
                                       const struct wl_lint_options *options,
                                       struct wl_findings *findings, wl_error *error);

/* wl_lint_library - wl_lint_script for every template of it. */
WL_MUST_CHECK wl_status wl_lint_library(const struct wl_library *library,
                                        const struct wl_lint_options *options,
                                        struct wl_findings *findings, wl_error *error);

/* wl_finding_write - "file:line:column: template: text: found [rule]" in a language; for people. */
void wl_finding_write(const struct wl_finding *finding, enum wl_language language,
                      struct wl_buf *buf);

/* wl_finding_json - the same as one JSON object, in both languages. */
void wl_finding_json(const struct wl_finding *finding, struct wl_buf *buf);

#endif
