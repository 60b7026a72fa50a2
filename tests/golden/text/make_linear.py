#!/usr/bin/python3
"""make_linear.py > linear.json - what scikit-learn makes of a few texts: document frequencies, rows of
TF-IDF, and the optimum of LinearSVC. Made with scikit-learn 1.2.1 (Debian 12)."""
import json
import sys

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.svm import LinearSVC

TEXTS = [
    ("refund", "i want my money back, please refund order no_12 and order no_13"),
    ("refund", "the refund for my order has not come back yet"),
    ("refund", "please  give the money back, the money is mine"),
    ("refund", "order 4711: refund please"),
    ("refund", "a refund, a refund, my money for a refund!"),
    ("login", "i can't log in, the password is wrong"),
    ("login", "the password reset mail does not come"),
    ("login", "log in fails on my phone, the app says wrong password"),
    ("login", "no log in since the update; x y z"),
    ("login", "my phone does not log in, please help"),
    ("praise", "a great app, i use it on my phone every day"),
    ("praise", "great service, thank you, thank you so much"),
    ("praise", "i love the update, it is great"),
    ("praise", "the app is great and the service is great"),
    ("praise", "thank you for the great help"),
    ("退款", "我要退款，订单还没有到，请退款"),
    ("退款", "请把钱退给我，订单取消了"),
    ("退款", "退款三天了还没有到账，太慢了"),
    ("退款", "订单 4711 请退款"),
    ("广告", "广告太多了，看个视频要等六十秒广告"),
    ("广告", "会员还有广告，太过分了"),
    ("广告", "广告广告广告，全是广告"),
    ("广告", "看视频时弹出的广告关不掉"),
    ("", ""),
    ("", "☆"),
]

CASES = [
    {"name": "words 1-2", "words_max": 2, "chars_min": 0, "chars_max": 0, "within_words": False},
    {"name": "char 1-4", "words_max": 0, "chars_min": 1, "chars_max": 4, "within_words": False},
    {"name": "char_wb 2-5", "words_max": 0, "chars_min": 2, "chars_max": 5, "within_words": True},
    {"name": "char_wb 1-3", "words_max": 0, "chars_min": 1, "chars_max": 3, "within_words": True},
    {"name": "char_wb 6-7", "words_max": 0, "chars_min": 6, "chars_max": 7, "within_words": True},
]


def vectorizer(case):
    if case["words_max"]:
        return CountVectorizer(ngram_range=(1, case["words_max"]))
    kind = "char_wb" if case["within_words"] else "char"
    return CountVectorizer(analyzer=kind, ngram_range=(case["chars_min"], case["chars_max"]))


def weigh(case, texts):
    v = vectorizer(case)
    counts = v.fit_transform(texts)
    return v, counts, TfidfTransformer(sublinear_tf=True).fit_transform(counts)


def digits(values):
    return [float("%.7g" % x) for x in values]


def describe(case, texts):
    v, counts, rows = weigh(case, texts)
    df = np.asarray((counts > 0).sum(0)).ravel()
    out = dict(case)
    out["df"] = sorted(int(x) for x in df)
    out["rows"] = [digits(sorted(rows[i].data)) for i in range(rows.shape[0])]
    if case["words_max"] == 0 and not case["within_words"]:
        some = sorted(v.vocabulary_)[::37]
        out["ngrams"] = {s: int(df[v.vocabulary_[s]]) for s in some}
    return out


def optimum(case, texts, labels, c, balance=0):
    _, _, rows = weigh(case, texts)
    names = sorted(set(labels))
    outputs = []
    for name in names:
        y = np.where(np.array(labels) == name, 1.0, -1.0)
        m = LinearSVC(C=c, class_weight="balanced" if balance else None, tol=1e-10, max_iter=1000000, random_state=1).fit(rows, y)
        decision = m.decision_function(rows)
        loss = np.maximum(0, 1 - y * decision)
        each = np.where(y > 0, len(y) / (2 * (y > 0).sum()), len(y) / (2 * (y < 0).sum())) ** balance
        objective = 0.5 * (m.coef_ ** 2).sum() + 0.5 * m.intercept_[0] ** 2 + c * (each * loss ** 2).sum()
        outputs.append({"objective": float("%.9g" % objective), "decisions": digits(decision)})
    return {"case": case["name"], "c": c, "balance": balance, "labels": [names.index(x) for x in labels],
            "n_labels": len(names), "outputs": outputs}


def main():
    labels = [a for a, _ in TEXTS]
    texts = [b for _, b in TEXTS]
    known = [i for i, a in enumerate(labels) if a]
    svm = [optimum(CASES[k], [texts[i] for i in known], [labels[i] for i in known], c, balance)
           for k, c, balance in ((1, 0.5, 0), (2, 4.0, 0), (1, 0.5, 1), (2, 4.0, 1))]
    json.dump({"texts": texts, "cases": [describe(c, texts) for c in CASES], "svm": svm},
              sys.stdout, ensure_ascii=False, indent=0)
    print()


main()
