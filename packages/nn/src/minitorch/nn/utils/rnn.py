"""Sequences of several lengths in one batch: padded to one length, or packed without padding.

Packed sequences are one tensor: the first elements of all sequences, then the second ones of those
that have one, and so on; the longest sequence comes first. So a recurrent layer can take each step
for all sequences that reach it, as one matrix, and computes nothing for padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from minitorch_tensor import Device, DType, Tensor, arange, cat, empty_like, full, int64, tensor
from minitorch_tensor import functional as F

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
    "whole",
]


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences of several lengths without padding; made by `pack_padded_sequence` and its like.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html

    Attributes:
        data: (elements of all sequences, ...), step by step.
        batch_sizes: how many sequences reach each step, int64, on the CPU.
        sorted_indices: which sequence comes where; None if they came sorted.
        unsorted_indices: the inverse.

    Raises:
        ValueError: if `batch_sizes` are not on the CPU.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        """Put the parts together."""
        if batch_sizes.is_cuda:
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be "
                "created manually. They should be instantiated by functions like pack_sequence and "
                "pack_padded_sequences in nn.utils.rnn."
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.is_cuda

    def to(
        self,
        *args: str | Device | DType | Tensor | bool | None,
        device: str | Device | None = None,
        dtype: DType | None = None,
        non_blocking: bool = False,
        copy: bool = False,
    ) -> Self:
        """Move and cast the data, as `Tensor.to` does; `batch_sizes` stay on the CPU."""
        data = self.data.to(*args, device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)
        if data is self.data:
            return self
        sorted_indices, unsorted_indices = (
            None if indices is None else indices.to(data.device)
            for indices in (self.sorted_indices, self.unsorted_indices)
        )
        return type(self)(data, self.batch_sizes, sorted_indices, unsorted_indices)

    def cpu(self) -> Self:
        """Move the data to the CPU."""
        return self.to("cpu")

    def cuda(self, device: int | None = None) -> Self:
        """Move the data to a GPU."""
        return self.to(Device("cuda", device))


def whole(x: Tensor) -> list[int]:
    """The elements of a vector of integers."""
    return [int(n) for n in x.cpu().numpy()]


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Where each place went: p[q] = q[p] = 0, 1, 2, ...; None for None.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html

    >>> invert_permutation(tensor([2, 0, 1]))
    Tensor([1, 2, 0], requires_grad=False)
    """
    if permutation is None:
        return None
    places = arange(permutation.numel(), device=permutation.device)
    return empty_like(permutation).scatter_(0, permutation, places)


