"""Tag for people: a board in the terminal, and keys to run with.

What may live here: showing the game and reading keys.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from wirebook.reference.pygase.examples.tag_players import Bot, Player, View

WIDTH, HEIGHT = 64, 24
_KEYS = {
    "w": (0, -1),
    "a": (-1, 0),
    "s": (0, 1),
    "d": (1, 0),
    "\x1b[A": (0, -1),
    "\x1b[D": (-1, 0),
    "\x1b[B": (0, 1),
    "\x1b[C": (1, 0),
    " ": (0, 0),
}
_FRAME = 0.05
_THINK_EVERY = 3
"""Frames between two thoughts of the bots."""


def play(player: Player, bots: list[Bot]) -> None:
    """Let a person play until `q` is pressed."""
    with _keys_at_once(), Live(refresh_per_second=20, screen=True) as live:
        frame = 0
        while True:
            key = _key(_FRAME)
            if key == "q":
                return
            if key in _KEYS:
                player.run(*_KEYS[key])
            frame += 1
            if frame % _THINK_EVERY == 0:
                for bot in bots:
                    bot.think()
            live.update(board(player.look(), player.name, player.news))


def board(view: View, name: str, news: str) -> Group:
    """Return the picture of the game as one player sees it."""
    rows = [[(" ", "")] * WIDTH for _ in range(HEIGHT)]
    for other, (x, y) in view.places.items():
        style = "bold red" if other == view.chaser else "dim" if other == view.protected else ""
        mark = "@" if other == name else other[-1]
        column, row = int(x * (WIDTH - 1)), int(y * (HEIGHT - 1))
        rows[row][column] = (mark, "bold green" if other == name and not style else style)
    picture = Text("\n").join(
        Text.assemble(*[(mark, style) for mark, style in row]) for row in rows
    )
    chaser = "you chase" if view.chaser == name else f"{view.chaser} chases"
    title = f"{chaser} · {view.tags} caught so far"
    keys = Text("arrows or wasd: run · space: stand · q: leave", style="dim")
    return Group(Panel(picture, title=title, width=WIDTH + 4), Text(news), keys)


@contextmanager
def _keys_at_once() -> Iterator[None]:
    """Let keys be read as they are pressed, and put the terminal right afterwards."""
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key(timeout: float) -> str:
    """Return the key that was pressed last, or an empty str."""
    descriptor = sys.stdin.fileno()
    if not select.select([descriptor], [], [], timeout)[0]:
        return ""
    keys = os.read(descriptor, 64).decode(errors="replace")
    if not keys:
        return "q"
    return keys[-3:] if keys[-3:] in _KEYS else keys[-1]
