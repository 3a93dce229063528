# Bus, rules, queues and dead-letter queues, all from the catalogue that the services are built with. Names are the
# catalogue's own, without a prefix: services refuse another bus, and each environment has an account of its own.

locals {
  catalogue = jsondecode(file(var.catalogue))
  bus       = local.catalogue.bus
  queues    = local.catalogue.queues

  queue_names = { for service, _ in local.queues : service => "realserv-${service}-events" }
  dead_names  = { for service, name in local.queue_names : service => "${name}-dlq" }
  queue_arns  = { for service, name in local.queue_names : service => "arn:aws:sqs:${var.region}:${var.account_id}:${name}" }
  dead_arns   = { for service, name in local.dead_names : service => "arn:aws:sqs:${var.region}:${var.account_id}:${name}" }
  rule_names  = { for service, _ in local.queues : service => "realserv-to-${service}" }
  rule_arns = {
    for service, name in local.rule_names :
    service => "arn:aws:events:${var.region}:${var.account_id}:rule/${local.bus}/${name}"
  }
  types = {
    for service, _ in local.queues :
    service => sort(distinct([for event in local.catalogue.events : event.type if contains(event.to, service)]))
  }
}

resource "aws_cloudwatch_event_bus" "this" {
  name = local.bus
}

# Everything that was said can be said again.
resource "aws_cloudwatch_event_archive" "this" {
  name             = local.bus
  event_source_arn = aws_cloudwatch_event_bus.this.arn
  retention_days   = var.archive_days
}

resource "aws_sqs_queue" "dead" {
  for_each                  = local.queues
  name                      = local.dead_names[each.key]
  message_retention_seconds = each.value.dead_letter_retention_seconds
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "this" {
  for_each                   = local.queues
  name                       = local.queue_names[each.key]
  visibility_timeout_seconds = each.value.visibility_seconds
  message_retention_seconds  = each.value.retention_seconds
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = local.dead_arns[each.key]
    maxReceiveCount     = each.value.max_receive_count
  })
  depends_on = [aws_sqs_queue.dead]
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  for_each  = local.queues
  queue_url = aws_sqs_queue.dead[each.key].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arns[each.key]]
  })
}

# The rule may write to the queue, and, when it cannot, to the dead-letter queue: without the second policy such an event
# is lost without a sound.
resource "aws_sqs_queue_policy" "this" {
  for_each = merge(
    { for service, _ in local.queues : local.queue_names[service] => { service = service, url = aws_sqs_queue.this[service].id, arn = local.queue_arns[service] } },
    { for service, _ in local.queues : local.dead_names[service] => { service = service, url = aws_sqs_queue.dead[service].id, arn = local.dead_arns[service] } },
  )
  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "FromItsRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns[each.value.service] } }
      },
      {
        Sid       = "OverTlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each       = local.queues
  name           = local.rule_names[each.key]
  description    = "What ${each.key} acts on"
  event_bus_name = aws_cloudwatch_event_bus.this.name
  event_pattern = jsonencode({
    source      = [{ prefix = "realserv." }]
    detail-type = local.types[each.key]
  })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each       = local.queues
  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "queue-${each.key}"
  arn            = local.queue_arns[each.key]
  dead_letter_config {
    arn = local.dead_arns[each.key]
  }
  # The policies before the target: an event must not arrive at a closed door.
  depends_on = [aws_sqs_queue_policy.this]
}
