"""Samples."""

import numpy as np
import pytest

from core import data
from core.data import SOURCES
from core.experiment import Data


def test_the_notebooks_sample_is_the_one_that_it_printed():
    samples = data.load(Data(source="notebook", seed=4))

    # 5e-9: half a unit of the last of the eight digits that the notebook printed
    np.testing.assert_allclose(samples.x, [[0.96702984, 0.54723225]], rtol=0, atol=5e-9)
    assert samples.y.shape == (1, 1)
    # 1e-15: two squares, a sum and a half are within a few roundings of 1e-16
    assert samples.y[0, 0] == pytest.approx((samples.x**2).sum() / 2, rel=1e-15)


def test_drawing_the_sample_leaves_numpys_global_generator_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)

    data.load(Data())

    assert np.random.random() == expected


def test_cast_samples_are_in_the_asked_precision_and_read_only():
    samples = data.load(Data()).cast("float32")

    assert (samples.x.dtype, samples.y.dtype) == (np.float32, np.float32)
    assert not samples.x.flags.writeable
    assert not samples.y.flags.writeable


GENERATED = [name for name, source in SOURCES.items() if not source.fixed]
TWO_CLASSES = pytest.mark.parametrize("source", ["xor", "circles", "moons", "spirals", "blobs"])


@pytest.mark.parametrize("source", GENERATED)
def test_the_same_seed_makes_the_same_samples_and_another_other_ones(source):
    made = [data.load(Data(source, noise=0.1, seed=seed)) for seed in (4, 4, 5)]

    assert (made[0].x.tobytes(), made[0].y.tobytes()) == (made[1].x.tobytes(), made[1].y.tobytes())
    assert (made[0].x.tobytes(), made[0].y.tobytes()) != (made[2].x.tobytes(), made[2].y.tobytes())


@pytest.mark.parametrize("source", SOURCES)
def test_samples_have_the_shape_that_the_source_says(source):
    described = SOURCES[source]

    samples = data.load(Data(source))

    assert samples.x.shape == (described.samples, described.inputs)
    assert samples.y.shape == (described.samples, 1)
    assert (samples.x.dtype, samples.y.dtype) == (np.float64, np.float64)


@pytest.mark.parametrize("source", GENERATED)
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_any_number_of_samples_is_made(source, count):
    samples = data.load(Data(source, samples=count))

    assert (len(samples.x), len(samples.y)) == (count, count)
    assert np.isfinite(samples.x).all()


@TWO_CLASSES
def test_one_output_tells_two_classes_apart_and_two_outputs_name_them_one_hot(source):
    labels, one_hot = data.load(Data(source), 1).y, data.load(Data(source), 2).y

    assert set(labels.ravel().tolist()) == {0, 1}
    assert one_hot.tolist() == np.eye(2)[labels.ravel().astype(int)].tolist()


@pytest.mark.parametrize("source", ["spirals", "blobs"])
def test_as_many_classes_are_made_as_the_network_has_outputs(source):
    y = data.load(Data(source, samples=10), 5).y

    assert y.tolist() == [np.eye(5)[i % 5].tolist() for i in range(10)]


def test_xor_without_noise_is_its_truth_table():
    samples = data.load(Data("xor"))

    assert samples.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert samples.y.tolist() == [[0], [1], [1], [0]]


def without_noise(source, outputs=1):
    return data.load(Data(source, samples=60, noise=0), outputs)


# 1e-15 and its like below: a sine, a product and a sum, each rounded at 1e-16


def test_circles_have_radius_one_and_one_half_and_meet_no_point_twice():
    samples = without_noise("circles")

    np.testing.assert_allclose(np.hypot(*samples.x.T), np.where(samples.y[:, 0] == 0, 1, 0.5), rtol=0, atol=1e-15)
    assert len(np.unique(samples.x.round(9), axis=0)) == 60


def test_moons_are_two_half_circles():
    samples = without_noise("moons")
    upper, lower = (samples.x[samples.y[:, 0] == label] for label in (0, 1))

    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=0, atol=1e-15)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, rtol=0, atol=1e-15)
    assert upper[:, 1].min() > -1e-15
    assert lower[:, 1].max() < 0.5 + 1e-15


def test_spirals_turn_once_as_they_go_out():
    samples = without_noise("spirals", 3)
    radius, angle = np.hypot(*samples.x.T), np.arctan2(samples.x[:, 1], samples.x[:, 0])

    arms = samples.y.argmax(axis=1)
    difference = angle / (2 * np.pi) - arms / 3 - radius
    np.testing.assert_allclose(difference - difference.round(), 0, rtol=0, atol=1e-14)
    assert (radius.min(), radius.max()) == pytest.approx((0.1, 1), abs=1e-15)


def test_blobs_stand_around_points_of_a_circle_as_wide_as_the_noise():
    samples = data.load(Data("blobs", samples=30_000, noise=0.25), 3)

    for label in range(3):
        blob = samples.x[samples.y[:, label] == 1]
        angle = 2 * np.pi * label / 3
        # 0.01: 10 000 draws know their mean and deviation to 0.0025, times four
        np.testing.assert_allclose(blob.mean(axis=0), [2 * np.cos(angle), 2 * np.sin(angle)], rtol=0, atol=0.01)
        np.testing.assert_allclose(blob.std(axis=0), 0.25, rtol=0, atol=0.01)


def test_waves_without_noise_are_their_formula():
    samples = without_noise("waves")

    assert samples.x.ravel().tolist() == np.linspace(-1, 1, 60).tolist()
    expected = np.sin(2 * np.pi * samples.x) + np.cos(5 * np.pi * samples.x) / 2
    np.testing.assert_allclose(samples.y, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("source", GENERATED)
def test_noise_is_added_with_its_standard_deviation(source):
    exact, noisy = (data.load(Data(source, samples=20_000, noise=noise)) for noise in (0, 0.5))
    difference = noisy.y - exact.y if source == "waves" else noisy.x - exact.x

    # 0.015: 20 000 draws know a deviation of 0.5 to 0.0025
    assert difference.std() == pytest.approx(0.5, abs=0.015)


def test_drawing_noise_leaves_numpys_global_generator_alone():
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)

    data.load(Data("moons"))

    assert np.random.random() == expected
