"""`python -m minitorch_cuda doctor`, `gates`."""

import sys

from minitorch_cuda.doctor import report
from minitorch_cuda.gates import command

USAGE = """\
usage: python -m minitorch_cuda doctor      what is there, what is missing, what to do
       python -m minitorch_cuda gates ...   what compiled kernels promise, and whether it holds"""


def main(arguments: list[str]) -> int:
    """Run a command; 2 if there is no such one."""
    if arguments == ["doctor"]:
        print(report())
        return 0
    if arguments[:1] == ["gates"]:
        return command.main(arguments[1:])
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
