"""Starts a fleet with people in it and lets schemathesis loose on it, as the owner of things and as an admin."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fleet import ROOT, SERVICES, Fleet  # noqa: E402
from town import Town  # noqa: E402

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# A stream has no end; signing out or deleting oneself would end the walk of everybody after.
LEFT_OUT = r"^/internal/|/events$|/auth/logout$|/users/\{id\}/status$|/admin/users/\{id\}/roles$"


def run(service, caller, person, fleet, town):
    report = ROOT / ".realserv" / "fuzz" / f"{service}-{caller}.txt"
    seen = report.with_suffix(".json")
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "FUZZ_TOWN": town.as_json(), "FUZZ_SEEN": str(seen),
                   "PYTHONPATH": str(pathlib.Path(__file__).parent)}
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "run", f"{fleet.url(service)}/openapi.json",
        "--url", fleet.url(service), "--checks", CHECKS, "--header", f"Authorization: Bearer {person.token}",
        "--max-examples", os.environ.get("MAX_EXAMPLES", "30"), "--seed", os.environ.get("SEED", "1"),
        "--phases", "examples,coverage,fuzzing", "--exclude-path-regex", LEFT_OUT, "--continue-on-failure",
        "--warnings", "off", "--no-color", "--suppress-health-check", "all", "--request-timeout", "20",
    ]
    if caller != "nobody":
        command += ["--exclude-method", "DELETE"] if service == "user" else []
    with open(report, "w") as out:
        status = subprocess.run(command, env=environment, cwd=report.parent, stdout=out, stderr=out).returncode
    answers = {int(code): count for code, count in json.loads(seen.read_text()).items()} if seen.exists() else {}
    good = sum(count for code, count in answers.items() if code < 300)
    said = " ".join(f"{code}:{count}" for code, count in answers.items())
    # A run in which nothing was let in has shown nothing.
    clean = status == 0 and good > 0
    print(f"{service:18} as {caller:6} {'clean' if clean else 'FAILED':6} {sum(answers.values()):>6} answers  {said}", flush=True)
    if not clean:
        print(f"  see {report.relative_to(ROOT)}", flush=True)
    return clean


def main():
    wanted = sys.argv[1:] or SERVICES
    good = True
    with Fleet("fuzz", SIGN_IN_PER_ADDRESS="1000000", OTP_PER_PHONE="1000000", CODE_TRIES="1000000") as fleet:
        town = Town(fleet)
        for service in wanted:
            owner = town.vendor if service in ("catalog", "vendor-management") else town.buyer
            for caller, person in (("owner", owner), ("admin", town.admin)):
                fleet.refresh(person)
                good &= run(service, caller, person, fleet, town)
    sys.exit(0 if good else 1)


main()
