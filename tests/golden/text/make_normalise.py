#!/usr/bin/python3
"""Writes normalise.jsonl: random strings and what Python's unicodedata makes of them.

usage: make_normalise.py >normalise.jsonl      (Debian 12's /usr/bin/python3: Python 3.11, Unicode 14)

The rule, a character at a time as normalise.h states it: hidden characters go, NFKC with case folding
until nothing changes, then white space. No emoji joiners: what they do is our own (unit test). No
marks after an iota below (U+0345): the standard sorts them before it becomes a letter, we fold first.
"""
import json
import random
import unicodedata

LINES = "\n\r\x0b\x0c\x85\u2028\u2029"
HIDDEN = {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0}
HIDDEN |= set(range(0x180B, 0x1810)) | set(range(0x2060, 0x2070)) | set(range(0xFE00, 0xFE10))
HIDDEN |= set(range(0xFFF0, 0xFFF9)) | set(range(0xE0000, 0xE1000))


def is_hidden(c):
    if c in LINES or c == "\t":
        return False
    return ord(c) in HIDDEN or unicodedata.category(c) in ("Cc", "Cf")


def shown(text):
    return "".join(c for c in text if not is_hidden(c))


def normalise(text):
    before = None
    text = shown(text)
    while text != before:
        before = text
        text = shown(unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold()))
    out = ""
    for c in text:
        if c in LINES or c == "\t" or unicodedata.category(c) in ("Zs", "Zl", "Zp"):
            space = "\n" if c in LINES else " "
            if out and out[-1] in " \n":
                out = out[:-1] + ("\n" if "\n" in (out[-1], space) else " ")
            elif out:
                out += space
        else:
            out += c
    return out.rstrip(" \n")


def is_marked_iota(text):
    plain = shown(text)
    return any("\u0345" in unicodedata.normalize("NFKD", c)
               and unicodedata.combining((plain + "x")[i + 1]) for i, c in enumerate(plain))


def main():
    rng = random.Random(42)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x345), (0x370, 0x530), (0x900, 0xA00),
              (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2100), (0x2100, 0x2200),
              (0x2460, 0x2500), (0x3000, 0x3400), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4),
              (0xF900, 0xFB50), (0xFB50, 0xFE00), (0xFE30, 0xFFF0), (0x1D400, 0x1D800),
              (0x10000, 0x20000), (0x0, 0x3000)]
    n = 0
    while n < 1500:
        text = ""
        while rng.random() < 0.93 and len(text) < 30:
            c = chr(rng.randrange(*rng.choice(blocks)))
            if unicodedata.category(c) != "Cn" and c != "\u200d":
                text += c
        if is_marked_iota(text):
            continue
        n += 1
        print(json.dumps({"raw": text, "want": normalise(text)}))


main()
