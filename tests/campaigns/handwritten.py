"""A backward pass written by hand, and mistakes in it, as lines of code that a student may write.

It shares nothing with the catalogue but the names.
"""

from collections import defaultdict

PASS = """
import math
import numpy as np

layers = {layers}
activation = {hidden}
output = "{output}"
loss = "{loss}"
L = len(layers) - 1
F = [None, *activation, output]


def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def gauss(z):
    return 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))


def softmax(z):
    e = np.exp(z - z.max(1)[:, None])
    return e / e.sum(1)[:, None]


def inner(z):
    return np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)


def f(name, z):
    if name == "sigmoid":
        return sigmoid(z)
    if name == "tanh":
        return np.tanh(z)
    if name == "relu":
        return z * (z > 0)
    if name == "leaky_relu":
        return np.where(z > 0, z, 0.01 * z)
    if name == "elu":
        return np.where(z > 0, z, np.expm1(z))
    if name == "gelu":
        return z * gauss(z)
    if name == "gelu_tanh":
        return z / 2 * (1 + np.tanh(inner(z)))
    if name == "silu":
        return z * sigmoid(z)
    if name == "softplus":
        return np.logaddexp(0, z)
    if name == "softmax":
        return softmax(z)
    return z


def fprime(name, z):
    if name == "sigmoid":
        return sigmoid(z) * (1 - sigmoid(z))
    if name == "tanh":
        return 1 / np.cosh(z) ** 2 if abs(z).max() < 9 else 1 - np.tanh(z) ** 2
    if name == "relu":
        return 1.0 * (z > 0)
    if name == "leaky_relu":
        return np.where(z > 0, 1, 0.01)
    if name == "elu":
        return np.where(z > 0, 1, np.exp(z))
    if name == "gelu":
        return gauss(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    if name == "gelu_tanh":
        t = np.tanh(inner(z))
        return (1 + t) / 2 + z / 2 * (1 - t**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    if name == "silu":
        return sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z))
    if name == "softplus":
        return sigmoid(z)
    return np.ones_like(z)


def cost(p, z, y):
    N, m = y.shape
    if loss == "sse":
        return ((p - y) ** 2).sum()
    if loss == "mse":
        return ((p - y) ** 2).mean()
    if loss == "mae":
        return abs(p - y).mean()
    if loss == "huber":
        r = abs(p - y)
        return np.where(r < 1, r * r / 2, r - 0.5).mean()
    if loss == "bce":
        return (np.logaddexp(0, z) - z * y).mean()
    return -(y * (z - z.max(1)[:, None] - np.log(np.exp(z - z.max(1)[:, None]).sum(1))[:, None])).sum() / N


def slope(p, y):
    N, m = y.shape
    if loss == "sse":
        return 2 * (p - y)
    if loss == "mse":
        return 2 * (p - y) / (N * m)
    if loss == "mae":
        return np.sign(p - y) / (N * m)
    if loss == "huber":
        return np.maximum(-1, np.minimum(1, p - y)) / (N * m)
    if loss == "bce":
        return (p - y) / (N * m)
    return (p - y) / N


memory = {{}}


def gradients(x, y, weights, biases):
    N, m = y.shape
    W, b = [None, *weights], [None, *biases]
    z, a = [x], [x]
    for k in range(1, L + 1):
        z.append(np.dot(a[-1], W[k]) + b[k])
        a.append(f(F[k], z[-1]))
    J = cost(a[-1], z[-1], y)
    fused = loss in ("bce", "cross_entropy")
    dW, db, up, deltas = ([None] * (L + 2) for _ in range(4))
    for k in range(L, 0, -1):
        if k == L:
            up[k] = slope(a[L], y)
            {error}
        else:
            up[k] = np.einsum("nj,ij->ni", deltas[k + 1], W[k + 1])
            {upstream}
        d = None if k == L and (fused or F[L] == "softmax") else fprime(F[k], z[k])
        {derivative}
        if d is not None:
            delta = up[k] * d
        elif fused:
            delta = up[k]
        else:
            delta = np.array([(np.diag(p) - np.outer(p, p)) @ e for p, e in zip(a[k], up[k])])
        {delta}
        deltas[k] = delta
        {local}
        dW[k] = np.dot(a[k - 1].T, delta)
        {dW}
        db[k] = np.ones(N) @ delta
        {db}
    {end}
    return J, dW[1:-1], db[1:-1]
"""

