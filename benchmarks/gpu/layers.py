"""Layers beyond products: attention, norms of images, embeddings, recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from .row import Group, Make, Row, Step, Tensor, array, both_ways, gradients, on


def _of(function: Callable[..., Tensor], *shapes: tuple[int, ...], back: bool) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        given = [on(torch, device, *shape, seed=i) for i, shape in enumerate(shapes)]
        if back:
            return both_ways(torch, lambda *xs: function(torch, *xs), *given)
        return lambda: function(torch, *given)

    return make


def _attention(heads: tuple[int, ...], causal: bool, back: bool) -> Row:
    """Attention of 4-dimensional heads (images, heads, length, width)."""

    def function(torch: ModuleType, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(q, k, v, is_causal=causal)

    images, count, length, width = heads
    work = 4.0 * images * count * length * length * width * (0.5 if causal else 1.0)
    return Row(
        f"attention {images} x {count} x {length} x {width}{', causal' if causal else ''}, "
        f"{'forward and backward' if back else 'forward'}",
        _of(function, *3 * [heads], back=back),
        _of(function, *3 * [(2, 2, 5, 8)], back=back),
        1 / 0.6,
        flops=work * (3.5 if back else 1.0),
        tolerance=1e-3,
    )


def _batch_norm(torch: ModuleType, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.nn.functional.batch_norm(x, None, None, w, b, training=True)


def _group_norm(torch: ModuleType, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return torch.nn.functional.group_norm(x, min(32, x.shape[1] // 2), w, b)


def _norm(name: str, function: Callable[..., Tensor], *shape: int) -> Row:
    channels = [(shape[1],)] * 2
    return Row(
        f"{name}, {' x '.join(str(n) for n in shape)}, forward and backward",
        _of(function, shape, *channels, back=True),
        _of(function, (3, 4, 3, 3), (4,), (4,), back=True),
        1 / 0.95,
        nbytes=4 * 8 * shape[0] * shape[1] * shape[2] * shape[3],
        tolerance=1e-3,
    )


def _embedding(rows: int, width: int, count: int, back: bool) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        index = (abs(array(count)) * rows / 5).astype("int64") % rows
        at = torch.tensor(index).to(device)
        table = on(torch, device, rows, width)
        look = torch.nn.functional.embedding
        if back:
            return gradients(torch, lambda t: look(at, t), table)
        return lambda: look(at, table)

    return make


def _look(back: bool) -> Row:
    return Row(
        f"embedding 16384 of 50257 x 768, {'gradient' if back else 'forward'}",
        _embedding(50257, 768, 16384, back),
        _embedding(7, 8, 9, back),
        1 / 0.9,
        nbytes=4 * 768 * (50257 + 16384 if back else 2 * 16384),
        tolerance=1e-3,
    )


def _bags(back: bool) -> Row:
    def of(rows: int, width: int, count: int, size: int) -> Make:
        def make(torch: ModuleType, device: str) -> Step:
            index = (abs(array(count, size)) * rows / 5).astype("int64") % rows
            at = torch.tensor(index).to(device)
            table = on(torch, device, rows, width)
            look = torch.nn.functional.embedding_bag
            if back:
                return gradients(torch, lambda t: look(at, t, mode="sum"), table)
            return lambda: look(at, table, mode="sum")

        return make

    return Row(
        f"embedding_bag, 8192 of 32 of 100000 x 128, {'gradient' if back else 'forward'}",
        of(100000, 128, 8192, 32),
        of(7, 8, 9, 3),
        2.0 if back else 1 / 0.9,
        nbytes=4 * 128 * (100000 + 8192 * 32 if back else 8192 * 33),
        tolerance=1e-3,
    )


def _recurrent(kind: str, length: int, batch: int, width: int) -> Make:
    def make(torch: ModuleType, device: str) -> Step:
        torch.manual_seed(0)
        layer = getattr(torch.nn, kind)(width, width).to(device)
        for i, p in enumerate(layer.parameters()):
            p.data.copy_(on(torch, device, *p.shape, seed=i) * 0.1)
        x = on(torch, device, length, batch, width)
        return both_ways(torch, lambda y: layer(y)[0], x)

    return make


GROUPS = [
    Group(
        "attention, float32",
        [
            _attention(heads, causal, back)
            for heads in ((16, 12, 1024, 64), (4, 16, 2048, 128))
            for causal in (False, True)
            for back in (False, True)
        ],
    ),
    Group(
        "norms of images, embeddings, recurrent layers",
        [
            _norm("batch_norm", _batch_norm, 64, 64, 112, 112),
            _norm("batch_norm", _batch_norm, 64, 512, 7, 7),
            _norm("group_norm", _group_norm, 64, 256, 56, 56),
            _look(back=False),
            _look(back=True),
            _bags(back=False),
            _bags(back=True),
            *(
                Row(
                    f"{kind} 128 steps of 64 x 512, forward and backward",
                    _recurrent(kind, 128, 64, 512),
                    _recurrent(kind, 3, 2, 4),
                    2.0,
                    tolerance=1e-3,
                )
                for kind in ("LSTM", "GRU")
            ),
        ],
    ),
]
