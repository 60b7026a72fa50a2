"""Hugging Face's tokenizers for bench_tokenizer: all texts of a file in one turn (see peer.h).

    tokenizer_peer.py KIND THREADS VOCABULARY TEXTS

KIND: wordpiece (vocab.txt) or bpe (.tiktoken.gz with o200k's pattern). With one thread a text per
call, with more the batch call, which shares texts out among its own threads.
"""
import base64
import gzip
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
kind, n_threads, vocabulary, path = sys.argv[1:5]
os.environ['RAYON_NUM_THREADS'] = n_threads
os.environ['TOKENIZERS_PARALLELISM'] = 'true' if int(n_threads) > 1 else 'false'

from peer import serve  # noqa: E402
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers  # noqa: E402

PATTERN = '|'.join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])


def bpe_of(path):
    """Vocabulary and merges of a .tiktoken file, the way transformers converts it."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {b: chr(b) for b in printable}
    others = sorted(set(range(256)) - set(printable))
    letters.update({b: chr(256 + i) for i, b in enumerate(others)})
    with gzip.open(path) as file:
        ranks = {base64.b64decode(a): int(b) for a, b in (line.split() for line in file)}
    names = {token: ''.join(letters[b] for b in token) for token in ranks}
    merges = []
    for token in ranks:
        pairs = [(token[:i], token[i:]) for i in range(1, len(token))]
        pairs = [(a, b) for a, b in pairs if a in ranks and b in ranks]
        pairs.sort(key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
        merges += [(names[a], names[b]) for a, b in pairs]
    return {names[token]: rank for token, rank in ranks.items()}, merges


if kind == 'wordpiece':
    with open(vocabulary, encoding='utf-8') as file:
        pieces = {line.rstrip('\n'): i for i, line in enumerate(file)}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token='[UNK]', max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
else:
    tokenizer = Tokenizer(models.BPE(*bpe_of(vocabulary), ignore_merges=True))
    split = pre_tokenizers.Split(Regex(PATTERN), 'isolated')
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, bytes_only])
with open(path, encoding='utf-8', newline='\n') as file:
    texts = file.read().rstrip('\n').split('\n')
total = 0


def turn():
    global total
    if int(n_threads) > 1:
        total = sum(len(e.ids) for e in tokenizer.encode_batch_fast(texts))
    else:
        total = sum(len(tokenizer.encode(text).ids) for text in texts)


turn()
print(total, file=sys.stderr)
serve(turn)
