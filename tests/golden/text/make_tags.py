#!/usr/bin/python3
"""Writes tags.jsonl: the sentences of make_segment.py and how python3-jieba 0.42.1 tags them.

usage: make_tags.py >tags.jsonl      (Debian 12's /usr/bin/python3 with python3-jieba)
"""
import json
import logging

import jieba
import jieba.posseg

from make_segment import sentences

MORE = [
    "張偉明從臺北買來的螢幕壞了", "欧阳娜娜和司马相如都住在石家庄", "3.5寸屏5G版A12芯片v2.0.1", "a.b_c+d#e&f",
    "50%的用户-30%流失", "郭靖黄蓉杨过小龙女", "酷毙了帅呆了萌哒", "张小五向李大嘴借了仨核桃", "哎呀妈呀老铁没毛病",
    "伽马射线与薛定谔的猫", "龍門飛甲", "鏟屎官餵貓", "韦小宝哭着喊着要退款", "Wi-Fi 6E", "...", "1.2.3.4", "_-_",
]


def main():
    jieba.setLogLevel(logging.WARNING)
    for text in [*sentences(), *MORE]:
        pairs = jieba.posseg.lcut(text)
        print(json.dumps({
            "text": text,
            "words": [pair.word for pair in pairs],
            "tags": [pair.flag for pair in pairs],
        }, ensure_ascii=False, separators=(",", ":")))


main()
