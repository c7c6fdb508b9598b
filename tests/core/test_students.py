"""Files as students write them, each with one mistake or none, in their own words: verdict, names and layers are right.

None of them shares a line with the catalogue, nor with `tests/campaigns/handwritten.py`.
"""

import pytest

from core.doctor.check import check
from core.doctor.words import verdict_line
from core.guest.process import Limits

HEAD = "import numpy as np\ndef s(z): return 1 / (1 + np.exp(-z))\n"

CLASS = """
layers, activation, output, loss = [3, 4, 1], "sigmoid", "sigmoid", "sse"

class NeuralNetwork:
    def __init__(self, x, y, w1, b1, w2, b2):
        self.input, self.y, self.w1, self.b1, self.w2, self.b2 = x, y, w1, b1, w2, b2

    def feedforward(self):
        self.layer1 = s(np.dot(self.input, self.w1) + self.b1)
        self.output = s(np.dot(self.layer1, self.w2) + self.b2)

    def backprop(self):
        e = 2 * (self.output - self.y) * self.output * (1 - self.output)
        self.d_w2, self.d_b2 = np.dot(self.layer1.T, e), np.sum(e, axis=0)
        h = np.dot(e, self.w2.T) * self.layer1 * (1 - self.layer1)
        self.d_w1, self.d_b1 = np.dot(self.input.T, h), np.sum(h, axis=0)

def gradients(x, y, weights, biases):
    n = NeuralNetwork(x, y, weights[0], biases[0], weights[1], biases[1])
    n.feedforward()
    n.backprop()
    return np.sum((n.y - n.output) ** 2), [n.d_w1, n.d_w2], [n.d_b1, n.d_b2]
"""

UPDATES_FIRST = """
layers, activation, output, loss = [2, 5, 2], "sigmoid", "sigmoid", "sse"

class Net:
    def __init__(self, W, b):
        self.W, self.b = [w.copy() for w in W], [v.copy() for v in b]

    def fit(self, X, T, lr):
        H = s(X @ self.W[0] + self.b[0])
        O = s(H @ self.W[1] + self.b[1])
        g = 2 * (T - O) * O * (1 - O)
        self.W[1] += lr * H.T @ g
        self.b[1] += lr * g.sum(0)
        hidden = g @ self.W[1].T * H * (1 - H)
        self.W[0] += lr * X.T @ hidden
        self.b[0] += lr * hidden.sum(0)
        return np.sum((T - O) ** 2)

def gradients(x, y, weights, biases):
    n = Net(weights, biases)
    l = n.fit(x, y, 0.5)
    return l, [(a - b) / 0.5 for a, b in zip(weights, n.W)], [(a - b) / 0.5 for a, b in zip(biases, n.b)]
"""

COURSE = """
layers, activation, output, loss, layout = [4, 5, 1], "relu", "sigmoid", "bce", "outputs, inputs"

def gradients(x, y, weights, biases):
    X, Y, m = x.T, y.T, len(x)
    (W1, W2), (b1, b2) = weights, [b.reshape(-1, 1) for b in biases]
    Z1 = np.dot(W1, X) + b1
    A1 = np.maximum(0, Z1)
    A2 = s(np.dot(W2, A1) + b2)
    cost = float(np.squeeze(-np.sum(np.log(A2) * Y + (1 - Y) * np.log(1 - A2)) / m))
    dZ2 = (A2 - Y) / m
    dZ1 = np.dot(W2.T, dZ2)
    dZ1[Z1 <= 0] = 0
    return cost, {"dW1": np.dot(dZ1, X.T) / m, "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
                  "dW2": np.dot(dZ2, A1.T), "db2": np.sum(dZ2, axis=1, keepdims=True)}
"""

LISTS = """
import math

def gradients(x, y, weights, biases):
    W, B = [w.tolist() for w in weights], [b.tolist() for b in biases]
    gW, gB, total = [[[0.0] * len(r) for r in w] for w in W], [[0.0] * len(b) for b in B], 0.0
    for xs, ys in zip(x.tolist(), y.tolist()):
        acts = [xs]
        for l, (w, b) in enumerate(zip(W, B)):
            z = [b[j] + sum(acts[-1][i] * w[i][j] for i in range(len(w))) for j in range(len(b))]
            acts.append([v if l == len(W) - 1 else 1 / (1 + math.exp(-v)) for v in z])
        total += sum((o - t) ** 2 for o, t in zip(acts[-1], ys))
        delta = [2 * (o - t) for o, t in zip(acts[-1], ys)]
        for l in reversed(range(len(W))):
            for j, d in enumerate(delta):
                gB[l][j] += d
                for i, a in enumerate(acts[l]):
                    gW[l][i][j] += a * d
            if l:
                new = []
                for i, a in enumerate(acts[l]):
                    err = 0.0
                    for j, d in enumerate(delta):
                        err += W[l][i][j] * d
                    new.append(err * a * (1 - a))
                delta = new
    return total, gW, gB
"""

