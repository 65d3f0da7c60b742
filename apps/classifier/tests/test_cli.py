"""The command as a user sees it: files, last lines, exit codes, one line of error."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minitorch_classifier.cli import main
from minitorch_classifier.data import load_digits
from minitorch_classifier.interrupt import deferred

from .conftest import Call, contents

SMALL = ("--model", "mlp", "--epochs", "2", "--batch-size", "200")
LAST_LINE = re.compile(r"test accuracy: \d+\.\d%\n\Z")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run of two epochs; to be copied, not changed."""
    runs = tmp_path_factory.mktemp("runs")
    with pytest.raises(SystemExit) as exit_:
        main(["train", *SMALL, "--name", "mine", "--runs", str(runs)])
    assert exit_.value.code == 0
    return runs / "mine"


@pytest.fixture
def run(classify: Call, tmp_path: Path, finished: Path) -> Path:
    """A small run of two epochs, in runs/mine."""
    return Path(shutil.copytree(finished, tmp_path / "runs" / "mine"))


def test_a_training_prints_its_accuracy_last_and_leaves_five_files(classify: Call) -> None:
    result = classify("train", *SMALL)
    assert result.code == 0
    assert LAST_LINE.search(result.out)
    assert len(re.findall(r"epoch \d/2 .* images/s", result.out)) == 2
    folder = Path("runs", "digits-mlp-001")
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.safetensors",
        "confusion-matrix.png",
        "learning-curve.png",
        "settings.json",
    ]
    for name in ("confusion-matrix.png", "learning-curve.png"):
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 300


def test_a_few_samples_are_learned_from_and_as_many_tested(classify: Call) -> None:
    result = classify("train", *SMALL, "--samples", "20", "--name", "few")
    assert result.code == 0
    assert "20 images to learn from, 20 to test" in result.out
    assert "simulated" not in result.out
    result = classify("train", "--resume", "few", "--epochs", "3")
    assert "20 images to learn from, 20 to test" in result.out
    assert "20 test images" in classify("evaluate", "few").out
    result = classify("train", "--samples", "0")
    assert (result.code, result.err) == (2, "error: samples must be at least 1, got 0\n")
    result = classify("train", "--resume", "few", "--samples", "3")
    assert "--samples cannot change in a run" in result.err


def test_a_second_training_gets_a_folder_of_its_own(classify: Call) -> None:
    classify("train", *SMALL)
    before = contents(Path("runs"))
    assert classify("train", *SMALL).code == 0
    after = contents(Path("runs"))
    assert before.items() <= after.items()
    weights = "checkpoint.safetensors"
    assert after[f"digits-mlp-002/{weights}"] == after[f"digits-mlp-001/{weights}"]


def test_a_name_that_exists_is_refused_and_the_run_untouched(classify: Call, run: Path) -> None:
    before = contents(run)
    result = classify("train", *SMALL, "--name", "mine")
    assert (result.code, result.out) == (2, "")
    assert "runs/mine exists already" in result.err
    assert contents(run) == before


def test_a_resumed_run_has_the_numbers_of_an_uninterrupted_one(classify: Call, run: Path) -> None:
    assert classify("train", "--resume", "mine", "--epochs", "4").code == 0
    classify("train", *SMALL[:2], "--epochs", "4", *SMALL[4:], "--name", "straight")
    assert contents(run) == contents(Path("runs", "straight"))


def test_mnist_trains_and_may_move_before_it_is_resumed(classify: Call, mnist: Path) -> None:
    arguments = ("--dataset", "mnist", "--model", "lenet", "--epochs", "1")
    assert classify("train", *arguments, "--data-dir", mnist, "--name", "m").code == 0
    moved = mnist.rename(mnist.parent / "moved")
    assert "no such folder" in classify("train", "--resume", "m", "--epochs", "2").err
    assert classify("train", "--resume", "m", "--epochs", "2", "--data-dir", moved).code == 0
    assert LAST_LINE.search(classify("evaluate", "m").out)


