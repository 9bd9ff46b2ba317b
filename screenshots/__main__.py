"""Draw every picture again from the real program on the demonstration: `make screenshots [name …]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from curatory.store.demo import build_demo

from . import app, commands


def main(names: list[str]) -> None:
    folder = Path(__file__).parent
    # The app's first: it only looks, and some of the commands change what is seen.
    known = {**dict.fromkeys(app.PICTURES, app.draw), **dict.fromkeys(commands.PICTURES, commands.draw)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"There is no picture {', '.join(unknown)}; there are: {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="curatory-") as place:
        store = Path(place) / "registry.db"
        build_demo(store)
        for name in sorted(names, key=list(known).index) or known:
            print(known[name](name, store, folder).relative_to(folder.parent))


if __name__ == "__main__":
    main(sys.argv[1:])