MATRIX = """
layers, activation, output, loss = [3, 4, 2], "tanh", "identity", "mse"

def gradients(x, y, weights, biases):
    X, Y, W = np.matrix(x), np.matrix(y), [np.matrix(w) for w in weights]
    a1 = np.tanh(X * W[0] + biases[0])
    z2 = a1 * W[1] + biases[1]
    d2 = 2 * (z2 - Y) / Y.size
    d1 = np.multiply(d2 * W[1].T, 1 - np.power(a1, 2))
    return np.sum(np.power(z2 - Y, 2)) / Y.size, [X.T * d1, a1.T * d2], [d1.sum(axis=0), d2.sum(axis=0)]
"""

SOFTMAX = """
layers, activation, output, loss = [4, 6, 3], "relu", "softmax", "cross_entropy"

def gradients(x, y, weights, biases):
    (W1, W2), (b1, b2), N = weights, biases, x.shape[0]
    s1 = x @ W1 + b1
    mask = s1 > 0
    h = s1 * mask
    ex = np.exp(h @ W2 + b2)
    p = ex / ex.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y.argmax(1)]).mean()
    ds = p.copy()
    ds[np.arange(N), y.argmax(1)] -= 1
    ds /= N
    dh = ds @ W2.T * mask
    return loss, [x.T @ dh, h.T @ ds], [dh.sum(0), ds.sum(0)]
"""

ONES = """
layers, activation, output, loss = [3, 5, 4, 2], "sigmoid", "sigmoid", "sse"

def gradients(x, y, weights, biases):
    theta = [np.vstack([w, b]) for w, b in zip(weights, biases)]
    acts = [np.c_[x, np.ones(len(x))]]
    for t in theta:
        acts.append(np.c_[s(acts[-1] @ t), np.ones(len(x))])
    out = acts[-1][:, :-1]
    d, G = 2 * (out - y) * out * (1 - out), []
    for l in (2, 1, 0):
        G.insert(0, acts[l].T @ d)
        if l:
            d = (d @ theta[l].T)[:, :-1] * acts[l][:, :-1] * (1 - acts[l][:, :-1])
    return ((out - y) ** 2).sum(), [g[:-1] for g in G], [g[-1] for g in G]
"""

MASKS = """
layers, activation, output, loss = [3, 6, 5, 1], "relu", "identity", "mse"

def gradients(x, y, weights, biases):
    A, M, n = [x], [], len(x)
    for i in range(3):
        Z = A[i] @ weights[i] + biases[i]
        A.append(np.maximum(Z, 0) if i < 2 else Z)
    d, dW, db, L = 2 * (A[3] - y) / n, [0] * 3, [0] * 3, np.mean((A[3] - y) ** 2)
    for i in (2, 1, 0):
        mask = A[i].copy()
        if i:
            mask[mask > 0] = 1
        dW[i] = A[i].T @ d
        db[i] = d.sum(0)
        d = d @ weights[i].T * mask
    return L, dW, db
"""

IAMTRASK = """
def nonlin(x, deriv=False):
    return x * (1 - x) if deriv else 1 / (1 + np.exp(-x))

def gradients(X, y, syn, bias, alpha=0.1):
    z1 = X @ syn[0] + bias[0]
    l1 = nonlin(z1)
    z2 = l1 @ syn[1] + bias[1]
    l2 = nonlin(z2)
    l3 = l2 @ syn[2] + bias[2]
    l3_delta = 2 * (l3 - y)
    l2_error = l3_delta.dot(syn[2].T)
    l2_delta = l2_error * nonlin(l2, deriv=True)
    l1_error = l2_delta.dot(syn[1].T)
    l1_delta = l1_error * nonlin(l1, True)
    deltas = [l1_delta, l2_delta, l3_delta]
    return ((l3 - y) ** 2).sum(), [a.T.dot(d) for a, d in zip([X, l1, l2], deltas)], [d.sum(0) for d in deltas]
"""

