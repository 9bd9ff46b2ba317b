"""What datasets, evaluations and reports hold."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from ..records import File
from . import formats
from .series import Series

Files = dict[str, bytes]

_INTENTS = ("delivery_status", "refund", "address_change", "damage_claim", "invoice", "cancel_order", "pickup")
_ASKED = {
    "delivery_status": ("Where is my parcel?", "배송이 어디까지 왔나요?"),
    "refund": ("When will I get my money back?", "환불은 언제 되나요?"),
    "address_change": ("I have moved, can you send it to the new address?", "주소를 변경하고 싶어요."),
    "damage_claim": ("The box arrived crushed.", "상자가 찌그러져서 왔어요."),
    "invoice": ("I need an invoice for last month.", "세금계산서를 받고 싶습니다."),
    "cancel_order": ("Please cancel the order from this morning.", "오늘 아침 주문을 취소해 주세요."),
    "pickup": ("Can the courier come after six?", "수거는 저녁 6시 이후에 가능한가요?"),
}
_SPOKEN = (
    "삼 번 선반에서 상자 두 개요",
    "송장 번호 다시 불러 드릴게요",
    "내일 오전 배송으로 바꿔 주세요",
    "파손 접수 하려고요",
)
PARTS = ("bearing 6204", "v-belt A38", "roller 50 mm", "연결 링크 08B", "proximity sensor M12", "모터 0.75 kW")


def readme(series: Series, number: int, score: float, now: datetime) -> bytes:
    """A model card, as it lies beside the weights."""
    rows = [f"| {series.metric} | {score:.4f} |"] if series.metric else []
    rows += [f"| parameters | {series.parameters:,} |"] if series.parameters else []
    results = "\n".join(["## Results\n", "| metric | value |", "|---|---|", *rows]) + "\n\n" if rows else ""
    return (
        f"# {series.title}\n\n{series.summary}\n\n## Intended use\n\n{series.use}\n\n{results}"
        f"## Limits\n\n{series.limits}\n\nIteration {number}, {now:%Y-%m-%d}.\n"
    ).encode()


def _refer(objects: Iterable[tuple[str, str, int, str]]) -> list[File]:
    """Manifest entries of objects that stay where they are: (path, URI, bytes, etag)."""
    return [File(path, size, etag, uri=uri) for path, uri, size, etag in objects]


# -- datasets -------------------------------------------------------------------------------------------------


def footage(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> list[File]:
    sites = ("icheon", "icheon", "icheon", "busan", "busan", "rotterdam", "rotterdam")[: number + 1]
    return _refer(
        (
            f"{site}/dock-{dock:02}.mp4",
            f"s3://acme-vision-raw/{now:%Y-%m}/{site}/dock-{dock:02}.mp4",
            rng.randrange(900_000_000, 4_200_000_000),
            f"{rng.getrandbits(128):032x}",
        )
        for site in sorted(set(sites))
        for dock in range(1, 7)
    )


def calls(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> list[File]:
    return _refer(
        (
            f"calls/{now:%Y%m}-{part:03}.tar",
            f"gs://acme-speech-kr/calls/{now:%Y%m}-{part:03}.tar",
            rng.randrange(60_000_000, 240_000_000),
            f"{rng.getrandbits(128):032x}",
        )
        for part in range(8 + 4 * number)
    )


def picture(rng: random.Random, size: int = 16) -> bytes:
    """A box on a belt, more or less."""
    left, top, edge = rng.randrange(1, size // 2), rng.randrange(1, size // 2), rng.randrange(4, size // 2)
    shade, light = rng.randrange(40, 110), rng.randrange(120, 220)

    def pixel(x: int, y: int) -> tuple[int, int, int]:
        if left <= x < left + edge and top <= y < top + edge:
            return light, light - 40, light - 90
        return shade, shade, min(255, shade + 2 * y)

    return formats.png(size, size, pixel)


def images(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    rows = [
        (
            f"{now:%Y%m%d}-{n:05}",
            rng.choice(("icheon", "busan", "rotterdam")),
            rng.randrange(1, 9),
            round(rng.random(), 3),
        )
        for n in range(120)
    ]
    return {
        "frames.csv": formats.table(("frame", "site", "dock", "brightness"), rows),
        "blurring.json": formats.document({"model": "face-blur 2.1", "faces": rng.randrange(800, 2400), "missed": 0}),
        **{f"samples/{n:02}.png": picture(rng) for n in range(3)},
        "README.md": readme(series, number, score, now),
    }


def labels(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    classes = ("parcel", "pallet_full", "pallet_empty", "roll_cage", "forklift")

    def split(name: str, count: int) -> bytes:
        return formats.lines(
            {
                "image": f"{name}-{n:05}.jpg",
                "box": [rng.randrange(560), rng.randrange(400), rng.randrange(12, 80), rng.randrange(12, 80)],
                "class": rng.choice(classes),
            }
            for n in range(count)
        )

    return {
        "train.jsonl": split("train", 80 + 4 * number),
        "validation.jsonl": split("validation", 20),
        "test.jsonl": split("test", 20),
        "classes.json": formats.document(dict(enumerate(classes))),
        "README.md": readme(series, number, score, now),
    }


def photos(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    """Pictures by day and desk; the third version holds some three hundred of them."""
    count = 296 if number == 2 else 24
    found: Files = {}
    rows = []
    for n in range(count):
        taken = now - timedelta(days=1 + n % 20)
        name = f"photos/{taken:%Y-%m-%d}/desk-{1 + n % 3}/{n:04}.png"
        found[name] = picture(rng, 12)
        rows.append((name, rng.choice(("crushed", "torn", "wet", "open", "none")), rng.choice(("paid", "refused"))))
    found["claims.csv"] = formats.table(("photo", "damage", "decision"), rows)
    found["README.md"] = readme(series, number, score, now)
    return found


def table(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    if series.name == "shipping-labels":
        columns, row = ("crop", "carrier", "routing", "postcode"), lambda n: (
            f"crop-{n:05}.png", rng.choice(("KX", "HanDel", "NorthPost", "RDX")), f"R{rng.randrange(100, 999)}",
            f"{rng.randrange(1000, 99999):05}",
        )  # fmt: skip
    else:
        columns, row = ("query", "part", "position", "clicked"), lambda n: (
            rng.choice(PARTS), f"P-{rng.randrange(10_000, 99_999)}", 1 + n % 10, int(rng.random() < 0.2),
        )  # fmt: skip
    return {
        f"{series.name}.csv": formats.table(columns, [row(n) for n in range(150)]),
        "schema.json": formats.document({"columns": columns, "encoding": "utf-8", "header": True}),
        "README.md": readme(series, number, score, now),
    }


def dialogues(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    def split(count: int) -> bytes:
        found = []
        for _ in range(count):
            intent, language = rng.choice(_INTENTS), rng.randrange(2)
            asked = _ASKED[intent][language]
            answer = ("Let me look that up for order <ORDER>.", "주문 <ORDER>을(를) 확인해 보겠습니다.")[language]
            found.append(
                {
                    "id": f"{rng.getrandbits(32):08x}",
                    "lang": ("en", "ko")[language],
                    "intent": intent,
                    "messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}],
                }
            )
        return formats.lines(found)

    return {
        "train.jsonl": split(60 + 3 * number),
        "test.jsonl": split(15),
        "README.md": readme(series, number, score, now),
    }


def transcripts(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    rows = [
        (f"{now:%Y%m}-{n:03}", rng.choice(_SPOKEN), rng.choice(("서울", "경상", "전라")), round(rng.uniform(1, 7), 2))
        for n in range(120)
    ]
    return {
        "transcripts.csv": formats.table(("call", "text", "dialect", "seconds"), rows),
        "README.md": readme(series, number, score, now),
    }


# -- results --------------------------------------------------------------------------------------------------


def evaluation(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    slices = {
        name: round(score + rng.uniform(-0.05, 0.03), 4) for name in ("day", "night", "ko", "en")[:: 1 + number % 2]
    }
    rows = [(n, rng.choice(_INTENTS), round(rng.uniform(0.4, 1), 3), int(rng.random() < score)) for n in range(100)]
    return {
        "metrics.json": formats.document({series.metric: score, "slices": slices, "evaluated": f"{now:%Y-%m-%d}"}),
        "predictions.csv": formats.table(("id", "label", "confidence", "correct"), rows),
        "confusion.png": formats.png(40, 40, _confusion),
    }


def _confusion(x: int, y: int) -> tuple[int, int, int]:
    """Dark along the diagonal."""
    shade = 255 - 6 * abs(x - y)
    return (30, 60, 160) if x // 8 == y // 8 else (shade, shade, shade)


def report(series: Series, number: int, score: float, rng: random.Random, now: datetime) -> Files:
    text = (
        f"# {series.title}, {now:%Y-%m}\n\n{series.summary}\n\n## Results\n\n| slice | {series.metric} |\n|---|---|\n"
        f"| all | {score:.4f} |\n| best site | {score + 0.018:.4f} |\n| worst site | {score - 0.031:.4f} |\n\n"
        f"## Decision\n\n{series.notes[number % len(series.notes)]}\n"
    )
    return {"report.md": text.encode(), "metrics.json": formats.document({series.metric: score, "decision": "go"})}
