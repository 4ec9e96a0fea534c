"""One client of the published Python SDK; driver/calls.mjs says how it is talked to.

The first argument says what to connect with: {url, key, streaming, clock}.
"""

import json
import sys
import time

from featureflags.client import CfClient
from featureflags.config import Config
from featureflags.evaluations.auth_target import Target

CALLS = {
    "boolean": CfClient.bool_variation,
    "string": CfClient.string_variation,
    "int": CfClient.number_variation,
    "json": CfClient.json_variation,
}

# Taken before a test hastens the clock.
pause = time.sleep


def say(line):
    print(json.dumps(line), flush=True)


def hasten(times):
    """Lets the SDK live `times` as fast: it refuses to poll more often than once a minute."""
    now, start = time.time, time.time()
    time.sleep = lambda seconds: pause(seconds / times)
    time.time = lambda: start + (now() - start) * times


def connect(settings):
    started = time.perf_counter()
    # A Config of its own: the default one, with its cache, is shared by all clients of a process.
    config = Config(base_url=settings["url"], events_url=settings["url"], enable_stream=settings["streaming"])
    sdk = CfClient(settings["key"], config=config)
    sdk.wait_for_initialization()
    took_ms = (time.perf_counter() - started) * 1000
    say({"event": "ready" if sdk.is_initialized() else "failed", "took_ms": took_ms})
    return sdk


def perform(sdk, call, values):
    if call == "close":
        return sdk.close()
    wanted, (flag, kind, target, otherwise) = (None, values) if call == "value" else (values[0], values[1:])
    target = Target(**target)
    while True:
        value = CALLS[kind](sdk, flag, target, otherwise)
        if call == "value" or value == wanted:
            return value
        pause(0.001)


def main():
    settings = json.loads(sys.argv[1])
    if settings["clock"] != 1:
        hasten(settings["clock"])
    sdk = connect(settings)
    for line in sys.stdin:
        call = json.loads(line)
        try:
            say({"id": call["id"], "result": perform(sdk, call["call"], call["arguments"])})
        except Exception as error:
            say({"id": call["id"], "error": repr(error)})


main()
