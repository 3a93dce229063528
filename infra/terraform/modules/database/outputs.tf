output "secrets" {
  description = "The database secret of each service."
  value       = { for service, secret in aws_secretsmanager_secret.this : service => secret.arn }
}

output "instances" {
  description = "Identifier of each instance."
  value       = local.names
}
