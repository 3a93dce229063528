output "role" {
  description = "What a pipeline assumes."
  value       = "arn:aws:iam::${var.account_id}:role/${var.name}-deploy"
}
