output "listener" {
  description = "The load balancer's listener."
  value       = aws_lb_listener.this.arn
}

output "alb_suffix" {
  description = "The load balancer, as metrics call it."
  value       = aws_lb.this.arn_suffix
}

output "alb_arn" {
  description = "The load balancer."
  value       = aws_lb.this.arn
}

output "api_id" {
  description = "The API."
  value       = aws_apigatewayv2_api.this.id
}
