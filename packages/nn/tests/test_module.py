"""Module: what is registered, how it is found, and what a call does."""

import copy
import gc
import pickle
import weakref
from operator import attrgetter

import pytest

import minitorch as torch
from minitorch import Tensor, nn


def assign(target: object, name: str, value: object) -> None:
    """Assign what a type checker would refuse."""
    setattr(target, name, value)


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Inner()
        self.second = Inner()
        self.bias = nn.Parameter(torch.zeros(2))
        self.plain = 10

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        return self.second(self.first(x)) * scale + self.bias


def test_assignment_registers_parameters_and_modules() -> None:
    model = Outer()
    assert [name for name, _ in model.named_parameters()] == [
        "bias",
        "first.weight",
        "second.weight",
    ]
    assert [name for name, _ in model.named_buffers()] == ["first.count", "second.count"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "second"]
    assert [name for name, _ in model.named_children()] == ["first", "second"]
    assert model.plain == 10


def test_named_modules_takes_a_prefix() -> None:
    names = [name for name, _ in Outer().named_modules(prefix="model")]
    assert names == ["model", "model.first", "model.second"]


def test_a_shared_parameter_is_given_once_unless_asked_for() -> None:
    model = Outer()
    model.second.weight = model.first.weight
    assert len(list(model.parameters())) == 2
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    assert names == ["bias", "first.weight", "second.weight"]
    assert list(model.state_dict()) == [
        "bias",
        "first.weight",
        "first.count",
        "second.weight",
        "second.count",
    ]


def test_a_shared_module_is_given_once_unless_asked_for() -> None:
    model = Outer()
    model.second = model.first
    assert [name for name, _ in model.named_modules()] == ["", "first"]
    twice = [name for name, _ in model.named_modules(remove_duplicate=False)]
    assert twice == ["", "first", "second"]
    assert len(list(model.children())) == 1


def test_parameters_is_an_iterator_with_a_length() -> None:
    model = Outer()
    parameters = model.parameters()
    assert len(parameters) == 3
    assert next(parameters) is model.bias
    assert len(parameters) == 2
    assert len(model.parameters(recurse=False)) == 1


def test_assigning_a_parameter_over_something_else_replaces_it() -> None:
    model = Inner()
    model.register_buffer("thing", torch.ones(1))
    assign(model, "thing", nn.Parameter(torch.zeros(1)))
    assert "thing" not in dict(model.named_buffers())
    assert "thing" in dict(model.named_parameters())
    delattr(model, "thing")
    assert not hasattr(model, "thing")


def test_assigning_a_module_over_a_plain_attribute_registers_it() -> None:
    model = Outer()
    assign(model, "plain", Inner())
    assert [name for name, _ in model.named_children()] == ["first", "second", "plain"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "weight",
            torch.ones(2),
            r"cannot assign 'minitorch.Tensor' as parameter 'weight' "
            r"\(minitorch.nn.Parameter or None expected\)",
        ),
        ("weight", 3, r"cannot assign 'int' as parameter 'weight'"),
        ("weight", nn.Identity(), r"cannot assign .*Identity' as parameter 'weight'"),
        (
            "count",
            3,
            r"cannot assign 'int' as buffer 'count' \(minitorch.Tensor or None expected\)",
        ),
    ],
)
def test_a_registered_name_keeps_its_kind(name: str, value: object, message: str) -> None:
    model = Inner()
    with pytest.raises(TypeError, match=message):
        assign(model, name, value)
    assert model.weight.tolist() == [1.0, 1.0]


def test_a_child_is_not_replaced_by_another_kind() -> None:
    model = Outer()
    with pytest.raises(TypeError, match=r"cannot assign 'float' as child module 'first'"):
        assign(model, "first", 1.0)


def test_none_keeps_the_place_of_a_parameter() -> None:
    model = Inner()
    assign(model, "weight", None)
    assert list(model.state_dict()) == ["count"]
    model.weight = nn.Parameter(torch.zeros(2))
    assert list(model.state_dict()) == ["weight", "count"]


def test_registration_before_init_is_an_error() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.weight = nn.Parameter(torch.ones(1))

    class EarlyChild(nn.Module):
        def __init__(self) -> None:
            self.child = nn.ReLU()

    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__"):
        Early()
    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__"):
        EarlyChild()


