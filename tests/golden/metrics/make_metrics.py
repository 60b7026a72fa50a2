#!/usr/bin/python3
"""Writes metrics.json and class_report.txt beside this file: figures of scikit-learn and scipy, and two
definitions spelled out naively (DeLong, calibration error, lift) that those libraries do not have.
Made with: see "versions" inside metrics.json."""
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import sklearn
from sklearn import metrics

HERE = pathlib.Path(__file__).parent


def delong(y, p):
    pos, neg = p[y == 1], p[y == 0]
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)


def ece(y, p, bins):
    order = np.argsort(p)
    parts = np.array_split(order, bins)
    assert len({len(part) for part in parts}) == 1
    return sum(len(k) * abs(p[k].mean() - y[k].mean()) for k in parts) / len(y)


def lift(y, p, share, rng):
    k = int(round(share * len(y)))
    rates = []
    for _ in range(20000):  # expected value over random orders of equal scores
        order = np.lexsort((rng.random(len(y)), -p))
        rates.append(y[order[:k]].mean())
        if len(set(p)) == len(p):
            break
    return np.mean(rates) / y.mean()


def case(name, y, p, weight, threshold, rng):
    said = (p >= threshold).astype(int)
    w = np.array(weight, float)
    want = {
        "auc": metrics.roc_auc_score(y, p),
        "average_precision": metrics.average_precision_score(y, p),
        "brier": metrics.brier_score_loss(y, p),
        "log_loss": metrics.log_loss(y, p),
        "auc_weighted": metrics.roc_auc_score(y, p, sample_weight=w),
        "average_precision_weighted": metrics.average_precision_score(y, p, sample_weight=w),
        "brier_weighted": metrics.brier_score_loss(y, p, sample_weight=w),
        "log_loss_weighted": metrics.log_loss(y, p, sample_weight=w),
        "precision": metrics.precision_score(y, said),
        "recall": metrics.recall_score(y, said),
        "accuracy": metrics.accuracy_score(y, said),
        "f1": metrics.f1_score(y, said),
        "f1_macro": metrics.f1_score(y, said, average="macro"),
        "f1_weighted": metrics.f1_score(y, said, average="weighted"),
        "delong_variance": delong(y, p),
        "lift_10": lift(y, p, 0.1, rng),
    }
    if len(set(p)) == len(p):
        want["ece_15"] = ece(y, p, 15)
    return {"name": name, "threshold": threshold, "y": y.tolist(), "p": p.tolist(),
            "weight": list(map(int, weight)), "want": want}


def main():
    rng = np.random.default_rng(20240607)
    cases = []
    for name, n, decimals, rate in [("distinct", 300, None, 0.3), ("ties", 300, 1, 0.3),
                                    ("rare", 600, 3, 0.05), ("two_values", 60, 0, 0.5)]:
        y = (rng.random(n) < rate).astype(int)
        y[:2] = [0, 1]
        p = 1 / (1 + np.exp(-(1.5 * y + rng.normal(size=n) - 1)))
        if decimals is not None:
            p = np.clip(np.round(p, decimals), 0.001, 0.999)
        cases.append(case(name, y, p, rng.poisson(1.0, n), 0.5, rng))
    wilson = []
    for hits, n in [(0, 10), (10, 10), (3, 10), (820, 1000), (1, 4000)]:
        ci = scipy.stats.binomtest(hits, n).proportion_ci(method="wilson")
        wilson.append({"hits": hits, "n": n, "low": ci.low, "high": ci.high})
    normal = [{"p": p, "z": scipy.stats.norm.ppf(p)}
              for p in [1e-300, 1e-9, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 1 - 1e-9]]
    values = rng.normal(size=37)
    quantiles = [{"q": q, "value": np.quantile(values, q)} for q in [0, 0.025, 0.31, 0.5, 0.975, 1]]
    document = {"versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__,
                             "numpy": np.__version__}, "cases": cases, "wilson": wilson,
                "normal": normal, "values": sorted(values.tolist()), "quantiles": quantiles}
    (HERE / "metrics.json").write_text(json.dumps(document) + "\n")

    truth = np.array([0] * 50 + [1] * 30 + [2] * 20)
    said = np.concatenate([[0] * 41 + [1] * 6 + [2] * 3, [0] * 7 + [1] * 22 + [2], [1] * 4 + [2] * 16])
    (HERE / "class_report.txt").write_text(metrics.classification_report(
        truth, said, labels=[0, 1, 2], target_names=["stays", "leaves", "unsure"], digits=4))


main()
