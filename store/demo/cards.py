"""Collection cards in Markdown: what a collection is for, what its newest versions reach, whom to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .series import Series

if TYPE_CHECKING:
    from .stage import Stage


def card(stage: Stage, series: Series) -> str:
    """The card as it is written, or written anew, on a day."""
    parts = [
        f"# {series.title}",
        series.summary,
        f"## {'사용' if _korean(series) else 'Intended use'}\n\n{series.use}",
        _results(stage, series),
        f"## {'한계' if _korean(series) else 'Limits'}\n\n{series.limits}",
        _EXTRA.get(series.name, ""),
        f"## {'담당' if _korean(series) else 'Contact'}\n\n{', '.join(series.authors)} · team {series.entity} · "
        f"source `{series.path}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _korean(series: Series) -> bool:
    return any("가" <= letter <= "힣" for letter in series.title)


def _results(stage: Stage, series: Series) -> str:
    """A table of the newest linked versions."""
    known = stage.linked.get(series.link, [])[-4:]
    if not known or not series.metric:
        return ""
    rows = [
        f"| v{version.number} | {stage.scores[version.id]:.4f} | {version.created_at:%Y-%m-%d} | {version.created_by} |"
        for version in reversed(known)
    ]
    heading = "결과" if _korean(series) else "Results"
    return "\n".join([f"## {heading}\n", f"| version | {series.metric} | made | by |", "|---|---:|---|---|", *rows])


_EXTRA = {
    "detector": """## Classes

| class | boxes in training | recall at 0.5 |
|---|---:|---:|
| parcel | 214,800 | 0.94 |
| pallet_full | 31,200 | 0.93 |
| pallet_empty | 12,900 | 0.90 |
| roll_cage | 9,700 | 0.86 |
| forklift | 4,100 | 0.89 |

## Release

1. `staging` is set by release-bot as soon as a version is linked.
2. Three days of shadow traffic at docks 1 to 3; look at the night slice first.
3. kim moves `prod`. The edge build follows within a day.

**Rollback**: move `prod` back to the version before; the dock cameras follow within ten minutes. Tag the version
`regression` and say in its description what went wrong.""",
    "assistant-gguf": """## Serving

```
llama-server --model assistant-f16.gguf --ctx-size 8192 --parallel 4
```

| language | answered | handed over | complaint |
|---|---:|---:|---:|
| ko | 71 % | 28 % | 0.4 % |
| en | 68 % | 31 % | 0.6 % |""",
    "parcel-labels": """## Splits

| split | frames | changed since |
|---|---:|---|
| train | grows | every version |
| validation | 2,000 | v3 |
| test | 4,000 | v2, fixed |

`golden` marks the version that results in reports refer to. Only data stewards move it.""",
    "parcel-images": """## Privacy

Faces and badges are blurred before anything is stored. What was missed is reported to privacy@acme.example; the
version is then deleted at its source, links and all, and the next one says so.""",
    "ko-asr": """## 평가

| 구분 | CER |
|---|---:|
| 통화(서울) | 5.2 % |
| 통화(경상) | 7.9 % |
| 창고 주문 | 6.4 % |""",
}
