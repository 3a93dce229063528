output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "private_subnets" {
  description = "Where everything of ours is."
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "security_groups" {
  description = "link, alb, ecs, rds, redis."
  value       = { for name, group in aws_security_group.this : name => group.id }
}