FILES = {
    "a class": (CLASS, (), []),
    "a class that updates while it goes down": (UPDATES_FIRST, (), ["updated-too-early@1=0.5"]),
    "a course's network, divided by m twice": (COURSE, (), ["averaged-again@1"]),
    "the same, repaired": (
        COURSE,
        (
            ("np.dot(dZ1, X.T) / m", "np.dot(dZ1, X.T)"),
            ("np.sum(dZ1, axis=1, keepdims=True) / m", "np.sum(dZ1, axis=1)"),
        ),
        [],
    ),
    "lists alone": (LISTS, (), []),
    "= for +=": (LISTS, (("err += W", "err = W"),), ["loop-limit@1:last-alone"]),
    "matrices": (MATRIX, (), []),
    "divided by N, not by N times outputs": (
        MATRIX,
        (("2 * (z2 - Y) / Y.size", "2 * (z2 - Y) / len(x)"),),
        ["sum-over-outputs@2"],
    ),
    "softmax without its maximum taken off": (SOFTMAX, (), []),
    "no mask of the relu": (SOFTMAX, (("W2.T * mask", "W2.T"),), ["derivative-left-out@1"]),
    "the diagonal of softmax": (
        SOFTMAX,
        (("    dh =", "    ds = -y / p / N * p * (1 - p)\n    dh ="),),
        ["softmax-diagonal@2:fused"],
    ),
    "biases as a last row of the weights": (ONES, (), []),
    "and the wrong row taken off": (
        ONES,
        (("theta[l].T)[:, :-1]", "theta[l].T)[:, 1:]"),),
        ["wrong-weights@2:bias-last", "wrong-weights@1:bias-last"],
    ),
    "masks of the activations": (MASKS, (), []),
    "the mask written over the activation": (
        MASKS,
        (("dW[i] = A[i].T @ d", "dW[i] = mask.T @ d"),),
        ["wrong-activation@3:derivative", "wrong-activation@2:derivative"],
    ),
    "a right one with x(1 − x)": (IAMTRASK, (), []),
    "x(1 − x) of z": (
        IAMTRASK,
        (("nonlin(l2, deriv=True)", "nonlin(z2, deriv=True)"), ("nonlin(l1, True)", "nonlin(z1, True)")),
        ["derivative-formula-at-z@2", "derivative-formula-at-z@1"],
    ),
    "the error handed down in place of δ": (
        IAMTRASK,
        (("l2_delta.dot(syn[1].T)", "l2_error.dot(syn[1].T)"),),
        ["derivative-not-carried@1"],
    ),
    "the sigmoid's derivative of a linear output": (
        IAMTRASK,
        (("l3_delta = 2 * (l3 - y)", "l3_delta = 2 * (l3 - y) * nonlin(l3, True)"),),
        ["derivative-of-another-activation@3:sigmoid-of-a"],
    ),
    "the squared error in the place of its derivative": (
        IAMTRASK,
        (("l3_delta = 2 * (l3 - y)", "l3_delta = (l3 - y) ** 2"),),
        ["loss-for-derivative@3"],
    ),
    "the absolute error": (IAMTRASK, (("2 * (l3 - y)", "2 * abs(l3 - y)"),), ["sign-left-out@3"]),
    "the layers from the last to the first": (
        LISTS,
        (("return total, gW, gB", "return total, gW[::-1], gB[::-1]"),),
        ["order-reversed"],
    ),
    "steps for gradients": (
        IAMTRASK,
        (("[a.T.dot(d) for", "[-alpha * a.T.dot(d) for"), ("[d.sum(0) for", "[-alpha * d.sum(0) for")),
        ["learning-rate-included:negative"],
    ),
}


@pytest.mark.parametrize(("text", "changes", "named"), FILES.values(), ids=FILES)
def test_a_students_file_is_right_or_its_mistake_is_named(tmp_path, text, changes, named):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "mine.py"
    path.write_text(HEAD + text, "utf-8")

    report = check(path, limits=Limits(seconds=60))

    assert report.error is None, report.error
    assert [each.text for each in report.mistakes] == named
    assert (report.verdict, report.explained, report.alternatives) == ("wrong" if named else "right", True, ())
    assert report.remarks == ()
    assert verdict_line(report, "mine.py").startswith("mine.py is wrong" if named else "mine.py is right")