def test_evaluate_prints_the_accuracy_that_train_printed(classify: Call) -> None:
    trained = classify("train", *SMALL)
    result = classify("evaluate", "digits-mlp-001")
    assert result.code == 0
    assert result.out.splitlines()[-1] == trained.out.splitlines()[-1]
    assert len(re.findall(r"^\d: +\d+ of +\d+ right", result.out, re.MULTILINE)) == 10


def test_predict_prints_a_class_and_ten_probabilities_for_each_image(
    classify: Call, tmp_path: Path
) -> None:
    classify("train", "--model", "mlp", "--epochs", "4", "--name", "mine")
    digits = load_digits().test
    names = []
    for index in range(20):
        names.append(f"{index}.png")
        pixels = np.round(digits.pixels[index] * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / names[-1])
    result = classify("predict", "mine", *names)
    assert result.code == 0
    lines = result.out.splitlines()
    classes = [re.fullmatch(r"(\d+)\.png: (\d) \(\d+\.\d%\)", line) for line in lines[::2]]
    guesses = [int(match[2]) for match in classes if match]
    assert len(guesses) == 20
    assert np.mean(np.array(guesses) == digits.labels[:20]) >= 0.8
    for line in lines[1::2]:
        shares = [float(share) for share in re.findall(r"\d: ([\d.]+)%", line)]
        assert len(shares) == 10
        assert sum(shares) == pytest.approx(100, abs=0.6)


