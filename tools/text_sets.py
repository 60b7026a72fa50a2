#!/usr/bin/env python3
"""Public text sets in odd forms become NDJSON that `wanliu text train` reads.

usage: text_sets.py KIND FILE [SPLIT] > OUT

  clinc FILE train|test     clinc150: {"train": [[text, intent], ...], "oos_train": ...}
  rasa FILE                 Rasa NLU: rasa_nlu_data.common_examples[].{text, intent}
  dialogues FILE            USS: role, text, action, ratings by tab, a blank line between dialogues;
                            one line for each rated user turn: the median of its ratings against 3
  shop ZIP                  online_shopping_10_cats without the hotels, which another set holds too
  aspects FILE              BDCI 2018: all aspects of a text
  polarity FILE             BDCI 2018: one line for each (text, aspect)
"""
import csv
import io
import json
import re
import sys
import zipfile


def put(**row):
    print(json.dumps(row, ensure_ascii=False))


def clinc(path, split):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    for text, intent in data[split] + data["oos_" + split]:
        put(text=text, label=intent)


def rasa(path):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    for example in data["rasa_nlu_data"]["common_examples"]:
        put(text=example["text"], label=example["intent"])


def dialogues(path):
    with open(path, encoding="utf-8") as file:
        blocks = re.split(r"\n\s*\n", file.read())
    for number, block in enumerate(blocks):
        before = ""
        for line in block.split("\n"):
            cells = line.split("\t")
            if len(cells) < 4:
                continue
            role, text, _, ratings = cells[:4]
            if role == "USER" and text != "OVERALL" and ratings:
                marks = sorted(int(mark) for mark in ratings.split(","))
                median = marks[len(marks) // 2]
                label = "low" if median < 3 else "high" if median > 3 else "middle"
                put(text=text, before=before, label=label, dialogue="d%d" % number)
            before = text


def shop(path):
    with zipfile.ZipFile(path) as archive:
        name = [entry for entry in archive.namelist() if entry.endswith(".csv")][0]
        table = io.StringIO(archive.read(name).decode("utf-8-sig"), newline="")
    for row in csv.DictReader(table):
        if row["cat"] != "酒店":
            put(text=row["review"], label="positive" if row["label"] == "1" else "negative")


def read_aspects(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def aspects(path):
    texts = {}
    for row in read_aspects(path):
        texts.setdefault(row["content_id"], (row["content"], []))[1].append(row["subject"])
    for text, labels in texts.values():
        put(text=text, label=sorted(set(labels)))


def polarity(path):
    names = {"-1": "negative", "0": "neutral", "1": "positive"}
    for row in read_aspects(path):
        put(text=row["subject"] + " " + row["content"], content=row["content_id"],
            label=names[row["sentiment_value"]])


KINDS = {"clinc": clinc, "rasa": rasa, "dialogues": dialogues, "shop": shop, "aspects": aspects,
         "polarity": polarity}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    KINDS[sys.argv[1]](*sys.argv[2:])
