"""A first game: an enemy that staggers about, and somebody who attacks it.

It makes the calls of the original's getting-started page and no others: a program for the original
looks just like it, but for the import line. What may live here: this one example.
"""

import math
from threading import Thread
from time import monotonic, sleep
from typing import Any

from wirebook.reference.pygase import Backend, Client, GameState


def stagger(game_state: GameState, dt: float) -> dict[str, Any]:
    """Move the enemy a little."""
    return {"position": game_state.position + math.sin(dt)}


backend = Backend(GameState(position=0.0, hp=100), stagger)


def on_attack(
    attack_position: float, client_address: tuple[str, int], game_state: GameState, **_: Any
) -> dict[str, Any]:
    """Hurt the enemy if it was near enough, and tell the attacker."""
    hit = abs(attack_position - game_state.position) < 0.1
    feedback = "Hit!" if hit else "Missed."
    backend.server.dispatch_event("ATTACK_FEEDBACK", feedback, target_client=client_address)
    return {"hp": game_state.hp - 10} if hit else {}


backend.game_state_machine.register_event_handler("ATTACK", on_attack)


def main() -> list[str]:
    """Play one round, and return what the attacker was told."""
    serving = Thread(target=backend.run, args=("localhost", 0))
    serving.start()
    while not backend.server.port:
        sleep(0.01)

    feedback: list[str] = []
    client = Client()
    client.connect_in_thread(port=backend.server.port)
    client.register_event_handler("ATTACK_FEEDBACK", feedback.append)
    client.wait_until(lambda game_state: game_state.time_order > 0, timeout=5.0)

    with client.access_game_state() as game_state:
        position = game_state.position
    client.dispatch_event("ATTACK", attack_position=position)
    client.dispatch_event("ATTACK", attack_position=position + 1000)
    deadline = monotonic() + 5.0
    while len(feedback) < 2 and monotonic() < deadline:
        sleep(0.01)
    client.wait_until(lambda game_state: game_state.hp == 90, timeout=5.0)

    client.disconnect(shutdown_server=True)
    serving.join()
    return feedback


if __name__ == "__main__":
    print(main())
