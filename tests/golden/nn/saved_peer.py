#!/usr/bin/env python3
"""saved_peer.py TEST_BERT_FOLDER_TORCH: folders that wanliu saved, loaded by transformers.

Runs the test program with a folder, where it saves `bert_folder/classes` in F32 and BF16 and `masked` with its
head; then AutoTokenizer, AutoModelForSequenceClassification and AutoModelForMaskedLM load them, and pieces, names and logits are compared
with those of the original. Needs torch and transformers. Exit 1 beyond 1e-6 (F32) or 0.05 (BF16).
"""
import json
import os
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bert_folder')


def compare(name, number, tolerance, kind, key, cases):
    """One saved folder; True when something differs."""
    tok = AutoTokenizer.from_pretrained(name)
    model, info = kind.from_pretrained(name, dtype=torch.float32, output_loading_info=True)
    worst, same = 0.0, True
    for case in cases:
        ids = tok(case['text'], truncation=True, return_tensors='pt')['input_ids']
        same &= ids[0].tolist() == case['ids']
        logits = model.eval()(ids).logits[0].reshape(-1).tolist()
        worst = max([worst] + [abs(a - b) for a, b in zip(logits, case[key])])
    labels = list(model.config.id2label.values())
    print('%s: pieces %s, labels %s, logits within %.3g, missing %s, unexpected %s' %
          (number, 'same' if same else 'differ', labels, worst, list(info['missing_keys']),
           list(info['unexpected_keys'])))
    return (not same or worst > tolerance or bool(info['missing_keys']) or bool(info['unexpected_keys']) or
            (key == 'logits' and labels != ['stays', 'leaves', '不知道']))


def main():
    with open(os.path.join(HERE, 'expected.json'), encoding='utf-8') as file:
        cases = json.load(file)
    failed = False
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.argv[1], out], check=True)
        for number, tolerance in (('f32', 1e-6), ('bf16', 0.05)):
            failed |= compare(os.path.join(out, number), number, tolerance, AutoModelForSequenceClassification,
                              'logits', cases['classes'])
        failed |= compare(os.path.join(out, 'masked'), 'masked', 1e-5, AutoModelForMaskedLM, 'scores',
                          cases['masked'])
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
