"""Activations: each function with its derivative and PyTorch's name for it, in a table.

All are finite and free of overflow for z within ±1e4 at least. At a kink the derivative is the one that PyTorch takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from core.arrays import FloatArray
else:
    from core.functions.later import np

SOFTPLUS_LINEAR = 20
"""Above this z, PyTorch's softplus is z itself."""

LEAKY_SLOPE = 0.01
"""The slope of leaky_relu below zero."""


@dataclass(frozen=True)
class Written:
    """How an activation is written out; what is left empty is written with the function's name alone.

    In a text, `{z}` and `{a}` stand for the unit's own z and a, `{u}` for its dL/da; `{zs}`, `{as}` and `{us}` for
    those of unit j of the same sample, under a Σⱼ.
    """

    symbol: str = ""
    """As in `σ(z)` and `σ′(z)`; empty: the name in the table."""
    value: str = ""
    """f(z)."""
    slope: str = ""
    """f′(z); of a function that is not one of each element alone, dL/dz."""


@dataclass(frozen=True)
class Activation:
    """a = f(z), for z of shape (N, width), or any shape where elementwise; values are of z's shape and dtype."""

    value: Callable[[FloatArray], FloatArray]
    """f(z)."""
    backward: Callable[[FloatArray, FloatArray, FloatArray], FloatArray]
    """dL/dz, given z, a = f(z) and dL/da."""
    module: str | None
    """The class in `torch.nn` that computes the same; None where the output is z itself."""
    options: Mapping[str, float | str] = field(default_factory=dict)
    """What that class is made with."""
    derivative: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    """f′(z) element by element, given z and a; None where each output depends on all of its sample's z."""
    written: Written = Written()
    from_output: bool = False
    """Whether `backward` needs a and dL/da alone; it matters where a function is not one of each element alone."""

    magnitude: Callable[[FloatArray], FloatArray | float] | None = None
    """The largest number that formulas of f and f′ in use add up at z, or return, where they round at all: what
    `core.rounding` counts their error in. None for max(1, |z|), which is safe where f and f′ bend on a scale of 1.
    """
    moved: Callable[[FloatArray, FloatArray], FloatArray] | None = None
    """How far f moves at most if each z moves by its error, given z and the errors; None to find it by evaluating f.
    Only asked where outputs depend on all z, as that takes an evaluation of each of them.
    """

    @property
    def elementwise(self) -> bool:
        """Whether a unit's activation depends on its own z alone: what a hidden layer may have."""
        return self.derivative is not None


def elementwise(
    value: Callable[[FloatArray], FloatArray],
    derivative: Callable[[FloatArray, FloatArray], FloatArray],
    module: str | None,
    written: Written = Written(),
    magnitude: Callable[[FloatArray], FloatArray | float] | None = None,
    **options: float | str,
) -> Activation:
    """Make an activation of each element alone: dL/dz = dL/da ⊙ f′(z)."""

    def backward(z: FloatArray, a: FloatArray, upstream: FloatArray) -> FloatArray:
        delta = derivative(z, a)
        delta *= upstream
        return delta

    return Activation(value, backward, module, options, derivative, written, magnitude=magnitude)


def sigmoid(z: FloatArray) -> FloatArray:
    """σ(z) = e^z/(1 + e^z). From 40 on, where it is 1 in float64, e^40 stands for e^z, which could overflow."""
    power: FloatArray = np.minimum(z, 40.0)
    np.exp(power, power)
    power /= 1.0 + power
    return power


def _sigmoid_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    """σ′(z) = a(1 − a)."""
    derivative: FloatArray = 1.0 - a
    derivative *= a
    return derivative


def _tanh(z: FloatArray) -> FloatArray:
    return np.tanh(z)


def _step(z: FloatArray) -> FloatArray:
    """1 above zero, 0 elsewhere."""
    return (z > 0).astype(z.dtype)


def _leaky_relu(z: FloatArray) -> FloatArray:
    return np.where(z > 0, z, LEAKY_SLOPE * z)


