"""Training learns, stops and goes on to the very same numbers; a checkpoint is whole or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from minitorch_classifier.checkpoint import FILE, Checkpoint
from minitorch_classifier.data import Dataset, load, load_digits
from minitorch_classifier.errors import UserError
from minitorch_classifier.settings import OPTIMIZERS, Settings
from minitorch_classifier.training import Progress, Trainer, infer, load_model

SETTINGS = Settings(dataset="mnist", model="mlp", batch_size=16, epochs=4)


@pytest.fixture
def dataset(mnist: Path) -> Dataset:
    return load("mnist", mnist)


def ignore(_: Progress) -> None:
    """Watch nothing."""


def trained(settings: Settings, dataset: Dataset, epochs: int) -> Trainer:
    trainer = Trainer(settings, dataset)
    for _ in range(epochs):
        trainer.run_epoch(ignore)
    return trainer


def saved(trainer: Trainer, folder: Path) -> bytes:
    trainer.checkpoint().save(folder)
    return (folder / FILE).read_bytes()


@pytest.mark.parametrize("model", ["mlp", "lenet"])
def test_a_model_learns_an_easy_set(dataset: Dataset, model: str) -> None:
    settings = replace(SETTINGS, model=model, optimizer="adam", lr=0.01)
    history = trained(settings, dataset, 12).history
    assert history[-1].loss < 0.2 * history[0].loss
    assert history[-1].test_accuracy >= 0.9


def test_progress_is_reported_at_each_step(dataset: Dataset) -> None:
    steps: list[Progress] = []
    record = Trainer(SETTINGS, dataset).run_epoch(steps.append)
    assert [step.seen for step in steps] == [16, 32, 48, 64, 80]
    assert (steps[-1].loss, steps[-1].accuracy) == (record.loss, record.train_accuracy)
    assert all(step.images_per_second > 0 for step in steps)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", ["mlp", "lenet"])
def test_two_epochs_a_checkpoint_and_four_more_are_six_epochs_number_for_number(
    dataset: Dataset, tmp_path: Path, optimizer: str, model: str
) -> None:
    # Six, so that the rate is halved (after the fifth) on the way.
    settings = replace(SETTINGS, optimizer=optimizer, model=model)
    straight = trained(settings, dataset, 6)
    trained(settings, dataset, 2).checkpoint().save(tmp_path)
    resumed = Trainer(settings, dataset)
    resumed.restore(Checkpoint.load(tmp_path))
    for _ in range(4):
        resumed.run_epoch(ignore)
    assert resumed.history == straight.history
    assert saved(resumed, tmp_path) == saved(straight, tmp_path)


def test_the_rate_is_halved_after_five_epochs(dataset: Dataset) -> None:
    trainer = trained(SETTINGS, dataset, 4)
    assert trainer.optimizer.param_groups[0]["lr"] == SETTINGS.lr
    trainer.run_epoch(ignore)
    assert trainer.optimizer.param_groups[0]["lr"] == SETTINGS.lr / 2


def test_another_seed_gives_other_numbers(dataset: Dataset) -> None:
    first, again, other = (
        trained(replace(SETTINGS, seed=seed), dataset, 1).history for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_model_loaded_from_its_checkpoint_gives_the_same_logits(
    dataset: Dataset, tmp_path: Path
) -> None:
    trainer = trained(SETTINGS, dataset, 1)
    trainer.checkpoint().save(tmp_path)
    checkpoint = Checkpoint.load(tmp_path)
    model = load_model(SETTINGS, checkpoint, "cpu")
    pixels = dataset.test.pixels
    np.testing.assert_array_equal(
        infer(model, checkpoint.spec, pixels, "cpu"),
        infer(trainer.model, trainer.spec, pixels, "cpu"),
    )


def test_a_rate_that_is_too_high_is_named(dataset: Dataset) -> None:
    trainer = Trainer(replace(SETTINGS, lr=1e30), dataset)
    with pytest.raises(UserError, match=r"the loss became (nan|inf) in epoch 1: .* rate 1e\+30"):
        trainer.run_epoch(ignore)
    assert trainer.history == []


def test_an_unknown_device_is_named(dataset: Dataset) -> None:
    with pytest.raises(UserError, match=r"--device abacus: "):
        Trainer(replace(SETTINGS, device="abacus"), dataset)


def test_a_checkpoint_of_another_model_optimizer_or_data_set_is_refused(
    dataset: Dataset, tmp_path: Path
) -> None:
    checkpoint = trained(SETTINGS, dataset, 1).checkpoint()
    checkpoint.save(tmp_path)
    checkpoint = Checkpoint.load(tmp_path)
    with pytest.raises(UserError, match=r"does not fit settings.json: "):
        Trainer(replace(SETTINGS, model="lenet"), dataset).restore(checkpoint)
    with pytest.raises(UserError, match=r"these are not the images that the run began with"):
        Trainer(replace(SETTINGS, dataset="digits"), load_digits()).restore(checkpoint)


def test_a_checkpoint_cut_anywhere_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    whole = saved(trained(SETTINGS, dataset, 1), tmp_path)
    for length in [*range(0, 64), *range(64, len(whole), 1999), len(whole) - 1]:
        (tmp_path / FILE).write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"checkpoint.safetensors is damaged: "):
            Checkpoint.load(tmp_path)


def test_a_checkpoint_with_one_wrong_bit_is_refused_or_means_the_same(
    dataset: Dataset, tmp_path: Path
) -> None:
    # A space that pads the header, or a letter of a key nobody reads, may change without harm.
    whole = saved(trained(SETTINGS, dataset, 1), tmp_path)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        (tmp_path / FILE).write_bytes(damaged)
        trainer = Trainer(SETTINGS, dataset)
        try:
            trainer.restore(Checkpoint.load(tmp_path))
        except UserError:
            refused += 1
        else:
            assert saved(trainer, tmp_path) == whole
    assert refused > 190


@pytest.mark.parametrize("content", [b"", b"\0" * 8, b"\xff" * 100, b"{}" * 50])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UserError, match=r"checkpoint.safetensors is damaged: "):
        Checkpoint.load(tmp_path)


def test_a_safetensors_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    import safetensors.numpy

    safetensors.numpy.save_file({"weight": np.zeros(3)}, tmp_path / FILE)
    with pytest.raises(UserError, match=r"checkpoint.safetensors is damaged: '__metadata__'"):
        Checkpoint.load(tmp_path)
