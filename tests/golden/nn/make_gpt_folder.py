"""Tiny GPT-2 folders as transformers writes them, and what they give: gpt_folder/.

Run: python3 make_gpt_folder.py            (torch, transformers 5.23, tokenizers; made 2026-11)
     python3 make_gpt_folder.py check DIR  loads a folder of ours and compares with DIR/expected.json,
                                           which test_gpt_folder_hf.c wrote
"""
import json
import os
import shutil
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (AutoModelForCausalLM, AutoTokenizer, BertTokenizer, GPT2Config,
                          GPT2LMHeadModel, PreTrainedTokenizerFast)

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpt_folder")
TEXTS = [
    "Hello {{name}}, we saved your seat.\nSee {{offer.name}}!",
    "  two  blanks, naïve café ½ 12,345.67",
    "亲爱的{{name}}，感谢您一路相伴。为您准备了{{offer.name}}，退订回T",
    "[男性,高消费] 您好",
    "",
]
CORPUS = ["Hello, we saved your seat and your list. See what is new for you, or tell us what you miss.",
          "亲爱的客户，感谢您一路相伴，为您准备了一份心意，有任何想法，随时告诉我们。您好，感谢您。"] * 3


def expected(model, tokenizer):
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False)
        case = {"text": text, "ids": ids}
        if ids:
            with torch.no_grad():
                logits = model(torch.tensor([ids[:24]])).logits[0, -1]
            case["logits"] = [round(float(x), 7) for x in logits]
        cases.append(case)
    return cases


def bytes_folder(name, dtype, **config):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=["<|endoftext|>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>",
                                   bos_token="<|endoftext|>")
    fast.add_tokens(["{{name}}"])
    torch.manual_seed(3)
    model = GPT2LMHeadModel(GPT2Config(n_embd=8, n_head=2, n_layer=2, n_positions=40,
                                       vocab_size=len(fast), initializer_range=0.3,
                                       bos_token_id=0, eos_token_id=0, **config)).eval().to(dtype)
    model.save_pretrained(os.path.join(HERE, name))
    fast.save_pretrained(os.path.join(HERE, name))
    return expected(model.float(), fast)


def pieces_folder(name):
    chars = sorted(set("".join(CORPUS)) - set(" "))
    chars = [c for c in chars if ord(c) > 0x7f or not c.isupper()]
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "name", "offer", "##s"]
    vocab += ["{", "}", "[", "]"] + [c for c in chars if c not in "[]{}"]
    folder = os.path.join(HERE, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "vocab.txt"), "w") as file:
        file.write("\n".join(vocab) + "\n")
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "BertTokenizer", "do_lower_case": True}, file)
    torch.manual_seed(4)
    model = GPT2LMHeadModel(GPT2Config(n_embd=8, n_head=2, n_layer=1, n_positions=40, n_inner=20,
                                       vocab_size=len(vocab), initializer_range=0.3,
                                       tie_word_embeddings=False, activation_function="gelu")).eval()
    model.save_pretrained(folder)
    # as old files have it: the mask beside the weights
    from safetensors.torch import load_file, save_file
    path = os.path.join(folder, "model.safetensors")
    tensors = load_file(path)
    tensors["transformer.h.0.attn.bias"] = torch.ones(1, 1, 4, 4).tril().contiguous()
    tensors["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    save_file({k.removeprefix("transformer."): v for k, v in tensors.items()}, path)
    return expected(model, BertTokenizer.from_pretrained(folder))


def check(folder):
    with open(os.path.join(folder, "expected.json")) as file:
        cases = json.load(file)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    worst = 0.0
    for case in cases:
        ids = tokenizer.encode(case["text"], add_special_tokens=False)
        assert ids == case["ids"], (case["text"], ids, case["ids"])
        if ids:
            with torch.no_grad():
                logits = model(torch.tensor([ids[:24]])).logits[0, -1]
            worst = max(worst, float((logits - torch.tensor(case["logits"])).abs().max()))
    print(f"{folder}: {len(cases)} texts, largest difference of logits {worst:.1e}")
    assert worst < 1e-4


if len(sys.argv) > 2:
    check(sys.argv[2])
else:
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE)
    out = {"bytes": bytes_folder("bytes", torch.float32),
           "half": bytes_folder("half", torch.float16, activation_function="gelu_pytorch_tanh"),
           "pieces": pieces_folder("pieces")}
    for name in out:
        for extra in ("special_tokens_map.json", "generation_config.json"):
            path = os.path.join(HERE, name, extra)
            if os.path.exists(path):
                os.remove(path)
    with open(os.path.join(HERE, "expected.json"), "w") as file:
        json.dump(out, file, ensure_ascii=False, separators=(",", ":"))
