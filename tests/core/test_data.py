"""Samples."""

import msgspec
import numpy as np
import pytest

from core import data
from core.errors import DataError
from core.experiment import Data, Experiment
from core.sources import SOURCES


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

    outputs = min(described.outputs, default=1)

    samples = data.load(Data(source), outputs)

    assert samples.x.shape == (described.samples, described.inputs)
    assert samples.y.shape == (described.samples, outputs)
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


@TWO_CLASSES
def test_made_classes_are_named_by_their_numbers(source):
    assert data.load(Data(source), 1).classes == data.load(Data(source), 2).classes == ("0", "1")


@pytest.mark.parametrize("source", ["notebook", "waves"])
def test_numbers_are_no_classes(source):
    assert data.load(Data(source)).classes is None


def test_flowers_are_fishers_irises():
    samples = data.load(Data("flowers"), 3)

    assert samples.classes == ("setosa", "versicolor", "virginica")
    assert samples.y.sum(axis=0).tolist() == [50, 50, 50]
    # Fisher (1936), table 2: the means of each species in cm, given to three decimals
    means = [samples.x[samples.y[:, k] == 1].mean(axis=0) for k in range(3)]
    expected = [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]]
    np.testing.assert_allclose(means, expected, rtol=0, atol=5e-4)


def test_digits_are_images_of_ink_on_paper():
    samples = data.load(Data("digits"), 10)

    assert samples.classes == tuple("0123456789")
    assert (samples.x.min(), samples.x.max()) == (0, 1)
    # the numbers of each digit in the test set, as the repository's description lists them
    assert samples.y.sum(axis=0).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    middle = samples.x.reshape(-1, 8, 8)[:, 2:6, 3:5].mean(axis=(1, 2))
    zeros, eights = (middle[samples.y[:, digit] == 1].mean() for digit in (0, 8))
    assert zeros < eights / 2  # rows are rows: a zero has a hole where an eight crosses


def parts(seed=4, fraction=0.25, **more):
    described = Data("blobs", samples=40, seed=seed, test_fraction=fraction, **more)
    return data.of(Experiment(layers=(2, 3), data=described))


def test_the_held_out_are_those_that_the_seed_names_and_no_others():
    whole, loaded = data.load(Data("blobs", samples=40), 3), parts()

    held = np.sort(np.random.default_rng(4).permutation(40)[:10])
    assert loaded.held_out.x.tolist() == whole.x[held].tolist()
    assert loaded.held_out.y.tolist() == whole.y[held].tolist()
    assert loaded.train.x.tolist() == np.delete(whole.x, held, axis=0).tolist()
    assert loaded.train.y.tolist() == np.delete(whole.y, held, axis=0).tolist()
    assert loaded.train.classes == loaded.held_out.classes == ("0", "1", "2")


def test_another_seed_holds_out_others_and_no_fraction_none():
    assert parts(seed=5).held_out.y.tolist() != parts(seed=6).held_out.y.tolist()
    assert parts(fraction=0.0).held_out is None


def test_load_gives_those_that_are_trained_on():
    described = Data("blobs", samples=40, test_fraction=0.25, standardize=True)

    assert data.load(described, 3).x.tobytes() == parts(standardize=True).train.x.tobytes()


def test_standardized_inputs_have_mean_zero_and_deviation_one_of_the_training_samples():
    plain, loaded = parts(), parts(standardize=True)

    # 1e-14: the mean of 30 numbers near 1, each rounded at 1e-16
    np.testing.assert_allclose(loaded.train.x.mean(axis=0), 0, rtol=0, atol=1e-14)
    np.testing.assert_allclose((loaded.train.x**2).mean(axis=0), 1, rtol=0, atol=1e-14)
    mean = plain.train.x.sum(axis=0) / 30
    deviation = np.sqrt(((plain.train.x - mean) ** 2).sum(axis=0) / 30)
    np.testing.assert_allclose(loaded.held_out.x, (plain.held_out.x - mean) / deviation, rtol=0, atol=1e-13)
    assert loaded.train.y.tolist() == plain.train.y.tolist()


@pytest.fixture
def table(tmp_path):
    """Writes a data file, and returns an experiment on it."""

    def written(text, layers, inputs=None, targets=None, loss="sse", **more):
        path = tmp_path / "points.csv"
        path.write_text(text, "utf-8")
        output = {"bce": "sigmoid", "cross_entropy": "softmax"}.get(loss, "identity")
        described = Data(file=str(path), inputs=inputs, targets=targets, **more)
        return Experiment(layers=layers, loss=loss, output=output, activation="tanh", data=described)

    return written


def test_a_constant_input_is_standardized_to_zero(table):
    # 0.1: the mean of three of it is another number than 0.1, so the deviation that is computed is not 0
    loaded = data.of(table("x1,x2,y\n0.1,1,2\n0.1,2,3\n0.1,3,4\n", (2, 1), standardize=True))

    assert loaded.train.x[:, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("low", "high"), [("-1e308", "1e308"), ("1e308", "1.1e308"), ("0", "1e-200")])
def test_inputs_whose_squares_no_float64_holds_are_not_standardized(table, low, high):
    with pytest.raises(DataError, match="too large, or too close together"):
        data.of(table(f"x,y\n{low},2\n{high},3\n", (1, 1), standardize=True))