@pytest.mark.parametrize("register", ["register_parameter", "register_buffer", "add_module"])
def test_names_must_be_usable(register: str) -> None:
    model = Outer()
    with pytest.raises(KeyError, match=r"name can.*t contain"):
        getattr(model, register)("a.b", None)
    with pytest.raises(KeyError, match="be empty string"):
        getattr(model, register)("", None)
    with pytest.raises(KeyError, match="attribute 'plain' already exists"):
        getattr(model, register)("plain", None)
    with pytest.raises(KeyError, match="attribute 'forward' already exists"):
        getattr(model, register)("forward", None)
    with pytest.raises(TypeError, match="name should be a string"):
        getattr(model, register)(3, None)


def test_register_parameter_wants_a_leaf() -> None:
    model = Inner()
    with pytest.raises(TypeError, match="object to parameter 'extra'"):
        attrgetter("register_parameter")(model)("extra", torch.ones(1))
    made = nn.Parameter(torch.ones(1))
    made.node = (made * 2).node
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'extra'"):
        model.register_parameter("extra", made)


def test_a_missing_attribute_is_named() -> None:
    with pytest.raises(AttributeError, match=r"^'Outer' object has no attribute 'third'$"):
        _ = Outer().third


def test_a_module_without_forward_says_so() -> None:
    with pytest.raises(
        NotImplementedError, match=r'Module \[Module\] is missing the required "forward"'
    ):
        nn.Module()(torch.ones(1))


def test_the_private_dictionaries_can_be_read_and_written() -> None:
    model = Outer()
    assert list(model._modules) == ["first", "second"]
    assert list(model._parameters) == ["bias"]
    replacement = Inner()
    model._modules["second"] = replacement
    assert model.second is replacement
    del model._parameters["bias"]
    assert not hasattr(model, "bias")
    assert "weight" in model.first._parameters
    assert model.first._parameters.get("nothing") is None


def test_a_value_written_past_the_module_is_noticed() -> None:
    model = Outer()
    model.__dict__["bias"] = 3
    with pytest.raises(TypeError, match="'bias' is registered as a Parameter, but is of type int"):
        list(model.parameters())


def test_delattr_forgets() -> None:
    model = Outer()
    del model.first
    del model.bias
    assert list(model.state_dict()) == ["second.weight", "second.count"]
    with pytest.raises(AttributeError):
        del model.first


def test_dir_lists_attributes_but_no_numbers() -> None:
    listed = dir(nn.Sequential(nn.ReLU()))
    assert "forward" in listed
    assert "training" in listed
    assert "0" not in listed


def test_get_submodule_parameter_and_buffer() -> None:
    model = nn.Sequential(Outer())
    outer = model[0]
    assert model.get_submodule("") is model
    assert model.get_submodule("0.first") is model.get_submodule("0")._modules["first"]
    assert model.get_parameter("0.first.weight") is dict(outer.named_parameters())["first.weight"]
    assert model.get_buffer("0.first.count").item() == 0
    with pytest.raises(AttributeError, match="Outer has no attribute `third`"):
        model.get_submodule("0.third")
    with pytest.raises(AttributeError, match=r"`plain` is not an nn.Module"):
        model.get_submodule("0.plain")
    with pytest.raises(AttributeError, match=r"`plain` is not an nn.Parameter"):
        model.get_parameter("0.plain")
    with pytest.raises(AttributeError, match="`bias` is not a buffer"):
        model.get_buffer("0.bias")


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    model = Outer()
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert seen == ["Inner", "Inner", "Outer"]


def test_train_and_eval_reach_everything() -> None:
    model = Outer()
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    assert model.train() is model
    assert all(module.training for module in model.modules())
    with pytest.raises(ValueError, match="training mode is expected to be boolean"):
        attrgetter("train")(model)("yes")


def test_requires_grad_freezes() -> None:
    model = Outer().requires_grad_(False)
    assert not any(p.requires_grad for p in model.parameters())
    assert not model(torch.ones(2)).requires_grad


