#!/usr/bin/env python3
"""PEFT loads the folders that test_lora_folder saved, and must give the logits it wrote beside them.
usage: check_peft.py BUILD/test_lora_folder (needs torch, transformers, peft)"""
import json
import os
import sys

import torch
from peft import PeftModel

import make_peft


def check(folder, name, make, logits_of):
    model = PeftModel.from_pretrained(make(), os.path.join(folder, name)).eval()
    with torch.no_grad():
        got = logits_of(model).reshape(-1)
    with open(os.path.join(folder, name + '.json')) as file:
        want = torch.tensor(json.load(file))
    off = (got - want).abs().max().item()
    print('%s: PEFT loads our folder, logits differ by %.2g' % (name, off))
    return off < 1e-5


def main():
    ok = check(sys.argv[1], 'bert', make_peft.make_bert, make_peft.bert_logits)
    ok = check(sys.argv[1], 'gpt', make_peft.make_gpt, make_peft.gpt_logits) and ok
    sys.exit(0 if ok else 1)


main()
