#!/usr/bin/python3
"""Writes contrast.json: texts of our own as lists of words, and what scikit-learn 1.2.1 and scipy say
of them: mean TF-IDF of TfidfVectorizer(min_df=5), Pearson's chi-square, Benjamini-Hochberg; log-odds
with an informative prior by its formula (Monroe, Colaresi & Quinn 2008) in numpy.

usage: make_contrast.py >contrast.json      (Debian 12's /usr/bin/python3)
"""
import json
import logging

import jieba
import numpy as np
from scipy.stats import chi2_contingency
from sklearn.feature_extraction.text import TfidfVectorizer

from make_segment import sentences

PRIOR = 0.1
EN_A = ["the app loads too slow", "too many ads in every show", "slow and full of ads", "I cancel my plan",
        "the price is too high", "loads too slow again"]
EN_B = ["the app is fine", "great show and a great price", "I like the app", "how do I cast to my TV",
        "the new show is great", "support was quick"]


def texts():
    """Words and group of each text."""
    for i, text in enumerate(sentences()):
        words = [w for w in jieba.lcut(text) if w.strip() and w.isalnum()]
        if words:
            yield words, int(any(w in text for w in ("退", "投诉", "卸载", "取消")) == (i % 7 == 0))
    for i in range(180):
        group = i % 3 == 0
        parts = [(EN_A if (i * 7 + k) % 5 < 4 else EN_B)[(i * 5 + k) % 6] if group
                 else (EN_B if (i * 3 + k) % 4 else EN_A)[(i * 11 + k) % 6] for k in range(2)]
        yield " ".join(parts).split(), int(not group)


def main():
    jieba.setLogLevel(logging.WARNING)
    words, group = zip(*texts())
    group = np.array(group)
    vectorizer = TfidfVectorizer(analyzer=lambda text: text, min_df=5)
    weights = np.asarray(vectorizer.fit_transform(words).mean(axis=0)).ravel()
    names = vectorizer.get_feature_names_out()
    n = np.array([(group == 0).sum(), (group == 1).sum()], float)
    rows = []
    for name, weight in zip(names, weights):
        y = np.array([sum(name in set(w) for w, g in zip(words, group) if g == side) for side in (0, 1)], float)
        odds, variance = [], 0.0
        for side in (0, 1):
            a, a0 = PRIOR * y.sum(), PRIOR * n.sum()
            with_, without = y[side] + a, n[side] + a0 - y[side] - a
            odds.append(np.log(with_ / without))
            variance += 1 / with_ + 1 / without
        if 0 < y.sum() < n.sum():
            chi, p = chi2_contingency([y, n - y], correction=False)[:2]
        else:
            chi, p = 0.0, 1.0
        rows.append([name, weight, int(y[0]), int(y[1]), odds[0] - odds[1], (odds[0] - odds[1]) / variance ** 0.5,
                     chi, p])
    p = np.array([row[-1] for row in rows])
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum.accumulate((p[order] * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    for i, q in zip(order, np.minimum(adjusted, 1)):
        rows[i].append(q)
    print(json.dumps({"texts": words, "group": group.tolist(), "words": rows}, ensure_ascii=False,
                     separators=(",", ":")))


main()
