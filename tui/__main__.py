"""`curatory` and `python -m curatory.tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end with its exit code."""
    try:
        from .cli.app import cli

        cli.main(prog_name="curatory")
    except KeyboardInterrupt:  # before the command line itself listens for it
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