def test_zero_grad_forgets_or_writes_zeros() -> None:
    model = Outer()
    model(torch.ones(2)).sum().backward()
    grad = model.bias.grad
    model.zero_grad(set_to_none=False)
    assert model.bias.grad is grad
    assert grad is not None
    assert grad.tolist() == [0.0, 0.0]
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_to_casts_floating_tensors_in_place() -> None:
    model = Outer()
    weight = model.first.weight
    model(torch.ones(2)).sum().backward()
    assert model.double() is model
    assert model.first.weight is weight
    assert weight.dtype is torch.float64
    assert weight.grad is not None
    assert weight.grad.dtype is torch.float64
    assert model.get_buffer("first.count").dtype is torch.int64
    model.to(torch.float32)
    assert weight.dtype is torch.float32
    assert model(torch.ones(2)).dtype is torch.float32
    with pytest.raises(TypeError, match="only accepts floating point"):
        model.to(torch.int64)
    with pytest.raises(TypeError, match=r"invalid argument 3.5"):
        attrgetter("to")(model)(3.5)


def test_to_moves_to_another_device_and_keeps_training() -> None:
    model = Outer().to("numpy")
    assert {p.device.type for p in model.parameters()} == {"numpy"}
    assert {b.device.type for b in model.buffers()} == {"numpy"}
    model(torch.ones(2, device="numpy")).sum().backward()
    assert model.bias.grad is not None
    model.to(torch.zeros(1, dtype=torch.float64))
    assert model.bias.device.type == "cpu"
    assert model.bias.dtype is torch.float64
    assert model.float().cpu().bias.dtype is torch.float32


def test_hooks_run_around_forward_and_may_replace() -> None:
    model = Outer()
    seen: list[str] = []

    def before(module: nn.Module, args: tuple[Tensor, ...]) -> Tensor:
        seen.append("before")
        return args[0] + 1

    def after(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        seen.append("after")
        assert args[0].tolist() == [2.0, 2.0]
        return output * 10

    def first(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        seen.append("first")

    one = model.register_forward_pre_hook(before)
    two = model.register_forward_hook(after)
    model.register_forward_pre_hook(first, prepend=True)
    assert model(torch.ones(2)).tolist() == [20.0, 20.0]
    assert seen == ["first", "before", "after"]
    one.remove()
    two.remove()
    two.remove()
    assert model(torch.ones(2)).tolist() == [1.0, 1.0]


def test_hooks_may_see_keyword_arguments() -> None:
    model = Outer()

    def before(
        module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, float]
    ) -> tuple[tuple[Tensor, ...], dict[str, float]]:
        return args, {"scale": kwargs["scale"] * 2}

    def after(
        module: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, float], output: Tensor
    ) -> None:
        assert kwargs == {"scale": 6.0}

    model.register_forward_hook(after, with_kwargs=True)
    handle = model.register_forward_pre_hook(before, with_kwargs=True)
    assert model(torch.ones(2), scale=3.0).tolist() == [6.0, 6.0]
    handle.remove()
    model.register_forward_pre_hook(lambda module, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        model(torch.ones(2), scale=6.0)


def test_a_hook_may_be_removed_while_it_runs() -> None:
    model = Outer()
    handle = model.register_forward_hook(lambda module, args, output: handle.remove())
    model(torch.ones(2))
    assert not model._forward_hooks


def test_deepcopy_is_independent() -> None:
    model = Outer()
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.first.weight.fill_(7)
    assert model.first.weight.tolist() == [1.0, 1.0]
    assert isinstance(twin.first.weight, nn.Parameter)
    assert list(twin.state_dict()) == list(model.state_dict())
    assert twin(torch.ones(2)).tolist() == [7.0, 7.0]


def test_deepcopy_keeps_what_is_shared_shared() -> None:
    model = Outer()
    model.second.weight = model.first.weight
    twin = copy.deepcopy(model)
    assert twin.second.weight is twin.first.weight


def test_pickle_restores_everything() -> None:
    model = Outer().eval()
    twin = pickle.loads(pickle.dumps(model))
    assert not twin.training
    assert list(twin.state_dict()) == list(model.state_dict())
    assert isinstance(twin.bias, nn.Parameter)
    assert twin.bias.requires_grad
    assert twin(torch.ones(2)).tolist() == [1.0, 1.0]


def test_a_model_is_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        model = Outer()
        model(torch.ones(2)).sum().backward()
        alive = weakref.ref(model)
        weight = weakref.ref(model.first.weight)
        del model
        assert alive() is None
        assert weight() is None
    finally:
        gc.enable()
