"""Answers a whole job with the published Python SDK.

The job is the file that the first argument names: {url, environments: [{key, flags: [{identifier, kind}], targets}]}.
Each line of stdout holds the answers for one target, in the order of the flags: {value}, {raised} with what was raised,
or {} where the SDK gave the default.
"""

import json
import logging
import sys

from featureflags.client import CfClient
from featureflags.config import Config
from featureflags.evaluations.auth_target import Target

CALLS = {
    "boolean": CfClient.bool_variation,
    "string": CfClient.string_variation,
    "int": CfClient.number_variation,
    "json": CfClient.json_variation,
}

# Nothing that a flag can hold is this object.
NOTHING = object()


def connect(url, key):
    # A Config of its own: the default one, with its cache, is shared by all clients of a process.
    client = CfClient(
        key,
        config=Config(base_url=url, events_url=url, enable_stream=False, enable_analytics=False),
    )
    client.wait_for_initialization()
    if not client.is_initialized():
        sys.exit(f"the SDK did not start: {client._initialised_failed_reason}")
    return client


def answer(client, flag, target):
    try:
        value = CALLS[flag["kind"]](client, flag["identifier"], target, NOTHING)
    except Exception as error:
        return {"raised": type(error).__name__}
    return {} if value is NOTHING else {"value": value}


def main():
    # The SDK warns of every attribute that a target lacks.
    logging.getLogger("featureflags.util").setLevel(logging.CRITICAL)
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    for environment in job["environments"]:
        client = connect(job["url"], environment["key"])
        for fields in environment["targets"]:
            target = Target(**fields)
            print(json.dumps([answer(client, flag, target) for flag in environment["flags"]]))
        client.close()


main()
