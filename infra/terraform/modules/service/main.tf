# One service: its task with a collector beside it, roles with what it needs and no more, its place behind the load
# balancer, and how many of it there are.

locals {
  full      = "${var.name}-${var.service}"
  log_group = "/realserv/${var.name}/${var.service}"
  log_arn   = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${local.log_group}:*"
  metrics   = "/realserv/${var.name}/metrics"
  secret_patterns = [
    for name in values(var.secret_names) : "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${name}-??????"
  ]
  logs = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = local.log_group
      awslogs-region        = var.region
      awslogs-stream-prefix = "task"
    }
  }
  environment = merge(var.environment, {
    BIND_ADDR                   = "0.0.0.0:${var.port}"
    OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318"
  })
  # Migrations take nothing but the database.
  app = {
    image                  = "${var.repository}:${var.image_tag}"
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = false, capabilities = { drop = ["ALL"] } }
    logConfiguration       = local.logs
    stopTimeout            = 30
  }
  collector = yamlencode({
    receivers = {
      otlp = { protocols = { http = { endpoint = "127.0.0.1:4318" } } }
      prometheus = {
        config = {
          scrape_configs = [{
            job_name        = "realserv"
            scrape_interval = "60s"
            static_configs  = [{ targets = ["127.0.0.1:${var.port}"], labels = { service = var.service } }]
          }]
        }
      }
    }
    processors = { batch = { timeout = "10s" } }
    exporters = {
      awsxray = { region = var.region }
      awsemf = {
        region                  = var.region
        namespace               = "RealServ"
        log_group_name          = local.metrics
        log_stream_name         = var.service
        dimension_rollup_option = "NoDimensionRollup"
        metric_declarations = [{
          dimensions            = [["service"]]
          metric_name_selectors = [for name in var.metric_names : "^${name}$"]
        }]
      }
    }
    service = {
      pipelines = {
        traces  = { receivers = ["otlp"], processors = ["batch"], exporters = ["awsxray"] }
        metrics = { receivers = ["prometheus"], processors = ["batch"], exporters = ["awsemf"] }
      }
    }
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_days
}

resource "aws_iam_role" "this" {
  for_each = toset(["task", "execution"])
  name     = "${local.full}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:${var.region}:${var.account_id}:*" }
      }
    }]
  })
}

# What ECS needs to start a task.
resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.this["execution"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Login", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Sid      = "Image"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
        Resource = "arn:aws:ecr:${var.region}:${var.account_id}:repository/realserv/${var.service}"
      },
      { Sid = "Secrets", Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = local.secret_patterns },
      { Sid = "Logs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = local.log_arn },
    ]
  })
}

# What the service itself may do.
resource "aws_iam_role_policy" "task" {
  name = "work"
  role = aws_iam_role.this["task"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "SayEvents"
        Effect    = "Allow"
        Action    = "events:PutEvents"
        Resource  = var.bus_arn
        Condition = { StringEquals = { "events:source" = "realserv.${var.service}" } }
      },
      {
        Sid      = "HearEvents"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        Resource = var.queue.arn
      },
      { Sid = "GiveUp", Effect = "Allow", Action = "sqs:SendMessage", Resource = var.queue.dead_arn },
      {
        Sid      = "Metrics"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:${local.metrics}:*"
      },
      { Sid = "Traces", Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = "*" },
    ], var.statements)
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.full
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.this["task"].arn
  execution_role_arn       = aws_iam_role.this["execution"].arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.arm64 ? "ARM64" : "X86_64"
  }
  volume {
    name = "tmp"
  }
  container_definitions = jsonencode([
    merge(local.app, {
      name         = var.service
      command      = ["serve"]
      portMappings = [{ name = var.service, containerPort = var.port, protocol = "tcp", appProtocol = "http" }]
      environment  = [for name, value in local.environment : { name = name, value = value }]
      secrets      = [for name, from in var.secrets : { name = name, valueFrom = from }]
      healthCheck = {
        command     = ["CMD", "/app/program", "healthcheck"]
        interval    = 10
        timeout     = 5
        retries     = 3
        startPeriod = 30
      }
    }),
    {
      name                   = "collector"
      image                  = var.collector_image
      essential              = false
      readonlyRootFilesystem = true
      environment            = [{ name = "AOT_CONFIG_CONTENT", value = local.collector }]
      logConfiguration       = local.logs
    },
  ])
}

# Run once before each deploy; old tasks go on serving, so a migration must suit the code before and after it.
resource "aws_ecs_task_definition" "migrate" {
  family                   = "${local.full}-migrate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.this["execution"].arn
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.arm64 ? "ARM64" : "X86_64"
  }
  volume {
    name = "tmp"
  }
  container_definitions = jsonencode([
    merge(local.app, {
      name        = "migrate"
      command     = ["migrate"]
      environment = [{ name = "REALSERV_ENV", value = var.environment.REALSERV_ENV }]
      secrets     = [{ name = "DATABASE_URL", valueFrom = var.secrets.DATABASE_URL }]
    }),
  ])
}

resource "aws_lb_target_group" "this" {
  # A name of a target group has 32 characters at most.
  name                 = "${trimprefix(var.name, "realserv-")}-${var.service}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = var.port
  deregistration_delay = 15
  health_check {
    path                = "/health/ready"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }
}

# The API Gateway says whom a request is for; only its routes do, so /internal and /metrics are never reached.
resource "aws_lb_listener_rule" "this" {
  listener_arn = var.listener
  priority     = var.port - 5000
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
  condition {
    http_header {
      http_header_name = "x-realserv-service"
      values           = [var.service]
    }
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.service
  cluster                            = var.cluster_arn
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = var.tasks.min
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true
  enable_execute_command             = false
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  capacity_provider_strategy {
    capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
    weight            = 1
  }
  network_configuration {
    subnets          = var.subnets
    security_groups  = [var.security_group]
    assign_public_ip = false
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = var.service
    container_port   = var.port
  }
  service_connect_configuration {
    enabled   = true
    namespace = var.namespace
    service {
      port_name      = var.service
      discovery_name = var.service
      client_alias {
        dns_name = var.service
        port     = var.port
      }
    }
  }
  # Deploys register task definitions pinned to an image's digest; the number of tasks is the scaling's.
  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }
  depends_on = [aws_lb_listener_rule.this, aws_iam_role_policy.execution, aws_iam_role_policy.task]
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.name}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
}

resource "aws_appautoscaling_policy" "requests" {
  name               = "${local.full}-requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = var.requests_per_task
    scale_in_cooldown  = 300
    scale_out_cooldown = 30
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.alb_suffix}/${aws_lb_target_group.this.arn_suffix}"
    }
  }
}

# Waiting events for each running task.
resource "aws_appautoscaling_policy" "backlog" {
  name               = "${local.full}-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = var.backlog_per_task
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    customized_metric_specification {
      metrics {
        id          = "waiting"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"
            dimensions {
              name  = "QueueName"
              value = var.queue.name
            }
          }
        }
      }
      metrics {
        id          = "tasks"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dimensions {
              name  = "ClusterName"
              value = var.name
            }
            dimensions {
              name  = "ServiceName"
              value = var.service
            }
          }
        }
      }
      metrics {
        id         = "each"
        expression = "waiting / tasks"
      }
    }
  }
}
