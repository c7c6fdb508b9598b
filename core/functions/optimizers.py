"""Optimizers: each update rule with PyTorch's name for it, in a table.

θ is the flat vector of all parameters, g = dL/dθ, η the learning rate, λ the weight decay. The vectors that a rule
keeps from one step to the next have the names that PyTorch gives them in `state_dict()`, and start as zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from core.arrays import FloatArray
else:
    from core.functions.later import np

STEP = "step"
"""The name of the count of steps made, a number among the vectors."""


@dataclass(frozen=True)
class Settings:
    """What all rules together may be given; a rule looks at its own keys alone."""

    lr: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    alpha: float = 0.99
    centered: bool = False
    lr_decay: float = 0.0


State = dict[str, "FloatArray"]
"""A rule's vectors by name, each of shape (P,); `step` has shape ()."""


@dataclass(frozen=True)
class Rule:
    """How parameters follow their gradients."""

    update: Callable[[FloatArray, FloatArray, State, Settings], None]
    """One step, in place: θ and the vectors, given θ, g, the vectors and the settings."""
    vectors: Callable[[Settings], tuple[str, ...]]
    """The names of what it keeps."""
    module: str
    """The class in `torch.optim` that does the same."""
    defaults: Mapping[str, Any]
    """The keys that it takes beside `lr`, as PyTorch names them, with PyTorch's defaults."""

    def settings(self, lr: float, given: Mapping[str, Any]) -> Settings:
        """Return all settings, those not given by default."""
        return Settings(lr, **{**self.defaults, **given})

    def start(self, settings: Settings, parameters: FloatArray) -> State:
        """Return the vectors before the first step, in the parameters' precision; the count in float64."""
        return {name: np.zeros(()) if name == STEP else np.zeros_like(parameters) for name in self.vectors(settings)}


def _decayed(theta: FloatArray, gradient: FloatArray, settings: Settings) -> FloatArray:
    """Return g + λθ: weight decay as the gradient of λ|θ|²/2."""
    return gradient + settings.weight_decay * theta if settings.weight_decay else gradient


def _sgd(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Let v ← μv + g, θ ← θ − η·v; with Nesterov's momentum θ ← θ − η·(g + μv).

    Sutskever et al., *On the importance of initialization and momentum* (2013), as PyTorch writes it: η outside of v.
    """
    direction = _decayed(theta, gradient, s) if s.weight_decay else gradient
    if s.momentum:
        v = state["momentum_buffer"]
        v *= s.momentum
        v += direction
        direction = direction + s.momentum * v if s.nesterov else v
    theta -= s.lr * direction


def _adam(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Adam, with weight decay in the gradient."""
    _adam_step(theta, _decayed(theta, gradient, s), state, s)


def _adamw(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Let θ ← θ − ηλθ, then Adam. Loshchilov and Hutter, *Decoupled weight decay* (2019), algorithm 2."""
    theta *= 1 - s.lr * s.weight_decay
    _adam_step(theta, gradient, state, s)


def _adam_step(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Let m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η·m̂/(√v̂ + ε); m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).

    Kingma and Ba, *Adam* (2015), algorithm 1.
    """
    m, v = state["exp_avg"], state["exp_avg_sq"]
    state[STEP] += 1
    t = float(state[STEP])
    m += (1 - s.betas[0]) * (gradient - m)
    v *= s.betas[1]
    v += (1 - s.betas[1]) * gradient * gradient
    root = np.sqrt(v) / math.sqrt(1 - s.betas[1] ** t) + s.eps
    theta -= s.lr / (1 - s.betas[0] ** t) * m / root


def _rmsprop(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Let v ← αv + (1 − α)g², θ ← θ − η·g/(√v + ε); centered, v less the square of the mean gradient; with momentum.

    Hinton, *Neural Networks for Machine Learning*, lecture 6e; centered as Graves (2013), eqs. 38 to 40.
    """
    state[STEP] += 1
    g = _decayed(theta, gradient, s)
    v = state["square_avg"]
    v *= s.alpha
    v += (1 - s.alpha) * g * g
    spread: FloatArray = v
    if s.centered:
        mean = state["grad_avg"]
        mean += (1 - s.alpha) * (g - mean)
        spread = v - mean * mean
    direction: FloatArray = g / (np.sqrt(spread) + s.eps)
    if s.momentum:
        buffer = state["momentum_buffer"]
        buffer *= s.momentum
        buffer += direction
        direction = buffer
    theta -= s.lr * direction


def _rmsprop_vectors(s: Settings) -> tuple[str, ...]:
    kept = {"grad_avg": s.centered, "momentum_buffer": s.momentum}
    return (STEP, "square_avg", *(name for name, needed in kept.items() if needed))


def _adagrad(theta: FloatArray, gradient: FloatArray, state: State, s: Settings) -> None:
    """Let v ← v + g², θ ← θ − η/(1 + (t − 1)·decay) · g/(√v + ε). Duchi, Hazan and Singer (2011), fig. 1, diagonal."""
    state[STEP] += 1
    g = _decayed(theta, gradient, s)
    v = state["sum"]
    v += g * g
    theta -= s.lr / (1 + (float(state[STEP]) - 1) * s.lr_decay) * g / (np.sqrt(v) + s.eps)


OPTIMIZERS = {
    "sgd": Rule(
        _sgd,
        lambda s: ("momentum_buffer",) if s.momentum else (),
        "SGD",
        {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    ),
    "adam": Rule(
        _adam,
        lambda s: (STEP, "exp_avg", "exp_avg_sq"),
        "Adam",
        {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    ),
    "adamw": Rule(
        _adamw,
        lambda s: (STEP, "exp_avg", "exp_avg_sq"),
        "AdamW",
        {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    ),
    "rmsprop": Rule(
        _rmsprop,
        _rmsprop_vectors,
        "RMSprop",
        {"alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "centered": False, "weight_decay": 0.0},
    ),
    "adagrad": Rule(
        _adagrad,
        lambda s: (STEP, "sum"),
        "Adagrad",
        {"lr_decay": 0.0, "eps": 1e-10, "weight_decay": 0.0},
    ),
}
"""By the name that an experiment gives."""
