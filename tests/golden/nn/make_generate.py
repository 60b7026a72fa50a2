"""Golden texts of transformers' generate on a tiny GPT-2: generate.json.

Run: python3 make_generate.py > generate.json   (torch, transformers 5.23; made 2026-11)
Weights follow from a formula that test_generate_hf.c repeats: value j of tensor i (in the order of the
list below, rows of [out, in]) is lowbias32(j + 65536 i) / 2^32 - 0.5, times 1.2, in double and then
in float; norms are 1 and 0.
"""
import json
import sys

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

C, H, L, V, T, F = 32, 2, 2, 40, 64, 64
torch.set_num_threads(1)


def values(i, n):
    x = np.arange(n, dtype=np.uint64) + np.uint64(65536 * i)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) % 2**32
    return ((x.astype(np.float64) / 2**32 - 0.5) * 1.2).astype(np.float32)


config = GPT2Config(n_embd=C, n_head=H, n_layer=L, vocab_size=V, n_positions=T, n_inner=F,
                    bos_token_id=None, eos_token_id=None, pad_token_id=0)
model = GPT2LMHeadModel(config).eval()
state = model.state_dict()
names = ["wte.weight", "wpe.weight"]
for l in range(L):
    for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"):
        names += [f"h.{l}.{part}.weight", f"h.{l}.{part}.bias"]
for i, name in enumerate(names):
    tensor = state["transformer." + name]
    if ".c_" in name and name.endswith("weight"):  # stored [in, out]
        tensor.copy_(torch.tensor(values(i, tensor.numel()).reshape(tensor.shape[::-1]).T.copy()))
    else:
        tensor.copy_(torch.tensor(values(i, tensor.numel()).reshape(tensor.shape)))

prompts = [[3, 1, 4], [5], [10, 11, 12, 13, 14], [39, 2, 7, 7]]
ways = [
    {},
    {"repetition_penalty": 1.4},
    {"no_repeat_ngram_size": 2},
    {"min_new_tokens": 12},
    {"num_beams": 1, "min_new_tokens": 3, "repetition_penalty": 0.8},
    {"num_beams": 4, "num_return_sequences": 3},
    {"num_beams": 4, "num_return_sequences": 4, "early_stopping": True},
    {"num_beams": 3, "num_return_sequences": 2, "early_stopping": "never", "length_penalty": 2.0},
    {"num_beams": 5, "num_return_sequences": 5, "length_penalty": 0.3},
    {"num_beams": 4, "num_return_sequences": 2, "length_penalty": -1.0},
    {"num_beams": 4, "num_return_sequences": 2, "no_repeat_ngram_size": 2, "repetition_penalty": 1.3},
    {"num_beams": 2, "num_return_sequences": 2, "min_new_tokens": 8},
]
cases = []
for place in (3, 9):
    for prompt in prompts:
        with torch.no_grad():  # what greedy search says at this place ends the texts
            end = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=16)
        end = end[0].tolist()[len(prompt) + place]
        for way in ways:
            with torch.no_grad():
                out = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=16,
                                     eos_token_id=end, pad_token_id=0, output_scores=True,
                                     return_dict_in_generate=True, use_cache=True, **way)
            texts = []
            for row in out.sequences.tolist():
                row = row[len(prompt):]
                texts.append(row[:row.index(end)] if end in row else row)
            # a text that never met the end but is padded cannot occur: it has 16 tokens then
            case = {"prompt": prompt, "end": end, "way": way, "texts": texts}
            if way.get("num_beams", 1) > 1:
                case["scores"] = [round(s, 6) for s in out.sequences_scores.tolist()]
            cases.append(case)
json.dump({"cases": cases}, sys.stdout, separators=(",", ":"))
print()
