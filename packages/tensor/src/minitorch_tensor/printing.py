"""How a tensor prints: columns of equal width, four digits, and only the corners of what is large.

PyTorch's rules lay out the numbers; one look at all of them decides the format:

- integers and booleans print as they are; floats that are all whole print as `1.`, other floats
  with four digits, in scientific notation when the smallest and the largest are 1000 times apart,
  or one is above 1e8 or below 1e-4;
- every number takes the width of the widest; a line is at most 80 columns;
- above 1000 numbers, each dimension longer than six shows its first and last three.

Around the numbers stands what PyTorch leaves out where it is False: `requires_grad`, for whoever
learns here wants to see it: `Tensor([1., 1.], requires_grad=False)`.

Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Value = bool | int | float


class PrintOptions(TypedDict):
    """The numbers in the rules above; see `set_printoptions`."""

    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    sci_mode: bool | None


def _profile(precision: int = 4, threshold: float = 1000, edgeitems: int = 3) -> PrintOptions:
    return {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": 80,
        "sci_mode": None,
    }


_PROFILES = {
    "default": _profile(),
    "short": _profile(precision=2, edgeitems=2),
    "full": _profile(threshold=math.inf),
}

_options = _profile()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors print from now on; what is not given stays, except sci_mode.

    Args:
        precision: digits after the point, default 4.
        threshold: more numbers than this are summarised, default 1000.
        edgeitems: how many a summary shows at each end of a dimension, default 3.
        linewidth: columns after which a line breaks, default 80.
        profile: "default", "short" or "full": several of these at once.
        sci_mode: whether floats print in scientific notation; None, the default, lets the numbers
            decide.

    Raises:
        ValueError: there is no such profile, or a number is negative.

    >>> set_printoptions(precision=2)
    >>> format_tensor(np.array([3.14159, 2.71828]))
    '[3.14, 2.72]'
    >>> set_printoptions(profile="default")
    """
    global _options
    chosen = _options
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(
                f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, got {profile!r}"
            )
        chosen = _PROFILES[profile]
    counts = {"precision": precision, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, count in {**counts, "threshold": threshold}.items():
        if count is not None and count < 0:
            raise ValueError(f"set_printoptions: {name} must not be negative, got {count}")
    _options = {
        "precision": chosen["precision"] if precision is None else precision,
        "threshold": chosen["threshold"] if threshold is None else threshold,
        "edgeitems": chosen["edgeitems"] if edgeitems is None else edgeitems,
        "linewidth": chosen["linewidth"] if linewidth is None else linewidth,
        "sci_mode": sci_mode,
    }


def get_printoptions() -> PrintOptions:
    """Return how tensors print now, as a dictionary of `set_printoptions`' arguments.

    >>> get_printoptions()["precision"]
    4
    """
    return _options.copy()


@contextmanager
def printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> Iterator[None]:
    """Choose how tensors print inside a `with` block; the arguments are `set_printoptions`'.

    >>> with printoptions(sci_mode=True):
    ...     format_tensor(np.array([1.5, 2.5]))
    '[1.5000e+00, 2.5000e+00]'
    """
    global _options
    before = _options
    set_printoptions(precision, threshold, edgeitems, linewidth, profile, sci_mode)
    try:
        yield
    finally:
        _options = before


def tensor_repr(
    values: NDArray[np.generic],
    dtype_name: str,
    device_name: str = "cpu",
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    default_dtype_name: str = "float32",
    class_name: str = "Tensor",
) -> str:
    """Return what `repr` of a tensor shows.

    Args:
        values: its numbers, any shape.
        dtype_name: "float32" and so on; named unless it is the default one, int64 or bool.
        device_name: named unless it is "cpu".
        requires_grad: whether gradients reach it.
        grad_fn_name: the operation that made it, if it was recorded.
        default_dtype_name: the dtype of floats that needs no mention.
        class_name: what the text begins with.

    >>> print(tensor_repr(np.ones(2), "float32"))
    Tensor([1., 1.], requires_grad=False)
    >>> print(tensor_repr(np.float64(5.0).reshape(()), "float64", requires_grad=True))
    Tensor(5.0, dtype=float64, requires_grad=True)
    >>> print(tensor_repr(np.zeros((0, 3)), "float32", "cuda:0"))
    Tensor([], size=(0, 3), device='cuda:0', requires_grad=False)
    """
    prefix = f"{class_name}("
    usual = {default_dtype_name} if values.size == 0 else {default_dtype_name, "int64", "bool"}
    suffixes = []
    if (values.size == 0 and values.ndim != 1) or (values.size > 0 and _options["edgeitems"] == 0):
        suffixes.append(f"size={values.shape}")
    if device_name != "cpu":
        suffixes.append(f"device='{device_name}'")
    if dtype_name not in usual:
        suffixes.append(f"dtype={dtype_name}")
    suffixes.append(f"requires_grad={requires_grad}")
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    body = format_scalar(values) if values.ndim == 0 else format_tensor(values, len(prefix))
    return _with_suffixes(prefix + body, suffixes, len(prefix))


def format_scalar(values: NDArray[np.generic]) -> str:
    """Return a 0-d tensor's number, a whole float as Python prints it.

    >>> [format_scalar(np.array(x)) for x in (5.0, 3.14159265, 1e-5, 7, True)]
    ['5.0', '3.1416', '1.0000e-05', '7', 'True']
    """
    text = format_tensor(values)
    return text + "0" if text.endswith(".") else text


def format_tensor(values: NDArray[np.generic], indent: int = len("Tensor(")) -> str:
    """Return the numbers between the brackets of a tensor's `repr`, brackets included.

    Args:
        values: any shape and dtype of bool, int or float.
        indent: columns before the first bracket, which the later rows are moved by.

    >>> print(format_tensor(np.arange(6.0).reshape(2, 3)))
    [[0., 1., 2.],
            [3., 4., 5.]]
    >>> print(format_tensor(np.array([[0.5, -12.25], [np.inf, np.nan]])))
    [[  0.5000, -12.2500],
            [     inf,      nan]]
    >>> print(format_tensor(np.arange(2000)))
    [   0,    1,    2,  ..., 1997, 1998, 1999]
    """
    if values.size == 0:
        return "[]"
    summarize = values.size > _options["threshold"]
    shown = _corners(values) if summarize else values
    cells = _Cells(shown)
    if values.ndim == 0:
        return cells.write(_python(values)[0])
    return _block(values, indent, summarize, cells)


def _python(values: NDArray[np.generic]) -> list[Value]:
    """Return all numbers as Python's, in order; a float keeps its value exactly."""
    flat = values.reshape(-1)
    if flat.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # a signalling nan is a nan
            return [*flat.astype(np.float64).tolist()]
    if flat.dtype.kind == "b":
        return [*flat.astype(np.bool_).tolist()]
    return [*flat.astype(np.uint64 if flat.dtype.kind == "u" else np.int64).tolist()]


def _corners(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return what a summary shows: the ends of each dimension that is too long."""
    edge = _options["edgeitems"]
    for axis, size in enumerate(values.shape):
        if size > 2 * edge:
            ends = [*range(edge), *range(size - edge, size)]
            values = values.take(np.array(ends, dtype=np.intp), axis=axis)
    return values


class _Cells:
    """The format that a tensor's numbers share: `write` makes one as wide as the widest."""

    __slots__ = ("_point", "_style", "width")

    def __init__(self, shown: NDArray[np.generic]) -> None:
        numbers = _python(shown)
        self._style = self._point = ""
        if shown.dtype.kind == "f":
            # Zeros, infinities and nan do not count: alone they stand unpadded.
            numbers = [number for number in numbers if math.isfinite(number) and number != 0]
            if _scientific(numbers):
                self._style = f".{_options['precision']}e"
            elif all(number == math.ceil(number) for number in numbers):
                self._style, self._point = ".0f", "."
            else:
                self._style = f".{_options['precision']}f"
        self.width = 1
        self.width = max([1, *(len(self.write(number)) for number in numbers)])

    def write(self, number: Value) -> str:
        """Return the number, padded on the left."""
        text = f"{number:{self._style}}"
        return (text + self._point if math.isfinite(number) else text).rjust(self.width)


def _scientific(numbers: Sequence[float]) -> bool:
    """Say whether these numbers, finite and not 0, are too far apart or too far from 1."""
    if not numbers:
        return False
    chosen = _options["sci_mode"]
    if chosen is not None:
        return chosen
    smallest, largest = min(map(abs, numbers)), max(map(abs, numbers))
    return largest > 1.0e8 or smallest < 1.0e-4 or largest / smallest > 1000.0


def _block(values: NDArray[np.generic], indent: int, summarize: bool, cells: _Cells) -> str:
    """Return the text of one dimension: its slices, or its numbers when it is the last."""
    if values.ndim == 1:
        return _row(values, indent, summarize, cells)
    edge = _options["edgeitems"]
    cut = summarize and len(values) > 2 * edge
    rows = [*range(len(values))]
    if cut:
        rows = [*range(edge), *range(len(values) - edge, len(values))]
    slices = [_block(values[row], indent + 1, summarize, cells) for row in rows]
    if cut:
        slices.insert(edge, "...")
    between = "," + "\n" * (values.ndim - 1) + " " * (indent + 1)
    return "[" + between.join(slices) + "]"


def _row(values: NDArray[np.generic], indent: int, summarize: bool, cells: _Cells) -> str:
    """Return the text of a vector, broken into lines."""
    edge = _options["edgeitems"]
    cut = summarize and len(values) > 2 * edge
    texts = [cells.write(number) for number in _python(_corners(values) if cut else values)]
    if cut:
        texts.insert(edge, " ..." if edge else "...")
    a_line = max(1, (_options["linewidth"] - indent) // (cells.width + 2))
    lines = [", ".join(texts[i : i + a_line]) for i in range(0, len(texts), a_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    """Append the suffixes, each on the last line if it fits there, and the closing bracket."""
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options["linewidth"]:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"
