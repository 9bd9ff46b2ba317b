"""What versions hold: metadata as their authors would write it, models of every kind; `data` has the rest."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..records import File
from . import data, formats
from .data import Files
from .formats import Tensor
from .series import Series

_FRAMEWORKS = (("2025-11", "2.5.1", "12.4"), ("2026-03", "2.6.0", "12.4"), ("2026-07", "2.7.1", "12.6"))
_WORDS = (
    "parcel", "pallet", "order", "refund", "delivery", "invoice", "return", "address", "tracking", "delayed",
    "damaged", "replacement", "warehouse", "courier", "pickup", "배송", "주문", "환불", "교환", "송장", "조회",
    "반품", "지연", "파손", "주소", "변경", "창고", "접수", "결제", "취소",
)  # fmt: skip


def metadata(
    series: Series, number: int, score: float, rng: random.Random, now: datetime, hours: float
) -> dict[str, Any]:
    """What the author wrote beside the files."""
    found: dict[str, Any] = {}
    if series.metric:
        found[series.metric] = score
    if series.type in ("model", "tokenizer"):
        since, version, cuda = [one for one in _FRAMEWORKS if one[0] <= f"{now:%Y-%m}"][-1]
        del since
        found |= {
            "architecture": series.architecture,
            "params": series.parameters,
            "framework": {"name": "pytorch", "version": version, "cuda": cuda},
            "training": {
                "gpu": rng.choice(("1x L40S", "4x A100 80GB", "8x H100")),
                "hours": round(hours, 1),
                "precision": "bf16",
                "seed": rng.randrange(1, 10_000),
            },
            "latency_ms": {"p50": round(rng.uniform(4, 18), 1), "p95": round(rng.uniform(20, 41), 1)},
        }
    elif series.type == "dataset":
        samples = 4_000 + 2_600 * number + rng.randrange(900)
        found |= {
            "samples": samples,
            "splits": {"train": int(samples * 0.8), "validation": int(samples * 0.1), "test": int(samples * 0.1)},
            "collected": {"from": f"{now - timedelta(days=34):%Y-%m-%d}", "to": f"{now - timedelta(days=3):%Y-%m-%d}"},
            "schema": 2,
        }
    else:
        found |= {"samples": 1200, "passed": bool(score >= series.low), "compared_with": f"v{max(number - 1, 0)}"}
    found["git"] = {"commit": f"{rng.getrandbits(160):040x}"[:12], "dirty": False}
    return found | dict(series.fixed)


def config(series: Series, number: int, rng: random.Random) -> dict[str, Any]:
    """What a run was started with."""
    common: dict[str, Any] = {"seed": rng.randrange(1, 10_000), "git_branch": rng.choice(("main", "main", "exp"))}
    if series.job not in ("train", "anneal", "fine-tune"):
        return common | {"workers": rng.choice((4, 8, 16)), "job": series.job, "iteration": number}
    return common | {
        "architecture": series.architecture,
        "optimizer": {"name": "adamw", "betas": [0.9, 0.98], "weight_decay": rng.choice((0.01, 0.05))},
        "lr": rng.choice((1e-4, 2e-4, 3e-4, 5e-4)),
        "batch_size": rng.choice((32, 64, 128, 256)),
        "epochs": rng.choice((12, 20, 36, 50)),
        "warmup": 0.05,
        "ema": rng.choice((None, 0.9998)),
    }


def files(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> list[File] | Files:
    """The files of a version; entries that are references already."""
    return KINDS[series.kind](series, number, score, rng, now)


# -- models ---------------------------------------------------------------------------------------------------


def vision_tensors(number: int, kind: str = "F16") -> list[Tensor]:
    """A small convolutional network, with a class more in its head now and then."""
    found: list[Tensor] = [("stem.conv.weight", kind, (16, 3, 4, 4)), ("stem.norm.weight", kind, (16,))]
    width = 16
    for stage in range(3):
        for block in range(2):
            name = f"stages.{stage}.blocks.{block}"
            found += [
                (f"{name}.dwconv.weight", kind, (width, 1, 7, 7)),
                (f"{name}.norm.weight", kind, (width,)),
                (f"{name}.pwconv1.weight", kind, (width * 2, width)),
                (f"{name}.pwconv2.weight", kind, (width, width * 2)),
            ]
        found.append((f"downsample.{stage}.weight", kind, (width + 8, width, 2, 2)))
        width += 8
    classes = 5 + number // 8
    return [*found, ("head.weight", kind, (classes, width)), ("head.bias", kind, (classes,))]


def text_tensors(number: int, kind: str = "F16") -> list[Tensor]:
    """A small transformer."""
    found: list[Tensor] = [("model.embed_tokens.weight", kind, (256 + 32 * (number // 4), 32))]
    for layer in range(3):
        name = f"model.layers.{layer}"
        found += [(f"{name}.self_attn.{part}_proj.weight", kind, (32, 32)) for part in "qkvo"]
        found += [
            (f"{name}.mlp.up_proj.weight", kind, (64, 32)),
            (f"{name}.mlp.down_proj.weight", kind, (32, 64)),
            (f"{name}.input_layernorm.weight", "F32", (32,)),
        ]
    return [*found, ("model.norm.weight", "F32", (32,))]


def _weights(series: Series, tensors: list[Tensor], number: int, rng: random.Random) -> bytes:
    about = {"format": "pt", "architecture": series.architecture, "iteration": str(number), "scale": "demonstration"}
    return formats.safetensors(tensors, about, rng)


def _vision(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    return {
        "model.safetensors": _weights(series, vision_tensors(number), number, rng),
        "config.json": formats.document(
            {
                "architecture": series.architecture,
                "num_classes": 5 + number // 8,
                "image_size": 640,
                "mean": [0.485, 0.456, 0.406],
            }
        ),
        "README.md": data.readme(series, number, score, now),
    }


def _edge(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    return {
        "model-int8.safetensors": _weights(series, vision_tensors(number * 5, "I8"), number, rng),
        "calibration.json": formats.document(
            {"frames": 2000, "method": "entropy", "scales": [round(rng.uniform(0.004, 0.03), 5) for _ in range(24)]}
        ),
        "README.md": data.readme(series, number, score, now),
    }


def _text(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    return {
        "model.safetensors": _weights(series, text_tensors(number), number, rng),
        "config.json": formats.document(
            {
                "architectures": [series.architecture],
                "hidden_size": 32,
                "num_hidden_layers": 3,
                "num_attention_heads": 4,
            }
        ),
        "tokenizer.json": formats.tokenizer(_WORDS, "ko-en"),
        "README.md": data.readme(series, number, score, now),
    }


def _adapter(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    rank = (8, 16, 32, 64)[number % 4]
    tensors: list[Tensor] = []
    for layer in range(3):
        for part in "qkvo":
            name = f"base_model.model.layers.{layer}.self_attn.{part}_proj"
            tensors += [(f"{name}.lora_A.weight", "F16", (rank, 32)), (f"{name}.lora_B.weight", "F16", (32, rank))]
    return {
        "adapter_model.safetensors": _weights(series, tensors, number, rng),
        "adapter_config.json": formats.document(
            {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "target_modules": ["q", "k", "v", "o"]}
        ),
        "README.md": data.readme(series, number, score, now),
    }


def _gguf(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    tensors: list[Tensor] = [("token_embd.weight", "F16", (len(_WORDS), 32)), ("output_norm.weight", "F32", (32,))]
    for layer in range(3):
        tensors += [(f"blk.{layer}.attn_{part}.weight", "F16", (32, 32)) for part in "qkv"]
        tensors += [(f"blk.{layer}.ffn_up.weight", "F16", (64, 32)), (f"blk.{layer}.attn_norm.weight", "F32", (32,))]
    about = {
        "general.architecture": "llama",
        "general.name": f"acme assistant {number}",
        "general.description": "reduced to the scale of a demonstration",
        "general.file_type": 1,
        "general.alignment": 32,
        "llama.context_length": 8192,
        "llama.embedding_length": 32,
        "llama.block_count": 3,
        "llama.attention.head_count": 4,
        "llama.rope.freq_base": 500000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": list(_WORDS),
        "tokenizer.ggml.add_bos_token": True,
    }
    return {
        "assistant-f16.gguf": formats.gguf(tensors, about, rng),
        "chat_template.jinja": b"{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}<|assistant|>",
        "README.md": data.readme(series, number, score, now),
    }


def _tokenizer(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    words = [*_WORDS, *data.PARTS[: 2 + number]]
    return {
        "tokenizer.json": formats.tokenizer(words, f"ko-en-{number}"),
        "README.md": data.readme(series, number, score, now),
    }


def checkpoint(step: int, rng: random.Random) -> bytes:
    """One nightly checkpoint: two tensors."""
    tensors: list[Tensor] = [("model.norm.weight", "F32", (16,)), ("lm_head.weight", "F16", (8, 16))]
    return formats.safetensors(tensors, {"format": "pt", "step": str(step)}, rng)


Maker = Callable[[Series, int, float, random.Random, datetime], "list[File] | Files"]

KINDS: dict[str, Maker] = {
    "vision": _vision,
    "edge": _edge,
    "text": _text,
    "adapter": _adapter,
    "gguf": _gguf,
    "tokenizer": _tokenizer,
    "references": data.footage,
    "calls": data.calls,
    "images": data.images,
    "labels": data.labels,
    "photos": data.photos,
    "table": data.table,
    "dialogues": data.dialogues,
    "transcripts": data.transcripts,
    "evaluation": data.evaluation,
    "report": data.report,
}


def run_name(*about: object) -> str:
    """A run's id: eight characters, the same each time."""
    return hashlib.sha256("/".join(map(str, about)).encode()).hexdigest()[:8]
