"""Shows the demo's flag dark_mode, and again whenever it changes."""

import os
import sys
import time

from featureflags.client import CfClient
from featureflags.config import Config
from featureflags.evaluations.auth_target import Target

url = os.environ.get("BURGEE_URL", "http://127.0.0.1:7700") + "/api/1.0"
client = CfClient(os.environ["BURGEE_SDK_KEY"], config=Config(base_url=url, events_url=url))
client.wait_for_initialization()
if not client.is_initialized():
    sys.exit("the SDK could not start; is the key a server key, and does burgee run?")

ann = Target(identifier="ann", name="Ann")
shown = None
while True:
    value = client.bool_variation("dark_mode", ann, False)
    if value != shown:
        print("dark_mode:", str(value).lower(), flush=True)
        shown = value
    time.sleep(0.2)