BAD = {
    "epochs 0": (["train", "--epochs", "0"], "epochs must be at least 1, got 0"),
    "epochs -3": (["train", "--epochs", "-3"], "epochs must be at least 1, got -3"),
    "epochs x": (["train", "--epochs", "x"], "'--epochs'"),
    "batch size": (["train", "--batch-size", "0"], "batch size must be at least 1"),
    "lr 0": (["train", "--lr", "0"], "lr must be a positive number, got 0"),
    "lr nan": (["train", "--lr", "nan"], "lr must be a positive number, got nan"),
    "lr huge": (["train", *SMALL, "--lr", "1e30"], "is too high, try a smaller --lr"),
    "seed": (["train", "--seed", "-1"], "seed must be from 0"),
    "model": (["train", "--model", "vgg"], "no model 'vgg'; there are: lenet, mlp"),
    "optimizer": (["train", "--optimizer", "lion"], "no optimizer 'lion'; there are: sgd,"),
    "device": (["train", "--device", "abacus"], "--device abacus: "),
    "dataset": (["train", "--dataset", "cifar"], "no data set 'cifar'; there are: digits, mnist"),
    "no data dir": (["train", "--dataset", "mnist"], "--dataset mnist needs --data-dir"),
    "data dir": (["train", "--dataset", "mnist", "--data-dir", "no"], "no: no such folder"),
    "digits dir": (["train", "--data-dir", "."], "--data-dir belongs to --dataset mnist"),
    "name": (["train", "--name", "../x"], "use letters, digits"),
    "runs": (["train", *SMALL, "--runs", "file"], "cannot make the folder file: File exists"),
    "below a file": (["train", *SMALL, "--runs", "file/x"], "cannot make the folder file/x"),
    "resume": (["train", "--resume", "nobody"], "no run 'nobody'; there are: mine"),
    "resume done": (["train", "--resume", "mine"], "2 of 2 epochs already; give --epochs 3"),
    "resume less": (["train", "--resume", "mine", "--epochs", "1"], "2 of 1 epochs already"),
    "resume model": (["train", "--resume", "mine", "--model", "mlp"], "--model cannot change"),
    "resume device": (
        ["train", "--resume", "mine", "--epochs", "3", "--device", "abacus"],
        "--device abacus: ",
    ),
    "evaluate": (["evaluate", "nobody"], "no run 'nobody'; there are: mine"),
    "evaluate device": (["evaluate", "mine", "--device", "abacus"], "--device abacus: "),
    "no image": (["predict", "mine", "no.png"], "cannot read no.png: No such file or directory"),
    "no picture": (["predict", "mine", "file"], "file: no picture (PNG, JPEG,"),
    "no images": (["predict", "mine"], "Missing argument"),
    "ink": (["predict", "mine", "file", "--ink", "red"], "no --ink 'red'"),
    "option": (["train", "--speed", "9"], "No such option: --speed"),
    "command": (["fly"], "No such command 'fly'"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2_and_harms_no_run(
    classify: Call, run: Path, case: str
) -> None:
    arguments, message = BAD[case]
    Path("file").write_text("mine")
    before = contents(Path())
    result = classify(*arguments)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert message in result.err
    assert contents(Path()) == before
    assert os.listdir("runs") == ["mine"]


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "settings.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "folder", "flipped"])
@pytest.mark.parametrize(
    "command", [("evaluate", "mine"), ("train", "--resume", "mine", "--epochs", "3")]
)
def test_a_damaged_run_is_named_and_kept_for_its_owner(
    classify: Call, run: Path, name: str, damage: str, command: tuple[str, ...]
) -> None:
    path = run / name
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "gone":
        content[len(content) // 2] ^= 0x80
        changed = {"cut": bytes(content[:-20]), "empty": b"", "flipped": bytes(content)}[damage]
        path.write_bytes(changed)
    before = contents(run)
    result = classify(*command)
    assert result.code == 2
    assert re.fullmatch(r"error: .*(is damaged|cannot read|no run 'mine').*\n", result.err)
    assert contents(run) == before


def test_a_checkpoint_that_cannot_be_written_leaves_the_run_as_it_was(
    classify: Call, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = contents(run)
    monkeypatch.setattr(os, "replace", fail)
    result = classify("train", "--resume", "mine", "--epochs", "3")
    assert result.code == 2
    assert "No space left on device" in result.err
    assert contents(run) == before


def test_help_is_printed_without_arguments(classify: Call) -> None:
    for arguments in ((), ("--help",)):
        result = classify(*arguments)
        assert result.code == 0
        assert all(command in result.out for command in ("train", "evaluate", "predict"))


def test_stopped_by_ctrl_c_a_training_says_how_to_go_on_and_does(
    classify: Call, tmp_path: Path
) -> None:
    # Python, not the shell's script: the test must not depend on what is installed beside it.
    program = "from minitorch_classifier.cli import main; main()"
    arguments = ["train", "--model", "mlp", "--name", "mine", "--epochs", "100000"]
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", program, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background, the signal would be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch"):
                process.send_signal(signal.SIGINT)
                break
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    match = re.fullmatch(
        r"stopped after (\d+) of 100000 epochs; go on with: classify train --resume mine\n", err
    )
    assert match
    epochs = str(int(match[1]) + 1)
    assert classify("train", "--resume", "mine", "--epochs", epochs).code == 0
    straight = ("--model", "mlp", "--epochs", epochs, "--name", "straight")
    assert classify("train", *straight).code == 0
    assert contents(tmp_path / "runs/mine") == contents(tmp_path / "runs/straight")


def test_ctrl_c_is_not_lost_where_python_would_lose_it() -> None:
    """In a destructor KeyboardInterrupt is printed and forgotten."""

    class Destroyed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with deferred() as interrupt:
            Destroyed()
            with pytest.raises(KeyboardInterrupt):
                interrupt.check()
            with pytest.raises(KeyboardInterrupt):  # the second time at once
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_stays_ignored_in_the_background() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred() as interrupt:
            signal.raise_signal(signal.SIGINT)
            interrupt.check()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    program = "from minitorch_classifier.cli import main; main()"
    command = [sys.executable, "-c", program, "train", *SMALL]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
