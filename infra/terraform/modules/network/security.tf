# Who may talk to whom. The founding plan lets the whole internet at the load balancer; here the API Gateway is the edge
# and the load balancer is internal, so that it is only reached through the VPC link.

locals {
  groups = {
    link  = "API Gateway's way into the VPC"
    alb   = "Internal load balancer"
    ecs   = "Services"
    rds   = "PostgreSQL"
    redis = "Redis, where there is one"
  }
  first = min(var.ports...)
  last  = max(var.ports...)
  # from, to, first port, last port
  flows = {
    link-to-alb  = ["link", "alb", 443, 443]
    alb-to-ecs   = ["alb", "ecs", local.first, local.last]
    ecs-to-ecs   = ["ecs", "ecs", local.first, local.last]
    ecs-to-rds   = ["ecs", "rds", 5432, 5432]
    ecs-to-redis = ["ecs", "redis", 6379, 6379]
  }
}

resource "aws_security_group" "this" {
  for_each    = local.groups
  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = local.flows
  description                  = each.key
  security_group_id            = aws_security_group.this[each.value[1]].id
  referenced_security_group_id = aws_security_group.this[each.value[0]].id
  ip_protocol                  = "tcp"
  from_port                    = each.value[2]
  to_port                      = each.value[3]
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each                     = local.flows
  description                  = each.key
  security_group_id            = aws_security_group.this[each.value[0]].id
  referenced_security_group_id = aws_security_group.this[each.value[1]].id
  ip_protocol                  = "tcp"
  from_port                    = each.value[2]
  to_port                      = each.value[3]
}

# AWS, Razorpay, Meta, Google and the SMS provider: none has fixed addresses.
resource "aws_vpc_security_group_egress_rule" "https" {
  description       = "ecs-to-https"
  security_group_id = aws_security_group.this["ecs"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
