"""Moving, casting and emptying a whole module is as in torch."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import minitorch

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity

CONVERSIONS: list[Callable[[ModuleType, Any], Any]] = [
    lambda t, m: m.half(),
    lambda t, m: m.bfloat16(),
    lambda t, m: m.double(),
    lambda t, m: m.double().float(),
    lambda t, m: m.type(t.float64),
    lambda t, m: m.to(t.float16),
    lambda t, m: m.to(dtype=t.float64, non_blocking=True),
    lambda t, m: m.to(t.ones(1, dtype=t.float64)),
    lambda t, m: m.to("cpu", t.float64, True),
    lambda t, m: m.to(memory_format=t.contiguous_format),
    lambda t, m: m.to_empty(device="cpu"),
    lambda t, m: m.requires_grad_(False),
    lambda t, m: m.apply(lambda each: each.train(False)),
]


def net(t: ModuleType) -> Any:
    made = t.nn.Sequential(t.nn.Conv2d(2, 3, 2), t.nn.BatchNorm2d(3), t.nn.Embedding(2, 2))
    made.register_buffer("aside", t.zeros(2), persistent=False)
    return made


def described(module: Any) -> list[Any]:
    """All there is to know of the members, but the values."""
    members = [*module.named_parameters(), *module.named_buffers()]
    return [
        (name, type(x).__name__, str(x.dtype).split(".")[1], x.stride(), x.requires_grad)
        for name, x in members
    ]


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_a_conversion_does_what_torch_does(convert: Callable[[ModuleType, Any], Any]) -> None:
    found = []
    for t in (minitorch, torch):
        module = net(t)
        first = [id(p) for p in module.parameters()]
        assert convert(t, module) is module
        assert [id(p) for p in module.parameters()] == first
        found.append((described(module), [m.training for m in module.modules()]))
    assert found[0] == found[1]


@pytest.mark.parametrize("t", [minitorch, torch])
def test_only_floating_dtypes_are_for_modules(t: Any) -> None:
    with pytest.raises(TypeError, match=r"nn\.Module\.to only accepts floating point"):
        net(t).to(t.int64)


def test_modules_and_names_with_all_their_arguments() -> None:
    def run(t: ModuleType) -> list[Any]:
        module = net(t)
        module.again = module[0]
        return [
            [name for name, _ in module.named_parameters("net", True, False)],
            [name for name, _ in module.named_parameters(recurse=False)],
            [name for name, _ in module.named_buffers("net.")],
            [name for name, _ in module.named_modules(prefix="net", remove_duplicate=False)],
            [name for name, _ in module.named_children()],
            [type(m).__name__ for m in module.modules()],
            [type(m).__name__ for m in module.modules(remove_duplicate=False)],
            list(module.state_dict(prefix="net.")),
            len([*module.buffers(recurse=False)]),
        ]

    assert run(minitorch) == run(torch)
