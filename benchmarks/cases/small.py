"""Small operations, where the time is that of the library itself."""

from __future__ import annotations

from types import ModuleType

from .case import Case, Group, Make, Step, array


def _chain(run_backward: bool) -> Make:
    """50 operations on 100 elements."""

    def make(torch: ModuleType) -> Step:
        data, b, seed = array(100), torch.tensor(array(100, seed=1)), torch.ones(100)

        def step() -> object:
            x = torch.tensor(data, requires_grad=True)
            y = x
            for _ in range(25):
                y = y * b
                y = y + x
            if not run_backward:
                return y
            y.backward(seed)
            return x.grad

        return step

    return make


def _add(torch: ModuleType) -> Step:
    a, b = torch.tensor(array(100)), torch.tensor(array(100, seed=1))
    return lambda: a + b


def _view(name: str) -> Make:
    def make(torch: ModuleType) -> Step:
        x = torch.tensor(array(10, 10))
        steps: dict[str, Step] = {
            "x[3]": lambda: x[3],
            "x[:, 1:]": lambda: x[:, 1:],
            "reshape": lambda: x.reshape(5, 20),
            "permute": lambda: x.permute(1, 0),
            "x.relu_()": lambda: x.relu_(),
            "x.sum()": lambda: x.sum(),
        }
        return steps[name]

    return make


GROUPS = [
    Group(
        "small operations, 100 elements",
        [
            Case("a + b, no grad", _add, bar=(1.0, 1.0)),
            Case("50-op chain, forward", _chain(False)),
            Case("50-op chain, forward + backward", _chain(True), bar=(0.7, 0.7)),
            *(
                Case(name, _view(name), bar=(2.0, 2.0))
                for name in ("x[3]", "x[:, 1:]", "reshape", "permute", "x.relu_()", "x.sum()")
            ),
        ],
    )
]
