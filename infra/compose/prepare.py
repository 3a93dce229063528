"""What docker-compose.yml does once before the services start.

`secrets FOLDER`   makes the secrets of this machine's fleet, unless they are there, one file of variables a reader.
`topology URL`     makes bus, rules, queues, buckets and sender in the AWS stand-in, from the messaging catalogue.
`wait URL…`        returns when each answers.
"""

import base64
import json
import os
import secrets
import sys
import time
import urllib.request
from pathlib import Path

SERVICES = {
    "user": ("realserv_user", "realserv_users_db"),
    "order": ("realserv_order", "realserv_orders_db"),
    "payment": ("realserv_payment", "realserv_payments_db"),
    "catalog": ("realserv_catalog", "realserv_catalog_db"),
    "vendor-management": ("realserv_vendor_management", "realserv_vendors_db"),
    "notification": ("realserv_notification", "realserv_notifications_db"),
    "integration": ("realserv_integration", "realserv_integrations_db"),
}
PROJECT = "demo-realserv"
ACCOUNT = "000000000000"
REGION = "ap-south-1"


def write(file: Path, values: dict[str, str], owner: int) -> None:
    """Variables in single quotes, readable by one user alone."""
    for name, value in values.items():
        if "'" in value or "\n" in value:
            raise ValueError(f"{name} cannot be written on one line")
    keep(file, "".join(f"{name}='{value}'\n" for name, value in values.items()), owner)


def keep(file: Path, text: str, owner: int) -> None:
    """A file that one user alone may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400), "w") as out:
        out.write(text)
    if os.geteuid() == 0:
        os.chown(file, owner, owner)


def make_secrets(folder: Path) -> None:
    """Everything secret, made once."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    if (folder / "complete").exists():
        return
    for old in [*folder.glob("*.env"), *folder.glob("postgres-password")]:
        old.unlink()
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "client_email": f"firebase-adminsdk@{PROJECT}.iam.gserviceaccount.com",
        "private_key": pem.decode(),
    }
    shared = {
        "FIREBASE_API_KEY": f"AIza-{secrets.token_hex(16)}",
        "FIREBASE_SERVICE_ACCOUNT": json.dumps(account),
        "RAZORPAY_KEY_ID": f"rzp_test_{secrets.token_hex(7)}",
        "RAZORPAY_KEY_SECRET": secrets.token_hex(16),
        "RAZORPAY_WEBHOOK_SECRETS": secrets.token_hex(20),
        "WHATSAPP_PHONE_NUMBER_ID": "106540352242922",
        "WHATSAPP_ACCESS_TOKEN": f"EAA{secrets.token_hex(24)}",
        "WHATSAPP_APP_SECRET": secrets.token_hex(16),
        "WHATSAPP_VERIFY_TOKEN": secrets.token_hex(12),
        "GOOGLE_MAPS_API_KEY": f"AIza-{secrets.token_hex(16)}",
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_FROM": "+15005550006",
        "MSG91_AUTH_KEY": secrets.token_hex(12),
        "OTP_HASH_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "FIELD_KEYS": f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "FIELD_HASH_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    public, passwords, own = {}, {}, {}
    for service, (role, database) in SERVICES.items():
        key = ed25519.Ed25519PrivateKey.generate()
        private = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
        raw = key.public_key().public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
        public[service] = base64.b64encode(raw).decode()
        password = secrets.token_hex(24)
        passwords[f"PASSWORD_{service.upper().replace('-', '_')}"] = password
        own[service] = {
            "SERVICE_TOKEN_PRIVATE_KEY": base64.b64encode(private).decode(),
            "DATABASE_URL": f"postgres://{role}:{password}@postgres:5432/{database}",
        }
    shared["SERVICE_TOKEN_PUBLIC_KEYS"] = json.dumps(public)
    write(folder / "shared.env", shared, 65532)
    # The official Postgres image runs its init scripts as this user.
    write(folder / "postgres.env", passwords, 999)
    keep(folder / "postgres-password", secrets.token_hex(24), 999)
    for service, values in own.items():
        write(folder / f"{service}.env", values, 65532)
    (folder / "complete").touch()


def make_topology(endpoint: str) -> None:
    """The same as `bus::topology` makes."""
    import botocore.session

    catalogue = json.loads((Path(os.environ.get("CATALOGUE", "/app/catalogue.json"))).read_text())
    session = botocore.session.get_session()

    def client(name: str):
        return session.create_client(
            name, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
        )

    events, sqs, s3, ses = client("events"), client("sqs"), client("s3"), client("sesv2")
    bus = catalogue["bus"]
    quietly(lambda: events.create_event_bus(Name=bus), "ResourceAlreadyExistsException")
    for service, spec in catalogue["queues"].items():
        name, rule = f"realserv-{service}-events", f"realserv-to-{service}"
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        dead = f"{arn}-dlq"
        types = sorted({event["type"] for event in catalogue["events"] if service in event["to"]})
        pattern = {"source": [{"prefix": "realserv."}], "detail-type": types}
        made = events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
        attributes = {
            f"{name}-dlq": {"MessageRetentionPeriod": str(spec["dead_letter_retention_seconds"])},
            name: {
                "VisibilityTimeout": str(spec["visibility_seconds"]),
                "MessageRetentionPeriod": str(spec["retention_seconds"]),
                "ReceiveMessageWaitTimeSeconds": "20",
                "RedrivePolicy": json.dumps(
                    {"deadLetterTargetArn": dead, "maxReceiveCount": spec["max_receive_count"]}
                ),
            },
        }
        for queue, values in attributes.items():
            policy = {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
                        "Condition": {"ArnEquals": {"aws:SourceArn": made}},
                    }
                ],
            }
            url = sqs.create_queue(QueueName=queue)["QueueUrl"]
            sqs.set_queue_attributes(QueueUrl=url, Attributes={**values, "Policy": json.dumps(policy)})
        put = events.put_targets(
            Rule=rule,
            EventBusName=bus,
            Targets=[{"Id": f"queue-{service}", "Arn": arn, "DeadLetterConfig": {"Arn": dead}}],
        )
        if put.get("FailedEntryCount"):
            raise SystemExit(f"target of {rule}: {put['FailedEntries']}")
    for bucket in catalogue["buckets"]:
        create = {"LocationConstraint": REGION}
        quietly(
            lambda name=bucket["name"]: s3.create_bucket(Bucket=name, CreateBucketConfiguration=create),
            "BucketAlreadyOwnedByYou",
        )
    for identity in catalogue["ses_identities"]:
        quietly(lambda one=identity: ses.create_email_identity(EmailIdentity=one), "AlreadyExistsException")


def quietly(call, there_already: str) -> None:
    """Makes something that may be there already."""
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != there_already:
            raise


def wait(urls: list[str]) -> None:
    """Returns when each URL answers with success, gives up after two minutes."""
    end = time.monotonic() + 120
    for url in urls:
        while True:
            try:
                with urllib.request.urlopen(url, timeout=3):
                    break
            except OSError as error:
                if time.monotonic() > end:
                    raise SystemExit(f"{url} does not answer: {error}") from error
                time.sleep(1)


def main() -> None:
    match sys.argv[1:]:
        case ["secrets", folder]:
            make_secrets(Path(folder))
        case ["topology", endpoint]:
            make_topology(endpoint)
        case ["wait", *urls]:
            wait(urls)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
