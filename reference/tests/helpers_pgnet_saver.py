"""A program that is killed while its servers save, again and again, and looks at what is left.

It prints how many times, and how many users there were in the end. Each child starts a server with
the save file that is there, and saves without a pause, with more users each time. What may live
here: this program.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from wirebook.reference.pgnet import ExampleGame, Server, save_file
from wirebook.reference.pgnet.passwords import LEAST_COST


def save_without_end(path: Path, ready: int) -> None:
    """Save states that grow, until somebody kills this process."""
    server = Server(ExampleGame, save_file=path, password_cost=LEAST_COST)
    users = server._core.registry.users
    os.write(ready, b"!")
    while True:
        users[f"user{len(users)}"] = None
        server._core.rooms.resume("Game", None, "x" * 1000 * len(users))
        save_file.write(path, save_file.encode(server._core.saved()))


def main(folder: Path, times: int) -> None:
    """Kill so many children, and look at the save file after each."""
    path = folder / "state.json"
    most = 0
    for number in range(times):
        listening, ready = os.pipe()
        child = os.fork()
        if child == 0:
            save_without_end(path, ready)
        os.read(listening, 1)
        time.sleep(random.Random(number).uniform(0.0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for descriptor in (listening, ready):
            os.close(descriptor)
        if (octets := save_file.read(path)) is not None:
            saved, _ = save_file.decode(octets)
            count = len(saved.users)
            assert count >= most, (count, most)
            assert [game.data for game in saved.games] == ["x" * 1000 * count]
            most = count
    left = sorted(entry.name for entry in folder.iterdir())
    assert set(left) <= {"state.json", ".state.json.new"}, left
    print(times, most)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
