# The only way in: an HTTP API with exactly the routes of routes.json, over a VPC link to an internal load balancer.

locals {
  table  = jsondecode(file(var.routes))
  routes = { for route in local.table.routes : "${route.method} ${route.path}" => route }
  throttled = {
    for key, route in local.routes : key => route.throttle if can(route.throttle.rate_per_second)
  }
  inner = "internal.${var.domain}"
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = [local.inner]
  validation_method         = "DNS"
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each        = toset([var.domain, local.inner])
  zone_id         = var.zone_id
  allow_overwrite = true
  ttl             = 60
  name            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_value if option.domain_name == each.key])]
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_lb" "this" {
  name                       = var.name
  internal                   = true
  load_balancer_type         = "application"
  security_groups            = [var.security_groups.alb]
  subnets                    = var.subnets
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected
  idle_timeout               = 60
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.this.certificate_arn
  # Each service adds a rule; what names none is nobody's.
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "application/json"
      status_code  = "404"
      message_body = jsonencode({ error = { code = "not_found", message = "There is nothing here." } })
    }
  }
}

resource "aws_apigatewayv2_vpc_link" "this" {
  name               = var.name
  subnet_ids         = var.subnets
  security_group_ids = [var.security_groups.link]
}

resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = true
  cors_configuration {
    allow_origins  = var.origins
    allow_methods  = local.table.cors.allowed_methods
    allow_headers  = local.table.cors.allowed_headers
    expose_headers = local.table.cors.exposed_headers
    max_age        = local.table.cors.max_age_seconds
  }
}

resource "aws_apigatewayv2_authorizer" "firebase" {
  api_id           = aws_apigatewayv2_api.this.id
  name             = "firebase"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  jwt_configuration {
    issuer   = "https://securetoken.google.com/${var.firebase_project}"
    audience = [var.firebase_project]
  }
}

# One a service: the header tells the load balancer where to. A caller's own header of that name is overwritten.
resource "aws_apigatewayv2_integration" "this" {
  for_each               = toset(distinct([for route in local.table.routes : route.service]))
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "HTTP_PROXY"
  integration_method     = "ANY"
  integration_uri        = aws_lb_listener.this.arn
  connection_type        = "VPC_LINK"
  connection_id          = aws_apigatewayv2_vpc_link.this.id
  payload_format_version = "1.0"
  timeout_milliseconds   = local.table.timeout_seconds * 1000
  request_parameters = {
    "overwrite:header.x-realserv-service"        = each.key
    "overwrite:header.x-realserv-client-address" = "$context.identity.sourceIp"
  }
  tls_config {
    server_name_to_verify = local.inner
  }
}

resource "aws_apigatewayv2_route" "this" {
  for_each           = local.routes
  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.this[each.value.service].id}"
  authorization_type = each.value.auth == "jwt" ? "JWT" : "NONE"
  authorizer_id      = each.value.auth == "jwt" ? aws_apigatewayv2_authorizer.firebase.id : null
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/realserv/${var.name}/api"
  retention_in_days = var.log_days
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true
  default_route_settings {
    detailed_metrics_enabled = true
    throttling_rate_limit    = local.table.throttle.rate_per_second
    throttling_burst_limit   = local.table.throttle.burst
  }
  dynamic "route_settings" {
    for_each = local.throttled
    content {
      route_key                = route_settings.key
      detailed_metrics_enabled = true
      throttling_rate_limit    = route_settings.value.rate_per_second
      throttling_burst_limit   = route_settings.value.burst
    }
  }
  # Neither query nor headers: tokens and phone numbers could be in them.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request = "$context.requestId", route = "$context.routeKey", status = "$context.status",
      latency = "$context.responseLatency", behind = "$context.integrationLatency", error = "$context.error.messageString"
    })
  }
  depends_on = [aws_apigatewayv2_route.this]
}

resource "aws_apigatewayv2_domain_name" "this" {
  domain_name = var.domain
  domain_name_configuration {
    certificate_arn = aws_acm_certificate_validation.this.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  domain_name = aws_apigatewayv2_domain_name.this.id
  stage       = aws_apigatewayv2_stage.this.id
}

resource "aws_route53_record" "this" {
  zone_id = var.zone_id
  name    = var.domain
  type    = "A"
  alias {
    name                   = var.cloudfront ? aws_cloudfront_distribution.this[0].domain_name : aws_apigatewayv2_domain_name.this.domain_name_configuration[0].target_domain_name
    zone_id                = var.cloudfront ? aws_cloudfront_distribution.this[0].hosted_zone_id : aws_apigatewayv2_domain_name.this.domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
