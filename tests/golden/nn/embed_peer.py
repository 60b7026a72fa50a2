#!/usr/bin/env python3
"""embed_peer.py WANLIU FOLDER TEXTS [N]: cosines between `wanliu text embed` and transformers.

FOLDER is a BERT folder with mean pooling (all-MiniLM-L6-v2 and the like), TEXTS a CSV or plain file, of
whose first N texts (default 300) both make vectors; here as sentence-transformers do: padded batches,
attention mask, mean over the mask, length 1. Needs torch and transformers. Exit 1 below 0.9999.
"""
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer


def read(path, n):
    with open(path, encoding='utf-8', newline='') as file:
        if path.endswith('.csv'):
            return [row['text'] for row in csv.DictReader(file)][:n]
        return [line.rstrip('\n') for line in file if line.strip()][:n]


def theirs(folder, texts):
    tok = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    out = []
    for i in range(0, len(texts), 32):
        batch = tok(texts[i:i + 32], padding=True, truncation=True, max_length=512, return_tensors='pt')
        with torch.no_grad():
            x = model(**batch).last_hidden_state
        mask = batch['attention_mask'].unsqueeze(-1)
        out.append(torch.nn.functional.normalize((x * mask).sum(1) / mask.sum(1), dim=1))
    return torch.cat(out).double().numpy()


def main():
    wanliu, folder, path = sys.argv[1:4]
    texts = read(path, int(sys.argv[4]) if len(sys.argv) > 4 else 300)
    want = theirs(folder, texts)
    worst = 1.0
    with tempfile.TemporaryDirectory() as out:
        lines = os.path.join(out, 'texts.txt')
        with open(lines, 'w', encoding='utf-8') as file:
            file.write(''.join(text.replace('\n', ' ') + '\n' for text in texts))
        for number in ('f32', 'bf16'):
            name = os.path.join(out, number + '.npy')
            subprocess.run([wanliu, '-q', 'text', 'embed', '--base', folder, '--number', number, '-o', name, lines],
                           check=True)
            got = np.load(name).astype(np.float64)
            cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
            print('%s: %d texts, cosine lowest %.7f, mean %.7f, largest difference %.3g' %
                  (number, len(texts), cosine.min(), cosine.mean(), np.abs(got - want).max()))
            worst = min(worst, cosine.min())
    return 0 if worst >= 0.9999 else 1


if __name__ == '__main__':
    sys.exit(main())
