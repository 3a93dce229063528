output "alarms" {
  description = "How many alarms there are."
  value       = length(local.simple) + length(local.below) + length(local.shares)
}
