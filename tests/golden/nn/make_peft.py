#!/usr/bin/env python3
"""LoRA of a tiny BERT and a tiny GPT-2 by Hugging Face's PEFT: logits, gradients of the adapters,
ten losses under AdamW. Writes peft.json and the folders peft_bert and peft_gpt beside itself.

Made 2026-11 with torch, transformers and peft from PyPI (their versions stand in peft.json). The base
weights are those of make_torch.py, adapters have values by the same formula, so only results are
stored. Texts go through the models one by one, so that no padding takes part.
"""
import json
import math
import os

import peft
import torch
import torch.nn.functional as F
import transformers
from peft import LoraConfig, get_peft_model

torch.set_num_threads(1)
C, H, INNER, LAYERS = 16, 2, 32, 2
TEXTS = [[1, 5, 9, 2, 7], [1, 10, 3, 3, 8, 6, 4, 2], [1]]
SEGMENTS = [[0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1], [0]]
CLASSES = [2, 0, 1]
LINES = [[1, 4, 7, 2, 12, 3, 3, 9, 0], [5, 6, 11, 8], [10]]


def values(t, n, is_gain=False):
    i = torch.arange(n, dtype=torch.int64)
    value = ((i * 7919 + t * 104729 + i * i * 31) % 2003 - 1001).double() / 2048.0 * 0.5
    return (value * 0.5 + 1.0 if is_gain else value).float()


def norm_names(name):
    return [(name + '.weight', (C,), True), (name + '.bias', (C,), False)]


def dense_names(name, n_in, n_out):
    return [(name + '.weight', (n_out, n_in), False), (name + '.bias', (n_out,), False)]


def bert_names():
    out = [('embeddings.word_embeddings.weight', (11, C), False),
           ('embeddings.position_embeddings.weight', (8, C), False),
           ('embeddings.token_type_embeddings.weight', (2, C), False)]
    out += norm_names('embeddings.LayerNorm')
    for l in range(LAYERS):
        at = 'encoder.layer.%d.' % l
        out += dense_names(at + 'attention.self.qkv', C, 3 * C)
        out += dense_names(at + 'attention.output.dense', C, C)
        out += norm_names(at + 'attention.output.LayerNorm')
        out += dense_names(at + 'intermediate.dense', C, INNER)
        out += dense_names(at + 'output.dense', INNER, C)
        out += norm_names(at + 'output.LayerNorm')
    return out + dense_names('pooler.dense', C, C) + dense_names('classifier', C, 3)


def gpt_names():
    out = [('wte.weight', (13, C), False), ('wpe.weight', (9, C), False)]
    for l in range(LAYERS):
        at = 'h.%d.' % l
        out += dense_names(at + 'attn.c_attn', C, 3 * C) + dense_names(at + 'attn.c_proj', C, C)
        out += norm_names(at + 'ln_1')
        out += dense_names(at + 'mlp.c_fc', C, INNER) + dense_names(at + 'mlp.c_proj', INNER, C)
        out += norm_names(at + 'ln_2')
    return out + norm_names('ln_f')


def make_bert():
    config = transformers.BertConfig(
        vocab_size=11, hidden_size=C, num_hidden_layers=LAYERS, num_attention_heads=H,
        intermediate_size=INNER, max_position_embeddings=8, type_vocab_size=2, num_labels=3,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, layer_norm_eps=1e-12)
    model = transformers.BertForSequenceClassification(config)
    state = {}
    for t, (name, shape, is_gain) in enumerate(bert_names()):
        value = values(t, math.prod(shape), is_gain).reshape(shape)
        at = name if name.startswith('classifier') else 'bert.' + name
        if '.qkv.' in name:
            for word, part in zip(('query', 'key', 'value'), value.split(C, 0)):
                state[at.replace('qkv', word)] = part
        else:
            state[at] = value
    load(model, state)
    return model


def make_gpt():
    config = transformers.GPT2Config(
        vocab_size=13, n_positions=9, n_embd=C, n_layer=LAYERS, n_head=H, n_inner=INNER,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0)
    model = transformers.GPT2LMHeadModel(config)
    state = {}
    for t, (name, shape, is_gain) in enumerate(gpt_names()):
        value = values(t, math.prod(shape), is_gain).reshape(shape)
        state['transformer.' + name] = value.T if '.c_' in name and len(shape) == 2 else value
    state['lm_head.weight'] = state['transformer.wte.weight']
    load(model, state)
    return model


