"""Every example of the READMEs and of docs/ runs, and every link within the repository leads on.

Blocks marked ```python are run in order, with one namespace for each file, in an empty folder. A
block with `>>>` is a doctest; any other has only to run. A fragment that cannot run by itself is
marked ```python no-run.
"""

import doctest
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .workspace import ROOT, members

FENCE = re.compile(r"^```python[ \t]*$\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)

# [text](target), up to a #fragment; not an address of the web, nor a place in the same page.
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")

READMES = [member.folder / "README.md" for member in members()]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *READMES])


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """Each runnable block with the number of its first line, counted from 1."""
    for match in FENCE.finditer(text):
        yield text.count("\n", 0, match.start(1)) + 1, match.group(1)


def run_block(source: str, line: int, path: Path, namespace: dict[str, object]) -> None:
    if ">>>" not in source:
        # Blank lines in front, so that a traceback names the line of the document.
        exec(compile("\n" * (line - 1) + source, str(path), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(source, namespace, path.name, str(path), line - 1)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append, clear_globs=False)
    assert runner.failures == 0, "".join(report)
    namespace.update(test.globs)  # get_doctest copied them


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_document_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, source in blocks(path.read_text(encoding="utf-8")):
        run_block(source, line, path, namespace)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_document_lead_to_files(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    missing = [link for link in targets if not (path.parent / link).exists()]
    assert not missing, f"{path.relative_to(ROOT)} links to what is not there: {missing}"


def test_a_block_that_is_wrong_fails_at_its_line(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# Page\n\n```python\n>>> x = 1\n```\n\n```python\n>>> x + 1\n3\n```\n")
    first, second = blocks(document.read_text())
    namespace: dict[str, object] = {}
    run_block(first[1], first[0], document, namespace)
    said = r'page\.md", line 8.*Expected:\s+3\s+Got:\s+2'
    with pytest.raises(AssertionError, match="(?s)" + said):
        run_block(second[1], second[0], document, namespace)


def test_a_block_marked_no_run_is_left_alone() -> None:
    assert list(blocks("```python no-run\n1 / 0\n```\n```bash\nls\n```\n")) == []
