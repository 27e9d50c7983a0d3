"""Tag: `python -m wirebook.reference.pygase.examples.tag`.

With a terminal, somebody plays against bots; without one, or with `--seconds`, the bots play among
themselves and a summary is printed. What may live here: the command line.
"""

from __future__ import annotations

import argparse
import sys
import time

from wirebook.reference.pygase.examples.tag_game import LONGEST_NAME, Tag
from wirebook.reference.pygase.examples.tag_players import Bot, Player

_THINK = 0.1
_SECONDS = 10.0


def main(arguments: list[str] | None = None) -> int:
    """Play."""
    options = _options(arguments)
    people = options.seconds is None and sys.stdin.isatty() and sys.stdout.isatty()
    if not people and options.seconds is None:
        print(f"no terminal: the bots play by themselves, for {_SECONDS:.0f} seconds")
    game = None if options.connect else Tag(options.seed)
    thread = game.backend.run_in_thread("127.0.0.1", 0) if game else None
    host, port = _address(options, game)
    bots = [Bot(f"bot{number}", options.seed + number) for number in range(options.bots)]
    players: list[Player] = [*bots]
    try:
        for bot in bots:
            bot.join(host, port)
        if people:
            player = Player(options.name)
            players.append(player)
            _play(player, bots, host, port)
        else:
            _watch(bots, _SECONDS if options.seconds is None else options.seconds)
    except TimeoutError:
        print(f"nobody answers at {host}:{port}", file=sys.stderr)
        return 1
    finally:
        for left in players:
            if left.client.connection is not None:
                left.leave()
        if game and thread:
            game.backend.shutdown()
            thread.join()
    return 0


def _play(player: Player, bots: list[Bot], host: str, port: int) -> None:
    from wirebook.reference.pygase.examples import tag_terminal

    player.join(host, port)
    if player.refused:
        print(player.refused, file=sys.stderr)
        return
    tag_terminal.play(player, bots)


def _watch(bots: list[Bot], seconds: float) -> None:
    begin = bots[0].look().steps if bots else 0
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for bot in bots:
            bot.think()
        time.sleep(min(_THINK, left))
    if bots:
        view = bots[0].look()
        print(
            f"{len(view.places)} players, {seconds:g} s, {view.steps - begin} steps: "
            f"{view.tags} caught, {view.chaser} chases"
        )


def _address(options: argparse.Namespace, game: Tag | None) -> tuple[str, int]:
    if game is not None:
        return "127.0.0.1", game.backend.server.port or 0
    host, _, port = options.connect.rpartition(":")
    return host, int(port)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tag", description=(__doc__ or "").partition("\n\n")[2].partition(" What")[0]
    )
    parser.add_argument("--bots", type=int, default=3, help="how many bots play (default: 3)")
    parser.add_argument("--seconds", type=float, help="let only the bots play, for so long")
    parser.add_argument("--seed", type=int, default=0, help="for the places and whims")
    parser.add_argument("--name", default="you", help=f"yours, up to {LONGEST_NAME} characters")
    parser.add_argument("--connect", metavar="HOST:PORT", help="play on a server that runs already")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
