"""What autocast does with the arguments of a call: its policies, each a function on them.

float64 stays as it is, and so does what is on another device or no float.
https://docs.pytorch.org/docs/stable/amp.html#autocast-op-reference
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from minitorch_tensor import dtype as dtypes
from minitorch_tensor.amp.exchange import Call
from minitorch_tensor.amp.state import cast, state
from minitorch_tensor.core import Tensor
from minitorch_tensor.dtype import DType
from minitorch_tensor.trees import leaves, mapped

Arguments = tuple[tuple[object, ...], dict[str, object]]
Policy = Callable[[str, tuple[object, ...], dict[str, object]], Arguments]
"""From a device type and the arguments of a call to the arguments it gets instead."""


def lower(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in the lower dtype: products, whose sums are kept in float32 anyway."""
    return _in_dtype(state.dtypes[device], device, args, named)


def single(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in float32, unless a dtype is asked for: what overflows, or adds up errors."""
    if named.get("dtype") is not None or any(isinstance(x, DType) for x in args):
        return args, named
    return _in_dtype(dtypes.float32, device, args, named)


def widest(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in float32 if one is, else in the lower dtype, so that they can be put together.

    Raises:
        RuntimeError: if one has the 16 bits that autocast does not cast to.
    """
    low = state.dtypes[device]
    kinds = {
        x.dtype for x in leaves((args, named)) if isinstance(x, Tensor) and eligible(x, device)
    }
    for kind in kinds:
        if kind is not low and kind is not dtypes.float32:
            raise RuntimeError(
                "Unexpected floating ScalarType in at::autocast::prioritize: autocast is on with "
                f"{low}, but an argument is {kind}; convert it with .to({low}) or .float()"
            )
    return _in_dtype(dtypes.float32 if dtypes.float32 in kinds else low, device, args, named)


def normalised(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """In float32, where all but the input are; the result has the dtype of the input.

    PyTorch's kernels take an input of 16 bits beside weights and running statistics of 32.
    """
    kinds = {
        x.dtype
        for x in [*leaves((args, named))][1:]
        if isinstance(x, Tensor) and eligible(x, device)
    }
    return single(device, args, named) if kinds == {dtypes.float32} else (args, named)


def padded(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in float32 where the edge is reflected or repeated, but in 3 dimensions not reflected."""
    mode = named.get("mode", args[2] if len(args) > 2 else "constant")
    pad = named.get("pad", args[1] if len(args) > 1 else ())
    volume = isinstance(pad, (tuple, list)) and len(pad) == 6
    if mode == "replicate" or (mode == "reflect" and not volume):
        return single(device, args, named)
    return args, named


def interpolated(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in float32, but for the mode "area", which is a pooling."""
    mode = named.get("mode", args[3] if len(args) > 3 else "nearest")
    return (args, named) if mode == "area" else single(device, args, named)


def sequence(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """All in the lower dtype, but a GRU in that of its state.

    That is what becomes of PyTorch's GRU on the CPU, which is made of functions on the lists.
    """
    given = dict(zip(("name", "data", "batch_sizes", "states"), args, strict=False)) | named
    wide = given["name"] == "gru" and all(
        isinstance(x, Tensor) and x.dtype is dtypes.float32 for x in leaves(given["states"])
    )
    return (single if wide else lower)(device, args, named)


def as_it_is(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """Nothing is cast, not even by the functions on the lists that this one is made of."""
    return args, named


def unsafe(device: str, args: tuple[object, ...], named: dict[str, object]) -> Arguments:
    """Refuse: its gradient overflows in float16, and what it is used for can be had otherwise.

    Raises:
        RuntimeError: always, in PyTorch's words.
    """
    raise RuntimeError(
        "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\n"
        "Many models use a sigmoid layer right before the binary cross entropy layer.\n"
        "In this case, combine the two layers using "
        "torch.nn.functional.binary_cross_entropy_with_logits\n"
        "or torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits and BCEWithLogits are\n"
        "safe to autocast."
    )


def by_device(policies: Mapping[str, Policy]) -> Call:
    """What runs for a function that has these policies: the arguments are cast, then it runs.

    Inside, nothing is cast again: what the function is made of computes in its dtype.
    """
    return partial(_instead, policies)


def _instead(
    policies: Mapping[str, Policy],
    original: Callable[..., object],
    args: tuple[object, ...],
    named: dict[str, object],
) -> object:
    if state.inside or not state.enabled:
        return original(*args, **named)
    for x in leaves((args, named)):
        if not isinstance(x, Tensor):
            continue
        device = x.storage.device.type
        if device in state.enabled:
            policy = policies.get(device)
            break
    else:
        policy = None
    if policy is None:
        return original(*args, **named)
    state.inside = True
    try:
        args, named = policy(device, args, named)
        y = original(*args, **named)
        if policy is normalised and isinstance(x, Tensor) and isinstance(y, Tensor):
            return y.to(x.dtype)
        return y
    finally:
        state.inside = False


def eligible(x: Tensor, device: str) -> bool:
    """Whether autocast has a say in its dtype."""
    kind = x.dtype
    return kind.is_floating_point and kind is not dtypes.float64 and x.storage.device.type == device


def _in_dtype(
    dtype: DType, device: str, args: tuple[object, ...], named: dict[str, object]
) -> Arguments:
    keep = dtype is state.dtypes[device]

    def changed(value: object) -> object:
        if isinstance(value, Tensor) and value.dtype is not dtype and eligible(value, device):
            return cast(value, dtype, keep)
        return value

    return tuple([mapped(changed, x) for x in args]), {
        name: mapped(changed, x) for name, x in named.items()
    }
