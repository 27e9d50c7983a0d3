"""A client adapter for the tests of the engine; it has a request for every kind of misbehaviour."""

import json
import sys


def write(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


write({"event": "ready", "protocol": "toy", "version": 1})
for line in sys.stdin:
    request = json.loads(line)
    match request["do"]:
        case "ping":
            write({"id": request["id"], "ok": True, "pong": request.get("value")})
        case "notify":
            write({"event": "noted", "value": request["value"]})
            write({"id": request["id"], "ok": True})
        case "babble":
            print("this is not JSON", flush=True)
            print('["nor is this a message"]', flush=True)
            write({"id": request["id"], "ok": True})
        case "die":
            print("client: told to die", file=sys.stderr, flush=True)
            sys.exit(4)
        case "ignore":
            pass
        case "quit":
            write({"id": request["id"], "ok": True})
            break
        case unknown:
            write({"id": request["id"], "ok": False, "error": f"no request {unknown}"})
