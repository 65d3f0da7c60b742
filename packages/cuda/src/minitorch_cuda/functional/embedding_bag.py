"""embedding_bag without a tensor of all rows; the kernels are in `kernels.embedding_bag`.

What offsets or indices have wrong is an error when the host next waits for the device, in the
simulator at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from minitorch_autodiff import no_grad
from minitorch_cuda.faults import Check
from minitorch_cuda.functional.launching import (
    backend_of,
    computed,
    dense,
    floating,
    fresh,
    limits_of,
    placeholder,
    run,
)
from minitorch_cuda.kernel import Plan
from minitorch_cuda.kernels.embedding_bag_plan import (
    Bags,
    plan_added_bags,
    plan_largest_bags,
    plan_places_of_bags,
    plan_summed_bags,
)
from minitorch_tensor import Tensor, int64
from minitorch_tensor.functional.embedding import embedding, shrink_rows
from minitorch_tensor.functional.embedding_bag import (
    bags_of,
    check_embedding_bag,
    embedding_bag,
)
from minitorch_tensor.fusing import linear_map, unchanged
from minitorch_tensor.op import record_fused
from minitorch_tensor.views import linear, reshape, unsqueeze

_TITLE = "EmbeddingBagBackward0"


@dataclass(frozen=True, eq=False)
class _Lookup:
    """The bags of one call: what its launches read, besides the table."""

    bags: Bags
    index: Tensor
    offsets: Tensor | None
    weights: Tensor | None  # of the samples, flat
    mean: bool
    by_use: bool  # whether gradients are divided by how often a row is used
    counts: Tensor

    def start(self, plan: Plan, *tensors: Tensor) -> None:
        """Launch a kernel that may find a bad index or bad offsets; those words come last.

        Raises:
            RuntimeError: if it found one, and has ended already: see `run_checked`.
        """
        launcher = backend_of(self.index.storage.device).launcher
        offsets = placeholder(self.offsets, self.index)
        rows, error = self.bags.rows, RuntimeError
        bad = Check("embedding_bag", self.index.layout, rows, 0, error=error)
        message = (
            "embedding_bag: offsets have to begin with 0, not to decrease, and not to be greater "
            f"than the length of the input, {self.bags.indices}"
        )
        wrong = Check("", offsets.layout, 1, 0, message, error)
        words = [launcher.expect(bad, self.index.storage.buffer)]
        words.append(launcher.expect(wrong, offsets.storage.buffer))
        launcher.launch(plan, [*(x.storage.buffer for x in tensors), *words])
        if launcher.immediate:
            launcher.look()

    def summed(self, given: Tensor) -> Tensor:
        """The sums or means of the rows of a table."""
        table = dense(given)
        y = fresh(table, (self.bags.number, table.layout.shape[1]))
        weights = self.weights
        plan = plan_summed_bags(
            y.layout, table.layout, self.bags, self.index.layout,
            None if weights is None else weights.layout, self.mean, y.dtype, limits_of(y),
        )  # fmt: skip
        offsets = placeholder(self.offsets, self.index)
        self.start(plan, y, self.counts, table, self.index, offsets, placeholder(weights, table))
        return y

    def largest(self, given: Tensor) -> tuple[Tensor, Tensor]:
        """The maxima, and of which row each is; -1 for an empty bag."""
        table = dense(given)
        y = fresh(table, (self.bags.number, table.layout.shape[1]))
        winner = fresh(table, y.layout.shape, int64)
        plan = plan_largest_bags(
            y.layout, table.layout, self.bags, self.index.layout, y.dtype, limits_of(y)
        )
        offsets = placeholder(self.offsets, self.index)
        self.start(plan, y, self.counts, winner, table, self.index, offsets)
        return y, winner

    def places(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The bag of each index, -1 for one that does not count, and its factor."""
        count, weights = self.bags.indices, self.weights
        bag, factor = fresh(like, (count,), int64), fresh(like, (count,), computed(like))
        plan = plan_places_of_bags(
            self.bags, self.index.layout, None if weights is None else weights.layout, self.mean,
            like.dtype, limits_of(like),
        )  # fmt: skip
        offsets, weights = placeholder(self.offsets, self.index), placeholder(weights, like)
        run(plan, bag, factor, self.index, offsets, weights, self.counts)
        return bag, factor

    def added(self, given: Tensor) -> Tensor:
        """The gradient of the table: `summed`'s transpose."""
        with no_grad():
            g = dense(given.detach())
            bag, factor = self.places(g)
            if self.by_use:
                factor = factor / self._uses(bag, factor)
            table = fresh(g, (self.bags.rows, g.layout.shape[1]), computed(g))
            plan = plan_added_bags(table.layout, g.layout, self.index.layout, g.dtype, limits_of(g))
            run(plan, table, g, self.index, bag, factor)
            return table.to(g.dtype)

    def _uses(self, bag: Tensor, like: Tensor) -> Tensor:
        """How often the row of each index is used."""
        counted = (bag >= 0).to(like.dtype)
        uses = like._full((self.bags.rows,), 0.0, like.dtype).index_add(0, self.index, counted)
        return uses.gather(0, self.index)

    def again(self, table: Tensor, weights: Tensor) -> Tensor:
        """The sums as a composition, for second derivatives with weights of the samples."""
        bag, _ = self.places(table.detach())
        counted = unsqueeze((bag >= 0).to(table.dtype) * reshape(weights, (-1,)), 1)
        picked = embedding(self.index, table, scale_grad_by_freq=self.by_use) * counted
        total = table._full((self.bags.number, table.shape[1]), 0.0, table.dtype)
        return total.index_add(0, bag.clamp(min=0), picked)

    def weighed(self, g: Tensor, table: Tensor) -> Tensor:
        """The gradient of the weights of the samples: of each, that of its bag times its row."""
        bag, _ = self.places(table)
        products = g.index_select(0, bag.clamp(min=0)) * table.index_select(0, self.index)
        found = products.sum(1)
        return found.where(bag >= 0, found._constant(0.0, found.dtype))


