"""What `mlp-tui new` writes: the start of somebody's own backward pass."""

from __future__ import annotations

FUNCTION = '''\
"""A backward pass by hand. Check it with: mlp-tui check THIS_FILE"""

import numpy as np

# The network that it is for. Leave these out, and it is the notebook's, which is this one.
layers = [2, 10, 10, 1]
activation = "sigmoid"  # of the hidden layers; or a list, one for each
output = "identity"
loss = "sse"  # L = the sum of (y_hat - y)**2 over samples and outputs
layout = "inputs, outputs"  # weights[k] has this shape; "outputs, inputs" if yours lie the other way


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gradients(x, y, weights, biases):
    """Return the loss, and its gradient with respect to all weights and biases.

    x has shape (N, inputs), y (N, outputs). weights[k] (inputs, outputs) and biases[k] (outputs,) are those of layer
    k + 1. They can't be changed. dW[k] and db[k] have the shapes of weights[k] and biases[k].
    """
    # Forward: z = a W + b, and a = sigmoid(z) in every layer but the last.
    a = [x]
    for k in range(len(weights)):
        z = a[k] @ weights[k] + biases[k]
        a.append(sigmoid(z) if k < len(weights) - 1 else z)
    loss = np.sum((a[-1] - y) ** 2)

    # Backward: yours to write. delta is dL/dz of a layer, of shape (N, outputs); begin at the last layer.
    dW = [np.zeros_like(W) for W in weights]
    db = [np.zeros_like(b) for b in biases]
    # for k in reversed(range(len(weights))):
    #     delta = ...
    #     dW[k] = ...
    #     db[k] = ...

    return loss, dW, db
'''

FROM_CLASS = '''\
"""How to check a class that trains itself: give it the weights, let it make one step, and see what it has changed.

Check it with: mlp-tui check THIS_FILE
"""

import numpy as np

layers = [2, 10, 10, 1]
activation = "sigmoid"
output = "identity"
loss = "sse"
# The gradient is what one step changed, divided by the learning rate. It is this large so that the step is far larger
# than the weights, and little is lost when they are subtracted; a power of two loses nothing at all.
RATE = 2.0**30


class Network:
    """In the place of your own; import yours instead: from network import Network."""

    def __init__(self, layers, learning_rate):
        self.learning_rate = learning_rate
        self.weights = [np.random.randn(n, m) for n, m in zip(layers, layers[1:])]
        self.biases = [np.zeros(m) for m in layers[1:]]

    def fit(self, x, y):
        """Make one step of gradient descent; return the loss before it."""
        a = [x]
        for k, (W, b) in enumerate(zip(self.weights, self.biases)):
            z = a[-1] @ W + b
            a.append(1 / (1 + np.exp(-z)) if k < len(self.weights) - 1 else z)
        loss = np.sum((a[-1] - y) ** 2)
        # The backward pass and the update are yours to write.
        return loss


def gradients(x, y, weights, biases):
    network = Network([x.shape[1], *(W.shape[1] for W in weights)], learning_rate=RATE)
    network.weights = [W.copy() for W in weights]  # copies: what is given can't be changed
    network.biases = [b.copy() for b in biases]
    loss = network.fit(x, y)
    dW = [(before - after) / RATE for before, after in zip(weights, network.weights)]
    db = [(before - after) / RATE for before, after in zip(biases, network.biases)]
    return loss, dW, db
'''
