"""The figures and the sandboxes: each is written whole, and says what the library computed."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from minitorch.datasets import datasets
from minitorch_basics.errors import UserError
from minitorch_basics.figures import SEPARATOR, separates, write_figures
from minitorch_basics.sandbox import PAGES, Page, render, write_sandbox


def test_the_hand_made_line_separates_simple() -> None:
    assert separates(datasets["Simple"](50, seed=3), SEPARATOR) == 50


def test_figures_are_svg_and_png(tmp_path: Path) -> None:
    paths = write_figures(tmp_path / "figures", epochs=1)
    assert [path.name for path in paths] == [
        "task0.5.svg",
        "task0.5.png",
        "task1.5.svg",
        "task1.5.png",
    ]
    assert ElementTree.parse(paths[0]).getroot().tag.endswith("svg")
    assert paths[1].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_every_page_renders(page: Page) -> None:
    text = render(page)
    assert f"<h1>{page.title}</h1>" in text
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>")


def test_the_pages_link_to_one_another(tmp_path: Path) -> None:
    names = [path.name for path in write_sandbox(tmp_path)]
    for name in names:
        assert all(f'href="{other}"' in (tmp_path / name).read_text() for other in names)


def test_a_file_in_the_way_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="cannot make the folder"):
        write_sandbox(tmp_path / "taken")
