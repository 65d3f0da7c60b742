"""The course's tests of Module (https://minitorch.github.io), where PyTorch says the same.

PyTorch differs in two places, and wins: `modules()` gives all modules below and this one, and a
`Parameter` is a tensor itself, so it holds no other objects.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch.nn import Module, Parameter

SMALL = st.integers(min_value=1, max_value=5)
FINITE = st.floats(min_value=-100, max_value=100, width=32)

VAL_A, VAL_B = 50.0, 100.0


class ModuleA1(Module):
    def __init__(self) -> None:
        super().__init__()
        self.p1 = Parameter(5)
        self.non_param = 10
        self.a = ModuleA2()
        self.b = ModuleA3()


class ModuleA2(Module):
    def __init__(self) -> None:
        super().__init__()
        self.p2 = Parameter(10)


class ModuleA3(Module):
    def __init__(self) -> None:
        super().__init__()
        self.c = ModuleA4()


class ModuleA4(Module):
    def __init__(self) -> None:
        super().__init__()
        self.p3 = Parameter(15)


class Module1(Module):
    def __init__(self, size_a: int, size_b: int, val: float) -> None:
        super().__init__()
        self.module_a = Module2(size_a)
        self.module_b = Module2(size_b)
        self.parameter_a = Parameter(val)


class Module2(Module):
    def __init__(self, extra: int = 0) -> None:
        super().__init__()
        self.parameter_a = Parameter(VAL_A)
        self.parameter_b = Parameter(VAL_B)
        self.non_parameter = 10
        self.module_c = Module3()
        for i in range(extra):
            self.add_parameter(f"extra_parameter_{i}", 0)


class Module3(Module):
    def __init__(self) -> None:
        super().__init__()
        self.parameter_a = Parameter(VAL_A)


def test_stacked_demo() -> None:
    mod = ModuleA1()
    named = dict(mod.named_parameters())
    assert str(mod) == "ModuleA1(\n  (a): ModuleA2()\n  (b): ModuleA3(\n    (c): ModuleA4()\n  )\n)"
    assert mod.p1.value == 5
    assert mod.non_param == 10
    assert named["p1"].value == 5
    assert named["a.p2"].value == 10
    assert named["b.c.p3"].value == 15


@given(SMALL)
def test_module(size_b: int) -> None:
    module = Module2()
    module.eval()
    assert not module.training
    module.train()
    assert module.training
    assert len(module.parameters()) == 3
    module = Module2(size_b)
    assert len(module.parameters()) == size_b + 3
    named = dict(module.named_parameters())
    assert named["parameter_a"].value == VAL_A
    assert named["parameter_b"].value == VAL_B
    assert named["extra_parameter_0"].value == 0
    assert named["extra_parameter_0"].name == "extra_parameter_0"
    assert named["module_c.parameter_a"].value == VAL_A


@given(SMALL, SMALL, FINITE)
def test_stacked_module(size_a: int, size_b: int, val: float) -> None:
    module = Module1(size_a, size_b, val)
    module.eval()
    assert not any(m.training for m in module.modules())
    module.train()
    assert module.training
    assert module.module_a.training
    assert module.module_b.training
    assert len(module.parameters()) == 1 + (size_a + 3) + (size_b + 3)
    named = dict(module.named_parameters())
    assert named["parameter_a"].value == val
    assert named["module_a.parameter_a"].value == VAL_A
    assert named["module_a.parameter_b"].value == VAL_B
    assert named["module_b.parameter_a"].value == VAL_A
    assert named["module_b.module_c.parameter_a"].value == VAL_A


def test_a_module_has_no_forward_of_its_own() -> None:
    with pytest.raises(NotImplementedError, match="missing the required"):
        ModuleA1()(minitorch.ones(1))


def test_a_missing_attribute_raises() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'p9'"):
        _ = ModuleA1().p9


def test_modules_and_parameters_are_registered_under_private_names_too() -> None:
    assert list(ModuleA1()._modules) == ["a", "b"]
    assert list(ModuleA1()._parameters) == ["p1"]
