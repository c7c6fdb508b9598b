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
from core.pictures.flow import USUAL_RATIO, WELL
from core.pictures.scales import accuracy_floor, decades
from core.pictures.spread import QUANTITIES, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
WIDTHS = (3.2, 1.5, 0.9, 0.9)
"""Of the engines' lines: curves that are one lie on one another, and all of them are seen."""
MARKERS = "o^sDvP*X"
NOT_FINITE = "#be1e5a"
MANY_DECADES = 12
MOST_EXPONENT = 100
FAR_FROM_BOUNDARY = 1e6
"""Answers beyond that lie in the same cell of the map as it."""
USUAL_SPAN = (-6.0, 0.0)
"""Of the ratios' axis, if no ratio lies outside."""
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
    figure = _figure(9, 6.5 if accuracies else 5)
    upper, *lower = figure.subplots(
        2 if accuracies else 1, 1, sharex=True, squeeze=False, height_ratios=(5, 2) if accuracies else (1,)
    )[:, 0]
    upper.set_title(title)
    _draw_losses(upper, losses, log=log)
    for axes in lower:
        _draw_accuracies(axes, accuracies)
    for axes in (upper, *lower):
        axes.grid(alpha=0.25)
        axes.margins(x=0.01)
    (lower or [upper])[-1].set_xlabel("epoch")
    return figure


def _draw_losses(axes: Axes, losses: Mapping[str, Float64Array], *, log: bool) -> None:
    unit = 1.0 if log else _unit(losses.values())
    by_logarithm = log and _is_far(losses.values())
    for name, values in losses.items():
        _draw_series(axes, name, _log10(values) if by_logarithm else values / unit)
    axes.set_ylabel("loss (log)" if log else f"loss{_in(unit)}")
    if log:
        _scale_log(axes, losses.values(), far=by_logarithm)
    _mark_broken(axes, losses)
    if losses:
        axes.legend()


def _draw_accuracies(axes: Axes, accuracies: Mapping[str, Float64Array]) -> None:
    for name, values in accuracies.items():
        _draw_series(axes, name, values)
    low = accuracy_floor(min((float(np.nanmin(each)) for each in accuracies.values() if len(each)), default=0.0))
    margin = 0.03 * (1 - low)
    axes.set_ylim(low - margin, 1 + margin)
    axes.set_ylabel("accuracy")


def _unit(series: Iterable[Float64Array]) -> float:
    """Return what numbers are to be divided by to be drawn on a linear axis: Matplotlib's overflow near 1e308."""
    sizes = [np.abs(values[np.isfinite(values)]).max(initial=0.0) for values in series]
    most = max(map(float, sizes), default=0.0)
    if most == 0 or abs(exponent := math.floor(math.log10(most))) < MOST_EXPONENT:
        return 1.0
    return float(f"1e{max(exponent, -323)}")


def _in(unit: float) -> str:
    return "" if unit == 1 else f" / {unit:.0e}"


def _is_far(series: Iterable[Float64Array]) -> bool:
    """Whether numbers are so large or so small that Matplotlib's logarithmic axes overflow."""
    positive = [values[np.isfinite(values) & (values > 0)] for values in series]
    return any(len(each) and max(abs(np.log10([each.min(), each.max()]))) > MOST_EXPONENT for each in positive)


def _log10(values: Float64Array) -> Float64Array:
    """Return the decimal logarithm of what is above 0, nan for the rest."""
    return np.log10(values, where=values > 0, out=np.full(len(values), np.nan))


def _scale_log(axes: Axes, series: Iterable[Float64Array], *, far: bool) -> None:
    """Make an axis logarithmic, where there is anything above 0; what is far is drawn by its logarithms already."""
    if not any((values > 0).any() for values in series):
        return
    if not far:
        axes.set_yscale("log", nonpositive="mask")
        return
    low, high = axes.get_ylim()
    marks = decades(low, high, MANY_DECADES) or [round((low + high) / 2, 2)]
    axes.set_yticks(marks, [f"$10^{{{each}}}$" for each in marks])


def _draw_series(axes: Axes, name: str, values: Float64Array) -> None:
    engine, held_out = _place_of(name.rsplit(maxsplit=1)[-1]), name.startswith("held-out")
    style = ":" if held_out else "--" if engine else "-"
    epochs, drawn = _thinned(values)
    axes.plot(
        epochs, drawn, style, color=COLOURS[engine], label=name, linewidth=WIDTHS[engine] * (0.6 if held_out else 1)
    )


