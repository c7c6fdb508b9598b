"""Optimizers: each update rule with PyTorch's name for it, in a table.

θ is the flat vector of all parameters, g = dL/dθ, η the learning rate, λ the weight decay. The vectors that a rule
keeps from one step to the next have the names that PyTorch gives them in `state_dict()`, and start as zeros.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Line:
    """One line of an update rule, of one parameter θ: a sum of products, or a function of other lines' results.

    Quantities go by these names: `θ`, `dL/dθ`, a symbol of the rule's (`m` before the step, `next m` after it),
    `update` (what is added to θ), or a name of the rule's own for what it keeps nowhere.
    """

    result: str
    terms: tuple[tuple[float, tuple[str, ...]], ...] = ()
    """Of a sum: coefficients, and the factors that each one multiplies; a 1 alone has none."""
    operands: tuple[str, ...] = ()
    """Of a function: what it takes."""
    function: Callable[..., FloatArray] | None = None
    """Given the operands, element by element."""
    written: str = ""
    """The function, with its operands as `{0}`, `{1}`, …; empty: what the rule is called."""


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
    lines: Callable[[Settings], tuple[Line, ...]] | None = None
    """The rule, line by line, for explanations; None: the update is explained as a whole, by `update` itself."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """How the vectors are written, such as m for `exp_avg`; one left out by its own name."""

    def symbol(self, vector: str) -> str:
        """Return how one of its vectors is written; t is the count of steps."""
        return "t" if vector == STEP else self.symbols.get(vector, vector)

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


def _decay_lines(s: Settings) -> tuple[tuple[Line, ...], str]:
    """Write g = dL/dθ + λθ where there is decay; return the name of the gradient that the rule goes on with."""
    if not s.weight_decay:
        return (), "dL/dθ"
    return (Line("g", ((1.0, ("dL/dθ",)), (s.weight_decay, ("θ",)))),), "g"


_COUNT = Line("next t", ((1.0, ("t",)), (1.0, ())))


def _mean_line(symbol: str, rate: float, *factors: str) -> Line:
    """Write a running mean: next v = ρ·v + (1 − ρ)·…"""
    return Line(f"next {symbol}", ((rate, (symbol,)), (1 - rate, factors)))


def _sgd_lines(s: Settings) -> tuple[Line, ...]:
    decay, g = _decay_lines(s)
    if not s.momentum:
        return (*decay, Line("update", ((-s.lr, (g,)),)))
    momentum = Line("next v", ((s.momentum, ("v",)), (1.0, (g,))))
    if not s.nesterov:
        return (*decay, momentum, Line("update", ((-s.lr, ("next v",)),)))
    return (*decay, momentum, Line("update", ((-s.lr, (g,)), (-s.lr * s.momentum, ("next v",)))))


def _moment_lines(s: Settings, g: str) -> tuple[Line, ...]:
    return (_COUNT, _mean_line("m", s.betas[0], g), _mean_line("v", s.betas[1], g, g))


def _adam_direction(s: Settings) -> Callable[..., FloatArray]:
    def direction(m: FloatArray, v: FloatArray, t: FloatArray) -> FloatArray:
        """η·m̂/(√v̂ + ε), in the order in which `_adam_step` computes it."""
        root = np.sqrt(v) / math.sqrt(1 - s.betas[1] ** float(t)) + s.eps
        scaled: FloatArray = s.lr / (1 - s.betas[0] ** float(t)) * m / root
        return scaled

    return direction


def _adam_text(s: Settings, m: str, v: str, t: str) -> str:
    return f"{s.lr:g}·({m}/(1 − {s.betas[0]:g}^({t}))) / (√({v}/(1 − {s.betas[1]:g}^({t}))) + {s.eps:g})"


def _adam_lines(s: Settings) -> tuple[Line, ...]:
    decay, g = _decay_lines(s)
    direction = _adam_direction(s)
    written = f"−{_adam_text(s, '{0}', '{1}', '{2}')}"
    moved = Line("update", (), ("next m", "next v", "next t"), lambda m, v, t: -direction(m, v, t), written)
    return (*decay, *_moment_lines(s, g), moved)


def _adamw_lines(s: Settings) -> tuple[Line, ...]:
    direction, decay = _adam_direction(s), s.lr * s.weight_decay
    written = f"−{decay:g}·{{0}} − {_adam_text(s, '{1}', '{2}', '{3}')}"
    operands = ("θ", "next m", "next v", "next t")
    moved = Line("update", (), operands, lambda theta, m, v, t: -decay * theta - direction(m, v, t), written)
    return (*_moment_lines(s, "dL/dθ"), moved)


def _rmsprop_lines(s: Settings) -> tuple[Line, ...]:
    decay, g = _decay_lines(s)
    lines = [*decay, _mean_line("v", s.alpha, g, g)]
    if s.centered:
        lines.append(_mean_line("ḡ", s.alpha, g))
        written, operands = f"{{0}}/(√({{1}} − {{2}}²) + {s.eps:g})", (g, "next v", "next ḡ")
        lines.append(Line("d", (), operands, lambda g, v, mean: g / (np.sqrt(v - mean * mean) + s.eps), written))
    else:
        written = f"{{0}}/(√{{1}} + {s.eps:g})"
        lines.append(Line("d", (), (g, "next v"), lambda g, v: g / (np.sqrt(v) + s.eps), written))
    if s.momentum:
        lines.append(Line("next b", ((s.momentum, ("b",)), (1.0, ("d",)))))
    lines.append(Line("update", ((-s.lr, ("next b" if s.momentum else "d",)),)))
    return (_COUNT, *lines)


def _adagrad_lines(s: Settings) -> tuple[Line, ...]:
    decay, g = _decay_lines(s)

    def moved(g: FloatArray, v: FloatArray, t: FloatArray) -> FloatArray:
        step: FloatArray = -s.lr / (1 + (float(t) - 1) * s.lr_decay) * g / (np.sqrt(v) + s.eps)
        return step

    rate = f"{s.lr:g}/(1 + {s.lr_decay:g}·({{2}} − 1))" if s.lr_decay else f"{s.lr:g}"
    update = Line("update", (), (g, "next v", "next t"), moved, f"−{rate}·{{0}}/(√{{1}} + {s.eps:g})")
    return (*decay, _COUNT, Line("next v", ((1.0, ("v",)), (1.0, (g, g)))), update)


OPTIMIZERS = {
    "sgd": Rule(
        _sgd,
        lambda s: ("momentum_buffer",) if s.momentum else (),
        "SGD",
        {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        _sgd_lines,
        {"momentum_buffer": "v"},
    ),
    "adam": Rule(
        _adam,
        lambda s: (STEP, "exp_avg", "exp_avg_sq"),
        "Adam",
        {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
        _adam_lines,
        {"exp_avg": "m", "exp_avg_sq": "v"},
    ),
    "adamw": Rule(
        _adamw,
        lambda s: (STEP, "exp_avg", "exp_avg_sq"),
        "AdamW",
        {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
        _adamw_lines,
        {"exp_avg": "m", "exp_avg_sq": "v"},
    ),
    "rmsprop": Rule(
        _rmsprop,
        _rmsprop_vectors,
        "RMSprop",
        {"alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "centered": False, "weight_decay": 0.0},
        _rmsprop_lines,
        {"square_avg": "v", "grad_avg": "ḡ", "momentum_buffer": "b"},
    ),
    "adagrad": Rule(
        _adagrad,
        lambda s: (STEP, "sum"),
        "Adagrad",
        {"lr_decay": 0.0, "eps": 1e-10, "weight_decay": 0.0},
        _adagrad_lines,
        {"sum": "v"},
    ),
}
"""By the name that an experiment gives."""
