#!/usr/bin/env python3
"""`wanliu lora export` of the GPT-2 adapter that test_lora_folder saved, read back by the gguf package:
names, shapes, and the change it makes, against PEFT's own delta weights. With a folder to write to,
also a GGUF of the base model and what check_llama.mjs needs to ask llama.cpp itself.
usage: check_gguf.py BUILD/bin/wanliu BUILD/test_lora_folder [OUT]
(needs gguf, torch, transformers, peft)"""
import json
import os
import subprocess
import sys
import tempfile

import gguf
import torch
from peft import PeftModel

import make_peft


def base_name(module):
    layer, words = module.split('h.')[1].split('.', 1)
    names = {'attn.c_attn': 'attn_qkv', 'attn.c_proj': 'attn_output', 'mlp.c_fc': 'ffn_up',
             'mlp.c_proj': 'ffn_down'}
    return 'blk.%s.%s.weight' % (layer, names[words])


def check_deltas(path, folder):
    reader = gguf.GGUFReader(path)
    got = {t.name: torch.tensor(t.data) for t in reader.tensors}
    facts = {k: reader.fields[k].contents() for k in
             ('general.architecture', 'general.type', 'adapter.type', 'adapter.lora.alpha')}
    print(facts)
    assert facts['general.architecture'] == 'gpt2' and facts['general.type'] == 'adapter'
    model = PeftModel.from_pretrained(make_peft.make_gpt(), os.path.join(folder, 'gpt'))
    worst, n = 0.0, 0
    for name, module in model.base_model.model.named_modules():
        if hasattr(module, 'lora_A'):
            a = got.pop(base_name(name) + '.lora_a')
            b = got.pop(base_name(name) + '.lora_b')
            delta = facts['adapter.lora.alpha'] / a.shape[0] * b @ a
            want = module.get_delta_weight('default').T  # Conv1D keeps [in, out]
            worst = max(worst, (delta - want).abs().max().item())
            n += 1
    assert not got, got.keys()
    print('%d modules, changes of weights differ by at most %.2g' % (n, worst))
    return worst < 1e-6


def write_base(path):
    state = make_peft.make_gpt().state_dict()
    writer = gguf.GGUFWriter(path, 'gpt2')
    writer.add_block_count(make_peft.LAYERS)
    writer.add_context_length(9)
    writer.add_embedding_length(make_peft.C)
    writer.add_feed_forward_length(make_peft.INNER)
    writer.add_head_count(make_peft.H)
    writer.add_layer_norm_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model('gpt2')
    writer.add_tokenizer_pre('gpt-2')
    writer.add_token_list(list('abcdefghijklm'))
    writer.add_token_types([1] * 13)
    writer.add_token_merges(['a b'])
    names = {'transformer.wte.weight': 'token_embd.weight',
             'transformer.wpe.weight': 'position_embd.weight',
             'transformer.ln_f.weight': 'output_norm.weight',
             'transformer.ln_f.bias': 'output_norm.bias'}
    for l in range(make_peft.LAYERS):
        for a, b in (('ln_1', 'attn_norm'), ('attn.c_attn', 'attn_qkv'),
                     ('attn.c_proj', 'attn_output'), ('ln_2', 'ffn_norm'), ('mlp.c_fc', 'ffn_up'),
                     ('mlp.c_proj', 'ffn_down')):
            for end in ('weight', 'bias'):
                names['transformer.h.%d.%s.%s' % (l, a, end)] = 'blk.%d.%s.%s' % (l, b, end)
    for here, there in names.items():
        value = state[here]
        value = value.T if '.c_' in here and value.dim() == 2 else value
        writer.add_tensor(there, value.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    wanliu, folder = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as scratch:
        out = sys.argv[3] if len(sys.argv) > 3 else scratch
        adapter = os.path.join(out, 'adapter.gguf')
        subprocess.run([wanliu, 'lora', 'export', os.path.join(folder, 'gpt'), '--architecture',
                        'gpt2', '--out', adapter, '--quiet'], check=True)
        ok = check_deltas(adapter, folder)
        if len(sys.argv) > 3:
            write_base(os.path.join(out, 'base.gguf'))
            with open(os.path.join(folder, 'gpt.json')) as file:
                logits = torch.tensor(json.load(file)).reshape(-1, 13)
            n = len(make_peft.LINES[0]) - 2  # of nine positions, so that no context is shifted
            with torch.no_grad():
                plain = make_peft.gpt_logits(make_peft.make_gpt())
            with open(os.path.join(out, 'expected.json'), 'w') as file:
                json.dump({'tokens': make_peft.LINES[0][:n],
                           'adapted': logits[:n].double().softmax(-1).tolist(),
                           'plain': plain[:n].double().softmax(-1).tolist()}, file)
    sys.exit(0 if ok else 1)


main()
