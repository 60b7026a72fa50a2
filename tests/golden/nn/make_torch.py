#!/usr/bin/python3
"""Tiny BERT and GPT-2 in PyTorch: logits, every gradient, ten losses under AdamW; and ten steps of
each optimizer on made-up gradients. Writes bert.json, gpt.json and optimizer.json beside itself.

Made 2026-11 with Debian 12's python3-torch 1.13.1. The models are written out here, text by text and
without padding, so that no library's mask or shortcut can hide a difference. Weights come from a
formula that the test knows too (fill), so only results are stored.
"""
import json
import math
import os

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
C, H, INNER, LAYERS = 16, 2, 32, 2


def fill(names):
    """Value i of tensor t: a fraction from a whole number, exact in float on both sides."""
    out = {}
    for t, (name, shape) in enumerate(names):
        n = math.prod(shape)
        i = torch.arange(n, dtype=torch.int64)
        value = ((i * 7919 + t * 104729 + i * i * 31) % 2003 - 1001).double() / 2048.0
        value = value * 0.5
        if name.endswith('LayerNorm.weight') or '.ln_' in name and name.endswith('weight') \
                or name == 'ln_f.weight':
            value = value * 0.5 + 1.0
        out[name] = value.float().reshape(shape).requires_grad_()
    return out


def norm_names(name):
    return [(name + '.weight', (C,)), (name + '.bias', (C,))]


def dense_names(name, n_in, n_out):
    return [(name + '.weight', (n_out, n_in)), (name + '.bias', (n_out,))]


