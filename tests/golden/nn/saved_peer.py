#!/usr/bin/env python3
"""saved_peer.py TEST_BERT_FOLDER_TORCH: folders that wanliu saved, loaded by transformers.

Runs the test program with a folder, where it saves `bert_folder/classes` in F32 and BF16; then
AutoTokenizer and AutoModelForSequenceClassification load them, and pieces, names and logits are compared
with those of the original. Needs torch and transformers. Exit 1 beyond 1e-6 (F32) or 0.05 (BF16).
"""
import json
import os
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bert_folder')


def main():
    with open(os.path.join(HERE, 'expected.json'), encoding='utf-8') as file:
        cases = json.load(file)['classes']
    failed = False
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.argv[1], out], check=True)
        for number, tolerance in (('f32', 1e-6), ('bf16', 0.05)):
            folder = os.path.join(out, number)
            tok = AutoTokenizer.from_pretrained(folder)
            model, info = AutoModelForSequenceClassification.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True)
            worst = 0.0
            for case in cases:
                ids = tok(case['text'], truncation=True, return_tensors='pt')['input_ids']
                failed |= ids[0].tolist() != case['ids']
                logits = model.eval()(ids).logits[0].tolist()
                worst = max([worst] + [abs(a - b) for a, b in zip(logits, case['logits'])])
            failed |= worst > tolerance or bool(info['missing_keys']) or bool(info['unexpected_keys'])
            print('%s: pieces %s, labels %s, logits within %.3g, missing %s, unexpected %s' %
                  (number, 'same' if not failed else 'differ', list(model.config.id2label.values()), worst,
                   list(info['missing_keys']), list(info['unexpected_keys'])))
            failed |= list(model.config.id2label.values()) != ['stays', 'leaves', '不知道']
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
