#!/usr/bin/python3
"""What bench_sequence trains, in PyTorch: prints rows per second of one epoch after a first one."""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_sequence

N, LONGEST, TYPES, C, H, BATCH = 1024, 64, 20, 32, 64, 32
body = sys.argv[1]
torch.set_num_threads(int(sys.argv[2]))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(n, C) for n in (TYPES, 24, 24)])
        if body == 'cnn':
            self.widths = nn.ModuleList([nn.Conv1d(C, H, k, padding='same') for k in (2, 3, 5)])
            self.head = nn.Linear(3 * H, 1)
        else:
            self.body = {'lstm': nn.LSTM, 'gru': nn.GRU}[body](C, H)
            self.head = nn.Linear(H, 1)

    def forward(self, batch):
        ids, lengths = batch
        x = self.tables[0](ids[0]) + self.tables[1](ids[1]) + self.tables[2](ids[2])
        parts = x.split(lengths)
        if body == 'cnn':  # padded, as is usual; rows behind a sequence do not win
            x = nn.utils.rnn.pad_sequence(parts, batch_first=True).transpose(1, 2)
            mask = torch.arange(x.shape[2])[None, None] >= torch.tensor(lengths)[:, None, None]
            y = [F.relu(f(x)).masked_fill(mask, 0).max(2)[0] for f in self.widths]
            return self.head(torch.cat(y, 1))[:, 0]
        hidden = self.body(pack_sequence(parts, enforce_sorted=False))[1]
        return self.head((hidden[0] if body == 'lstm' else hidden)[-1])[:, 0]


lengths = [1 + i * 37 % LONGEST for i in range(N)]
rows = torch.arange(sum(lengths))
ids = torch.stack([rows * 7 % TYPES, rows * 5 % 24, rows * 5 % 24])
labels = torch.tensor([float(i % 3 == 0) for i in range(N)])
batches = []
at = 0
for i in range(0, N, BATCH):
    n = sum(lengths[i:i + BATCH])
    batches.append(((ids[:, at:at + n], lengths[i:i + BATCH]), labels[i:i + BATCH]))
    at += n
model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
for epoch in range(2):
    start = time.perf_counter()
    for batch, wanted in batches:
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(batch), wanted).backward()
        optimizer.step()
    seconds = time.perf_counter() - start
print(len(rows) / seconds)
