"""state_dict and load_state_dict: what is in a state, what fits, what is said if not."""

import re
from collections import OrderedDict

import pytest

import minitorch as torch
from minitorch import Tensor, nn


def model() -> nn.Sequential:
    return nn.Sequential(
        OrderedDict[str, nn.Module](fc=nn.Linear(3, 2), norm=nn.BatchNorm1d(2), relu=nn.ReLU())
    )


KEYS = [
    "fc.weight",
    "fc.bias",
    "norm.weight",
    "norm.bias",
    "norm.running_mean",
    "norm.running_var",
    "norm.num_batches_tracked",
]


def test_the_keys_are_those_of_torch_in_its_order() -> None:
    assert list(model().state_dict()) == KEYS
    assert isinstance(model().state_dict(), OrderedDict)


def test_the_state_shares_memory_without_history() -> None:
    made = model()
    state = made.state_dict()
    assert not state["fc.weight"].requires_grad
    state["fc.bias"].fill_(7)
    assert made.get_parameter("fc.bias").tolist() == [7.0, 7.0]


def test_keep_vars_gives_the_parameters() -> None:
    made = model()
    assert made.state_dict(keep_vars=True)["fc.bias"] is made.get_parameter("fc.bias")


def test_a_prefix_and_a_destination() -> None:
    into: dict[str, Tensor] = {}
    assert nn.Linear(1, 1).state_dict(destination=into, prefix="a.") is into
    assert list(into) == ["a.weight", "a.bias"]


def test_buffers_that_do_not_persist_are_left_out() -> None:
    made = nn.Module()
    made.register_buffer("kept", torch.ones(1))
    made.register_buffer("scratch", torch.ones(1), persistent=False)
    assert list(made.state_dict()) == ["kept"]
    assert len(made.buffers()) == 2


def test_a_state_goes_into_another_model() -> None:
    first, second = model(), model()
    result = second.load_state_dict(first.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    for key, value in first.state_dict().items():
        assert second.state_dict()[key].tolist() == value.tolist()
    second.get_parameter("fc.bias").data.fill_(9)
    assert first.get_parameter("fc.bias").tolist() != [9.0, 9.0]


def test_loading_keeps_the_parameters_and_casts() -> None:
    made = model()
    bias = made.get_parameter("fc.bias")
    made.load_state_dict(model().double().state_dict())
    assert made.get_parameter("fc.bias") is bias
    assert bias.dtype is torch.float32
    assert bias.requires_grad


def test_assign_takes_the_tensors_themselves() -> None:
    made = model()
    state = model().double().state_dict()
    made.load_state_dict(state, assign=True)
    assert made.get_parameter("fc.bias").dtype is torch.float64
    assert made.get_parameter("fc.bias").requires_grad
    state["fc.bias"].fill_(3)
    assert made.get_parameter("fc.bias").tolist() == [3.0, 3.0]


def test_everything_that_does_not_fit_is_said_at_once_and_nothing_is_loaded() -> None:
    made = model()
    before = {key: value.tolist() for key, value in made.state_dict().items()}
    state: dict[str, object] = dict(model().state_dict())
    state["fc.weight"] = torch.ones(4, 4)
    state["fc.bias"] = "no tensor"
    del state["norm.bias"]
    state["extra"] = torch.ones(1)
    state["norm.more"] = torch.ones(1)
    expected = (
        "Error(s) in loading state_dict for Sequential:\n"
        '\tMissing key(s) in state_dict: "norm.bias". \n'
        '\tUnexpected key(s) in state_dict: "extra", "norm.more". \n'
        "\tsize mismatch for fc.weight: copying a param with shape (4, 4) from checkpoint, the "
        "shape in current model is (2, 3).\n"
        '\tWhile copying the parameter named "fc.bias", expected minitorch.Tensor'
    )
    with pytest.raises(RuntimeError, match=re.escape(expected)):
        made.load_state_dict(state)
    assert {key: value.tolist() for key, value in made.state_dict().items()} == before


def test_not_strict_loads_what_there_is() -> None:
    made = model()
    result = made.load_state_dict({"fc.bias": torch.tensor([1.0, 2.0]), "x": 3}, strict=False)
    given = ("fc.bias", "norm.num_batches_tracked")  # states from before 2018 lack the count
    assert result.missing_keys == [key for key in KEYS if key not in given]
    assert result.unexpected_keys == ["x"]
    assert "missing_keys=['fc.weight'" in repr(result)
    assert made.get_parameter("fc.bias").tolist() == [1.0, 2.0]


def test_a_state_is_a_mapping() -> None:
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'list'>"):
        model().load_state_dict([])


def test_one_element_fits_a_0d_parameter() -> None:
    made = nn.Module()
    made.register_parameter("scale", nn.Parameter(torch.tensor(1.0)))
    made.load_state_dict({"scale": torch.tensor([4.0])})
    assert made.get_parameter("scale").item() == 4.0
