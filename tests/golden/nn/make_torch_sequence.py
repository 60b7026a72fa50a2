#!/usr/bin/python3
"""Tiny LSTM, GRU, CNN and causal transformer over tokens in PyTorch: logits, every gradient, ten losses under Adam.
Writes sequence.json beside itself.

Made 2026-11 with Debian 12's python3-torch 1.13.1. torch's own layers, one sequence at a time
without padding. Weights come from a formula that the test knows too (fill), so only results are
stored. A convolution's weight is (O, K, I) there and (O, I, K) here.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
IDS = (7, 4, 3)
C, H = 6, 5
HEADS, PLACES = 2, 4
LENGTHS = [3, 5, 1, 5, 2]
LABELS = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
POSITIVE_WEIGHT = torch.tensor([2.5])
CASES = {'lstm': ('lstm', 1, 'last'), 'lstm_mean': ('lstm', 2, 'mean'), 'gru': ('gru', 1, 'last'),
         'gru_mean': ('gru', 2, 'mean'), 'cnn': ('cnn', (2, 3), 'largest'),
         'transformer': ('transformer', 2, 'last')}


def names(case):
    body, size, _ = CASES[case]
    out = [('types.weight', (IDS[0], C)), ('gaps.weight', (IDS[1], C)),
           ('values.weight', (IDS[2], C))]
    if body == 'cnn':
        for i, width in enumerate(size):
            out += [('convolution.%d.weight' % i, (H, width, C)), ('convolution.%d.bias' % i, (H,))]
        return out + [('head.weight', (1, H * len(size))), ('head.bias', (1,))]
    if body == 'transformer':
        out += [('positions.weight', (PLACES, C))]
        for layer in range(size):
            for name, shape in [('attn.c_attn', (3 * C, C)), ('attn.c_proj', (C, C)), ('ln_1', (C,)),
                                ('mlp.c_fc', (4 * C, C)), ('mlp.c_proj', (C, 4 * C)), ('ln_2', (C,))]:
                out += [('h.%d.%s.weight' % (layer, name), shape),
                        ('h.%d.%s.bias' % (layer, name), shape[:1])]
        return out + [('ln_f.weight', (C,)), ('ln_f.bias', (C,)), ('head.weight', (1, C)),
                      ('head.bias', (1,))]
    gates = {'lstm': 4, 'gru': 3}[body] * H
    for layer in range(size):
        n_in = C if layer == 0 else H
        out += [('recurrent.weight_ih_l%d' % layer, (gates, n_in)),
                ('recurrent.weight_hh_l%d' % layer, (gates, H)),
                ('recurrent.bias_ih_l%d' % layer, (gates,)),
                ('recurrent.bias_hh_l%d' % layer, (gates,))]
    return out + [('head.weight', (1, H)), ('head.bias', (1,))]


def fill(shapes):
    """Value i of tensor t: a fraction from a whole number, exact in float on both sides."""
    out = {}
    for t, (name, shape) in enumerate(shapes):
        i = torch.arange(math.prod(shape), dtype=torch.int64)
        value = ((i * 7919 + t * 104729 + i * i * 31) % 2003 - 1001).double() / 2048.0
        out[name] = value.float().reshape(shape).requires_grad_()
    return out


def tanh_gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def transform(x, p, size):
    """Pre-norm blocks; torch's own layer norm and softmax. Places are counted from the end."""
    n = len(x)
    x = x + p['positions.weight'][torch.clamp(n - 1 - torch.arange(n), max=PLACES - 1)]
    future = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
    for layer in range(size):
        def part(name):
            return p['h.%d.%s.weight' % (layer, name)], p['h.%d.%s.bias' % (layer, name)]
        q, k, v = F.linear(F.layer_norm(x, (C,), *part('ln_1')), *part('attn.c_attn')).split(C, 1)
        q, k, v = (m.reshape(n, HEADS, C // HEADS).transpose(0, 1) for m in (q, k, v))
        shares = (q @ k.transpose(1, 2) / math.sqrt(C // HEADS)).masked_fill(future, -math.inf)
        y = (shares.softmax(2) @ v).transpose(0, 1).reshape(n, C)
        x = x + F.linear(y, *part('attn.c_proj'))
        y = F.linear(F.layer_norm(x, (C,), *part('ln_2')), *part('mlp.c_fc'))
        x = x + F.linear(tanh_gelu(y), *part('mlp.c_proj'))
    return F.layer_norm(x, (C,), p['ln_f.weight'], p['ln_f.bias'])


def logits(case, p):
    body, size, pooling = CASES[case]
    rows = []
    for b, n in enumerate(LENGTHS):
        t = torch.arange(n)
        x = (p['types.weight'][(t * 3 + b * 2) % IDS[0]] + p['gaps.weight'][(t + b) % IDS[1]]
             + p['values.weight'][(t * 2 + b) % IDS[2]])
        if body == 'cnn':
            parts = []
            for i, width in enumerate(size):
                w = p['convolution.%d.weight' % i].transpose(1, 2)
                y = F.conv1d(x.T[None], w, p['convolution.%d.bias' % i], padding='same')[0]
                parts.append(F.relu(y).max(1)[0])
            pooled = torch.cat(parts)
        elif body == 'transformer':
            pooled = transform(x, p, size)[-1]
        else:
            weights = [v for k, v in p.items() if k.startswith('recurrent')]
            zero = torch.zeros(size, 1, H)
            # What torch.nn.LSTM and GRU call, so that the weights may come from outside.
            if body == 'lstm':
                y = torch._VF.lstm(x[:, None], (zero, zero), weights, True, size, 0.0, False, False,
                                   False)[0][:, 0]
            else:
                y = torch._VF.gru(x[:, None], zero, weights, True, size, 0.0, False, False,
                                  False)[0][:, 0]
            pooled = y[-1] if pooling == 'last' else y.mean(0)
        rows.append(F.linear(pooled[None], p['head.weight'], p['head.bias'])[0])
    return torch.cat(rows)


def loss_of(case, p):
    return F.binary_cross_entropy_with_logits(logits(case, p), LABELS, pos_weight=POSITIVE_WEIGHT)


def numbers(x):
    return [float('%.9g' % v) for v in x.detach().reshape(-1).tolist()]


def run(case):
    p = fill(names(case))
    out = logits(case, p)
    loss_of(case, p).backward()
    gradients = {k: numbers(v.grad) for k, v in p.items()}
    p = fill(names(case))
    optimizer = torch.optim.Adam(list(p.values()), lr=0.02)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(case, p)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return {'logits': numbers(out), 'gradients': gradients, 'losses': losses}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, 'sequence.json'), 'w') as out:
        json.dump({case: run(case) for case in CASES}, out, separators=(',', ':'))
        out.write('\n')


main()
