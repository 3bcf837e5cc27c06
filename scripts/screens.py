"""A picture of every page, as it looks on the example feed: `screens.py [--database FILE] [--only NAME ...]`.

Makes the demonstration's store (or takes a copy of one that `discharge demo` made), starts the server with a clock that
stands still, and photographs what tests/web/every_page.py lists: light, dark, on a tablet, and as printed. Writes
docs/screens/*.png and their index, docs/screens.md.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import socket
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from web.every_page import PAGES, Sheet, address  # noqa: E402
from web.kit import (  # noqa: E402
    BROWSER_OPTIONS,
    OPENS,
    PASSWORD,
    Clock,
    Site,
    chromium,
    enter,
    serve_in_thread,
    settings_of,
    tab_of,
)

from discharge.api.app import create_app  # noqa: E402
from discharge.api.demo import DemoAsked, open_demo  # noqa: E402
from discharge.casework.library import load_library  # noqa: E402
from discharge.resources import data_folder  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
INDEX = ROOT / "docs" / "screens.md"
MOST_BYTES = 6_000_000
MOST_COLORS = 48
ACROSS = {"worklist"}
"""Pages that lie across the printed sheet."""


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    name: str
    width: int
    height: int
    scheme: str = "light"
    media: str = "screen"


LOOKS = (
    Look("light", 1280, 900),
    Look("dark", 1280, 900, scheme="dark"),
    Look("tablet", 820, 1180),
    Look("print", 800, 1130, media="print"),
)

# Gives the pixels of a PNG: the browser has the decoder that Python's own library lacks.
_PIXELS = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (sign) => sign.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def small(picture: bytes, decoder: Page) -> bytes:
    """Return the picture with a palette of few colors, which is about a fifth of the size."""
    width, height, text = decoder.evaluate(_PIXELS, base64.b64encode(picture).decode())
    pixels = (
        np.frombuffer(base64.b64decode(text), np.uint8).reshape(height * width, 4)[:, :3].astype(np.uint32)
    )
    keys = (pixels[:, 0] << 16) | (pixels[:, 1] << 8) | pixels[:, 2]
    found, index, often = np.unique(keys, return_inverse=True, return_counts=True)
    colors = np.stack([found >> 16, (found >> 8) & 255, found & 255], axis=1).astype(np.int32)
    kept = _palette(colors, often)
    near = np.concatenate(
        [
            ((part[:, None, :] - kept[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
            for part in np.array_split(colors, len(colors) // 4096 + 1)
        ]
    )
    index, palette = near[index], kept.astype(np.uint8)
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = index.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", head),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, content) for name, content in parts)


def _palette(colors: Any, often: Any) -> Any:
    """Return the most frequent colors, none next to another: grounds and lines stay apart, edges of letters fall in."""
    kept: list[Any] = []
    for one in colors[np.argsort(-often)[:2000]]:
        far = 3 if len(kept) < MOST_COLORS // 3 else 28
        if all(abs(one - other).max() > far for other in kept):
            kept.append(one)
        if len(kept) == MOST_COLORS:
            break
    return np.array(kept)


def _part(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def take(browser: Browser, site: Site, sheets: list[Sheet]) -> Iterator[tuple[Sheet, Look, bytes]]:
    """Yield every picture."""
    for look in LOOKS:
        for sheet in sheets:
            where = address(site, sheet)
            if where is None:
                continue
            size = {"width": look.width, "height": look.height}
            if look.media == "print" and sheet.file in ACROSS:
                size = {"width": 985, "height": 760}
            with tab_of(
                browser, site, viewport=size, color_scheme=look.scheme, reduced_motion="reduce"
            ) as page:
                page.emulate_media(media=look.media)
                if sheet.login is not None:
                    enter(page, site, sheet.login)
                page.goto(where)
                page.wait_for_load_state("networkidle")
                yield sheet, look, page.screenshot()


def written(taken: Iterator[tuple[Sheet, Look, bytes]], decoder: Page, folder: Path) -> dict[str, list[str]]:
    """Write the pictures; return the looks of each page."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[str]] = {}
    for sheet, look, picture in taken:
        (folder / _file(sheet, look.name)).write_bytes(small(picture, decoder))
        found.setdefault(sheet.file, []).append(look.name)
    return found


def _file(sheet: Sheet, look: str) -> str:
    """Return the name of a picture: the light one, which the README shows, has that of the page alone."""
    return f"{sheet.file}.png" if look == "light" else f"{sheet.file}.{look}.png"


def index(found: dict[str, list[str]]) -> str:
    """Return docs/screens.md."""
    lines = [
        "# Screens",
        "",
        "Every page on the example feed on 15 June 2026, taken by `make screens`. Patients and people are made up.",
        "",
        "| Page | Who | Pictures |",
        "|---|---|---|",
    ]
    for sheet in PAGES:
        if sheet.file in found:
            who = (sheet.login or "nobody yet").replace("_", " ")
            pictures = ", ".join(f"[{look}](screens/{_file(sheet, look)})" for look in found[sheet.file])
            lines.append(f"| {sheet.words} | {who} | {pictures} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--database", type=Path, help="a store that `discharge demo` made; it is copied")
    options.add_argument("--only", nargs="*", help="names of pages")
    options.add_argument("--out", type=Path, help="another folder, for a look; the index is left alone")
    asked = options.parse_args()
    library = load_library(
        rules=data_folder("rules"), payers=data_folder("payer_profiles"), zone="America/New_York"
    )
    sheets = [one for one in PAGES if not asked.only or one.file in asked.only]
    screens = asked.out or SCREENS
    with (
        tempfile.TemporaryDirectory(prefix="discharge-") as folder,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        database = Path(folder) / "demo.db"
        if asked.database:
            shutil.copy(asked.database, database)
        clock = Clock(OPENS)
        settings = settings_of(database, clock)
        open_demo(DemoAsked(ROOT / "examples" / "feed", OPENS, database, settings, PASSWORD), library)
        app: Any = create_app(settings, library=library)
        site = Site(app, f"http://127.0.0.1:{listening.getsockname()[1]}", database, clock)
        server, thread = serve_in_thread(app, listening)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=list(BROWSER_OPTIONS))
            found = written(take(browser, site, sheets), browser.new_page(), screens)
            browser.close()
        server.should_exit = True
        thread.join(timeout=20)
        app.state.desk.store.close()
    if not asked.only and not asked.out:
        INDEX.write_text(index(found), encoding="utf-8")
    total = sum(file.stat().st_size for file in screens.glob("*.png"))
    print(f"{sum(len(one) for one in found.values())} pictures, {total / 1e6:.1f} MB in {screens}")
    if total > MOST_BYTES:
        raise SystemExit(f"more than the {MOST_BYTES / 1e6:.0f} MB that the docs may hold")


if __name__ == "__main__":
    main()