LINES = {
    "half-loss-gradient": ("error", "up[k] = up[k] / 2"),
    "doubled-loss-gradient": ("error", "up[k] = up[k] * 2"),
    "sum-for-mean": ("error", "up[k] = up[k] * N"),
    "sum-for-mean:dW": ("dW", "dW[k] = dW[k] * N"),
    "sum-for-mean:db": ("db", "db[k] = db[k] * N"),
    "mean-for-sum": ("error", "up[k] = up[k] / len(x)"),
    "averaged-twice": ("error", "up[k] = up[k] / len(x)"),
    "averaged-over-inputs": ("error", "up[k] = up[k] * N / x.shape[1]"),
    "prediction-left-out": (
        "error",
        "up[k] = -y / N / (m if loss == 'bce' else 1) if fused else slope(0 * a[L], y)",
    ),
    "averaged-again": ("delta", "delta = delta / len(x)"),
    "averaged-again:dW": ("dW", "dW[k] = dW[k] / len(x)"),
    "mean-over-outputs": ("error", "up[k] = up[k] / m"),
    "sum-over-outputs": ("error", "up[k] = up[k] * m"),
    "wrong-sign": ("error", "up[k] = -up[k]"),
    "wrong-sign:delta": ("delta", "delta = -delta"),
    "wrong-sign:dW": ("dW", "dW[k] = -dW[k]"),
    "wrong-sign:db": ("db", "db[k] = -db[k]"),
    "sign-left-out": ("error", "up[k] = np.sqrt(up[k] ** 2)"),
    "loss-for-derivative": ("error", "up[k] = (a[k] - y) ** 2 / (N * m if loss == 'mse' else 1)"),
    "residual-broadcast": (
        "error",
        "a[L] - y.ravel(); up[k] = np.array([[sum(slope(p, t)[0, 0] for t in y[:, None])] for p in a[L][:, None]])"
        "; up[k] = up[k] / (1 if loss == 'sse' else N * N)",
    ),
    "one-sample-only": ("error", "up[k] = up[k] * (np.arange(N) == 0)[:, None]"),
    "last-sample-left-out": ("error", "up[k] = np.vstack([up[k][:-1], 0 * up[k][-1:]])"),
    "wrong-factor": ("error", "up[k] = 0.37 * up[k]"),
    "wrong-factor:delta": ("delta", "delta = 1.7 * delta"),
    "wrong-factor:dW": ("dW", "dW[k] = 0.3 * dW[k]"),
    "upstream-left-out": ("upstream", "up[k] = 1 + 0 * up[k]"),
    "upstream-left-out:averaged": ("upstream", "up[k] = 1 / N + 0 * up[k]"),
    "upstream-left-out:error": ("error", "up[k] = 1 + 0 * up[k]"),
    "derivative-left-out": ("derivative", "d = 1 + 0 * z[k]"),
    "derivative-left-out:local": ("local", "delta = up[k]"),
    "derivative-not-cancelled": ("derivative", "d = a[k] * (1 - a[k])"),
    "softmax-diagonal": ("derivative", "d = a[k] - a[k] ** 2"),
    "softmax-diagonal:fused": ("error", "up[k] = -y / a[k] / N * a[k] * (1 - a[k])"),
    "derivative-at-activation": ("derivative", "d = fprime(F[k], a[k])"),
    "derivative-formula-at-z": ("derivative", "d = z[k] - z[k] ** 2 if F[k] == 'sigmoid' else 1 - z[k] ** 2"),
    "activation-for-derivative": ("derivative", "d = a[k]"),
    "derivative-half-done": ("derivative", "d = 1 - a[k]"),
    "derivative-twice": ("derivative", "d = d ** 2"),
    "mask-inverted": ("derivative", "d = fprime(F[k], -z[k])"),
    "leaky-slope-wrong": ("derivative", "d = np.where(z[k] > 0, 1, 0.2)"),
    "leaky-slope-missing": ("derivative", "d = np.where(z[k] > 0, d, 0)"),
    "derivative-of-another-activation:tanh": ("derivative", "d = 1 - np.tanh(z[k]) ** 2"),
    "derivative-of-another-activation:tanh-of-a": ("derivative", "d = 1 - a[k] ** 2"),
    "derivative-of-another-activation:sigmoid-of-a": ("derivative", "d = a[k] * (1 - a[k])"),
    "derivative-of-another-activation:relu": ("derivative", "d = (z[k] > 0) * 1.0"),
    "derivative-of-wrong-layer:above": ("derivative", "d = fprime(F[k + 1], z[k + 1])"),
    "derivative-of-wrong-layer:below": ("derivative", "d = fprime(F[k - 1], z[k - 1])"),
    "derivative-of-error": ("derivative", "d = fprime(F[k], up[k])"),
    "missing-transpose": ("upstream", "up[k] = deltas[k + 1] @ W[k + 1]"),
    "missing-transpose:dW": ("dW", "dW[k] = delta.T @ a[k - 1]"),
    "gradient-for-weights": ("upstream", "up[k] = deltas[k + 1] @ dW[k + 1].T"),
    "wrong-weights:below": ("upstream", "up[k] = deltas[k + 1] @ W[k].T"),
    "wrong-weights:below-transposed": ("upstream", "up[k] = deltas[k + 1] @ W[k]"),
    "wrong-weights:above": ("upstream", "up[k] = deltas[k + 1] @ W[k + 2].T"),
    "wrong-weights:bias-last": ("upstream", "up[k] = (deltas[k + 1] @ np.vstack([W[k + 1], b[k + 1]]).T)[:, 1:]"),
    "wrong-weights:bias-first": ("upstream", "up[k] = (deltas[k + 1] @ np.vstack([b[k + 1], W[k + 1]]).T)[:, :-1]"),
    "updated-too-early": ("upstream", "up[k] = deltas[k + 1] @ (W[k + 1] - 0.05 * dW[k + 1]).T"),
    "derivative-not-carried": ("upstream", "up[k] = up[k + 1] @ W[k + 1].T"),
    "weights-left-out": ("upstream", "up[k] = np.tile(deltas[k + 1].sum(1)[:, None], (1, W[k].shape[1]))"),
    "loop-limit": (
        "upstream",
        "up[k] = sum(np.outer(deltas[k + 1][:, j], W[k + 1][:, j]) for j in range(W[k + 1].shape[1] - 1))",
    ),
    "loop-limit:first-alone": ("upstream", "up[k] = np.outer(deltas[k + 1][:, 0], W[k + 1][:, 0])"),
    "loop-limit:own-width": (
        "upstream",
        "up[k] = sum(np.outer(deltas[k + 1][:, j], W[k + 1][:, j]) for j in range(W[k].shape[1]))",
    ),
    "loop-limit:shifted": (
        "upstream",
        "up[k] = sum(np.outer(deltas[k + 1][:, j - 1], W[k + 1][:, j]) for j in range(1, W[k + 1].shape[1]))",
    ),
    "wrong-activation": ("dW", "dW[k] = a[k].T @ delta"),
    "wrong-activation:z": ("dW", "dW[k] = z[k - 1].T @ delta"),
    "wrong-activation:derivative": ("dW", "dW[k] = fprime(F[k - 1], z[k - 1]).T @ delta"),
    "weights-of-one-sample": ("dW", "dW[k] = np.outer(a[k - 1][0], delta[0])"),
    "weights-zero": ("dW", "dW[k] = np.zeros_like(W[k])"),
    "index-limit": ("dW", "dW[k][:, -1] = 0"),
    "index-limit:column": ("dW", "dW[k][-1] = 0"),
    "index-limit:b": ("db", "db[k][-1] = 0"),
    "index-shifted": ("dW", "dW[k] = np.hstack([dW[k][:, -1:], dW[k][:, :-1]])"),
    "bias-not-summed": ("db", "db[k] = delta"),
    "bias-averaged": ("db", "db[k] = delta.mean(0)"),
    "bias-first-row": ("db", "db[k] = delta[0]"),
    "bias-last-row": ("db", "db[k] = delta[-1]"),
    "bias-summed-over-everything": ("db", "db[k] = np.full(len(b[k]), np.sum(delta))"),
    "bias-wrong-axis": ("db", "db[k] = delta.sum(axis=1)"),
    "bias-times-input": ("db", "db[k] = dW[k].sum(0)"),
    "bias-zero": ("db", "db[k] = 0 * b[k]"),
    "bias-of-wrong-layer": ("db", "db[k] = db[k + 1]"),
    "bias-derivative-left-out": ("db", "db[k] = up[k].sum(0)"),
    "order-reversed": ("end", "dW, db = ([None, *group[1:-1][::-1], None] for group in (dW, db))"),
    "gradients-accumulated": (
        "end",
        "for part, each in (('W', dW), ('b', db)):\n"
        "        for k in range(1, L + 1):\n"
        "            each[k] = memory[part, k] = memory.get((part, k), 0) + each[k]",
    ),
    "momentum-included": (
        "end",
        "for part, each in (('W', dW), ('b', db)):\n"
        "        for k in range(1, L + 1):\n"
        "            each[k] = memory[part, k] = 0.9 * memory.get((part, k), 0) + each[k]",
    ),
    "momentum-averaged": (
        "end",
        "for part, each in (('W', dW), ('b', db)):\n"
        "        for k in range(1, L + 1):\n"
        "            each[k] = memory[part, k] = 0.8 * memory.get((part, k), 0) + (1 - 0.8) * each[k]",
    ),
    "weight-decay-included": ("dW", "dW[k] = dW[k] + 0.01 * W[k]"),
    "weight-decay-included:averaged": ("dW", "dW[k] = dW[k] + 0.3 / N * W[k]"),
    "weight-decay-included:sign": ("dW", "dW[k] = dW[k] + 0.02 * np.sign(W[k])"),
    "weight-decay-included:bias": ("db", "db[k] = db[k] + 0.1 * b[k]"),
    "gradients-clipped": (
        "end",
        "dW, db = ([None, *(g.clip(-0.05, 0.05) for g in group[1:-1]), None] for group in (dW, db))",
    ),
    "gradients-normalized": (
        "end",
        "dW, db = ([None, *(g / np.sqrt((g**2).sum()) for g in group[1:-1]), None] for group in (dW, db))",
    ),
}
"""Where a line goes, and the line; a name with `:delta` is the mistake's form in a hidden layer."""

