"""Rows: views under other names, pieces, windows, stacks, repeats, triangles, parts replaced."""

from __future__ import annotations

from types import ModuleType

from .table import MASK, Call, Given, Row, Tensor, X, method, named, row

VECTOR = Given((5,))
CUBE = Given((2, 3, 4))
SQUARE = Given((3, 3))


def rows() -> list[Row]:
    """All of them."""
    return [
        *_views(), *_pieces(), *_stacks(), *_repeats(), *_triangles(), *_scatters(), *_copies(),
        *_in_place(), *_combined(),
    ]  # fmt: skip


def _views() -> list[Row]:
    return [
        row("moveaxis", lambda lib, x: lib.moveaxis(x, (0, 1), (-1, 0)), CUBE),
        row("swapaxes", lambda lib, x: lib.swapaxes(x, 0, -1), CUBE),
        row("swapdims", lambda lib, x: lib.swapdims(x, 0, 1)),
        row("adjoint", named("adjoint"), CUBE),
        row("H", lambda lib, x: x.H),
        row("mH", lambda lib, x: x.mH, CUBE),
        row("ravel", named("ravel")),
        row("reshape_as", lambda lib, x, y: x.reshape_as(y), X, Given((6, 2))),
        row("atleast_1d", named("atleast_1d"), Given(())),
        row("atleast_2d", lambda lib, x, y: lib.atleast_2d(x, y)[1], X, VECTOR, dtypes=False),
        row("atleast_3d", lambda lib, x, y: lib.atleast_3d((x, y))[0], X, VECTOR, dtypes=False),
        row("squeeze tuple", method("squeeze", (0, 2)), Given((1, 3, 1))),
        row("narrow tensor", lambda lib, x: x.narrow(1, lib.tensor(1), 2)),
        row("unfold", method("unfold", 1, 3, 2), Given((2, 7))),
        row("unfold of overlapping", method("unfold", 0, 3, 1), VECTOR),
        row("unfold of a number", method("unfold", 0, 1, 1), Given(())),
        row("permute dims=", lambda lib, x: lib.permute(x, dims=(1, 0))),
        row("flip dims=", lambda lib, x: lib.flip(x, dims=(0,))),
        row("reshape shape=", lambda lib, x: lib.reshape(x, shape=(4, 3))),
        row("expand size=", lambda lib, x: x.expand(size=(2, 3, 4))),
        row("repeat repeats=", lambda lib, x: x.repeat(repeats=(2, 1))),
    ]


def _pieces() -> list[Row]:
    return [
        row("split_with_sizes", lambda lib, x: lib.split_with_sizes(x, [1, 3], 1)[1]),
        row("tensor_split", lambda lib, x: lib.tensor_split(x, 3, -1)[0]),
        row("tensor_split at", lambda lib, x: lib.tensor_split(x, (1, -1), 1)[1]),
        row("tensor_split tensor", lambda lib, x: lib.tensor_split(x, lib.tensor([2, 1]), 1)[2]),
        row("hsplit", lambda lib, x: lib.hsplit(x, 2)[1]),
        row("vsplit", lambda lib, x: lib.vsplit(x, [1, 2])[1]),
        row("dsplit", lambda lib, x: lib.dsplit(x, 2)[0], CUBE),
    ]


def _stacks() -> list[Row]:
    def stacked(name: str, *inputs: Given) -> Row:
        shapes = ", ".join(str(given.shape) for given in inputs)
        return row(
            f"{name} of {shapes}", lambda lib, *tensors: getattr(lib, name)(tensors), *inputs
        )

    return [
        stacked("concat", X, X),
        row("concatenate", lambda lib, x, y: lib.concatenate([x, y], axis=1), X, Given((3, 2))),
        stacked("hstack", X, Given((3, 2))),
        stacked("hstack", VECTOR, Given(())),
        stacked("vstack", X, Given((4,))),
        stacked("row_stack", VECTOR, VECTOR),
        stacked("dstack", X, X),
        stacked("dstack", VECTOR, VECTOR),
        stacked("column_stack", Given((3,)), X),
        row("block_diag", named("block_diag"), X, VECTOR, Given(())),
        row(
            "block_diag of mixed",
            lambda lib, x: lib.block_diag(x, lib.ones(1, 2, dtype=lib.int64, device=x.device)),
        ),
        row("meshgrid of a list", lambda lib, x: lib.meshgrid([x, x], indexing="xy")[1], VECTOR),
        row("broadcast_tensors", lambda lib, x, y: lib.broadcast_tensors(x, y)[1], X, Given((4,))),
    ]


def _repeats() -> list[Row]:
    def counts(lib: ModuleType, x: Tensor) -> Tensor:
        return lib.tensor([2, 0, 3], device=x.device)

    return [
        row("tile", lambda lib, x: lib.tile(x, (2,))),
        row("tile more", lambda lib, x: x.tile(2, 1, 2)),
        row("repeat_interleave", lambda lib, x: lib.repeat_interleave(x, 2)),
        row("repeat_interleave dim", lambda lib, x: x.repeat_interleave(3, dim=1)),
        row("repeat_interleave tensor", lambda lib, x: x.repeat_interleave(counts(lib, x), 0)),
        row(
            "repeat_interleave alone",
            lambda lib, x: lib.repeat_interleave(counts(lib, x), output_size=5),
            gradient=False,
            layouts=False,
            dtypes=False,
        ),
    ]


