"""The catalogue's mathematics for weights that lie the other way.

It is written for W and dL/dW of shape (outputs, inputs). Where they have shape (inputs, outputs), W_k is W_kᵀ in every
product, δ_kᵀ a_{k−1} is a_{k−1}ᵀ δ_k, and a row of them is a column. z, a, δ and ∂L/∂a have a row a sample either way.
"""

from __future__ import annotations

import re

_LAYER = r"\{\w+\}"
_OF_UNITS = rf"(?:δ_{_LAYER}|∂L/∂a_{_LAYER}|\(∂L/∂a_{_LAYER}\)|∂L/∂ŷ|[az]_{_LAYER}|f_{_LAYER}′\([az]_{_LAYER}\))"
"""What has a row a sample and a column a unit."""
_OF_WEIGHTS = rf"(?:dL/dW_{_LAYER}|W_{_LAYER}|V|\([^()]*W_{_LAYER}[^()]*\))"
"""What has the shape of W."""
_OUTER = re.compile(rf"({_OF_UNITS})ᵀ ({_OF_UNITS})")
_THROUGH = re.compile(rf"({_OF_UNITS}) ({_OF_WEIGHTS})(ᵀ?)(?!\[)")
_LINE = re.compile(r"\b(row|column)(?=s?\b)(?!s? of δ| for each sample)")
_INDEXED = re.compile(rf"(W_{_LAYER})\[([^],]+), ([^],]+)\]")
_ACROSS = {"row": "column", "column": "row"}


def turned(text: str) -> str:
    """Write an explanation or a line of mathematics of the catalogue for weights of shape (inputs, outputs).

    It is given as it stands there, with {k}, {up} and {down} in it; turned twice it says what it said.
    """
    text = _OUTER.sub(r"\2ᵀ \1", text)
    text = _THROUGH.sub(lambda match: f"{match[1]} {_transposed(match[2], match[3])}", text)
    text = _INDEXED.sub(r"\1[\3, \2]", text)
    return _LINE.sub(lambda match: _ACROSS[match[1]], text)


def _transposed(factor: str, mark: str) -> str:
    if mark:
        return factor[1:-1] if re.fullmatch(rf"\(dL/dW_{_LAYER}\)", factor) else factor
    return f"({factor})ᵀ" if factor.startswith("dL/") else f"{factor}ᵀ"
