output "target_group" {
  description = "Target group, as metrics call it."
  value       = aws_lb_target_group.this.arn_suffix
}

output "log_group" {
  description = "Where it logs."
  value       = local.log_group
}

output "variables" {
  description = "Names of its variables, for the checks."
  value       = { plain = keys(local.environment), secret = keys(var.secrets) }
}