def _lookup(
    input: Tensor, weight: Tensor, offsets: Tensor | None, scale_grad_by_freq: bool, mode: str,
    sparse: bool, per_sample_weights: Tensor | None, last: bool, padding_idx: int | None,
) -> _Lookup | None:  # fmt: skip
    """The bags of a call, if kernels are for it."""
    padding = check_embedding_bag(
        input, weight, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, padding_idx
    )
    place = input.storage.device
    known = [x for x in (weight, offsets, per_sample_weights) if x is not None]
    fits = floating(weight) and all(x.storage.device is place for x in known)
    number = input.shape[0] if offsets is None else offsets.shape[0] - int(last)
    if not (fits and number > 0 and input.layout.size and weight.layout.size):
        return None
    index = reshape(dense(input.to(int64)), (-1,))
    begins = None if offsets is None else dense(offsets.to(int64))
    factors = None
    if per_sample_weights is not None:
        factors = reshape(dense(per_sample_weights.detach()), (-1,))
    bags = Bags(
        index.layout.size, number, None if begins is None else begins.layout, last,
        weight.shape[0], -1 if padding is None else padding,
    )  # fmt: skip
    counts = fresh(weight, (number,), int64)
    return _Lookup(bags, index, begins, factors, mode == "mean", scale_grad_by_freq, counts)


def _largest(found: _Lookup, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The maxima, recorded; and the rows, 0 for an empty bag."""
    y, winner = found.largest(weight)
    some, row = (winner >= 0).to(weight.dtype), winner.clamp(min=0)
    rows = weight.layout.shape

    def added(g: Tensor) -> Tensor:
        return g._full(rows, 0.0, g.dtype).scatter_add(0, row, g * some)

    return linear(weight, y, _TITLE, added), row


def _summed(
    found: _Lookup, input: Tensor, weight: Tensor, offsets: Tensor | None, factors: Tensor | None
) -> Tensor:
    """The sums, recorded."""
    same = unchanged(_TITLE, input, offsets)

    def added(g: Tensor) -> Tensor:
        same()
        return found.added(g)

    if factors is None or not factors.requires_grad:
        same_factors = unchanged(_TITLE, factors)

        def transpose(g: Tensor) -> Tensor:
            same_factors()
            return added(g)

        return linear_map(_TITLE, weight, found.summed, transpose)
    table, shape = weight.detach(), factors.layout.shape

    def gradients(g: Tensor) -> tuple[Tensor, Tensor]:
        return added(g), reshape(found.weighed(g, table), shape)

    return record_fused(
        _TITLE, found.summed(weight), (weight, factors), gradients,
        lambda inputs: found.again(*inputs),
    )  # fmt: skip


def _in_kernels(
    input: Tensor, weight: Tensor, offsets: Tensor | None, max_norm: float | None,
    norm_type: float, scale_grad_by_freq: bool, mode: str, sparse: bool,
    per_sample_weights: Tensor | None, last: bool, padding_idx: int | None,
) -> tuple[Tensor, Tensor, _Lookup] | None:  # fmt: skip
    """The bags, who is largest in them, and how they were found; None if kernels are not for it.

    Raises:
        RuntimeError: if an index or an offset was found to be bad.
    """
    found = _lookup(
        input, weight, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, last,
        padding_idx,
    )  # fmt: skip
    if found is None or (max_norm is not None and last):  # what lies behind is not used
        return None
    try:
        if max_norm is not None:
            shrink_rows(weight, found.index, max_norm, norm_type)
        if mode == "max":
            return *_largest(found, weight), found
        return _summed(found, input, weight, offsets, per_sample_weights), found.counts, found
    except (IndexError, RuntimeError):
        bags_of.composite(  # says so in the words of this function
            input, weight, offsets, None, norm_type, scale_grad_by_freq, mode, sparse,
            per_sample_weights, last, padding_idx,
        )  # fmt: skip
        raise


@bags_of.override("cuda")
def bags_in_kernels(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None,
    max_norm: float | None,
    norm_type: float,
    scale_grad_by_freq: bool,
    mode: str,
    sparse: bool,
    per_sample_weights: Tensor | None,
    include_last_offset: bool,
    padding_idx: int | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The bag of each index is found when it is asked for; behind the last offset it is -1."""
    made = _in_kernels(
        input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    if made is None:
        return bags_of.composite(
            input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
            per_sample_weights, include_last_offset, padding_idx,
        )  # fmt: skip
    y, largest, found = made
    every = replace(found, bags=found.bags._replace(skipped=-1), weights=None, mean=False)
    return y, every.places(weight)[0], found.counts, largest


@embedding_bag.override("cuda")
def fused_embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """One launch; two more backward."""
    made = _in_kernels(
        input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse,
        per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    if made is not None:
        return made[0]
    return embedding_bag.composite(
        input,
        weight,
        offsets,
        max_norm,
        norm_type,
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        include_last_offset,
        padding_idx,
    )
