"""Starts a fleet with people in it and lets the compiled program call it."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fleet import ROOT, SERVICES, Fleet  # noqa: E402
from town import Town  # noqa: E402

with Fleet("client-fleet") as fleet:
    town = Town(fleet)
    stage = {"urls": {service: fleet.url(service) for service in SERVICES}, "token": town.buyer.token, "things": town.things}
    environment = {**os.environ, "CLIENT_STAGE": json.dumps(stage)}
    program = ROOT / ".realserv" / "client" / "built" / "calls.js"
    status = subprocess.run(["node", program], env=environment).returncode
sys.exit(status)
