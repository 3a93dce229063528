# Alarms to one topic, a dashboard, and what watches the account.

locals {
  topic = "arn:aws:sns:${var.region}:${var.account_id}:${var.name}-alarms"
  # More than so many errors in five minutes is an alarm.
  errors = 10
}

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsAndBudgets"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = local.topic
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
      {
        Sid       = "Rules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic
        Condition = { ArnEquals = { "aws:SourceArn" = [for rule in ["failed-deployments", "guardduty"] : "arn:aws:events:${var.region}:${var.account_id}:rule/${var.name}-${rule}"] } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = toset(var.emails)
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_log_group" "metrics" {
  name              = "/realserv/${var.name}/metrics"
  retention_in_days = var.log_days
}

# A service's log lines of level ERROR; each is something nobody planned for.
resource "aws_cloudwatch_log_metric_filter" "errors" {
  for_each       = var.services
  name           = "errors"
  log_group_name = each.value.log_group
  pattern        = "{ $.level = \"ERROR\" }"
  metric_transformation {
    namespace     = "RealServ/Logs"
    name          = "errors_${each.key}"
    value         = "1"
    default_value = "0"
  }
}

# A deploy that ECS rolled back, or a task that would not start.
resource "aws_cloudwatch_event_rule" "deployments" {
  name        = "${var.name}-failed-deployments"
  description = "Deployments that ECS gave up"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Deployment State Change"]
    detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
  })
}

resource "aws_cloudwatch_event_target" "deployments" {
  rule      = aws_cloudwatch_event_rule.deployments.name
  target_id = "alarms"
  arn       = local.topic
}

resource "aws_budgets_budget" "this" {
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  dynamic "notification" {
    for_each = { ACTUAL = 50, FORECASTED = 100 }
    iterator = kind
    content {
      comparison_operator       = "GREATER_THAN"
      notification_type         = kind.key
      threshold                 = kind.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }
  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }
  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
  }
}
