"""Storing a big file against what everybody has: `sha256sum file && cp file copy`.

    python -m tests.bench.hashing --size 2g

The file is in the page cache for both sides, as after a download or a training run. What is stored has both hashes
(sha256 and md5), so there is more to do here than there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from curatory.store.blobs import BlobStore
from curatory.store.hashing import hash_path


def run(size_bytes: int, rounds: int = 3, small_files: int = 2000, folder: str | None = None) -> dict[str, float]:
    """Measure, print, and return medians in seconds (`*_s`) and ratios (`*_ratio`; 1 is as fast, 2 twice as fast).

    Args:
        size_bytes: of the big file. The disk must have room for three of it.
        small_files: how many files of 4 KiB to store one by one and together.
        folder: where to work; a temporary folder in it is removed afterwards.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="hashing-") as name:
        work = Path(name)
        big = _random_file(work / "big", size_bytes)
        copy = work / "copy"

        def put(durable: bool) -> None:
            BlobStore(work / "blobs", durable=durable).put_path(big)

        def plain(sync: bool) -> None:
            subprocess.run(["sha256sum", big], check=True, stdout=subprocess.DEVNULL)
            subprocess.run(["cp", big, copy], check=True)
            if sync:
                subprocess.run(["sync", "-d", copy], check=True)

        def clear() -> None:
            shutil.rmtree(work / "blobs", ignore_errors=True)
            copy.unlink(missing_ok=True)
            os.sync()  # nobody pays for what another wrote

        result = _medians(
            {
                "put": lambda: put(durable=True),
                "put_without_fsync": lambda: put(durable=False),
                "hash_path": lambda: hash_path(big),
                "sha256sum_cp": lambda: plain(sync=False),
                "sha256sum_cp_sync": lambda: plain(sync=True),
                "sha256sum": lambda: subprocess.run(["sha256sum", big], check=True, stdout=subprocess.DEVNULL),
            },
            clear,
            rounds,
        )
        big.unlink()
        result |= _small(work, small_files, rounds)
    result["put_ratio"] = result["sha256sum_cp_sync_s"] / result["put_s"]
    result["put_against_unsynced_cp_ratio"] = result["sha256sum_cp_s"] / result["put_s"]
    result["put_without_fsync_ratio"] = result["sha256sum_cp_s"] / result["put_without_fsync_s"]
    result["hash_ratio"] = result["sha256sum_s"] / result["hash_path_s"]
    megabytes = size_bytes / 1e6
    print(f"{megabytes:,.0f} MB, median of {rounds}")
    for key in ("put", "put_without_fsync", "sha256sum_cp", "sha256sum_cp_sync", "hash_path", "sha256sum"):
        seconds = result[f"{key}_s"]
        print(f"  {key:<34}{seconds:8.3f} s {megabytes / seconds:8,.0f} MB/s")
    print(f"{small_files:,} files of 4 KiB, median of {rounds}")
    for key in ("small_each", "small_together", "small_known"):
        seconds = result[f"{key}_s"]
        print(f"  {key:<34}{seconds:8.3f} s {seconds / small_files * 1e3:8.3f} ms each")
    print("speed, 1.00 = as fast as sha256sum and cp")
    for key in (
        "put_ratio",
        "put_against_unsynced_cp_ratio",
        "put_without_fsync_ratio",
        "hash_ratio",
    ):
        print(f"  {key:<34}{result[key]:8.2f}")
    return result


def _small(work: Path, files: int, rounds: int) -> dict[str, float]:
    folder = work / "small"
    folder.mkdir()
    paths = [_random_file(folder / f"{n:06}", 4096) for n in range(files)]
    known = BlobStore(work / "known")
    known.put_paths(paths)

    def each() -> None:
        store = BlobStore(work / "blobs")
        for path in paths:
            store.put_path(path)

    def clear() -> None:
        shutil.rmtree(work / "blobs", ignore_errors=True)
        os.sync()

    return _medians(
        {
            "small_each": each,
            "small_together": lambda: BlobStore(work / "blobs").put_paths(paths),
            "small_known": lambda: BlobStore(work / "known").put_paths(paths),
        },
        clear,
        rounds,
    )


def _medians(jobs: dict[str, Callable[[], object]], clear: Callable[[], None], rounds: int) -> dict[str, float]:
    """Rounds go over all jobs in turn, so that a slow minute of the machine hits every one of them."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            clear()
            start = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - start)
    clear()
    return {f"{name}_s": statistics.median(taken) for name, taken in times.items()}


def _random_file(path: Path, size: int) -> Path:
    with open(path, "wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 4 << 20)))
    return path


def _bytes(text: str) -> int:
    unit = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(text[-1:].lower(), 1)
    return int(float(text.rstrip("kmgKMG")) * unit)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=_bytes, default="2g", help="of the big file: 500m, 2g")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=2000, help="how many files of 4 KiB")
    parser.add_argument("--folder", help="where to work; the default is the system's temporary folder")
    options = parser.parse_args()
    run(options.size, options.rounds, options.small, options.folder)
