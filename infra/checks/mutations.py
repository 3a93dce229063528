"""Proves that the assertions bite: breaks a good plan in one place at a time and expects a complaint each time."""

import json
from collections.abc import Callable
from pathlib import Path

import assertions


def each(document: dict, kind: str, module: dict | None = None) -> list[dict]:
    """The resources of a type, as the plan holds them."""
    module = module or document["planned_values"]["root_module"]
    found = [one for one in module.get("resources", []) if one["type"] == kind]
    for child in module.get("child_modules", []):
        found += each(document, kind, child)
    return found


def set_value(kind: str, field: str, value) -> Callable[[dict], None]:
    """Sets a field of the first resource of a type."""

    def change(document: dict) -> None:
        each(document, kind)[0]["values"][field] = value

    return change


def within(kind: str, field: str, old: str, new: str) -> Callable[[dict], None]:
    """Replaces text in a field of the first resource of a type that holds it."""

    def change(document: dict) -> None:
        for resource in each(document, kind):
            text = resource["values"].get(field) or ""
            if old in text:
                resource["values"][field] = text.replace(old, new)
                return
        raise AssertionError(f"no {kind} has {old} in {field}")

    return change


def without(kind: str, part: str = "") -> Callable[[dict], None]:
    """Takes the first resource of a type away."""

    def change(document: dict) -> None:
        gone = next(one for one in each(document, kind) if part in one["address"])

        def walk(module: dict) -> None:
            module["resources"] = [one for one in module.get("resources", []) if one is not gone]
            for child in module.get("child_modules", []):
                walk(child)

        walk(document["planned_values"]["root_module"])

    return change


def nested(kind: str, field: str, inner: str, value) -> Callable[[dict], None]:
    """Sets a field of the first block of the first resource of a type."""

    def change(document: dict) -> None:
        each(document, kind)[0]["values"][field][0][inner] = value

    return change


def plain_secret(document: dict) -> None:
    document["planned_values"]["outputs"]["realserv"]["value"]["variables"]["payment"]["plain"].append("RAZORPAY_KEY_SECRET")


def unread_variable(document: dict) -> None:
    document["planned_values"]["outputs"]["realserv"]["value"]["variables"]["order"]["plain"].append("ORDER_TYPO")


MUTATIONS: dict[str, Callable[[dict], None]] = {
    "a queue without its dead-letter queue": within("aws_sqs_queue", "redrive_policy", "-dlq", "-other"),
    "a queue in the clear": set_value("aws_sqs_queue", "sqs_managed_sse_enabled", False),
    "a queue missing": without("aws_sqs_queue"),
    "a rule that may not write to its dead-letter queue": without("aws_sqs_queue_policy", "-dlq"),
    "a queue open to every rule": within("aws_sqs_queue_policy", "policy", "/realserv-to-", "/other-to-"),
    "a target without a dead-letter queue": lambda document: [
        one["values"].update(dead_letter_config=[]) for one in each(document, "aws_cloudwatch_event_target")
    ]
    and None,
    "a rule that forgets an event": within("aws_cloudwatch_event_rule", "event_pattern", "OrderPlaced", "OrderPlased"),
    "no archive": without("aws_cloudwatch_event_archive"),
    "an alarm missing": without("aws_cloudwatch_metric_alarm", "order-dead-letters"),
    "a route missing": without("aws_apigatewayv2_route"),
    "an internal route": set_value("aws_apigatewayv2_route", "route_key", "GET /internal/orders"),
    "a route without a token": set_value("aws_apigatewayv2_route", "authorization_type", "AWS_IAM"),
    "an API past its domain": set_value("aws_apigatewayv2_api", "disable_execute_api_endpoint", False),
    "every origin": nested("aws_apigatewayv2_api", "cors_configuration", "allow_origins", ["*"]),
    "all actions": within("aws_iam_role_policy", "policy", '"events:PutEvents"', '"events:*"'),
    "an action on everything": within("aws_iam_role_policy", "policy", '"ecr:GetAuthorizationToken"', '"ecr:BatchGetImage"'),
    "a policy nobody can review": set_value("aws_iam_role_policy", "policy", None),
    "a role that anybody's account may take": within("aws_iam_role", "assume_role_policy", '"Condition"', '"Conditions"'),
    "a door to the world": set_value("aws_vpc_security_group_ingress_rule", "cidr_ipv4", "0.0.0.0/0"),
    "a public load balancer": set_value("aws_lb", "internal", False),
    "a task with a public address": nested("aws_ecs_service", "network_configuration", "assign_public_ip", True),
    "a database in the clear": set_value("aws_db_instance", "storage_encrypted", False),
    "a database without backups": set_value("aws_db_instance", "backup_retention_period", 1),
    "a public database": set_value("aws_db_instance", "publicly_accessible", True),
    "a database without a standby": set_value("aws_db_instance", "multi_az", False),
    "a bucket that is not closed": without("aws_s3_bucket_public_access_block"),
    "a bucket in the clear": without("aws_s3_bucket_server_side_encryption_configuration"),
    "a deploy that stays broken": nested("aws_ecs_service", "deployment_circuit_breaker", "rollback", False),
    "a secret in the clear": plain_secret,
    "a variable that nobody reads": unread_variable,
}


def survivors(document: dict, environment: str, root: Path) -> list[str]:
    """The breakages that no assertion noticed."""
    text = json.dumps(document)
    survived = []
    for name, change in MUTATIONS.items():
        broken = json.loads(text)
        change(broken)
        if not assertions.of_a_plan(broken, environment, root)[0]:
            survived.append(f"no assertion notices {name}")
    return survived