def attention(qkv, causal):
    t = qkv.shape[0]
    q, k, v = [x.reshape(t, H, C // H).transpose(0, 1) for x in qkv.split(C, 1)]
    s = q @ k.transpose(1, 2) / math.sqrt(C // H)
    if causal:
        s = s.masked_fill(torch.triu(torch.ones(t, t, dtype=torch.bool), 1), -math.inf)
    return (s.softmax(-1) @ v).transpose(0, 1).reshape(t, C)


def dense(p, name, x):
    return F.linear(x, p[name + '.weight'], p[name + '.bias'])


def norm(p, name, x, eps):
    return F.layer_norm(x, (C,), p[name + '.weight'], p[name + '.bias'], eps)


# BERT ------------------------------------------------------------------------------------------
BERT_V, BERT_P, BERT_K = 11, 8, 3
TEXTS = [[1, 5, 9, 2, 7], [1, 10, 3, 3, 8, 6, 4, 2], [1]]
SEGMENTS = [[0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1], [0]]
CLASSES = [2, 0, 1]
LABELS = [[1, 0, 1], [0, 0, 0], [0.25, 1, 0]]


def bert_names():
    out = [('embeddings.word_embeddings.weight', (BERT_V, C)),
           ('embeddings.position_embeddings.weight', (BERT_P, C)),
           ('embeddings.token_type_embeddings.weight', (2, C))]
    out += norm_names('embeddings.LayerNorm')
    for l in range(LAYERS):
        at = 'encoder.layer.%d.' % l
        out += dense_names(at + 'attention.self.qkv', C, 3 * C)
        out += dense_names(at + 'attention.output.dense', C, C)
        out += norm_names(at + 'attention.output.LayerNorm')
        out += dense_names(at + 'intermediate.dense', C, INNER)
        out += dense_names(at + 'output.dense', INNER, C)
        out += norm_names(at + 'output.LayerNorm')
    return out + dense_names('pooler.dense', C, C) + dense_names('classifier', C, BERT_K)


def bert(p):
    rows = []
    for tokens, segments in zip(TEXTS, SEGMENTS):
        x = (p['embeddings.word_embeddings.weight'][tokens]
             + p['embeddings.position_embeddings.weight'][:len(tokens)]
             + p['embeddings.token_type_embeddings.weight'][segments])
        x = norm(p, 'embeddings.LayerNorm', x, 1e-12)
        for l in range(LAYERS):
            at = 'encoder.layer.%d.' % l
            a = attention(dense(p, at + 'attention.self.qkv', x), False)
            x = norm(p, at + 'attention.output.LayerNorm',
                     x + dense(p, at + 'attention.output.dense', a), 1e-12)
            f = dense(p, at + 'output.dense', F.gelu(dense(p, at + 'intermediate.dense', x)))
            x = norm(p, at + 'output.LayerNorm', x + f, 1e-12)
        rows.append(torch.tanh(dense(p, 'pooler.dense', x[:1])))
    return dense(p, 'classifier', torch.cat(rows))


# GPT -------------------------------------------------------------------------------------------
GPT_V, GPT_P = 13, 9
LINES = [[1, 4, 7, 2, 12, 3, 3, 9, 0], [5, 6, 11, 8], [10]]


def gpt_names():
    out = [('wte.weight', (GPT_V, C)), ('wpe.weight', (GPT_P, C))]
    for l in range(LAYERS):
        at = 'h.%d.' % l
        out += dense_names(at + 'attn.c_attn', C, 3 * C) + dense_names(at + 'attn.c_proj', C, C)
        out += norm_names(at + 'ln_1')
        out += dense_names(at + 'mlp.c_fc', C, INNER) + dense_names(at + 'mlp.c_proj', INNER, C)
        out += norm_names(at + 'ln_2')
    return out + norm_names('ln_f')


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def gpt(p):
    rows = []
    for tokens in LINES:
        x = p['wte.weight'][tokens] + p['wpe.weight'][:len(tokens)]
        for l in range(LAYERS):
            at = 'h.%d.' % l
            a = attention(dense(p, at + 'attn.c_attn', norm(p, at + 'ln_1', x, 1e-5)), True)
            x = x + dense(p, at + 'attn.c_proj', a)
            f = gelu_tanh(dense(p, at + 'mlp.c_fc', norm(p, at + 'ln_2', x, 1e-5)))
            x = x + dense(p, at + 'mlp.c_proj', f)
        rows.append(norm(p, 'ln_f', x, 1e-5) @ p['wte.weight'].T)
    return torch.cat(rows)


def gpt_targets():
    out = []
    for tokens in LINES:
        out += tokens[1:] + [-100]
    return torch.tensor(out)


# Training --------------------------------------------------------------------------------------
def decays(name):
    return name.endswith('weight') and 'LayerNorm' not in name and '.ln_' not in name \
        and not name.startswith('ln_')


def train(p, loss_of, n_steps, rate):
    groups = [{'params': [v for k, v in p.items() if decays(k)], 'weight_decay': 0.01},
              {'params': [v for k, v in p.items() if not decays(k)], 'weight_decay': 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8)
    warm = 3
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: k / warm if k < warm else max(0.0, (n_steps - k) / (n_steps - warm)))
    losses = []
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss = loss_of(p)
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0)
        optimizer.step()
        schedule.step()
    return losses


def numbers(x):
    return [float('%.9g' % v) for v in x.detach().reshape(-1).tolist()]


def run(names, model, loss_of, keep=None):
    p = fill(names)
    logits = model(p)
    loss_of(p).backward()
    return {'logits': numbers(logits),
            'gradients': {k: numbers(v.grad) for k, v in p.items() if keep is None or k in keep},
            'losses': train(fill(names), loss_of, 10, 2e-2)}


def optimizer_case(make, shape, n_steps=10):
    """Ten updates of a 2x3 weight and a 3-value bias by gradients from a formula; clipped at 1."""
    w = (torch.arange(6).float() * 0.25 - 0.5).reshape(2, 3).requires_grad_()
    b = (torch.arange(3).float() * 0.5).requires_grad_()
    optimizer = make([{'params': [w]}, {'params': [b], 'weight_decay': 0.0}])
    warm = 2

    def factor(k):
        if k < warm:
            return k / warm
        progress = (k - warm) / (n_steps - warm)
        return {'linear': 1 - progress, 'cosine': 0.5 * (1 + math.cos(math.pi * progress)),
                'constant': 1.0}[shape]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    out = []
    for step in range(n_steps):
        w.grad = (((torch.arange(6) * 5 + step * 7) % 11 - 5).float() * 0.125).reshape(2, 3)
        b.grad = ((torch.arange(3) * 3 + step * 5) % 7 - 3).float() * 0.125
        torch.nn.utils.clip_grad_norm_([w, b], 1.0)
        optimizer.step()
        schedule.step()
        out.append(numbers(w) + numbers(b))
    return {'shape': shape, 'weights': out}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    labels = torch.tensor(LABELS)
    bert_out = {
        'softmax': run(bert_names(), bert,
                       lambda p: F.cross_entropy(bert(p), torch.tensor(CLASSES))),
        'labels': run(bert_names(), bert,
                      lambda p: F.binary_cross_entropy_with_logits(bert(p), labels),
                      keep=('classifier.weight', 'classifier.bias'))}
    gpt_out = {'next': run(gpt_names(), gpt, lambda p: F.cross_entropy(gpt(p), gpt_targets()))}
    steps = {
        'adamw': optimizer_case(lambda g: torch.optim.AdamW(g, lr=0.1, weight_decay=0.05), 'linear'),
        'adam': optimizer_case(lambda g: torch.optim.Adam(g, lr=0.1, weight_decay=0.05), 'cosine'),
        'sgd': optimizer_case(lambda g: torch.optim.SGD(g, lr=0.1, momentum=0.9, weight_decay=0.05),
                              'constant')}
    for name, value in (('bert', bert_out), ('gpt', gpt_out), ('optimizer', steps)):
        with open(os.path.join(here, name + '.json'), 'w') as out:
            json.dump(value, out, separators=(',', ':'))
            out.write('\n')


main()
