"""`python -m minitorch_cuda doctor`, `explain`, `gates`."""

import sys

from minitorch_cuda.doctor import report
from minitorch_cuda.gates import command
from minitorch_cuda.gates.explained import explained

USAGE = """\
usage: python -m minitorch_cuda doctor         what is there, what is missing, what to do
       python -m minitorch_cuda explain NAME   a kernel: its source, its PTX, its instructions
       python -m minitorch_cuda gates ...      what kernels promise, and whether it holds"""


def main(arguments: list[str]) -> int:
    """Run a command; 2 if there is no such one."""
    if arguments == ["doctor"]:
        print(report())
        return 0
    if arguments[:1] == ["gates"]:
        return command.main(arguments[1:])
    if arguments[:1] == ["explain"] and len(arguments) > 1:
        try:
            print(explained(" ".join(arguments[1:])))
        except KeyError as error:
            print(f"explain: {error.args[0]}", file=sys.stderr)
            return 1
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
