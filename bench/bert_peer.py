"""What bench_nn runs, in PyTorch and in ONNX Runtime: BERT-base with random weights (see peer.h).

    bert_peer.py ENGINE THREADS LAYERS TEXTS LENGTH STEPS

ENGINE: torch_f32_train, torch_bf16_train, torch_f32, torch_bf16, ort_f32, ort_int8. Training is
autocast for bf16, AdamW (fused) and clipping to norm 1. ONNX Runtime gets its own optimiser for
BERT (fused attention, GELU, layer norm) and, for int8, its own dynamic quantisation on top; the
model is made in a process of its own, so that memory is that of use. STEPS are done in one turn.
"""
import logging
import os
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ['OMP_NUM_THREADS'] = sys.argv[2]
os.environ['TRANSFORMERS_VERBOSITY'] = 'error'
warnings.filterwarnings('ignore')
logging.disable(logging.WARNING)

from peer import serve  # noqa: E402

VOCABULARY = 30522
engine = sys.argv[1]
n_threads, n_layers, n_texts, length, n_steps = map(int, sys.argv[2:7])
token_ids = [[(b * 7919 + i * 104729) % VOCABULARY for i in range(length)]
             for b in range(n_texts)]


def torch_model(attention):
    import torch
    import transformers
    torch.set_num_threads(n_threads)
    torch.manual_seed(1)
    config = transformers.BertConfig(num_hidden_layers=n_layers, num_labels=2)
    kind = transformers.BertForSequenceClassification
    return kind._from_config(config, attn_implementation=attention)


def torch_train(is_bf16):
    import torch
    model = torch_model('sdpa').train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)
    ids = torch.tensor(token_ids)
    labels = torch.tensor([1] + [0] * (n_texts - 1))

    def turn():
        for _ in range(n_steps):
            with torch.autocast('cpu', torch.bfloat16, enabled=is_bf16):
                loss = model(input_ids=ids, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return turn


def torch_use(is_bf16):
    import torch
    model = torch_model('sdpa').eval()
    if is_bf16:
        model = model.to(torch.bfloat16)
    ids = torch.tensor(token_ids)

    def turn():
        with torch.inference_mode():
            for _ in range(n_steps):
                model(input_ids=ids)

    return turn


def export(path):
    """Writes the model for ONNX Runtime to a file."""
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    model = torch_model('eager').eval()  # the fusion knows the eager form
    dims = {0: 'texts', 1: 'length'}
    names = ['input_ids', 'attention_mask']
    ids = torch.tensor(token_ids)
    torch.onnx.export(model, (ids, torch.ones_like(ids)), path, input_names=names,
                      output_names=['logits'], dynamic_axes={name: dims for name in names},
                      opset_version=17, dynamo=False)
    better = optimizer.optimize_model(path, model_type='bert', num_heads=12, hidden_size=768,
                                      opt_level=1)
    better.save_model_to_file(path)
    if engine == 'ort_int8':
        quantize_dynamic(path, path, weight_type=QuantType.QInt8,
                         extra_options={'DefaultTensorType': onnx.TensorProto.FLOAT})


def ort_use():
    import numpy
    import onnxruntime
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        subprocess.run([sys.executable, *sys.argv, path], stdout=2, check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        providers = ['CPUExecutionProvider']
        session = onnxruntime.InferenceSession(path, options, providers=providers)
    ids = numpy.array(token_ids)
    feed = {'input_ids': ids, 'attention_mask': numpy.ones_like(ids)}
    kinds = {i.name: 'int32' if 'int32' in i.type else 'int64' for i in session.get_inputs()}
    feed = {name: feed[name].astype(kind) for name, kind in kinds.items()}

    def turn():
        for _ in range(n_steps):
            session.run(None, feed)

    return turn


if len(sys.argv) > 7:
    export(sys.argv[7])
elif engine.startswith('ort'):
    serve(ort_use())
elif engine.endswith('_train'):
    serve(torch_train('bf16' in engine))
else:
    serve(torch_use('bf16' in engine))
