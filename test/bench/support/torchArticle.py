"""The article's model in PyTorch, as a process that trains when it is told to.

Reads one JSON object a line and answers each with one:
  {"create": {weights, ids, labels, and the numbers of article.mjs}} -> {}
  {"steps": n} -> {"times": [ms, ...], "losses": [...]}
The weights are the file of a model.safetensors. The first argument is the number of threads; the
first line written tells the version and what multiplies matrices.
"""
import ctypes
import json
import os
import re
import struct
import subprocess
import sys
import time

OPENBLAS = "libopenblas.so.0"


def openblas_core():
    """The kind of processor that OpenBLAS takes this one for; None without OpenBLAS."""
    try:
        library = ctypes.CDLL(OPENBLAS)
    except OSError:
        return None
    library.openblas_get_corename.restype = ctypes.c_char_p
    return library.openblas_get_corename().decode()


def help_openblas():
    """An OpenBLAS older than its processor takes that for one of 2004, and is half as fast."""
    if "OPENBLAS_CORETYPE" in os.environ or not os.path.exists("/proc/cpuinfo"):
        return
    with open("/proc/cpuinfo") as cpuinfo:
        flags = cpuinfo.read()
    # In a process of its own: it looks at the processor, and at the variable, when it is loaded.
    told = subprocess.run([sys.executable, __file__, "core"], capture_output=True, text=True)
    if told.stdout.strip() == "Prescott" and "avx2" in flags:
        os.environ["OPENBLAS_CORETYPE"] = "SkylakeX" if "avx512f" in flags else "Haswell"


if sys.argv[1:] == ["core"]:
    print(openblas_core())
    sys.exit()
help_openblas()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

LAYER = "transformer.encoder.layer.0."


def read_safetensors(file):
    with open(file, "rb") as f:
        data = bytearray(f.read())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        floats = torch.frombuffer(data, dtype=torch.float32, offset=start, count=(end - start) // 4)
        tensors[name] = floats.reshape(entry["shape"]).clone()
    return tensors


def attend(query, key, value, dropout):
    """softmax(query key^T / sqrt(d)) value, (B, H, T, d); fused where this PyTorch has that."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)  # (B, H, T, T)
    return F.dropout(torch.softmax(scores, -1), dropout) @ value


class Training:
    def __init__(self, options):
        self.options = options
        self.ids = torch.tensor(options["ids"])
        self.labels = torch.tensor(options["labels"])
        saved = read_safetensors(options["weights"])
        # One product instead of three.
        for part in ("weight", "bias"):
            names = [f"{LAYER}attention.self.{one}.{part}" for one in ("query", "key", "value")]
            saved[f"{LAYER}attention.self.all.{part}"] = torch.cat([saved.pop(n) for n in names])
        self.weights = {name: torch.nn.Parameter(tensor) for name, tensor in saved.items()}
        # Fused since PyTorch 2.4; before that, one call for all parameters is the fastest.
        version = [int(n) for n in re.findall(r"\d+", torch.__version__)[:2]]
        kind = {"fused": True} if version >= [2, 4] else {"foreach": True}
        self.optimizer = torch.optim.AdamW(
            self.weights.values(),
            lr=options["learningRate"],
            eps=options["adamEpsilon"],
            weight_decay=0,
            **kind,
        )

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def norm(self, x, name):
        weights = (self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])
        return F.layer_norm(x, x.shape[-1:], *weights, eps=self.options["layerNormEps"])

    def loss(self):
        rate, heads = self.options["dropout"], self.options["numAttentionHeads"]
        batch, length = self.ids.shape
        words = self.weights["transformer.embeddings.word_embeddings.weight"]
        positions = self.weights["transformer.embeddings.position_embeddings.weight"]
        x = F.dropout(F.embedding(self.ids, words) + positions[:length], rate)  # (B, T, D)
        mixed = self.linear(x, f"{LAYER}attention.self.all").view(batch, length, 3, heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)  # (B, H, T, d) each
        attended = attend(query, key, value, rate).transpose(1, 2).reshape(x.shape)  # (B, T, D)
        change = self.linear(attended, f"{LAYER}attention.output.dense")
        x = self.norm(x + F.dropout(change, rate), f"{LAYER}attention.output.LayerNorm")
        hidden = torch.relu(self.linear(x, f"{LAYER}intermediate.dense"))  # (B, T, F)
        change = self.linear(hidden, f"{LAYER}output.dense")
        x = self.norm(x + F.dropout(change, rate), f"{LAYER}output.LayerNorm")
        logits = self.linear(F.dropout(x.mean(1), rate), "classifier")  # (B, C)
        return F.cross_entropy(logits, self.labels)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), self.options["maxGradNorm"])
        self.optimizer.step()
        return loss.item()


def blas():
    """What multiplies matrices: the library that is mapped, by the name of its file."""
    if torch.backends.mkl.is_available():
        return "MKL"
    with open("/proc/self/maps") as maps:
        found = re.findall(r"lib(openblas|blis|blas)[^/]*\.so", maps.read())
    names = {"openblas": "OpenBLAS", "blis": "BLIS", "blas": "reference BLAS"}
    name = next((names[name] for name in names if name in found), "unknown BLAS")
    return f"OpenBLAS for {openblas_core()}" if name == "OpenBLAS" else name


def capability():
    found = re.search(r"CPU capability usage: (\S+)", torch.__config__.show())
    return found.group(1) if found else "unknown"


def answer(request, training):
    if "create" in request:
        return {}, Training(request["create"])
    times, losses = [], []
    for _ in range(request["steps"]):
        start = time.perf_counter()
        losses.append(training.step())
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, "losses": losses}, training


def main():
    torch.set_num_threads(int(sys.argv[1]))
    say = lambda message: print(json.dumps(message), flush=True)
    say({"version": torch.__version__, "blas": blas(), "capability": capability()})
    training = None
    for line in sys.stdin:
        message, training = answer(json.loads(line), training)
        say(message)


main()
