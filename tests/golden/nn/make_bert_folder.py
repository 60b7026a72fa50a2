#!/usr/bin/env python3
"""Tiny random BERT folders as transformers writes them, with what transformers computes from them.

    make_bert_folder.py        writes bert_folder/{classes,encoder,masked,old}/, expected.json and
                               training.json: gradients and ten losses of "masked" under AdamW

Made 2026-11 with transformers 5.23.0 and torch 2.15.0. Weights are drawn wide (deviation 0.5), so that
a wrong layout shows. The folders differ in kind and number:
  classes  BertForSequenceClassification, F32, names begin with "bert."
  encoder  BertModel, F16
  masked   BertForMaskedLM, BF16, no pooler
  old      as encoder in F32, but with the names gamma and beta and position_ids, and no tokenizer.json
"""
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import (BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel,
                          BertTokenizerFast)

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'bert_folder')
PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'i', 'want', 'to', 'leave', 'stay', 'good', 'bad',
          'price', '##s', '##ed', '##y', 'cafe', '!', ',', '.', '退', '款', '好', '不', '想', '了', 'un']
TEXTS = ['I want to leave!', 'Good prices, stayed.', '退款, 不想了', '', 'Café badly unknownword',
         'want want want want want want want want want want want want want want want want']
LABELS = ['stays', 'leaves', '不知道']


def config(**more):
    return BertConfig(vocab_size=len(PIECES), hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                      intermediate_size=16, max_position_embeddings=12, type_vocab_size=2, **more)


def draw(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in sorted(model.named_parameters()):
        p.data = torch.randn(p.shape, generator=generator) * 0.5
        if 'LayerNorm.weight' in name:
            p.data = 1 + p.data * 0.5
    return model.eval()


def tokenizer(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'vocab.txt'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(PIECES) + '\n')
    return BertTokenizerFast.from_pretrained(folder)


def numbers(x):
    return [float('%.9g' % v) for v in x.detach().float().reshape(-1).tolist()]


def expect(kind, model, tok):
    """Everything in float from the weights as they stand in the file, one text at a time."""
    model = model.float()
    out = []
    for text in TEXTS:
        ids = tok(text, truncation=True, max_length=12, return_tensors='pt')['input_ids']
        result = model(ids, output_hidden_states=True)
        case = {'text': text, 'ids': ids[0].tolist(), 'hidden': numbers(result.hidden_states[-1])}
        if kind == 'classes':
            case['logits'] = numbers(result.logits)
            case['pooled'] = numbers(model.bert(ids).pooler_output)
        elif kind == 'masked':
            case['scores'] = numbers(result.logits)
        else:
            case['pooled'] = numbers(result.pooler_output)
        out.append(case)
    return out


def decays(name):
    return name.endswith('weight') and 'LayerNorm' not in name


def training(model):
    """Masked rows of three texts, without dropout; gradients of the first update, losses of ten."""
    texts = [[2, 5, 4, 7, 8, 3], [2, 20, 4, 18, 25, 4, 25, 3], [2, 4, 3]]
    labels = [[-100, -100, 6, -100, 9, -100], [-100, -100, 21, -100, 25, 24, -100, -100], [-100, 10, -100]]
    n = sum(y != -100 for line in labels for y in line)
    groups = [{'params': [p for k, p in model.named_parameters() if decays(k)], 'weight_decay': 0.01},
              {'params': [p for k, p in model.named_parameters() if not decays(k)], 'weight_decay': 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-2)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: k / 3 if k < 3 else (10 - k) / 7)
    out = {'texts': texts, 'labels': labels, 'losses': []}
    for step in range(10):
        optimizer.zero_grad()
        loss = sum(torch.nn.functional.cross_entropy(model(torch.tensor([ids])).logits[0], torch.tensor(y),
                                                     reduction='sum') for ids, y in zip(texts, labels)) / n
        loss.backward()
        if step == 0:
            out['gradients'] = {k: numbers(p.grad) for k, p in model.named_parameters() if p.grad is not None}
        out['losses'].append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return out


def main():
    torch.set_num_threads(1)
    shutil.rmtree(HERE, ignore_errors=True)
    names = dict(id2label=dict(enumerate(LABELS)), label2id={v: k for k, v in enumerate(LABELS)})
    cases = {'classes': (BertForSequenceClassification(config(**names)), torch.float32),
             'encoder': (BertModel(config(hidden_act='gelu_new', layer_norm_eps=1e-5)), torch.float16),
             'masked': (BertForMaskedLM(config()), torch.bfloat16)}
    expected = {}
    for seed, (kind, (model, dtype)) in enumerate(cases.items()):
        folder = os.path.join(HERE, kind)
        model = draw(model, seed + 1).to(dtype)
        tok = tokenizer(folder)
        tok.save_pretrained(folder)
        model.save_pretrained(folder)
        expected[kind] = expect(kind, model, tok)
        if kind == 'masked':
            with open(os.path.join(HERE, 'training.json'), 'w', encoding='utf-8') as file:
                json.dump(training(model), file, separators=(',', ':'))
                file.write('\n')
    old = os.path.join(HERE, 'old')
    shutil.copytree(os.path.join(HERE, 'encoder'), old)
    os.remove(os.path.join(old, 'tokenizer.json'))
    tokenizer(old)
    tensors = load_file(os.path.join(old, 'model.safetensors'))
    tensors = {k.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'):
               v.float() for k, v in tensors.items()}
    tensors['embeddings.position_ids'] = torch.arange(12)[None]
    save_file(tensors, os.path.join(old, 'model.safetensors'), metadata={'format': 'pt'})
    expected['old'] = expected['encoder']
    with open(os.path.join(HERE, 'expected.json'), 'w', encoding='utf-8') as file:
        json.dump(expected, file, ensure_ascii=False, separators=(',', ':'))
        file.write('\n')


if __name__ == '__main__':
    main()
