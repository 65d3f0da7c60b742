"""`python -m minitorch_fast warm`, `python -m minitorch_fast explain gelu`, `... steps gelu`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Run a command; 2 if there is something wrong with it."""
    parser = argparse.ArgumentParser("python -m minitorch_fast", description=main.__doc__)
    parser.description = "The kernels of minitorch on this machine."
    commands = parser.add_subparsers(dest="command", required=True)
    warm = commands.add_parser("warm", help="compile the usual kernels, so that nothing waits")
    warm.add_argument("--jobs", type=int, help="how many processes compile (default: one a core)")
    explain = commands.add_parser("explain", help="an operator, from its function to its loop")
    explain.add_argument("name", help="such as gelu")
    explain.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    steps = commands.add_parser("steps", help="what each step to an operator's loop gains")
    steps.add_argument("name", nargs="?", default="gelu", help="such as gelu")
    chosen = parser.parse_args(arguments)
    if chosen.command == "warm":
        from minitorch_fast.warm import warm as run

        run(chosen.jobs, sys.stderr)
        return 0
    from minitorch_fast.explanation import explain as describe
    from minitorch_fast.explanation import operator_of
    from minitorch_tensor import float32, float64

    try:
        if chosen.command == "steps":
            from minitorch_fast.steps import report

            print(report(operator_of(chosen.name)))
        else:
            print(describe(chosen.name, float64 if chosen.dtype == "float64" else float32))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
