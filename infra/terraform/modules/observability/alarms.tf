# Metrics named in `RealServ` are the services' own, as /metrics serves them; infra/checks/check holds the names against the
# code.

locals {
  service_dimensions = { for service, _ in var.services : service => { ClusterName = var.name, ServiceName = service } }

  by_service = merge([
    for service, it in var.services : {
      "${service}-cpu"       = { namespace = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", above = 80, minutes = 10, dimensions = local.service_dimensions[service], why = "CPU over 80 %" }
      "${service}-memory"    = { namespace = "AWS/ECS", metric = "MemoryUtilization", statistic = "Average", above = 85, minutes = 10, dimensions = local.service_dimensions[service], why = "Memory over 85 %" }
      "${service}-unhealthy" = { namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", above = 0, minutes = 3, dimensions = { LoadBalancer = var.alb_suffix, TargetGroup = it.target_group }, why = "A task is not ready" }
      "${service}-p95"       = { namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", statistic = "p95", above = 0.8, minutes = 10, dimensions = { LoadBalancer = var.alb_suffix, TargetGroup = it.target_group }, why = "p95 over 800 ms" }
      "${service}-outbox"    = { namespace = "RealServ", metric = "outbox_oldest_seconds", statistic = "Maximum", above = 120, minutes = 5, dimensions = { service = service }, why = "An event waits to be published for two minutes" }
      "${service}-errors"    = { namespace = "RealServ/Logs", metric = "errors_${service}", statistic = "Sum", above = local.errors, minutes = 5, dimensions = {}, why = "Unplanned errors in the log" }
    }
  ]...)

  by_queue = merge([
    for service, queue in var.queues : {
      "${service}-dead-letters" = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", above = 0, minutes = 1, dimensions = { QueueName = queue.dead_name }, why = "A dead letter: an event nobody could act on" }
      "${service}-queue-age"    = { namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", above = 300, minutes = 5, dimensions = { QueueName = queue.name }, why = "An event waits for five minutes" }
      "${service}-rule-failed"  = { namespace = "AWS/Events", metric = "FailedInvocations", statistic = "Sum", above = 0, minutes = 5, dimensions = { EventBusName = var.bus, RuleName = queue.rule }, why = "EventBridge cannot write to the queue" }
    }
  ]...)

  by_database = merge([
    for instance, identifier in var.databases : {
      "database-${instance}-cpu"         = { namespace = "AWS/RDS", metric = "CPUUtilization", statistic = "Average", above = 80, minutes = 10, dimensions = { DBInstanceIdentifier = identifier }, why = "CPU over 80 %" }
      "database-${instance}-connections" = { namespace = "AWS/RDS", metric = "DatabaseConnections", statistic = "Maximum", above = var.connections, minutes = 5, dimensions = { DBInstanceIdentifier = identifier }, why = "Connections are running out" }
      "database-${instance}-latency"     = { namespace = "AWS/RDS", metric = "WriteLatency", statistic = "Average", above = 0.05, minutes = 10, dimensions = { DBInstanceIdentifier = identifier }, why = "Writes take over 50 ms" }
    }
  ]...)

  business = {
    payment-signatures  = { metric = "payment_signature_mismatch_total", service = "payment", above = 5, why = "Razorpay's signatures do not fit: a secret changed, or somebody is trying" }
    payment-quarantined = { metric = "payments_quarantined_total", service = "payment", above = 0, why = "A payment does not fit its order and waits for a person" }
    refunds-failed      = { metric = "refunds_failed_total", service = "payment", above = 0, why = "A refund failed for good" }
    refunds-foreign     = { metric = "refunds_foreign_total", service = "payment", above = 0, why = "Somebody refunded at Razorpay, past the ledger" }
    payments-given-back = { metric = "payments_given_back_total", service = "payment", above = 3, why = "Buyers pay twice, or for what they edited" }
    whatsapp-signatures = { metric = "webhook_refused_total", service = "integration", above = 5, why = "WhatsApp's webhooks are refused" }
    whatsapp-again      = { metric = "whatsapp_redelivered_total", service = "integration", above = 50, why = "Meta delivers again and again: the webhook is slow or failing" }
    maps-guessed        = { metric = "location_guessed_total", service = "integration", above = 20, why = "Google Maps does not answer; distances are guessed" }
    stock-contradicted  = { metric = "reservation_end_contradicted_total", service = "catalog", above = 0, why = "An order ended otherwise than its reservation" }
    stock-mismatched    = { metric = "catalog_stock_mismatches", service = "catalog", above = 0, why = "Stock, reservations and movements do not add up: catalog reconcile-stock names the row" }
  }

  simple = merge(local.by_service, local.by_queue, local.by_database, {
    for name, it in local.business : name => { namespace = "RealServ", metric = it.metric, statistic = "Sum", above = it.above, minutes = 5, dimensions = { service = it.service }, why = it.why }
    }, {
    api-p95   = { namespace = "AWS/ApiGateway", metric = "Latency", statistic = "p95", above = 800, minutes = 10, dimensions = { ApiId = var.api_id }, why = "p95 over 800 ms" }
    mail-back = { namespace = "AWS/SES", metric = "Reputation.BounceRate", statistic = "Average", above = 0.05, minutes = 60, dimensions = {}, why = "Over 5 % of e-mail bounces; SES stops us at 10 %" }
  })

  below = merge(
    { for instance, identifier in var.databases : "database-${instance}-storage" => { namespace = "AWS/RDS", metric = "FreeStorageSpace", below = 4 * 1024 * 1024 * 1024, dimensions = { DBInstanceIdentifier = identifier }, why = "Less than 4 GB free" } },
    { for instance, identifier in var.databases : "database-${instance}-memory" => { namespace = "AWS/RDS", metric = "FreeableMemory", below = 96 * 1024 * 1024, dimensions = { DBInstanceIdentifier = identifier }, why = "Less than 96 MB of memory free" } },
    { for service, it in var.services : "${service}-tasks" => { namespace = "ECS/ContainerInsights", metric = "RunningTaskCount", below = it.tasks, dimensions = local.service_dimensions[service], why = "Fewer tasks than wanted" } },
  )

  # Share of failures among requests, in percent.
  shares = merge({
    api-5xx = { namespace = "AWS/ApiGateway", bad = "5xx", all = "Count", above = 5, dimensions = { ApiId = var.api_id }, why = "Over 5 % of requests fail" }
    api-4xx = { namespace = "AWS/ApiGateway", bad = "4xx", all = "Count", above = 40, dimensions = { ApiId = var.api_id }, why = "Over 40 % of requests are refused: a broken app, or an attack" }
    }, {
    for service, it in var.services : "${service}-5xx" => { namespace = "AWS/ApplicationELB", bad = "HTTPCode_Target_5XX_Count", all = "RequestCount", above = 5, dimensions = { LoadBalancer = var.alb_suffix, TargetGroup = it.target_group }, why = "Over 5 % of its requests fail" }
  })
}

resource "aws_cloudwatch_metric_alarm" "above" {
  for_each            = local.simple
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.why
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = each.value.minutes
  datapoints_to_alarm = each.value.statistic == "Sum" ? 1 : each.value.minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "below" {
  for_each            = local.below
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.why
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = each.value.below
  period              = 60
  evaluation_periods  = 5
  # No tasks at all says nothing any more: that is the worst case.
  treat_missing_data = "breaching"
  alarm_actions      = [aws_sns_topic.alarms.arn]
  ok_actions         = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "share" {
  for_each            = local.shares
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.why
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  # Few requests make no share: three failures of four at night are not an outage.
  metric_query {
    id          = "share"
    expression  = "IF(requests >= 20, 100 * FILL(failures, 0) / requests, 0)"
    label       = each.key
    return_data = true
  }
  metric_query {
    id = "failures"
    metric {
      namespace   = each.value.namespace
      metric_name = each.value.bad
      dimensions  = each.value.dimensions
      stat        = "Sum"
      period      = 300
    }
  }
  metric_query {
    id = "requests"
    metric {
      namespace   = each.value.namespace
      metric_name = each.value.all
      dimensions  = each.value.dimensions
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for index, widget in [
        { title = "Requests", metrics = [["AWS/ApiGateway", "Count", "ApiId", var.api_id], [".", "5xx", ".", "."], [".", "4xx", ".", "."]], stat = "Sum" },
        { title = "Latency, p95", metrics = [["AWS/ApiGateway", "Latency", "ApiId", var.api_id]], stat = "p95" },
        { title = "CPU of services", metrics = [for service, _ in var.services : ["AWS/ECS", "CPUUtilization", "ClusterName", var.name, "ServiceName", service]], stat = "Average" },
        { title = "Tasks", metrics = [for service, _ in var.services : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.name, "ServiceName", service]], stat = "Average" },
        { title = "Waiting events", metrics = [for service, queue in var.queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]], stat = "Maximum" },
        { title = "Dead letters", metrics = [for service, queue in var.queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.dead_name]], stat = "Maximum" },
        { title = "Oldest unpublished event", metrics = [for service, _ in var.services : ["RealServ", "outbox_oldest_seconds", "service", service]], stat = "Maximum" },
        { title = "Money", metrics = [for name, it in local.business : ["RealServ", it.metric, "service", it.service] if it.service == "payment"], stat = "Sum" },
        { title = "CPU of databases", metrics = [for _, identifier in var.databases : ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", identifier]], stat = "Average" },
        { title = "Connections", metrics = [for _, identifier in var.databases : ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", identifier]], stat = "Maximum" },
        ] : {
        type       = "metric"
        width      = 12
        height     = 6
        x          = 12 * (index % 2)
        y          = 6 * floor(index / 2)
        properties = { title = widget.title, metrics = widget.metrics, stat = widget.stat, region = var.region, period = 60 }
      }
    ]
  })
}
