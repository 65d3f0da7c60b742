"""`python -m minitorch_cuda doctor`."""

import sys

from minitorch_cuda.doctor import report


def main(arguments: list[str]) -> int:
    """Run a command; 2 if there is no such one."""
    if arguments == ["doctor"]:
        print(report())
        return 0
    print("usage: python -m minitorch_cuda doctor", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
