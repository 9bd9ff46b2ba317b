"""`make bench`: what Curatory costs, as ratios within one run.

make bench                       everything (about ten minutes; MLflow is installed apart on first use)
make bench ARGS="--quick"        a 10,000-version store only, no MLflow, no 2 GB file
make bench ARGS="--only app"     the app in a terminal only; `--only door` wandb's client;
                                 `--only migration`; `--only automations`; `--only store` the rest
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from . import app, automations, door, lineage, migration, registry
from .timing import Row, load, shown


def line(row: Row) -> str:
    rivals = "  ".join(f"{name} {shown(seconds)}" for name, seconds in row.seconds.items())
    ratios = [
        f"{row.seconds['curatory'] / row.seconds[name]:.1f} × {name}"
        for name in ("bare", "same")
        if name in row.seconds
    ]
    if "mlflow" in row.seconds:
        ratios.append(f"{row.seconds['mlflow'] / row.seconds['curatory']:.0f} × faster than MLflow")
    return f"{row.name:<40} {rivals}\n{'':<40} {', '.join(ratios)}{f'   (aim: {row.aim})' if row.aim else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small stores only, no MLflow, no large file")
    parser.add_argument("--only", choices=("store", "migration", "automations", "app", "door"), help="a part of it")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder unless given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="curatory-bench-") as temporary:
        folder = given.folder or Path(temporary)
        print(load(), flush=True)
        if given.only in (None, "store"):
            run(folder, quick=given.quick)
        if given.only in (None, "migration"):
            print("\n== migrating legacy registries ==")
            migration.run(folder, quick=given.quick)
        if given.only in (None, "automations"):
            print("\n== automations ==")
            automations.run(folder, quick=given.quick)
        if given.only in (None, "door"):
            print("\n== wandb's client at the door ==")
            door.run(folder, quick=given.quick)
        if given.only in (None, "app"):
            print("\n== the app, in a terminal of 120 × 40 ==")
            app.run(folder, quick=given.quick)
        print(f"\n{load()}")


def run(folder: Path, *, quick: bool) -> None:
    mlflow = {} if quick else registry.mlflow_medians(folder)
    for versions in (10_000,) if quick else (10_000, 1_000_000):
        path = folder / f"store-{versions}.db"
        seconds = registry.build(path, versions)
        print(
            f"\n== a store of {versions:,} versions (built at {versions / seconds:,.0f} versions/s, links included) =="
        )
        print(line(registry.opening(path)))
        with registry.open_store(path, "ana") as store:
            for row in registry.reads(store, mlflow) + registry.writes(store, mlflow):
                print(line(row), flush=True)
    print(f"\n{line(registry.making(folder))}")
    count = 20_000
    raw, ours = registry.raw_bulk(folder / "raw.db", count), registry.bulk(folder / "bulk.db", count)
    print(f"\n{'bulk publish':<40} raw executemany {count / raw:,.0f}/s  curatory {count / ours:,.0f}/s")
    print(f"{'':<40} {raw / ours:.0%} of raw   (aim: ≥ 20 %)")
    edges = 200_000 if quick else 10_000_000
    seconds = lineage.build(folder / "lineage.db", edges)
    print(f"\n== lineage on {edges:,} edges (put in at {edges / seconds:,.0f}/s) ==")
    for row in lineage.measure(folder / "lineage.db"):
        print(line(row), flush=True)
    if not quick:
        from . import hashing

        print("\n== hashing and copying a 2 GB file ==")
        hashing.run(2_000_000_000)


if __name__ == "__main__":
    main()