def _mark_broken(axes: Axes, losses: Mapping[str, Float64Array]) -> None:
    """Mark the epochs whose loss is not finite, where the curve has a gap."""
    label = "inf or nan"
    for name, values in losses.items():
        broken = np.flatnonzero(~np.isfinite(values))
        if len(broken):
            marked = broken[:: max(1, len(broken) // MOST_COLUMNS)] + 1
            look = {"color": COLOURS[_place_of(name.rsplit(maxsplit=1)[-1])], "label": label, "clip_on": False}
            axes.plot(marked, np.full(len(marked), 0.015), "x", transform=axes.get_xaxis_transform(), **look)
            label = "_"  # once in the legend


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
    figure = _figure(max(6.5, 2.6 * across), max(6.0, 2.4 * down))
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes in grid[len(values) :]:
        axes.set_axis_off()
    finite = values[np.isfinite(values)].astype(np.float64)
    by = _unit([finite])
    low, high = (float(finite.min()) / by, float(finite.max()) / by) if finite.size else (0.0, 1.0)
    for axes, unit, title in zip(grid, values.astype(np.float64) / by, titles, strict=False):
        axes.set_title(title)
        if samples[0].shape[1] == 1:
            _draw_line(axes, unit[0], extent, (samples[0], samples[1] / by) if answers is not None else None, _in(by))
            continue
        box = (extent.left, extent.right, extent.bottom, extent.top)
        image = axes.imshow(unit, cmap="cividis", vmin=low, vmax=high, aspect="auto", extent=box)
        axes.set_facecolor(NOT_FINITE)  # an image is not drawn where it is nan
        axes.set_xlabel("x1")
        axes.set_ylabel("x2")
        _draw_samples(axes, samples, classes, answers)
        if answers is not None and classes is not None:
            _draw_boundary(axes, values, extent)
    if samples[0].shape[1] == 2 and finite.size:
        figure.colorbar(image, ax=list(grid), label=f"{'ŷ' if answers is not None else 'activation'}{_in(by)}")
    if finite.size < values.size:
        grid[0].plot([], [], "s", color=NOT_FINITE, label="inf or nan")
    _add_legend(figure, grid[0])
    figure.suptitle(heading)
    return figure


def _add_legend(figure: Figure, axes: Axes) -> None:
    """Say below the pictures what the signs of each of them are."""
    signs, names = axes.get_legend_handles_labels()
    if signs:
        columns = min(len(signs), 4)
        figure.legend(signs, names, loc="outside lower center", ncols=columns, fontsize="small", facecolor="#d0d0d0")


def _draw_line(
    axes: Axes, values: FloatArray, extent: Extent, samples: tuple[FloatArray, FloatArray] | None, by: str
) -> None:
    if samples:
        axes.plot(samples[0][:, 0], samples[1][:, 0], ".", color=COLOURS[1], label="y of the samples")
    answer = "ŷ" if samples else "activation"
    axes.plot(np.linspace(extent.left, extent.right, len(values)), values, color=COLOURS[0], label=answer, linewidth=2)
    axes.set_xlabel("x")
    axes.set_ylabel(f"{'ŷ, y' if samples else 'activation'}{by}")
    axes.grid(alpha=0.25)


def _draw_samples(
    axes: Axes,
    samples: tuple[FloatArray, FloatArray],
    classes: tuple[str, ...] | None,
    answers: FloatArray | None,
) -> None:
    x, y = samples
    if classes is None:
        axes.plot(*x.T, "o", color="white", markeredgecolor="black", markersize=4, linestyle="", label="sample")
        return
    labels = class_of(y)
    for k, name in enumerate(classes):
        of = labels == k
        look = {"color": "white" if k % 2 == 0 else "black", "markeredgecolor": "grey", "markersize": 4.5}
        axes.plot(*x[of].T, MARKERS[k % len(MARKERS)], linestyle="", label=f"class {name}", **look)
    if answers is not None:
        wrong = (class_of(answers) != labels) | np.isnan(answers).any(axis=1)
        look = {"color": "#e8112d", "markeredgecolor": "white", "markersize": 9, "markeredgewidth": 0.8}
        axes.plot(*x[wrong].T, "X", linestyle="", label=f"{int(wrong.sum()):,} misclassified", **look)


def _draw_boundary(axes: Axes, values: FloatArray, extent: Extent) -> None:
    outputs, rows, columns = values.shape
    classes = class_of(values.reshape(outputs, -1).T).reshape(rows, columns)
    field = np.clip(values[0], -FAR_FROM_BOUNDARY, FAR_FROM_BOUNDARY) if outputs == 1 else classes.astype(float)
    levels = [0.5] if outputs == 1 else [k + 0.5 for k in range(outputs - 1)]
    if len(np.unique(classes)) > 1:
        box = (extent.left, extent.right, extent.bottom, extent.top)
        axes.contour(field, levels=levels, colors="white", linewidths=2, origin="upper", extent=box)
        axes.plot([], [], color="white", linewidth=2, label="boundary")


def distributions(spread: Spread, activations: Sequence[str], heading: str) -> Figure:
    """Draw a histogram of every quantity of every layer, above them the gradients' flow, and say what is unhealthy."""
    depth, words = len(activations), "\n".join(_words(spread))
    above, title = (2.6 if spread.flow else 0.1), 0.4 + 0.2 * len(_words(spread))
    height = 1.5 * depth + above + title + 1.6
    figure = _figure(13, height, layout=None)  # an automatic one takes seconds for so many axes
    outer = figure.add_gridspec(
        *(2, 1),
        height_ratios=(above, 1.5 * depth),
        **{"left": 0.07, "right": 0.985, "top": 1 - (title + 0.2) / height, "bottom": 0.5 / height},
        hspace=2.3 / height,
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


def _words(spread: Spread) -> tuple[str, ...]:
    """Say what is unhealthy, or that nothing is; at epoch 0 nothing is known."""
    return (spread.findings or (WELL,)) if spread.flow else ()


def _draw_histogram(axes: Axes, spread: Spread, quantity: str, k: int) -> None:
    of = spread.histograms.get(name_of(quantity, k))
    axes.tick_params(labelsize="x-small")
    if of is None or not math.isfinite(of.low):
        _leave_empty(axes, "not known" if of is None else "not finite")
        axes.set_xlabel(str(name_of(quantity, k)), fontsize="x-small")
        axes.set_xticks([])
        return
    unit = _unit([np.array([of.low, of.high])])
    low, high = of.low / unit, of.high / unit
    width = high - low or max(abs(low), 1.0) * 0.1
    edges = np.linspace(low, low + width, len(of.counts) + 1)
    if low == high:
        edges = edges - width / 2
    axes.locator_params(axis="x", nbins=4)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
    axes.xaxis.get_offset_text().set_fontsize("x-small")
    axes.yaxis.get_major_locator().set_params(nbins=4, integer=True)
    axes.stairs(of.counts, edges, fill=True, color=COLOURS[1])
    if of.not_finite:
        text = f"{of.not_finite:,} inf or nan"
        axes.text(0.97, 0.85, text, ha="right", transform=axes.transAxes, fontsize="x-small", color=NOT_FINITE)
    axes.set_xlabel(f"{name_of(quantity, k)}{_in(unit)}", fontsize="x-small")


def _leave_empty(axes: Axes, why: str) -> None:
    axes.text(0.5, 0.5, why, ha="center", transform=axes.transAxes)
    axes.set_yticks([])


def _draw_flow(panels: Sequence[Axes], flow: Sequence[Flow]) -> None:
    layers = [each.layer for each in flow]
    sizes, ratios, saturated = panels
    means, largest = (np.array([getattr(each, f"{name}_gradient") for each in flow]) for name in ("mean", "largest"))
    far = _is_far([means, largest])
    for values, label, stroke, colour in ((means, "mean", "o-", COLOURS[1]), (largest, "largest", "^--", COLOURS[0])):
        sizes.plot(layers, _log10(values) if far else values, stroke, label=label, color=colour)
    _scale_log(sizes, [means, largest], far=far)
    if not np.isfinite(means).any():
        _leave_empty(sizes, "not finite")
    sizes.set_ylabel("|dL/dθ|")
    sizes.legend(fontsize="small")
    known = [each.ratio if math.isfinite(each.ratio) else math.nan for each in flow]
    ratios.plot(layers, known, "o-", color=COLOURS[1])
    ratios.axhline(USUAL_RATIO, linestyle=":", color="black", label="−3 is usual")
    ratios.set_ylim(min(USUAL_SPAN[0], *known) - 0.2, max(USUAL_SPAN[1], *known) + 0.2)
    ratios.set_ylabel("log₁₀ ‖ΔW‖/‖W‖")
    ratios.legend(fontsize="small")
    _draw_saturated(saturated, flow)
    for axes in panels:
        axes.set_xlabel("layer")
        axes.set_xticks(layers)
        axes.set_xlim(layers[0] - 0.5, layers[-1] + 0.5)
        axes.grid(alpha=0.25)


def _draw_saturated(axes: Axes, flow: Sequence[Flow]) -> None:
    """Draw the shares of flat activations and of silent units; a dash where slopes play no part."""
    for each in flow:
        if each.saturated is None:
            axes.text(each.layer, 0.02, "–", ha="center")
    layers = np.array([each.layer for each in flow])
    axes.bar(layers - 0.2, [each.saturated or 0.0 for each in flow], 0.4, label="flat", color=COLOURS[1])
    silent = [each.silent / each.units if each.units else 0.0 for each in flow]
    axes.bar(layers + 0.2, silent, 0.4, label="silent units", color=COLOURS[0], hatch="//", edgecolor="white")
    axes.set_ylim(0, 1)
    axes.set_ylabel("share")
    axes.legend(fontsize="small")


def _figure(width: float, height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """Return an empty figure of a size in inches.

    Raises:
        FileError: Matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    return Figure(figsize=(width, height), layout=layout)