def _triangles() -> list[Row]:
    def written(name: str, *args: object, **kwargs: object) -> Call:
        return lambda lib, x: getattr(x * 1, name)(*args, **kwargs)

    return [
        row("tril_", written("tril_", 1)),
        row("triu_", written("triu_", -1)),
        row("fill_diagonal_", written("fill_diagonal_", 2)),
        row("fill_diagonal_ wrap", written("fill_diagonal_", 2, wrap=True), Given((9, 2))),
        row("fill_diagonal_ of a cube", written("fill_diagonal_", 2), Given((3, 3, 3))),
        row("diag_embed", named("diag_embed")),
        row("diag_embed dims", lambda lib, x: lib.diag_embed(x, 1, 2, 0)),
        row("diag_embed offset", lambda lib, x: lib.diag_embed(x, -1, 0, -2)),
        row("diagflat", lambda lib, x: lib.diagflat(x, -1), Given((2, 2))),
        row("diagonal dims", lambda lib, x: x.diagonal(1, -1, 0), CUBE),
        row("fliplr", named("fliplr")),
        row("flipud", named("flipud")),
        *(row(f"rot90 {k}", lambda lib, x, k=k: lib.rot90(x, k)) for k in (-1, 0, 1, 2)),
        row("rot90 dims", lambda lib, x: x.rot90(1, (2, 0)), CUBE),
    ]


def _scatters() -> list[Row]:
    return [
        row("diagonal_scatter", lambda lib, x, y: lib.diagonal_scatter(x, y, 1), X, Given((3,))),
        row("select_scatter", lambda lib, x, y: lib.select_scatter(x, y, 1, -1), X, Given((3,))),
        row(
            "slice_scatter",
            lambda lib, x, y: lib.slice_scatter(x, y, 1, -3, None, 2),
            X,
            Given((3, 2)),
        ),
        row(
            "as_strided_scatter",
            lambda lib, x, y: lib.as_strided_scatter(x, y, (2, 2), (1, 2)),
            X,
            Given((2, 2)),
            layouts=False,
            gradient=False,  # PyTorch's is that of what is replaced; test_arranging has ours
        ),
    ]


def _copies() -> list[Row]:
    pieces: dict[str, tuple[object, ...]] = {
        "narrow_copy": (1, 1, 2),
        "diagonal_copy": (1,),
        "expand_copy": ((2, 3, 4),),
        "permute_copy": ((1, 0),),
        "select_copy": (0, 1),
        "slice_copy": (1, 0, 4, 2),
        "squeeze_copy": (),
        "t_copy": (),
        "transpose_copy": (0, 1),
        "unfold_copy": (1, 2, 1),
        "unsqueeze_copy": (0,),
        "view_copy": ((4, 3),),
        "alias_copy": (),
    }
    several: dict[str, tuple[object, ...]] = {
        "split_copy": (2,),
        "split_with_sizes_copy": ([1, 2],),
        "unbind_copy": (1,),
    }
    return [
        *(
            row(n, lambda lib, x, n=n, args=args: getattr(lib, n)(x, *args), layouts=False)
            for n, args in pieces.items()
        ),
        *(
            row(n, lambda lib, x, n=n, args=args: getattr(lib, n)(x, *args)[0])
            for n, args in several.items()
        ),
        row("as_strided_copy", lambda lib, x: lib.as_strided_copy(x, (2,), (3,)), layouts=False),
        row("detach_copy", lambda lib, x: lib.detach_copy(x.detach()), gradient=False),
    ]


def _in_place() -> list[Row]:
    def reshaped(name: str, *args: object) -> Row:
        def call(lib: ModuleType, x: Tensor) -> Tensor:
            y = x * 1
            getattr(y, name)(*args)
            return y * y

        layouts = name != "as_strided_"
        return row(f"{name}{args}", call, Given((1, 3, 4)), layouts=layouts, dtypes=False)

    def look_and_write(lib: ModuleType, x: Tensor) -> Tensor:
        y = x * 1
        z = y[0:2]
        y.t_()
        z.mul_(3)
        y.add_(1)
        return y * y + (z * z).sum()

    return [
        row("t_", lambda lib, x: (x * 1).t_() * 2),
        reshaped("transpose_", 0, 2),
        reshaped("swapaxes_", 0, 1),
        reshaped("swapdims_", 1, 2),
        reshaped("squeeze_"),
        reshaped("squeeze_", 0),
        reshaped("unsqueeze_", -1),
        reshaped("as_strided_", (2, 2), (1, 3)),
        row("t_ and writes into views", look_and_write, SQUARE, dtypes=False),
    ]


def _combined() -> list[Row]:
    return [
        row("cartesian_prod", named("cartesian_prod"), Given((2,)), Given((3,))),
        row("combinations", named("combinations"), VECTOR),
        row("combinations again", lambda lib, x: lib.combinations(x, 3, True), Given((3,))),
        # PyTorch refuses its own result in backward: it was written in place.
        row("vander", named("vander"), VECTOR, gradient=False),
        row("vander N", lambda lib, x: lib.vander(x, 2, increasing=True), VECTOR, gradient=False),
        row("sum_to_size", method("sum_to_size", 3, 1)),
        row("sum_to_size less", method("sum_to_size", (3, 1)), CUBE),
        row("bool mask tiled", lambda lib, m: lib.tile(m, (2, 1)), MASK, gradient=False),
    ]
