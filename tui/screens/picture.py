"""Saving pictures: the screen is drawn here as it is seen, the others in the trainer, from the numbers behind them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.errors import MlpError
from tui.protocol import Picture, SavePicture

if TYPE_CHECKING:
    from tui.screens.main import MainScreen
    from tui.screens.save import SaveTo

SCREEN = "the screen"
PICTURES: dict[str, Picture] = {"loss curve": "curve", "answer map": "map", "distributions": "spread"}


def picture_choices(main: MainScreen) -> tuple[str, ...]:
    """Name what can be saved, what is seen first."""
    seen = [name for name, pane in PICTURES.items() if main.right.current == pane]
    return tuple(dict.fromkeys([*seen, SCREEN, *PICTURES]))


async def save_picture(main: MainScreen, to: SaveTo) -> None:
    """Write the screen, or have a picture written."""
    if to.engine == SCREEN:
        await _save_screen(main, to)
    else:
        main.send(_asked(main, PICTURES[to.engine], to))


def _asked(main: MainScreen, picture: Picture, to: SaveTo) -> SavePicture:
    """Ask for a picture as its pane shows it, where there is one."""
    pane = next(iter(main.query(f"#{picture}")), None)
    layer, unit = getattr(pane, "shown_layer", 0), getattr(pane, "shown_unit", None)
    logarithmic = getattr(pane, "logarithmic", True)
    return SavePicture(picture, to.path, main.selection.engine, layer, unit, logarithmic, to.replace)


async def _save_screen(main: MainScreen, to: SaveTo) -> None:
    from core.files import write_whole  # noqa: PLC0415

    try:
        content = _png(main) if to.path.suffix.lower() == ".png" else _svg(main)
        await asyncio.to_thread(write_whole, to.path, content, replace=to.replace)
    except MlpError as error:
        main.notify(str(error), severity="error", markup=False, timeout=10)
        return
    main.errands.written((to.path,), len(content))


def _svg(main: MainScreen) -> bytes:
    return main.app.export_screenshot(title="mlp-tui").encode()


def _png(main: MainScreen) -> bytes:
    from textual.color import Color  # noqa: PLC0415

    from tui.pictures.screen_file import png_of  # noqa: PLC0415

    colours = main.app.theme_variables
    ground, ink = (Color.parse(colours[name]).rgb for name in ("background", "foreground"))
    return png_of(main._compositor.render_strips(), ground, ink)