def _leaky_relu_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    return np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAKY_SLOPE))


def _elu(z: FloatArray) -> FloatArray:
    """Z above zero, e^z − 1 elsewhere."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def _elu_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    return np.exp(np.minimum(z, 0))


_ERF_NEAR = (
    (0.185777706184603153, 3.16112374387056560, 113.864154151050156, 377.485237685302021, 3209.37758913846947),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)
"""erf(x)/x as a quotient of polynomials in x², from the highest power down; for |x| ≤ 0.46875."""

_ERFC_FAR = (
    (
        2.15311535474403846e-8,
        0.564188496988670089,
        8.88314979438837594,
        66.1191906371416295,
        298.635138197400131,
        881.952221241769090,
        1712.04761263407058,
        2051.07837782607147,
        1230.33935479799725,
    ),
    (
        1.0,
        15.7449261107098347,
        117.693950891312499,
        537.181101862009858,
        1621.38957456669019,
        3290.79923573345963,
        4362.61909014324716,
        3439.36767414372164,
        1230.33935480374942,
    ),
)
"""e^(x²)·erfc(x) as a quotient of polynomials in x; for 0.46875 ≤ x, its error unseen in erf beyond 4."""


def erf(x: FloatArray) -> FloatArray:
    """Return the error function, to 15 digits (5 ulps at most, just above 0.46875).

    W. J. Cody, *Rational Chebyshev approximations for the error function*, Math. Comp. 23 (1969), in two of its three
    ranges: from 4 on, erfc is below 2e-8, and the quotient of the second range gives more of it than 1 − erfc can show.
    """
    size = np.minimum(np.abs(x), 6)  # 1 − erf(6) is a tenth of an ulp of 1
    near = x * _quotient(_ERF_NEAR, np.minimum(size, 0.5) ** 2)
    far = np.copysign(1 - np.exp(-size * size) * _quotient(_ERFC_FAR, size), x)
    return np.where(size <= 0.46875, near, far)


def _quotient(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: FloatArray) -> FloatArray:
    above, below = (_polynomial(each, x) for each in coefficients)
    return above / below


def _polynomial(coefficients: tuple[float, ...], x: FloatArray) -> FloatArray:
    """Horner's rule, from the highest power down."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def _normal_distribution(z: FloatArray) -> FloatArray:
    """Φ(z), that of the standard normal law."""
    return 0.5 * (1 + erf(z * math.sqrt(0.5)))


def _gelu_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    """Φ(z) + z·φ(z), φ the standard normal density."""
    density: FloatArray = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return _normal_distribution(z) + z * density


def _gelu_tanh_inner(z: FloatArray) -> FloatArray:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)


def _gelu_tanh(z: FloatArray) -> FloatArray:
    """Φ(z) approximated by (1 + tanh(√(2/π)·(z + 0.044715·z³)))/2. Hendrycks and Gimpel, *GELUs*, section 2."""
    activation: FloatArray = 0.5 * z * (1 + np.tanh(_gelu_tanh_inner(z)))
    return activation


def _gelu_tanh_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    t = np.tanh(_gelu_tanh_inner(z))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z * z)
    derivative: FloatArray = 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * slope
    return derivative


def _silu_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    s = sigmoid(z)
    return s * (1 + z * (1 - s))


def _softplus(z: FloatArray) -> FloatArray:
    """ln(1 + e^z), and z itself above 20 as in PyTorch."""
    return np.where(z > SOFTPLUS_LINEAR, z, np.log1p(np.exp(np.minimum(z, SOFTPLUS_LINEAR))))


def _softplus_derivative(z: FloatArray, a: FloatArray) -> FloatArray:
    return np.where(z > SOFTPLUS_LINEAR, z.dtype.type(1), sigmoid(z))


