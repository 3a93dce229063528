output "arn" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.arn
}

output "name" {
  description = "Its name."
  value       = aws_ecs_cluster.this.name
}

output "namespace" {
  description = "Where services find each other."
  value       = aws_service_discovery_http_namespace.this.arn
}

output "repositories" {
  description = "URL of each service's images."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
