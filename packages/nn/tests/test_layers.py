"""Layers without torch at hand: what they refuse, and what they promise beyond numbers."""

from operator import attrgetter

import pytest

import minitorch as torch
from minitorch import nn


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 0}, r"Conv2d: groups must be a positive integer, but got 0"),
        ({"groups": 4}, r"Conv2d: in_channels must be divisible by groups, but got 6 and 4"),
        ({"groups": 3}, r"Conv2d: out_channels must be divisible by groups, but got 8 and 3"),
        ({"padding": "full"}, r"Invalid padding string 'full'"),
        ({"padding": "same", "stride": 2}, r"padding='same' is not supported for strided"),
        ({"padding_mode": "wrap"}, r"padding_mode must be one of .* got padding_mode='wrap'"),
        ({"stride": (1, 2, 3)}, r"Conv2d: stride must be an int or 2 of them, but got \(1, 2, 3\)"),
    ],
)
def test_a_convolution_checks_its_arguments(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        attrgetter("Conv2d")(nn)(6, 8, 3, **options)


def test_a_convolution_with_too_many_channels_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"conv2d.*3"):
        nn.Conv2d(3, 4, 3)(torch.ones(1, 2, 5, 5))


def test_batch_norm_wants_its_number_of_dimensions() -> None:
    with pytest.raises(ValueError, match=r"expected 4D input \(got 3D input\)"):
        nn.BatchNorm2d(3)(torch.ones(2, 3, 4))
    with pytest.raises(ValueError, match=r"expected 2D or 3D input \(got 4D input\)"):
        nn.BatchNorm1d(3)(torch.ones(2, 3, 4, 4))


def test_batch_norm_can_begin_anew() -> None:
    norm = nn.BatchNorm1d(2)
    norm(torch.rand(5, 2))
    assert norm.num_batches_tracked is not None
    assert norm.num_batches_tracked.item() == 1
    norm.reset_parameters()
    assert norm.num_batches_tracked.item() == 0
    assert [b.tolist() for b in norm.buffers()] == [[0.0, 0.0], [1.0, 1.0], 0]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_dropout_wants_a_probability(p: float) -> None:
    with pytest.raises(ValueError, match="dropout probability has to be between 0 and 1, but got"):
        nn.Dropout(p)


def test_dropout_does_nothing_in_evaluation() -> None:
    x = torch.ones(3)
    assert nn.Dropout(0.9).eval()(x).tolist() == [1.0, 1.0, 1.0]


def test_an_embedding_of_known_vectors_is_frozen() -> None:
    table = torch.arange(6.0).reshape(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert layer(torch.tensor([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
    assert repr(layer) == "Embedding(3, 2)"
    with pytest.raises(AssertionError, match=r"2-dimensional, but got shape \(3,\)"):
        nn.Embedding.from_pretrained(torch.ones(3))


def test_the_padding_of_an_embedding_is_zero_and_gets_no_gradient() -> None:
    layer = nn.Embedding(4, 2, padding_idx=-1)
    assert layer.padding_idx == 3
    layer(torch.tensor([3, 1])).sum().backward()
    assert layer.weight[3].tolist() == [0.0, 0.0]
    assert layer.weight.grad is not None
    assert layer.weight.grad.sum(1).tolist() == [0.0, 2.0, 0.0, 0.0]
    with pytest.raises(
        AssertionError, match="Padding_idx must be within num_embeddings, but got 4"
    ):
        nn.Embedding(4, 2, padding_idx=4)
    with pytest.raises(IndexError):
        layer(torch.tensor([4]))


def test_unflatten_wants_integers() -> None:
    make = attrgetter("Unflatten")(nn)
    with pytest.raises(TypeError, match="found element of type float at pos 1"):
        make(1, (2, 3.0))
    with pytest.raises(TypeError, match="dim must be an int, but got '1'"):
        make("1", (2, 3))


def test_a_reduction_must_be_known() -> None:
    with pytest.raises(ValueError, match="reduction"):
        nn.MSELoss(reduction="median")(torch.ones(2), torch.ones(2))


def test_the_weight_of_a_loss_moves_along() -> None:
    loss = nn.CrossEntropyLoss(torch.ones(3)).double()
    assert loss.weight is not None
    assert loss.weight.dtype is torch.float64
    assert list(loss.state_dict()) == ["weight"]


@pytest.mark.parametrize("kind", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU, nn.Dropout])
def test_in_place_layers_write_into_their_input(kind: type[nn.ReLU]) -> None:
    x = torch.tensor([-1.0, 2.0])
    y = kind(inplace=True)(x)
    assert x.tolist() == y.tolist()


def test_parameters_can_be_made_on_a_device_and_of_a_dtype() -> None:
    for layer in (
        nn.Linear(2, 3, device="numpy", dtype=torch.float64),
        nn.Conv2d(2, 3, 1, device="numpy", dtype=torch.float64),
        nn.LayerNorm(3, device="numpy", dtype=torch.float64),
        nn.BatchNorm1d(3, device="numpy", dtype=torch.float64),
        nn.Embedding(3, 2, device="numpy", dtype=torch.float64),
    ):
        assert {p.dtype for p in layer.parameters()} == {torch.float64}
        assert {p.device.type for p in layer.parameters()} == {"numpy"}