def softmax(z: FloatArray) -> FloatArray:
    """e^z_i / Σ_j e^z_j of each row, from z − max z so that nothing overflows."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def softmax_moved(z: FloatArray, error: FloatArray) -> FloatArray:
    """How far each share moves at most, where no z moves by more than its error.

    To first order Σ_j |∂a_i/∂z_j|·e_j = a_i((1 − a_i)e_i + Σ_{j≠i} a_j·e_j). On the way no a_j, and no 1 − a_i, which
    is a sum of others, grows by more than e^(2·max e), so that e^(4·max e) makes up for what is left out.
    """
    a = softmax(z)
    first = a * ((1 - 2 * a) * error + np.sum(a * error, axis=1, keepdims=True))
    moved: FloatArray = np.fmin(first * np.exp(4 * error.max(axis=1, keepdims=True)), 1)
    return moved


def _softmax_backward(z: FloatArray, a: FloatArray, upstream: FloatArray) -> FloatArray:
    """Multiply by the Jacobian ∂a_i/∂z_j = a_i(δ_ij − a_j): dL/dz_j = a_j(dL/da_j − Σ_i dL/da_i·a_i)."""
    weighted: FloatArray = a * (upstream - np.sum(upstream * a, axis=1, keepdims=True))
    return weighted


def _none(z: FloatArray) -> float:
    """Nothing is rounded: f is z or 0, f′ is 1 or 0."""
    return 0.0


def _one(z: FloatArray) -> float:
    """1 is added or subtracted where anything is rounded: (1 + tanh(z/2))/2, 1 − a², e^z − 1."""
    return 1.0


ACTIVATIONS = {
    "sigmoid": elementwise(
        sigmoid, _sigmoid_derivative, "Sigmoid", Written("σ", "1/(1 + e^(−{z}))", "{a}·(1 − {a})"), _one
    ),
    "identity": Activation(
        lambda z: z, lambda z, a, upstream: upstream, None, derivative=lambda z, a: np.ones_like(z), magnitude=_none
    ),
    "tanh": elementwise(_tanh, lambda z, a: 1 - a * a, "Tanh", Written(slope="1 − {a}²"), _one),
    "relu": elementwise(
        lambda z: np.maximum(z, 0),
        lambda z, a: _step(z),
        "ReLU",
        Written("", "max({z}, 0)", "1 if {z} > 0, else 0"),
        _none,
    ),
    "leaky_relu": elementwise(
        _leaky_relu,
        _leaky_relu_derivative,
        "LeakyReLU",
        Written("", f"{{z}} if {{z}} > 0, else {LEAKY_SLOPE}·{{z}}", f"1 if {{z}} > 0, else {LEAKY_SLOPE}"),
        negative_slope=LEAKY_SLOPE,
    ),
    "elu": elementwise(
        _elu,
        _elu_derivative,
        "ELU",
        Written("", "{z} if {z} > 0, else e^{z} − 1", "1 if {z} > 0, else e^{z}"),
        _one,
    ),
    "gelu": elementwise(
        lambda z: z * _normal_distribution(z),
        _gelu_derivative,
        "GELU",
        Written("", "{z}·Φ({z})", "Φ({z}) + {z}·φ({z})"),
    ),
    "gelu_tanh": elementwise(
        _gelu_tanh,
        _gelu_tanh_derivative,
        "GELU",
        Written("gelu", "{z}/2·(1 + tanh(√(2/π)·({z} + 0.044715·{z}³)))"),
        approximate="tanh",
    ),
    "silu": elementwise(
        lambda z: z * sigmoid(z), _silu_derivative, "SiLU", Written("", "{z}·σ({z})", "σ({z})·(1 + {z}·(1 − σ({z})))")
    ),
    "softplus": elementwise(
        _softplus, _softplus_derivative, "Softplus", Written("", "ln(1 + e^{z})", "σ({z})"), threshold=SOFTPLUS_LINEAR
    ),
    "softmax": Activation(
        softmax,
        _softmax_backward,
        "Softmax",
        {"dim": 1},
        written=Written("", "e^{z} / Σⱼ e^{zs}", "{a}·({u} − Σⱼ {us}·{as})"),
        from_output=True,
        magnitude=_one,
        moved=softmax_moved,
    ),
}
"""By the name that an experiment gives."""
