/* A dictionary of a few words, made in memory: tests and the fuzzer need no package for it. */
#ifndef WL_TESTS_UNIT_TEXT_TEXT_DICT_H
#define WL_TESTS_UNIT_TEXT_TEXT_DICT_H
#include "text/dict_make.h"

/* text_dict_source - what it is made from. */
static inline struct wl_dict_source text_dict_source(void)
{
    return (struct wl_dict_source){
        .words = WL_STR("会员 500 n\n"
                        "取消 300 v\n"
                        "取消会员 40 v\n"
                        "北京 900 ns\n"
                        "大学 800 n\n"
                        "北京大学 100 nt\n"
                        "学生 700 n\n"
                        "的 9000 uj\n"
                        "我 5000 r\n"
                        "C++ 3 nz\n"),
        .start = WL_STR("P={'B': -0.26,\n 'E': -3.14e+100,\n 'M': -3.14e+100,\n 'S': -1.46}\n"),
        .transition = WL_STR("P={'B': {'E': -0.51, 'M': -0.91},\n 'E': {'B': -0.58, 'S': -0.80},\n"
                             " 'M': {'E': -0.33, 'M': -1.26},\n 'S': {'B': -0.72, 'S': -0.66}}\n"),
        .emission = WL_STR("P={'B': {'\\u5c0f': -5.0,\n '\\u660e': -9.0},\n"
                           " 'E': {'\\u5c0f': -9.0, '\\u660e': -5.0},\n 'M': {'\\u660e': -12.0},\n"
                           " 'S': {'\\u2236': -15.0, '\\u5c0f': -8.0, '\\u660e': -8.0}}\n"),
        .tag_start = WL_STR("P={('B', 'nr'): -2.0,\n ('E', 'nr'): -3.14e+100,\n"
                            " ('S', 'a'): -2.5, ('S', 'n'): -2.6}\n"),
        .tag_transition = WL_STR("P={('B', 'nr'): {('E', 'nr'): -0.1},\n"
                                 " ('E', 'nr'): {('S', 'a'): -1.0, ('B', 'nr'): -2.0},\n"
                                 " ('S', 'a'): {('S', 'n'): -1.0, ('B', 'nr'): -1.5},\n"
                                 " ('S', 'n'): {}}\n"),
        .tag_emission =
            WL_STR("P={('B', 'nr'): {'\\u5c0f': -4.0},\n ('E', 'nr'): {'\\u660e': -4.0},\n"
                   " ('S', 'a'): {'\\u5c0f': -5.0}, ('S', 'n'): {}}\n"),
        .tag_states = WL_STR("P={'\\u5c0f': (('B', 'nr'), ('S', 'a')),\n"
                             " '\\u660e': (('E', 'nr'),)}\n"),
    };
}

/* text_dict_make - the bytes of its file; release bytes in any case. */
static inline wl_status text_dict_make(struct wl_buf *bytes)
{
    wl_buf_init(bytes, wl_alloc_default(), 0);
    struct wl_dict_source source = text_dict_source();
    return wl_dict_make(wl_alloc_default(), &source, bytes, NULL);
}

#endif
