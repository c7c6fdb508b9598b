"""Pictures as files: SVG and PNG, drawn by Matplotlib, which is imported only here and only when one is asked for.

Nothing in a file tells when it was made: the same numbers give the same file.
"""

from __future__ import annotations

import io
import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from core.errors import FileError
from core.experiment import EngineName
from core.metrics import class_of
from core.pictures.extremes import column_edges, reduced
from core.pictures.flow import USUAL_RATIO
from core.pictures.spread import QUANTITIES, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.arrays import Float64Array, FloatArray
    from core.pictures.flow import Flow
    from core.pictures.plane import Extent
    from core.pictures.spread import Spread

    Figure = Any
    Axes = Any

Format = Literal["svg", "png"]
FORMATS: tuple[Format, ...] = ("svg", "png")
COLOURS = ("#d55e00", "#0072b2", "#cc79a7", "#009e73")
"""Of the engines: Okabe and Ito's, told apart by the colour-blind."""
MOST_COLUMNS = 2000
"""Of a curve; of more epochs each column keeps its least and its largest value."""
MARKERS = "o^sDvP*X"
MISSING = "pictures as files need Matplotlib, which is not installed"
REMEDY = "pip install 'mlp-tui[pictures]'"


def require_matplotlib() -> None:
    """Refuse where Matplotlib can't be had, without importing it.

    Raises:
        FileError: it is not installed.
    """
    if find_spec("matplotlib") is None:
        raise FileError(MISSING, expected=REMEDY)


def encoded(figure: Figure, kind: Format) -> bytes:
    """Return a figure as the content of a file."""
    import matplotlib as mpl  # noqa: PLC0415 - it takes half a second

    content = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "mlp-tui", "svg.fonttype": "none"}):
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(content, format=kind, dpi=150, metadata=metadata)
    return content.getvalue()


def loss_curve(
    losses: Mapping[str, Float64Array], accuracies: Mapping[str, Float64Array], title: str, *, log: bool
) -> Figure:
    """Draw series over the epochs, by name; a name that begins with `held-out` is drawn dotted."""
    figure = _figure(9, 6 if accuracies else 5)
    upper, *lower = figure.subplots(
        2 if accuracies else 1, 1, sharex=True, squeeze=False, height_ratios=(3, 1) if accuracies else (1,)
    )[:, 0]
    for axes, series in ((upper, losses), *((each, accuracies) for each in lower)):
        for name, values in series.items():
            _draw_series(axes, name, values)
        axes.grid(alpha=0.25)
    upper.set_title(title)
    upper.set_ylabel("loss (log)" if log else "loss")
    if log and any((values > 0).any() for values in losses.values()):
        upper.set_yscale("log", nonpositive="mask")
    upper.legend()
    for axes in lower:
        axes.set_ylabel("accuracy")
        axes.set_ylim(-0.03, 1.03)
    (lower or [upper])[-1].set_xlabel("epoch")
    return figure


