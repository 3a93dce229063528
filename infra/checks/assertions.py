"""What must be true of every plan. Each check yields sentences about what is wrong; nothing said is good."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

# AWS knows no resource for these: they are granted on `*` or not at all.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# The API and the load balancer behind it are the edge; the rest of these words would open a door.
PUBLIC_ADDRESSES = {"0.0.0.0/0", "::/0"}


class Plan:
    """The resources that a plan makes, by type."""

    def __init__(self, document: dict) -> None:
        self.outputs = document["planned_values"]["outputs"]
        self.by_type: dict[str, list[dict]] = defaultdict(list)
        self.unknown = {change["address"]: change["change"].get("after_unknown", {}) for change in document["resource_changes"]}
        self._collect(document["planned_values"]["root_module"])

    def _collect(self, module: dict) -> None:
        for resource in module.get("resources", []):
            self.by_type[resource["type"]].append(resource)
        for child in module.get("child_modules", []):
            self._collect(child)

    def __getitem__(self, kind: str) -> list[dict]:
        return self.by_type.get(kind, [])

    def values(self, kind: str) -> list[dict]:
        return [resource["values"] for resource in self[kind]]

    def count(self) -> int:
        return sum(len(resources) for resources in self.by_type.values())


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def of_a_plan(document: dict, environment: str, root: Path) -> tuple[list[str], str]:
    """What is wrong, and a line of facts."""
    plan = Plan(document)
    catalogue = json.loads((root / "infra/messaging/catalogue.json").read_text())
    routes = json.loads((root / "infra/gateway/routes.json").read_text())
    wrong = [
        *queues(plan, catalogue),
        *rules(plan, catalogue),
        *alarms(plan),
        *edge(plan, routes, environment),
        *permissions(plan),
        *nothing_public(plan),
        *databases(plan, environment),
        *buckets(plan, catalogue),
        *variables(plan, root),
        *services(plan),
    ]
    alarms_made = plan.outputs["realserv"]["value"]["alarms"]
    facts = f"{plan.count()} resources, {alarms_made} alarms, {len(plan['aws_apigatewayv2_route'])} routes"
    return wrong, facts


def queues(plan: Plan, catalogue: dict) -> Iterator[str]:
    """Each has a dead-letter queue, is encrypted, and is as the catalogue says."""
    by_name = {queue["name"]: queue for queue in plan.values("aws_sqs_queue")}
    expected = {f"realserv-{service}-events{end}" for service in catalogue["queues"] for end in ("", "-dlq")}
    if set(by_name) != expected:
        yield f"queues are {sorted(by_name)}, the catalogue wants {sorted(expected)}"
        return
    policies = {}
    for policy in plan["aws_sqs_queue_policy"]:
        policies[policy["index"]] = json.loads(policy["values"]["policy"])["Statement"]
    for service, spec in catalogue["queues"].items():
        name = f"realserv-{service}-events"
        queue, dead = by_name[name], by_name[f"{name}-dlq"]
        redrive = json.loads(queue["redrive_policy"])
        if not redrive["deadLetterTargetArn"].endswith(f":{name}-dlq"):
            yield f"{name} has no dead-letter queue of its own"
        if redrive["maxReceiveCount"] != spec["max_receive_count"]:
            yield f"{name}: maxReceiveCount is not the catalogue's"
        if queue["visibility_timeout_seconds"] != spec["visibility_seconds"]:
            yield f"{name}: visibility is not the catalogue's"
        if queue["message_retention_seconds"] != spec["retention_seconds"]:
            yield f"{name}: retention is not the catalogue's"
        if dead["message_retention_seconds"] != spec["dead_letter_retention_seconds"]:
            yield f"{name}-dlq: retention is not the catalogue's"
        for one in (name, f"{name}-dlq"):
            if not by_name[one]["sqs_managed_sse_enabled"]:
                yield f"{one} is not encrypted"
            if not may_be_written_by(policies.get(one, []), one, f"realserv-to-{service}"):
                yield f"the rule realserv-to-{service} may not write to {one}"


def may_be_written_by(statements: list[dict], queue: str, rule: str) -> bool:
    for statement in statements:
        allowed = statement["Effect"] == "Allow" and "sqs:SendMessage" in as_list(statement["Action"])
        source = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:SourceArn", "")
        if allowed and statement["Resource"].endswith(f":{queue}") and source.endswith(f"/{rule}"):
            return statement["Principal"] == {"Service": "events.amazonaws.com"}
    return False


def rules(plan: Plan, catalogue: dict) -> Iterator[str]:
    """Catalogue and rules agree, and each target has its dead-letter queue."""
    made = {rule["name"]: rule for rule in plan.values("aws_cloudwatch_event_rule")}
    targets = {target["rule"]: target for target in plan.values("aws_cloudwatch_event_target")}
    for service in catalogue["queues"]:
        name = f"realserv-to-{service}"
        if name not in made or name not in targets:
            yield f"there is no rule {name} with a target"
            continue
        pattern = json.loads(made[name]["event_pattern"])
        wanted = sorted({event["type"] for event in catalogue["events"] if service in event["to"]})
        if pattern != {"source": [{"prefix": "realserv."}], "detail-type": wanted}:
            yield f"{name} does not match what the catalogue says {service} acts on"
        if len(made[name]["event_pattern"]) > 2048:
            yield f"the pattern of {name} is longer than EventBridge takes"
        target = targets[name]
        dead = [config["arn"] for config in target["dead_letter_config"]]
        if not target["arn"].endswith(f":realserv-{service}-events"):
            yield f"{name} leads to {target['arn']}"
        if len(dead) != 1 or not dead[0].endswith(f":realserv-{service}-events-dlq"):
            yield f"the target of {name} has no dead-letter queue"
        if made[name]["event_bus_name"] != catalogue["bus"] or target["event_bus_name"] != catalogue["bus"]:
            yield f"{name} is on another bus"
    if [archive["retention_days"] > 0 for archive in plan.values("aws_cloudwatch_event_archive")] != [True]:
        yield "the bus has no archive"


def alarms(plan: Plan) -> Iterator[str]:
    """Enough of them, each tells somebody, and each queue has its own."""
    every = plan["aws_cloudwatch_metric_alarm"]
    if len(every) < 40:
        yield f"there are {len(every)} alarms, fewer than 40"
    watched = {
        (alarm["values"]["metric_name"], (alarm["values"].get("dimensions") or {}).get("QueueName")) for alarm in every
    }
    for queue in plan.values("aws_sqs_queue"):
        dead = queue["name"].endswith("-dlq")
        metric = "ApproximateNumberOfMessagesVisible" if dead else "ApproximateAgeOfOldestMessage"
        if (metric, queue["name"]) not in watched:
            yield f"{queue['name']} has no alarm"
    for alarm in every:
        told = alarm["values"].get("alarm_actions") or plan.unknown[alarm["address"]].get("alarm_actions")
        if not told:
            yield f"{alarm['address']} tells nobody"
        if not alarm["values"]["alarm_description"]:
            yield f"{alarm['address']} does not say what is the matter"


def edge(plan: Plan, routes: dict, environment: str) -> Iterator[str]:
    """The routes of routes.json and no others."""
    wanted = {f"{route['method']} {route['path']}": route for route in routes["routes"]}
    made = {route["route_key"]: route for route in plan.values("aws_apigatewayv2_route")}
    if set(wanted) != set(made):
        yield f"routes differ from routes.json: {sorted(set(wanted) ^ set(made))}"
    for key, route in made.items():
        if "/internal" in key or key.endswith(("/metrics", "/health")):
            yield f"{key} must not be reachable"
        jwt = wanted.get(key, {}).get("auth") == "jwt"
        if route["authorization_type"] != ("JWT" if jwt else "NONE"):
            yield f"{key} asks for {route['authorization_type']}"
    for authorizer in plan.values("aws_apigatewayv2_authorizer"):
        jwt = authorizer["jwt_configuration"][0]
        if not jwt["issuer"].endswith("/" + jwt["audience"][0]):
            yield "the authorizer takes tokens of another project"
    for api in plan.values("aws_apigatewayv2_api"):
        if not api["disable_execute_api_endpoint"]:
            yield "the API is reachable past its domain"
        origins = api["cors_configuration"][0]["allow_origins"]
        if "*" in origins or (environment == "production" and any("localhost" in origin for origin in origins)):
            yield f"any page may call the API: {origins}"
    stage = plan.values("aws_apigatewayv2_stage")[0]
    if stage["default_route_settings"][0]["throttling_rate_limit"] != routes["throttle"]["rate_per_second"]:
        yield "throttling differs from routes.json"
    throttled = {setting["route_key"] for setting in stage["route_settings"]}
    if throttled != {key for key, route in wanted.items() if "throttle" in route}:
        yield "the throttled routes differ from routes.json"


def statements(plan: Plan) -> Iterator[tuple[str, dict]]:
    """Every statement of every policy, with where it stands."""
    fields = {
        "aws_iam_role_policy": "policy",
        "aws_iam_role": "assume_role_policy",
        "aws_sqs_queue_policy": "policy",
        "aws_s3_bucket_policy": "policy",
        "aws_sns_topic_policy": "policy",
    }
    for kind, field in fields.items():
        for resource in plan[kind]:
            text = resource["values"].get(field)
            if text is None:
                yield resource["address"], {"Effect": "Unknown"}
                continue
            for statement in as_list(json.loads(text)["Statement"]):
                yield resource["address"], statement


def permissions(plan: Plan) -> Iterator[str]:
    """No wildcard: of actions never, of resources where AWS has one to name, of principals never."""
    for address, statement in statements(plan):
        if statement["Effect"] == "Unknown":
            yield f"{address}: the policy is not known before it is applied, so nobody can review it"
        if statement["Effect"] != "Allow":
            continue
        actions = set(as_list(statement["Action"]))
        for action in actions:
            if "*" in action:
                yield f"{address} allows {action}"
        if "*" in as_list(statement.get("Resource", "")) and not actions <= WITHOUT_RESOURCE:
            yield f"{address} allows {sorted(actions - WITHOUT_RESOURCE)} on everything"
        principal = statement.get("Principal")
        if principal == "*" or (isinstance(principal, dict) and "*" in as_list(principal.get("AWS", ""))):
            yield f"{address} trusts everybody"
        if isinstance(principal, dict) and not statement.get("Condition"):
            yield f"{address} trusts a service or a provider on behalf of anybody's account"
    for kind in ("aws_iam_role_policy_attachment", "aws_iam_user", "aws_iam_access_key", "aws_iam_policy"):
        if plan[kind]:
            yield f"{kind} is not used here: policies stand beside their roles, and nobody has keys"


def nothing_public(plan: Plan) -> Iterator[str]:
    """Nothing but the API is reachable from outside."""
    for rule in plan["aws_vpc_security_group_ingress_rule"]:
        if {rule["values"].get("cidr_ipv4"), rule["values"].get("cidr_ipv6")} & PUBLIC_ADDRESSES:
            yield f"{rule['address']} lets everybody in"
    for group in plan["aws_security_group"]:
        if group["values"].get("ingress") or group["values"].get("egress"):
            yield f"{group['address']} has rules of its own"
    for balancer in plan["aws_lb"]:
        if not balancer["values"]["internal"]:
            yield f"{balancer['address']} is public"
    for listener in plan["aws_lb_listener"]:
        if listener["values"]["protocol"] != "HTTPS":
            yield f"{listener['address']} is not encrypted"
    for service in plan["aws_ecs_service"]:
        if service["values"]["network_configuration"][0]["assign_public_ip"]:
            yield f"{service['address']} has a public address"
    for subnet in plan["aws_subnet"]:
        if subnet["values"].get("map_public_ip_on_launch"):
            yield f"{subnet['address']} gives public addresses"


def databases(plan: Plan, environment: str) -> Iterator[str]:
    """Encrypted, backed up, private; in production also doubled and protected."""
    if not plan["aws_db_instance"]:
        yield "there is no database"
    for database in plan["aws_db_instance"]:
        values, name = database["values"], database["address"]
        if not values["storage_encrypted"]:
            yield f"{name} is not encrypted"
        if values["backup_retention_period"] < 7:
            yield f"{name} is backed up for {values['backup_retention_period']} days"
        if values["publicly_accessible"]:
            yield f"{name} is public"
        if not values["manage_master_user_password"] or values.get("password"):
            yield f"{name} has its password in the state"
        if environment == "production" and not (values["multi_az"] and values["deletion_protection"]):
            yield f"{name} has no standby, or may be deleted"
        if environment == "production" and values["skip_final_snapshot"]:
            yield f"{name} leaves no last snapshot"
    for group in plan.values("aws_db_parameter_group"):
        if not any(p["name"] == "rds.force_ssl" and p["value"] == "1" for p in group["parameter"]):
            yield "the database takes connections without TLS"


def buckets(plan: Plan, catalogue: dict) -> Iterator[str]:
    """Private, encrypted, versioned, with a lifecycle; and those of the catalogue are there."""
    made = {bucket["values"]["bucket"]: bucket for bucket in plan["aws_s3_bucket"]}
    for bucket in catalogue["buckets"]:
        short = bucket["name"].removeprefix("realserv-")
        if not any(f"-{short}-" in name for name in made):
            yield f"the catalogue's bucket {bucket['name']} is missing"
    siblings = {
        "aws_s3_bucket_public_access_block": "is not closed to the public",
        "aws_s3_bucket_server_side_encryption_configuration": "is not encrypted",
        "aws_s3_bucket_versioning": "keeps no versions",
        "aws_s3_bucket_lifecycle_configuration": "has no lifecycle",
        "aws_s3_bucket_policy": "has no policy",
    }
    for bucket in made.values():
        place = bucket["address"].split("aws_s3_bucket.", 1)
        for kind, complaint in siblings.items():
            if not any(one["address"] == f"{kind}.".join(place) for one in plan[kind]):
                yield f"{bucket['address']} {complaint}"
    for block in plan["aws_s3_bucket_public_access_block"]:
        switches = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
        if not all(block["values"][switch] for switch in switches):
            yield f"{block['address']} is not quite closed"


def variables(plan: Plan, root: Path) -> Iterator[str]:
    """Every secret a secret; every variable one that the code reads; no secret's value in the configuration."""
    text = "".join(file.read_text() for folder in ("crates", "services") for file in (root / folder).rglob("src/**/*.rs"))
    known = set(re.findall(r'env = "([A-Z0-9_]+)"', text)) | {"RUST_LOG", "AWS_REGION", "INVOICE_BUCKET"}
    secret = re.compile(r"SECRET|TOKEN$|_KEY$|KEY_ID|PASSWORD|ACCOUNT$|DATABASE_URL|ACCOUNT_SID|TWILIO_FROM|PHONE_NUMBER_ID|PUBLIC_KEYS")
    for service, names in plan.outputs["realserv"]["value"]["variables"].items():
        for name in names["plain"] + names["secret"]:
            if name not in known:
                yield f"{service} is given {name}, which no program reads"
        for name in names["plain"]:
            if secret.search(name):
                yield f"{service} has {name} in the clear"
        missing = {"DATABASE_URL", "SERVICE_TOKEN_PRIVATE_KEY", "SERVICE_TOKEN_PUBLIC_KEYS"} - set(names["secret"])
        if missing:
            yield f"{service} lacks {sorted(missing)}"
        forbidden = {"CLOCK_FILE", "FIREBASE_AUTH_EMULATOR_HOST", "AWS_ENDPOINT_URL", "ORDER_CRASH_AFTER"}
        if forbidden & set(names["plain"]):
            yield f"{service} has a variable that is for laptops only"
    if plan["aws_secretsmanager_secret_version"]:
        yield "a secret's value is in the configuration, and so in the state"


