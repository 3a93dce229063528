output "bus" {
  description = "Name of the bus."
  value       = local.bus
}

output "bus_arn" {
  description = "The bus."
  value       = "arn:aws:events:${var.region}:${var.account_id}:event-bus/${local.bus}"
}

output "queues" {
  description = "Of each service: names and ARNs of its queue and dead-letter queue, and the queue's URL."
  value = {
    for service, _ in local.queues : service => {
      name      = local.queue_names[service]
      arn       = local.queue_arns[service]
      dead_name = local.dead_names[service]
      dead_arn  = local.dead_arns[service]
      rule      = local.rule_names[service]
      url       = "https://sqs.${var.region}.amazonaws.com/${var.account_id}/${local.queue_names[service]}"
    }
  }
}
