#!/usr/bin/python3
"""Writes keywords.jsonl: texts of our own and the keywords python3-jieba 0.42.1 finds in them.

usage: make_keywords.py >keywords.jsonl      (Debian 12's /usr/bin/python3 with python3-jieba)
Weights are written with all their digits.
"""
import json
import logging

import jieba
import jieba.analyse

from make_segment import sentences

MORE = [
    "The VIP member AND the vip Member is not a Vip", "会员会员会员会员", "价格价格太贵，价格贵，会员价格太贵了",
    "客服 客服\r\n客服", "北京北京上海上海广州广州深圳深圳北京上海广州深圳",
]


def texts():
    """Each sentence, then runs of six of them, which have more words and more ties."""
    single = [*sentences(), *MORE]
    yield from single[::4]
    for i in range(0, len(single) - 6, 3):
        yield "".join(single[i:i + 6])


def main():
    jieba.setLogLevel(logging.WARNING)
    for text in texts():
        print(json.dumps({
            "text": text,
            "tfidf": jieba.analyse.extract_tags(text, topK=20, withWeight=True),
            "nouns": jieba.analyse.extract_tags(text, topK=None, withWeight=True,
                                                allowPOS=("n", "nr", "ns", "nz", "eng")),
            "rank": jieba.analyse.textrank(text, topK=None, withWeight=True),
        }, ensure_ascii=False, separators=(",", ":")))


main()