TARGETS = {
    "a number": ("x,y\n1,0.5\n2,3\n", 1, "sse", [[0.5], [3]], None),
    "0 and 1": ("x,y\n1,1\n2,0\n", 1, "bce", [[1], [0]], ("0", "1")),
    "two texts": ("x,y\n1,yes\n2,no\n", 1, "bce", [[1], [0]], ("no", "yes")),
    "two texts for two outputs": ("x,y\n1,yes\n2,no\n", 2, "cross_entropy", [[0, 1], [1, 0]], ("no", "yes")),
    "three texts": ("x,y\n1,b\n2,a\n3,c\n", 3, "mse", [[0, 1, 0], [1, 0, 0], [0, 0, 1]], ("a", "b", "c")),
    "class numbers": ("x,y\n1,2\n2,0\n", 3, "cross_entropy", [[0, 0, 1], [1, 0, 0]], ("0", "1", "2")),
    "class numbers from 1": ("x,y\n1,2\n2,1\n", 2, "cross_entropy", [[0, 1], [1, 0]], ("1", "2")),
    "class numbers by size": ("x,y\n1,10\n2,9\n3,-1\n", 3, "mse", [[0, 0, 1], [0, 1, 0], [1, 0, 0]], ("-1", "9", "10")),
}


@pytest.mark.parametrize("case", TARGETS.values(), ids=TARGETS)
def test_a_column_of_targets_is_numbers_or_classes(table, case):
    text, outputs, loss, expected, classes = case

    samples = data.of(table(text, (1, outputs), loss=loss)).train

    assert (samples.y.tolist(), samples.classes) == (expected, classes)


ONE_HOT = "x,red,blue\n1,0,1\n2,1,0\n"


def test_as_many_columns_as_outputs_are_taken_as_they_are_and_name_the_classes_if_one_hot(table):
    one_hot = data.of(table(ONE_HOT, (1, 2), targets=("red", "blue"), loss="cross_entropy")).train
    numbers = data.of(table("x,u,v\n1,0.5,7\n", (1, 2), targets=("u", "v"))).train

    assert (one_hot.y.tolist(), one_hot.classes) == ([[0, 1], [1, 0]], ("red", "blue"))
    assert (numbers.y.tolist(), numbers.classes) == ([[0.5, 7]], None)


UNFIT = {
    "inputs of another number": (
        "a,b,y\n1,2,3\n",
        {"layers": (3, 1)},
        "has 2 inputs (a, b); expected `layers` to begin",
    ),
    "three classes for one output": (
        "x,y\n1,a\n2,b\n3,c\n",
        {"layers": (1, 1)},
        "column y has 3 classes (a, b, c); expected `layers` to end with 3, got 1",
    ),
    "ten classes for three outputs": (
        "x,y\n" + "".join(f"1,{each}\n" for each in range(10)),
        {"layers": (1, 3)},
        "column y has 10 classes (0, 1, 2, 3, 4, …); expected `layers` to end with 10, got 3",
    ),
    "one class": ("x,y\n1,a\n", {"layers": (1, 1)}, "has 1 class (a); expected two classes or more"),
    "half a class": ("x,y\n1,2\n1,0.5\n", {"layers": (1, 3)}, "line 3, column y: 0.5 is no class"),
    "two columns for three outputs": (
        ONE_HOT,
        {"layers": (1, 3), "targets": ("red", "blue")},
        "has 2 targets (red, blue); expected `layers` to end with 2, got 3",
    ),
    "a probability of two": ("x,y\n1,1\n1,2\n", {"layers": (1, 1), "loss": "bce"}, "line 3, column y: the target is 2"),
    "a negative probability": (
        "x,u,v\n1,0,1\n1,-1,2\n",
        {"layers": (1, 2), "targets": ("u", "v"), "loss": "cross_entropy"},
        "line 3, column u: the target is -1; expected 0 to 1, as loss cross_entropy needs it",
    ),
    "nothing held out": ("x,y\n1,1\n1,2\n", {"layers": (1, 1), "test_fraction": 0.1}, "holds out 0 of 2 samples"),
    "all held out": ("x,y\n1,1\n1,2\n", {"layers": (1, 1), "test_fraction": 0.9}, "holds out 2 of 2 samples"),
    "targets that fill the memory": (
        "x,y\n" + "1,0\n" * 101,
        {"layers": (1, 1_000_000)},
        "has 101 rows for 1,000,000 outputs; expected at most 100,000,000",
    ),
}


@pytest.mark.parametrize(("text", "more", "said"), UNFIT.values(), ids=UNFIT)
def test_a_file_that_does_not_fit_the_network_is_told_in_one_line(table, text, more, said):
    with pytest.raises(DataError) as caught:
        data.of(table(text, **more))

    assert said in str(caught.value)
    assert "points.csv: " in str(caught.value)


def test_numbers_that_an_engine_in_float32_cannot_hold_are_refused(table):
    described = table("x,y\n1e39,2\n0,3\n", (1, 1))

    assert data.of(described).train.x[0, 0] == 1e39
    with pytest.raises(DataError, match=r"beyond 3\.4e\+38, the most that float32 holds; expected precision float64"):
        data.of(msgspec.structs.replace(described, precision="float32"))