def pack_padded_sequence(
    input: Tensor,
    lengths: Tensor | Sequence[int],
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Leave the padding out: (steps, n, ...) with the lengths of the n sequences.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html

    Args:
        input: (steps, n, ...), or (n, steps, ...) with `batch_first`.
        lengths: of the n sequences; what lies behind them is left out.
        batch_first: whether the batch is the first dimension.
        enforce_sorted: whether the longest sequence comes first already; else they are sorted.

    Raises:
        RuntimeError: if the lengths are not n, not positive, larger than `steps`, or not sorted.

    >>> padded = tensor([[1, 2, 0], [3, 4, 5]])
    >>> packed = pack_padded_sequence(padded, [2, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data.tolist(), packed.batch_sizes.tolist()
    ([3, 1, 4, 2, 5], [2, 2, 1])
    """
    if input.ndim < 2:
        raise RuntimeError(
            f"pack_padded_sequence: expected at least 2 dimensions, but got {input.shape}"
        )
    if batch_first:
        input = input.transpose(0, 1)
    steps, n = input.shape[:2]
    counts = whole(lengths) if isinstance(lengths, Tensor) else [int(k) for k in lengths]
    if len(counts) != n:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={n})"
        )
    if any(k <= 0 for k in counts):
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            f"that is <= 0: {counts}"
        )
    if max(counts, default=0) > steps:
        raise RuntimeError(
            f"pack_padded_sequence: expected lengths of at most {steps}, the number of steps, but "
            f"got {counts}"
        )
    places = None
    if not enforce_sorted:
        # As torch.sort orders equal lengths: the first stays first.
        rank = sorted(range(n), key=lambda i: -counts[i])
        counts = [counts[i] for i in rank]
        places = tensor(rank, dtype=int64, device=input.device)
        input = input.index_select(1, places)
    elif any(a < b for a, b in pairwise(counts)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            f"sidestep this requirement. The lengths are {counts}"
        )
    sizes = [sum(k > t for k in counts) for t in range(max(counts, default=0))]
    rows = tensor([t * n + i for t, m in enumerate(sizes) for i in range(m)], dtype=int64)
    data = input.reshape(steps * n, *input.shape[2:]).index_select(0, rows.to(input.device))
    return PackedSequence(data, tensor(sizes, dtype=int64), places)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The inverse of `pack_padded_sequence`: (steps, n, ...) and the lengths, in the first order.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html

    Args:
        sequence: the packed sequences.
        batch_first: whether the batch becomes the first dimension.
        padding_value: what stands behind a sequence.
        total_length: how many steps to pad to, if not those of the longest sequence.

    Raises:
        ValueError: if the longest sequence is longer than `total_length`.

    >>> packed = pack_sequence([tensor([1, 2]), tensor([3])])
    >>> pad_packed_sequence(packed, batch_first=True)[0].tolist()
    [[1, 2], [3, 0]]
    """
    data, batch_sizes, _, unsorted_indices = sequence
    sizes = whole(batch_sizes)
    steps = len(sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, "
                f"but got total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    n, total = sizes[0], data.shape[0]
    # Row `total` is the padding.
    rows, start = [total] * (steps * n), 0
    for t, m in enumerate(sizes):
        rows[t * n : t * n + m] = range(start, start + m)
        start += m
    padding = full((1, *data.shape[1:]), padding_value, dtype=data.dtype, device=data.device)
    index = tensor(rows, dtype=int64, device=data.device)
    padded = cat([data, padding]).index_select(0, index).reshape(steps, n, *data.shape[1:])
    lengths = tensor([sum(m > i for m in sizes) for i in range(n)], dtype=int64)
    if unsorted_indices is not None:
        padded = padded.index_select(1, unsorted_indices)
        lengths = lengths[unsorted_indices.cpu()]
    return padded.transpose(0, 1) if batch_first else padded, lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences (length, ...) as (steps, n, ...), padded to the longest.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html

    Args:
        sequences: they differ in their first dimension only.
        batch_first: whether the result is (n, steps, ...).
        padding_value: what stands where a sequence has no element.
        padding_side: "right" or "left" of a sequence.

    Raises:
        RuntimeError: if there are no sequences, or the side is not known.

    >>> pad_sequence([tensor([1, 2, 3]), tensor([4])], batch_first=True).tolist()
    [[1, 2, 3], [4, 0, 0]]
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    listed = list(sequences)
    if not listed:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}"
        )
    steps = max(each.shape[0] for each in listed)
    padded = []
    for each in listed:
        missing = steps - each.shape[0]
        around = (0, missing) if padding_side == "right" else (missing, 0)
        others = (0, 0) * (each.ndim - 1)
        padded.append(F.pad(each, (*others, *around), value=padding_value) if missing else each)
    rows = [each.unsqueeze(0 if batch_first else 1) for each in padded]
    return cat(rows, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False
) -> list[Tensor]:
    """The sequences without their padding.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [
        padded[:length] for padded, length in zip(padded_sequences, whole(lengths), strict=True)
    ]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """`pack_padded_sequence` of sequences (length, ...) of several lengths.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html

    Raises:
        RuntimeError: if the longest does not come first, unless `enforce_sorted` is False.

    >>> pack_sequence([tensor([1, 2]), tensor([3])]).data.tolist()
    [1, 3, 2]
    """
    lengths = [each.shape[0] for each in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The inverse of `pack_sequence`.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html

    >>> [each.tolist() for each in unpack_sequence(pack_sequence([tensor([1, 2]), tensor([3])]))]
    [[1, 2], [3]]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
