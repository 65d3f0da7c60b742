"""The lists of autocast are torch's: those it has registered for the CPU and for CUDA."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_tensor as mt
from minitorch_tensor.amp import lists
from minitorch_tensor.amp.policies import as_it_is, interpolated, normalised, padded, sequence

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.parity

# What torch registers and we have under another name, or have not at all.
OTHER_NAMES = {
    "inverse": {"inverse"}, "cross_entropy_loss": {"cross_entropy"}, "nll_loss2d": {"nll_loss"},
    "_grid_sampler_2d_cpu_fallback": {"grid_sampler"}, "grid_sampler_2d": {"grid_sampler"},
    "grid_sampler_3d": {"grid_sampler"}, "_lu_with_info": {"lu"},
    "native_layer_norm": {"layer_norm"}, "multilabel_margin_loss_forward": set(),
    "mkldnn_rnn_layer": {"packed"}, "_thnn_fused_lstm_cell": {"packed"},
    "_thnn_fused_gru_cell": {"packed"}, "_convolution": {"conv2d"}, "convolution": {"conv2d"},
    "_scaled_dot_product_flash_attention": {"scaled_dot_product_attention"},
}  # fmt: skip
NOT_HERE = (
    "fft_", "stft", "polar", "view_as_complex", "linalg_eig", "linalg_eigvals", "cudnn_",
    "fake_quantize", "_native_multi_head_attention", "_addmm_activation",
)  # fmt: skip
# Ours beside them: other forms of the same functions, or made of them in PyTorch.
BESIDE = {"__rpow__", "__rtruediv__", "cross_entropy", "max_unpool1d", "packed", "square"}
PADS = ("reflection_pad", "replication_pad")
UPSAMPLES = ("upsample_", "_upsample_")


@pytest.mark.parametrize(("key", "device"), [("AutocastCPU", "cpu"), ("AutocastCUDA", "cuda")])
def test_the_lists_are_those_of_torch(key: str, device: str) -> None:
    wanted: set[str] = set()
    for full in torch._C._dispatch_get_registrations_for_dispatch_key(key):
        name = full.removeprefix("aten::").partition(".")[0]
        if name.startswith(PADS):
            name = "pad"
        elif name.startswith(UPSAMPLES):
            name = "interpolate"
        elif name.startswith(NOT_HERE) and name not in ("linalg_eigh", "linalg_eigvalsh"):
            continue
        if name.startswith("linalg_"):
            name = name.replace("_", ".", 1)
        wanted |= OTHER_NAMES.get(name, {name})
    ours = {
        name
        for policy, names in lists.BY_DEVICE[device].items()
        if policy not in (as_it_is, normalised)
        for name in names.split()
    }
    assert wanted - ours == set()
    assert ours - wanted - BESIDE == set()
    assert {padded, sequence, interpolated} & set(lists.BY_DEVICE[device])


Kind = tuple[tuple[int, ...], Any]  # the shape of an input and its dtype, which is torch's


def _on_a_pretended_gpu(call: Callable[..., Any], *inputs: Kind) -> str:
    """The dtype that torch's autocast gives on a GPU: its own rules, on tensors without memory."""
    fake = pytest.importorskip("torch._subclasses.fake_tensor")
    with torch.no_grad(), fake.FakeTensorMode():
        given = [torch.empty(shape, dtype=kind, device="cuda") for shape, kind in inputs]
        torch.set_autocast_enabled("cuda", True)
        try:
            y = call(*given)
        finally:
            torch.set_autocast_enabled("cuda", False)
            torch.clear_autocast_cache()
    return str(y.dtype).partition(".")[2]


S, H = torch.float32, torch.float16
M, V = (2, 2), (2,)
F = torch.nn.functional
PRETENDED: list[tuple[str, list[Any]]] = [
    ("matmul", [(M, S), (M, S)]), ("mv", [(M, S), (V, H)]), ("addmm", [(M, S), (M, H), (M, S)]),
    ("prelu", [(M, S), (V, S)]), ("exp", [(M, H)]), ("sum", [(M, H)]), ("square", [(M, H)]),
    ("cumsum", [(M, H), 0]), ("logsumexp", [(M, H), 0]), ("reciprocal", [(M, H)]),
    ("atan2", [(M, H), (M, S)]), ("addcmul", [(M, H), (M, H), (M, H)]), ("dot", [(V, H), (V, S)]),
    ("tensordot", [(M, H), (M, S)]), ("mean", [(M, H)]), ("trace", [(M, H)]), ("sqrt", [(M, H)]),
    ("nansum", [(M, H)]), ("inner", [(V, S), (V, S)]), ("add", [(M, H), (M, S)]),
    ("var", [(M, H)]), ("cosh", [(M, H)]), ("maximum", [(M, H), (M, H)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given"), PRETENDED, ids=[name for name, _ in PRETENDED])
def test_dtypes_on_the_gpu_are_torchs(name: str, given: list[Any], gpu: str) -> None:
    inputs = [x for x in given if isinstance(x, tuple)]
    rest = [x for x in given if not isinstance(x, tuple)]
    theirs = _on_a_pretended_gpu(lambda *xs: getattr(torch, name)(*xs, *rest), *inputs)
    kinds = {S: mt.float32, H: mt.float16}
    ours = [mt.ones(shape, dtype=kinds[kind], device=gpu) for shape, kind in inputs]
    function = getattr(mt, name, None) or getattr(mt.Tensor, name)
    with mt.autocast(gpu):
        assert function(*ours, *rest).dtype.name == theirs


def test_the_page_of_bce_is_torchs(gpu: str) -> None:
    from minitorch_tensor import functional

    h = mt.ones(2, device=gpu)
    with mt.autocast(gpu), pytest.raises(RuntimeError, match="unsafe to autocast") as ours:
        functional.binary_cross_entropy(h, h)
    with pytest.raises(RuntimeError, match="unsafe to autocast") as theirs:
        _on_a_pretended_gpu(F.binary_cross_entropy, (V, S), (V, S))
    assert str(ours.value) == str(theirs.value)
