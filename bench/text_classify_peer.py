#!/usr/bin/python3
"""text_classify_peer.py prepare SHARED FOLDER | sklearn FOLDER SET | fasttext FOLDER SET

prepare writes FOLDER/SET.train and SET.test, lines of label, tab, text, and prints the sets that
are there. The others learn from the one and classify the other with scikit-learn (the features of
bench_text_classify) or fastText, on one thread, and print: accuracy, seconds of training, texts per
second."""
import csv
import io
import os
import subprocess
import sys
import time
import zipfile

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROUNDS = 3
CHINESE = {"shopping"}


def clean(text):
    return " ".join(text.split())


def write(folder, name, rows):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.writelines("%s\t%s\n" % (label, clean(text)) for label, text in rows if clean(text))


def prepare_banking77(shared, folder):
    for part in ("train", "test"):
        with open(shared + "/data/banking77/%s.csv" % part, encoding="utf-8", newline="") as f:
            rows = [(r["category"], r["text"]) for r in csv.DictReader(f)]
            write(folder, "banking77." + part, rows)


def prepare_shopping(shared, folder):
    from sklearn.model_selection import train_test_split
    path = shared + "/data/zh_online_shopping_10_cats/online_shopping_10_cats.zip"
    with zipfile.ZipFile(path).open("online_shopping_10_cats.csv") as f:
        rows = [(r["label"], r["review"])
                for r in csv.DictReader(io.TextIOWrapper(f, encoding="utf-8", newline=""))
                if r["review"] and r["cat"] != "酒店"]
    train, test = train_test_split(rows, test_size=0.2, random_state=42,
                                   stratify=[r[0] for r in rows])
    write(folder, "shopping.train", train)
    write(folder, "shopping.test", test)


def prepare(shared, folder):
    os.makedirs(folder, exist_ok=True)
    for name, make in (("banking77", prepare_banking77), ("shopping", prepare_shopping)):
        try:
            make(shared, folder)
            print(name)
        except OSError:
            pass


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t", 1) for line in f]
    return [r[0] for r in rows], [r[1] for r in rows]


def median(values):
    return sorted(values)[(len(values) - 1) // 2]


def report(accuracy, seconds, rate):
    print("%.6f %.6f %.3f" % (accuracy, seconds, rate))


def run_sklearn(folder, name):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.svm import LinearSVC
    y, texts = read(folder, name + ".train")
    y_test, texts_test = read(folder, name + ".test")
    seconds, rates = [], []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        if name in CHINESE:
            v = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
        else:
            v = make_union(
                TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
                TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2,
                                sublinear_tf=True))
        model = LinearSVC(C=0.5).fit(v.fit_transform(texts), y)
        seconds.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        said = model.predict(v.transform(texts_test))
        rates.append(len(texts_test) / (time.perf_counter() - begin))
    report(sum(a == b for a, b in zip(said, y_test)) / len(y_test), median(seconds), median(rates))


def fasttext_lines(folder, name, part):
    """A Chinese text as characters with blanks between them: fastText cuts words at blanks only."""
    labels, texts = read(folder, name + part)
    names = {label: "__label__%d" % i for i, label in enumerate(sorted(set(labels)))}
    path = os.path.join(folder, name + part + ".fasttext")
    with open(path, "w", encoding="utf-8") as f:
        for label, text in zip(labels, texts):
            words = " ".join(text.replace(" ", "")) if name in CHINESE else text.lower()
            f.write("%s %s\n" % (names[label], words))
    return path, len(texts)


def run_fasttext(folder, name):
    train, _ = fasttext_lines(folder, name, ".train")
    test, n_test = fasttext_lines(folder, name, ".test")
    model = os.path.join(folder, name + ".model")
    options = ["-wordNgrams", "4" if name in CHINESE else "2", "-dim", "50", "-thread", "1"]
    options += ["-epoch", "5"] if name in CHINESE else ["-epoch", "25", "-minn", "2", "-maxn", "5"]
    options += ["-lr", "0.3" if name in CHINESE else "0.5", "-bucket", "500000"]
    begin = time.perf_counter()
    subprocess.run(["fasttext", "supervised", "-input", train, "-output", model] + options,
                   check=True, capture_output=True)
    seconds = time.perf_counter() - begin
    one = os.path.join(folder, name + ".one.fasttext")
    with open(test, encoding="utf-8") as f, open(one, "w", encoding="utf-8") as g:
        g.write(f.readline())
    rates = []
    for _ in range(ROUNDS):
        spent = []
        for path in (one, test):  # the first is the time to load the model
            begin = time.perf_counter()
            subprocess.run(["fasttext", "predict", model + ".bin", path], check=True,
                           capture_output=True)
            spent.append(time.perf_counter() - begin)
        rates.append((n_test - 1) / max(spent[1] - spent[0], 1e-3))
    out = subprocess.run(["fasttext", "test", model + ".bin", test], check=True,
                         capture_output=True, text=True).stdout
    report(float(out.split("P@1")[1].split()[0]), seconds, median(rates))


if sys.argv[1] == "prepare":
    prepare(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "sklearn":
    run_sklearn(sys.argv[2], sys.argv[3])
else:
    run_fasttext(sys.argv[2], sys.argv[3])