def _draw_series(axes: Axes, name: str, values: Float64Array) -> None:
    engine = _place_of(name.rsplit(maxsplit=1)[-1])
    style = ":" if name.startswith("held-out") else "--" if engine else "-"
    epochs, drawn = _thinned(values)
    axes.plot(epochs, drawn, style, color=COLOURS[engine], label=name, linewidth=1.3)
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        marked = broken[:: max(1, len(broken) // MOST_COLUMNS)] + 1
        transform = axes.get_xaxis_transform()
        axes.plot(marked, np.full(len(marked), 0.01), "x", color=COLOURS[engine], transform=transform, clip_on=False)


def _place_of(engine: str) -> int:
    """Return an engine's place among the engines, which gives it its colour."""
    names = get_args(EngineName)
    return names.index(engine) if engine in names else len(names)


def _thinned(values: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return epochs and values to draw: all of them, or both extremes of each of many columns."""
    if len(values) <= 2 * MOST_COLUMNS:
        return np.arange(1.0, len(values) + 1), np.where(np.isfinite(values), values, np.nan)
    columns = reduced(values, column_edges(0, len(values), MOST_COLUMNS))
    both = np.column_stack([columns.least, columns.largest]).ravel()
    return np.repeat(columns.edges[:-1] + 1.0, 2), np.where(np.isfinite(both), both, np.nan)


def answer_map(
    values: FloatArray,
    extent: Extent,
    samples: tuple[FloatArray, FloatArray],
    *,
    titles: Sequence[str],
    classes: tuple[str, ...] | None,
    answers: FloatArray | None,
    heading: str,
) -> Figure:
    """Draw units over two inputs, (units, rows, columns), row 0 on top; or over one, (units, 1, columns).

    `samples` are x and y; `answers`, ŷ of the samples, where the units are the output.
    """
    across = math.ceil(math.sqrt(len(values)))
    down = -(-len(values) // across)
    figure = _figure(max(6.5, 2.6 * across), max(5.5, 2.4 * down))
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes in grid[len(values) :]:
        axes.set_axis_off()
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for axes, unit, title in zip(grid, values, titles, strict=False):
        axes.set_title(title)
        if samples[0].shape[1] == 1:
            _draw_line(axes, unit[0], extent, samples if answers is not None else None)
            continue
        image = axes.imshow(
            unit,
            cmap="cividis",
            vmin=low,
            vmax=high,
            aspect="auto",
            extent=(extent.left, extent.right, extent.bottom, extent.top),
        )
        axes.set_xlabel("x1")
        axes.set_ylabel("x2")
        _draw_samples(axes, samples, classes, answers)
        if answers is not None and classes is not None:
            _draw_boundary(axes, values, extent)
    if samples[0].shape[1] == 2:
        figure.colorbar(image, ax=list(grid), label="ŷ" if answers is not None else "activation")
    figure.suptitle(heading)
    return figure


def _draw_line(axes: Axes, values: FloatArray, extent: Extent, samples: tuple[FloatArray, FloatArray] | None) -> None:
    axes.plot(np.linspace(extent.left, extent.right, len(values)), values, color=COLOURS[0], label="ŷ")
    axes.set_xlabel("x")
    axes.set_ylabel("ŷ" if samples else "activation")
    if samples:
        axes.plot(samples[0][:, 0], samples[1][:, 0], ".", color=COLOURS[1], label="y")
        axes.legend()


def _draw_samples(
    axes: Axes,
    samples: tuple[FloatArray, FloatArray],
    classes: tuple[str, ...] | None,
    answers: FloatArray | None,
) -> None:
    x, y = samples
    if classes is None:
        axes.plot(x[:, 0], x[:, 1], "o", color="white", markeredgecolor="black", markersize=4)
        return
    labels = class_of(y)
    for k, name in enumerate(classes):
        of = labels == k
        marker = MARKERS[k % len(MARKERS)]
        colour = "white" if k % 2 == 0 else "black"
        axes.plot(
            *x[of].T, marker, color=colour, markeredgecolor="grey", markersize=4, linestyle="", label=f"class {name}"
        )
    if answers is not None:
        wrong = (class_of(answers) != labels) | np.isnan(answers).any(axis=1)
        axes.plot(*x[wrong].T, "x", color="red", markersize=9, label=f"{int(wrong.sum())} misclassified")
        axes.legend(loc="best", fontsize="small")


def _draw_boundary(axes: Axes, values: FloatArray, extent: Extent) -> None:
    outputs, rows, columns = values.shape
    classes = class_of(values.reshape(outputs, -1).T).reshape(rows, columns)
    field = values[0] if outputs == 1 else classes.astype(float)
    levels = [0.5] if outputs == 1 else [k + 0.5 for k in range(outputs - 1)]
    if len(np.unique(classes)) > 1:
        box = (extent.left, extent.right, extent.bottom, extent.top)
        axes.contour(field, levels=levels, colors="white", linewidths=2, origin="upper", extent=box)


def distributions(spread: Spread, activations: Sequence[str], heading: str) -> Figure:
    """Draw a histogram of every quantity of every layer, above them the gradients' flow, and say what is unhealthy."""
    depth, words = len(activations), "\n".join(spread.findings)
    above, title = (3.0 if spread.flow else 0.1), 0.5 + 0.2 * len(spread.findings)
    height = 1.7 * depth + above + title + 0.9
    figure = _figure(13, height, layout=None)  # an automatic one takes seconds for so many axes
    outer = figure.add_gridspec(
        *(2, 1),
        height_ratios=(above, 1.7 * depth),
        **{"left": 0.07, "right": 0.985, "top": 1 - (title + 0.2) / height, "bottom": 0.5 / height},
        hspace=2.4 / height,
    )
    if spread.flow:
        _draw_flow(outer[0].subgridspec(1, 3, wspace=0.25).subplots(), spread.flow)
    grid = outer[1].subgridspec(depth, len(QUANTITIES), hspace=0.55, wspace=0.3).subplots(squeeze=False)
    for k, activation in enumerate(activations, start=1):
        for axes, quantity in zip(grid[k - 1], QUANTITIES, strict=True):
            _draw_histogram(axes, spread, quantity, k)
        grid[k - 1][0].set_ylabel(f"{k} {activation}\ncount")
    for axes, quantity in zip(grid[0], QUANTITIES, strict=True):
        axes.set_title(quantity)
    figure.suptitle(f"{heading}\n{words}" if words else heading)
    return figure


def _draw_histogram(axes: Axes, spread: Spread, quantity: str, k: int) -> None:
    of = spread.histograms.get(name_of(quantity, k))
    axes.tick_params(labelsize="x-small")
    if of is None or not math.isfinite(of.low):
        axes.text(0.5, 0.5, "not known yet" if of is None else "not finite", ha="center", transform=axes.transAxes)
        return
    width = of.high - of.low or max(abs(of.low), 1.0) * 0.1
    edges = np.linspace(of.low, of.low + width, len(of.counts) + 1)
    if of.low == of.high:
        edges = edges - width / 2
    axes.locator_params(axis="x", nbins=4)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
    axes.xaxis.get_offset_text().set_fontsize("x-small")
    axes.stairs(of.counts, edges, fill=True, color=COLOURS[1])
    axes.set_xlabel(str(name_of(quantity, k)), fontsize="x-small")


def _draw_flow(panels: Sequence[Axes], flow: Sequence[Flow]) -> None:
    layers = [each.layer for each in flow]
    sizes, ratios, saturated = panels
    for label, values in (
        ("mean", [each.mean_gradient for each in flow]),
        ("largest", [each.largest_gradient for each in flow]),
    ):
        sizes.plot(layers, values, "o-", label=label)
    if any(each.mean_gradient > 0 for each in flow):
        sizes.set_yscale("log")
    sizes.set_ylabel("|dL/dθ|")
    sizes.legend()
    ratios.plot(layers, [each.ratio if math.isfinite(each.ratio) else math.nan for each in flow], "o-")
    ratios.axhline(USUAL_RATIO, linestyle=":", color="grey")
    ratios.set_ylabel("log₁₀ ‖ΔW‖/‖W‖")
    shares = [math.nan if each.saturated is None else each.saturated for each in flow]
    saturated.bar(layers, [0 if math.isnan(each) else each for each in shares])
    saturated.set_ylim(0, 1)
    saturated.set_ylabel("saturated share")
    for axes in panels:
        axes.set_xlabel("layer")
        axes.set_xticks(layers)


def _figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Return an empty figure of a size in inches.

    Raises:
        FileError: Matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    return Figure(figsize=(width, height), layout=layout)