def services(plan: Plan) -> Iterator[str]:
    """Deploys that go wrong go back; seven services, each scaled by requests and by backlog."""
    made = plan["aws_ecs_service"]
    if len(made) != 7:
        yield f"there are {len(made)} services"
    for service in made:
        breaker = service["values"]["deployment_circuit_breaker"]
        if not breaker or not (breaker[0]["enable"] and breaker[0]["rollback"]):
            yield f"{service['address']} does not roll back by itself"
    if len(plan["aws_appautoscaling_policy"]) != 2 * len(made):
        yield "not every service is scaled by requests and by backlog"


def of_the_files(root: Path) -> list[str]:
    """What is true of the files rather than of a plan."""
    wrong = []
    folder = root / "infra/terraform"
    text = {file: file.read_text() for file in folder.rglob("*.tf")}
    mains = {(folder / "envs" / name / "main.tf").read_text() for name in ("dev", "staging", "production")}
    if len(mains) != 1:
        wrong.append("environments differ in more than values: their main.tf are not the same")
    for file, content in text.items():
        if re.search(r'^data "', content, re.MULTILINE):
            wrong.append(f"{file.relative_to(root)} asks AWS by a data source")
    rust = "".join(file.read_text() for part in ("crates", "services") for file in (root / part).rglob("src/**/*.rs"))
    said = set(re.findall(r'(?:counter|gauge|histogram)!\(\s*"([a-z_]+)"', rust))
    stack = text[folder / "modules/stack/main.tf"]
    listed = set(re.findall(r'"([a-z_]+)"', stack.split("metric_names = [", 1)[1].split("]", 1)[0]))
    watched = text[folder / "modules/observability/alarms.tf"]
    own = set(re.findall(r'metric\s*=\s*"([a-z][a-z_]+)"', watched))
    wrong += [f"no program has a metric {name}, which goes to CloudWatch" for name in sorted(listed - said)]
    wrong += [f"an alarm watches {name}, which does not go to CloudWatch" for name in sorted(own - listed)]
    dashboard = root / "infra/compose/observability/dashboards/realserv.json"
    for panel in json.loads(dashboard.read_text())["panels"]:
        expression = panel["targets"][0]["expr"]
        for name in re.findall(r"\b([a-z]+_[a-z_]+(?:_total|_seconds|_pending|_count))\b", expression):
            if name.removesuffix("_count") not in said and name not in said:
                wrong.append(f"{dashboard.name}: no program has a metric {name}")
    return wrong
