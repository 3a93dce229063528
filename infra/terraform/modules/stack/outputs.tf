output "api" {
  description = "Where the API is."
  value       = local.public_api
}

output "deploy_role" {
  description = "What a pipeline assumes."
  value       = module.ci_oidc.role
}

output "alarms" {
  description = "How many alarms there are."
  value       = module.observability.alarms
}

output "variables" {
  description = "Names of each service's variables, plain and secret."
  value       = { for service, it in module.service : service => it.variables }
}

output "secrets" {
  description = "Secrets whose values are to be put in by hand."
  value       = concat(values(local.secret_names), [for service in local.names : "${local.name}/${service}/database"])
}
