"""What headings say, as people write them."""

import pytest

from core.dat.headings import HIDDEN, OUTPUT, Meaning, marks_epoch, understand

SAID = {
    "First hidden layer weights gradient: ": ("W", 1, "gradient"),
    "Bias gradient of output layer:": ("b", OUTPUT, "gradient"),
    "dLdw3": ("W", 3, "gradient"),
    "dL/db2 =": ("b", 2, "gradient"),
    "∂L/∂W1:": ("W", 1, "gradient"),
    "∇W2": ("W", 2, "gradient"),
    "d_weights_1": ("W", 1, "gradient"),
    "bias_11": ("b", 11, None),
    "fc2.weight.grad": ("W", 2, "gradient"),
    "module.layers.0.bias": ("b", 0, None),
    "grads['W1'] = ": ("W", 1, "gradient"),
    "nabla_w[0]": ("W", 0, "gradient"),
    "dW^{[1]}": ("W", 1, "gradient"),
    "w_ih": ("W", 1, None),
    "w_ho": ("W", OUTPUT, None),
    "fc_hidden.weight": ("W", HIDDEN, None),
    "input layer to hidden layer weight gradient": ("W", 1, "gradient"),
    "weight gradients (hidden layer 1 -> hidden layer 2)": ("W", 2, "gradient"),
    "hidden layer 2 → output weights": ("W", OUTPUT, None),
    "2nd layer bias grad": ("b", 2, "gradient"),
    "weights_1 shape (10, 2)": ("W", 1, None),
    "Epoch 3: gradient of W2": ("W", 2, "gradient"),
    "updated weights of layer 1": ("W", 1, "parameter"),
    "velocity of W1": ("W", 1, "other"),
    "Predicted y:": (None, None, "other"),
    "loss": (None, None, "other"),
    "Linear(in_features=2, out_features=10, bias=True)": (None, None, None),
}


@pytest.mark.parametrize(("line", "said"), SAID.items(), ids=SAID)
def test_a_heading_says(line, said):
    assert understand((line,)) == Meaning(*said)


def test_what_the_nearest_line_leaves_open_is_told_by_those_before():
    lines = ("Network Structure of second hidden layer:", "Linear(in_features=10, out_features=10, bias=True)")

    assert understand((*lines, "Weight gradient of network:")) == Meaning("W", 2, "gradient")


def test_a_line_of_something_else_before_a_name_does_not_count():
    assert understand(("loss 0.25", "W1")) == Meaning("W", 1, None)


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("Epoch 3, loss: 0.25", ("epoch", 3)),
        ("=== Run #2 ===", ("run", 2)),
        ("iteration: 100", ("iteration", 100)),
        ("step 0.5", None),
        ("layer 3", None),
    ],
)
def test_a_line_marks_where_a_run_stands(line, mark):
    assert marks_epoch(line) == mark
