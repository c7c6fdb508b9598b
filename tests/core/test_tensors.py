"""Names of tensors."""

import pytest

from core.tensors import INPUT, TARGET, Quantity, TensorName, parse_tensor_name, tensor_names

WRITTEN = {
    Quantity.GRADIENT: ["dL/dW1", "dL/db1", "dL/dW2", "dL/db2"],
    Quantity.PARAMETER: ["W1", "b1", "W2", "b2"],
    Quantity.UPDATE: ["update W1", "update b1", "update W2", "update b2"],
    Quantity.PRE_ACTIVATION: ["z1", "z2"],
    Quantity.ACTIVATION: ["x", "a1", "a2", "y"],
    Quantity.DELTA: ["dL/dz1", "dL/dz2"],
}


@pytest.mark.parametrize("quantity", Quantity)
def test_a_quantitys_tensors_stand_layer_by_layer(quantity):
    assert [str(name) for name in tensor_names(quantity, 2)] == WRITTEN[quantity]


@pytest.mark.parametrize("quantity", Quantity)
def test_a_written_name_reads_back_as_the_same_tensor(quantity):
    names = tensor_names(quantity, 12)

    assert tuple(parse_tensor_name(str(name)) for name in names) == names


def test_inputs_and_targets_have_names_of_their_own():
    assert (parse_tensor_name("x"), parse_tensor_name("y")) == (INPUT, TARGET)
    assert TensorName(Quantity.ACTIVATION, 0) == INPUT


@pytest.mark.parametrize("quantity", Quantity)
def test_only_gradients_parameters_and_updates_are_of_parameters(quantity):
    of_parameters = {Quantity.GRADIENT, Quantity.PARAMETER, Quantity.UPDATE}

    assert quantity.of_parameters == (quantity in of_parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "W",
        "W0",
        "W01",
        "b-1",
        "z",
        "a0",
        "dL/dx1",
        "dL/W1",
        "update z1",
        "updateW1",
        " W1",
        "W1 ",
        "W1\n",
        "W1234567",
    ],
)
def test_a_name_of_no_tensor_is_refused(text):
    with pytest.raises(ValueError, match="names no tensor"):
        parse_tensor_name(text)
