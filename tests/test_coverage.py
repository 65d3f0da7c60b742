"""docs/coverage.md says what of PyTorch is here, and says it truly."""

from __future__ import annotations

import warnings

import pytest

from .conformance import coverage
from .workspace import ROOT

torch = pytest.importorskip("torch")
minitorch = pytest.importorskip("minitorch")

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def table() -> list[coverage.Name]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of what it will do otherwise one day
        return coverage.walk(torch, minitorch)


def test_nearly_all_of_torchs_functions_on_tensors_have_a_row(table: list[coverage.Name]) -> None:
    assert coverage.share(table) >= 0.95


def test_the_page_is_what_the_rows_say(table: list[coverage.Name]) -> None:
    version = torch.__version__.partition("+")[0]
    page = (ROOT / "docs/coverage.md").read_text(encoding="utf-8")
    assert page == coverage.page(table, version), (
        "docs/coverage.md is not of today; make it again: "
        "uv run python -m tests.conformance.coverage > docs/coverage.md"
    )