def load(model, state):
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all('position_ids' in m or '.masked_bias' in m or m.endswith('.bias')
                                  and 'attn.bias' in m for m in missing), (missing, unexpected)


def fill_adapters(model):
    """Values by the formula, in our order: pairs as the model has its layers, A before B."""
    t = 0
    for name, parameter in model.named_parameters():
        if '.lora_' in name:
            parameter.data = values(t, parameter.numel()).reshape(parameter.shape)
            t += 1


def bert_logits(model):
    return torch.cat([model(input_ids=torch.tensor([a]), token_type_ids=torch.tensor([b])).logits
                      for a, b in zip(TEXTS, SEGMENTS)])


def bert_loss(model):
    return F.cross_entropy(bert_logits(model), torch.tensor(CLASSES))


def gpt_logits(model):
    return torch.cat([model(input_ids=torch.tensor([line])).logits[0] for line in LINES])


def gpt_loss(model):
    targets = sum((line[1:] + [-100] for line in LINES), [])
    return F.cross_entropy(gpt_logits(model), torch.tensor(targets))


def short(name):
    """Our name of a parameter."""
    for a, b in (('base_model.model.', ''), ('bert.', ''), ('transformer.', ''), ('.default', ''),
                 ('.modules_to_save', ''), ('.base_layer', '')):
        name = name.replace(a, b)
    return name


def decays(name):
    return name.endswith('weight') and 'LayerNorm' not in name and '.ln_' not in name


def train(model, loss_of, base_factor):
    """As make_torch.py trains, what is unfrozen of the base at base_factor of the rate."""
    groups = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_base = '.lora_' not in name and 'modules_to_save' not in name
            groups.append({'params': [parameter], 'lr': 2e-2 * (base_factor if is_base else 1.0),
                           'weight_decay': 0.01 if decays(name) else 0.0})
    optimizer = torch.optim.AdamW(groups, lr=2e-2, betas=(0.9, 0.999), eps=1e-8)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda k: k / 3 if k < 3 else (10 - k) / 7)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_([p for g in groups for p in g['params']], 1.0)
        optimizer.step()
        schedule.step()
    return losses


def numbers(x):
    return [float('%.9g' % v) for v in x.detach().reshape(-1).tolist()]


def run(make, config, unfrozen, logits_of, loss_of, folder=None):
    model = get_peft_model(make(), config)
    fill_adapters(model)
    for name, parameter in model.named_parameters():
        if short(name).startswith(unfrozen):
            parameter.requires_grad = True
    if folder is not None:
        model.save_pretrained(folder)
        os.remove(os.path.join(folder, 'README.md'))
    out = {'logits': numbers(logits_of(model))}
    loss_of(model).backward()
    out['gradients'] = {short(name): numbers(p.grad) for name, p in model.named_parameters()
                        if p.requires_grad}
    out['trained'] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    out['losses'] = train(model, loss_of, 0.125)
    merged = model.merge_and_unload()
    out['merged_logits'] = numbers(logits_of(merged))
    return out


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    bert = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, task_type='SEQ_CLS',
                      target_modules=['query', 'key', 'value', 'dense'])
    gpt = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, task_type='CAUSAL_LM', use_rslora=True,
                     fan_in_fan_out=True, target_modules=['c_attn', 'c_proj', 'c_fc'])
    out = {'versions': {'torch': torch.__version__, 'transformers': transformers.__version__,
                        'peft': peft.__version__},
           'bert': run(make_bert, bert, ('embeddings.',), bert_logits, bert_loss,
                       os.path.join(here, 'peft_bert')),
           'gpt': run(make_gpt, gpt, ('ln_f.',), gpt_logits, gpt_loss,
                      os.path.join(here, 'peft_gpt'))}
    with open(os.path.join(here, 'peft.json'), 'w') as file:
        json.dump(out, file, separators=(',', ':'))
        file.write('\n')


if __name__ == "__main__":
    main()
