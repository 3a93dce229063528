output "buckets" {
  description = "Name of each bucket by the variable that tells it to services."
  value       = local.buckets
}

output "configuration_set" {
  description = "SES configuration set."
  value       = var.name
}

output "feedback_topic" {
  description = "The topic that SES reports to."
  value       = "arn:aws:sns:${var.region}:${var.account_id}:${var.name}-mail"
}

output "mail_arns" {
  description = "What may be sent with."
  value = [
    "arn:aws:ses:${var.region}:${var.account_id}:identity/${var.mail_domain}",
    "arn:aws:ses:${var.region}:${var.account_id}:configuration-set/${var.name}",
  ]
}