GARBLED = {
    "a cube": ("derivative", "d = a[k] ** 3"),
    "a(1 − a)²": ("derivative", "d = a[k] * (1 - a[k]) ** 2"),
    "a sine": ("derivative", "d = np.sin(z[k])"),
    "1/√N": ("error", "up[k] = up[k] / np.sqrt(N)"),
    "a square": ("error", "up[k] = up[k] * abs(up[k])"),
    "units reversed": (
        "upstream",
        "up[k] = deltas[k + 1][:, ::-1] @ W[k + 1].T + 0.01 * N",
    ),
    "δ of both layers": ("upstream", "up[k] = up[k] + up[k].mean(0)"),
    "samples mixed up": ("delta", "delta = delta[::-1] if N > 1 else 1.1 * delta"),
    "a constant added": ("delta", "delta = delta + 0.01"),
    "the input's square": ("dW", "dW[k] = (a[k - 1] ** 2).T @ delta"),
    "the input shifted": ("dW", "dW[k] = (a[k - 1] - 0.1).T @ delta"),
    "a sum of squares": ("db", "db[k] = (delta**2).sum(0)"),
    "a median": ("db", "db[k] = np.median(delta, axis=0) * N + 0.001"),
    "noise": ("dW", "dW[k] = dW[k] * (1 + 1e-4 * np.random.default_rng(k).normal(size=dW[k].shape))"),
}
"""Lines that no entry of the catalogue means."""

SLOTS = ("error", "upstream", "derivative", "delta", "local", "dW", "db", "end")


def written(network, mistakes=()):
    """Return the file, with lines of mistakes at their layers."""
    layers, hidden, output, loss = network
    lines = defaultdict(list)
    for name, k in mistakes:
        slot, line = (LINES | GARBLED)[name]
        lines[slot].append(line if slot == "end" else f"if k == {k}: {line}")
    gap = {"error": 12, "upstream": 12, "end": 4}
    inserted = {slot: ("\n" + " " * gap.get(slot, 8)).join(lines[slot] or ["pass"]) for slot in SLOTS}
    return PASS.format(layers=layers, hidden=list(hidden), output=output, loss=loss, **inserted)
