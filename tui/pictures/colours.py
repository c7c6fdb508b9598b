"""Colours of pictures: a scale that is even to the eye and the same to the colour-blind; one for each series.

The scale is cividis: Nuñez, Anderton and Renslow, *Optimizing colormaps with consideration for color vision
deficiency*, PLOS ONE 13 (2018), whose steps in lightness are equal, so that it is right in greys too.
"""

from __future__ import annotations

from functools import cache

LEVELS = 32
_CIVIDIS = (
    (0, 34, 78), (0, 46, 106), (26, 56, 111), (50, 67, 109), (67, 78, 108), (83, 90, 109), (97, 101, 111),
    (111, 112, 115), (125, 124, 120), (140, 136, 120), (155, 148, 118), (171, 160, 114), (188, 174, 108),
    (205, 187, 99), (222, 201, 88), (240, 216, 70), (254, 232, 56),
)  # fmt: skip
_OF_256 = (
    "#00005f", "#000087", "#444444", "#585858", "#6c6c6c", "#808080", "#949494", "#afaf87", "#d7d75f", "#ffd700",
)  # fmt: skip
"""Where a terminal has but 256 colours: those of them that lie near the scale, each lighter than the one before. The
terminal's own choice of the nearest ones goes back and forth between greens, pinks and greys."""
_SERIES = {True: ("#e69f00", "#56b4e9", "#cc79a7", "#f0e442"), False: ("#a85500", "#0060a0", "#a03070", "#6a6000")}
"""Those of Okabe and Ito, for light on dark; darker ones for dark on light."""


@cache
def scale(*, few: bool = False) -> tuple[str, ...]:
    """Return the colours of the scale, from the least to the most. `few`: out of the 256 that a terminal has."""
    if few:
        return tuple(_OF_256[i * len(_OF_256) // LEVELS] for i in range(LEVELS))
    return tuple(_between(i / (LEVELS - 1)) for i in range(LEVELS))


def _between(share: float) -> str:
    at = share * (len(_CIVIDIS) - 1)
    before = min(int(at), len(_CIVIDIS) - 2)
    pair = zip(_CIVIDIS[before], _CIVIDIS[before + 1], strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (at - before)):02x}" for a, b in pair)


def colour_of(series: int, *, dark: bool) -> str:
    """Return the colour of an engine's curves, by its place among the engines."""
    colours = _SERIES[dark]
    return colours[series % len(colours)]
