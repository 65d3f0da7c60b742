"""Which sizes follow the sizes of the inputs, and how: found by running the model at several sizes.

A size is an ordinary int while a model runs, so a single run cannot tell the batch's 4 from any
other 4. Runs at other sizes can: a number that is the same in all of them is a constant, and one
that changes is fitted by `a * n + b` or by a product such as `3 * n * m`. One run more than the fit
needs checks it. What fits neither is refused, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    """A sum of products of symbols: each term is a factor and the power of each symbol."""

    terms: tuple[tuple[int, tuple[int, ...]], ...]

    def at(self, sizes: Sequence[int]) -> int:
        """Its number for these sizes of the symbols."""
        return sum(
            factor * math.prod(n**power for n, power in zip(sizes, powers, strict=True))
            for factor, powers in self.terms
        )

    @property
    def constant(self) -> int | None:
        """The number that it is for all sizes, if it follows none."""
        if all(not any(powers) for _, powers in self.terms):
            return sum(factor for factor, _ in self.terms)
        return None

    def text(self, names: Sequence[str]) -> str:
        """The expression as Python writes it.

        >>> Expression(((2, (1, 1)), (3, (0, 0)))).text(["n", "m"])
        '2*n*m + 3'
        """
        return " + ".join(self._term(factor, powers, names) for factor, powers in self.terms)

    @staticmethod
    def _term(factor: int, powers: tuple[int, ...], names: Sequence[str]) -> str:
        symbols = [name for name, power in zip(names, powers, strict=True) for _ in range(power)]
        return "*".join(symbols if factor == 1 and symbols else [str(factor), *symbols])


@dataclass(frozen=True, slots=True)
class Runs:
    """The sizes of the symbols in each run: first a base, then one symbol changed, then all."""

    names: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]

    def constant(self, number: int) -> Expression:
        """A number that follows no symbol."""
        return Expression(((number, (0,) * len(self.names)),))

    def fit(self, numbers: Sequence[int]) -> Expression | None:
        """What gives these numbers in these runs; None if nothing simple does.

        >>> runs = Runs(("n",), ((3,), (4,), (7,)))
        >>> runs.fit([7, 9, 15]), runs.fit([1, 2, 3])
        (Expression(terms=((2, (1,)), (1, (0,)))), None)
        """
        for expression in (self._affine(numbers), self._product(numbers)):
            if expression is not None and all(
                expression.at(sizes) == n for sizes, n in zip(self.sizes, numbers, strict=True)
            ):
                return expression
        return None

    def _affine(self, numbers: Sequence[int]) -> Expression | None:
        base, rest, terms = self.sizes[0], numbers[0], []
        for i in range(len(self.names)):
            change, step = numbers[1 + i] - numbers[0], self.sizes[1 + i][i] - base[i]
            if change % step:
                return None
            if change:
                factor = change // step
                terms.append((factor, tuple(int(i == j) for j in range(len(base)))))
                rest -= factor * base[i]
        if rest or not terms:
            terms.append((rest, (0,) * len(base)))
        return Expression(tuple(terms))

    def _product(self, numbers: Sequence[int]) -> Expression | None:
        base, factor, powers = self.sizes[0], numbers[0], []
        for i in range(len(self.names)):
            before, after = base[i], self.sizes[1 + i][i]
            found = [
                power
                for power in range(3)
                if numbers[1 + i] * before**power == numbers[0] * after**power
            ]
            if not found or factor % before ** found[0]:
                return None
            powers.append(found[0])
            factor //= before ** found[0]
        return Expression(((factor, tuple(powers)),))


def plans(names: Sequence[str], given: Sequence[int]) -> list[Runs]:
    """Runs to try, the first choice first: at larger sizes, or at smaller ones where these are few.

    No size is 1, since dimensions of size 1 are broadcast. The last is far from the others, as a
    model may do something else from some size on.

    >>> plans(["n"], [1])[0].sizes, plans(["n"], [8])[1].sizes
    (((2,), (3,), (7,)), ((8,), (7,), (4,)))
    """
    upward = [(n, n + 1, 2 * n + 3) for n in (max(n, 2) for n in given)]
    downward = [(n, n - 1, n // 2) if n >= 5 else up for n, up in zip(given, upward, strict=True)]
    found = [_runs(names, list(zip(*upward, strict=True)))]
    if downward != upward:
        found.append(_runs(names, list(zip(*downward, strict=True))))
    return found


def _runs(names: Sequence[str], steps: list[tuple[int, ...]]) -> Runs:
    base, other, last = steps
    changed = [(*base[:i], other[i], *base[i + 1 :]) for i in range(len(base))]
    return Runs(tuple(names), (base, *changed, last))
