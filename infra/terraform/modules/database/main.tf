# PostgreSQL 16: one instance that holds the seven databases, or seven of them. Databases and roles are made by a task
# inside the VPC (`bootstrap`), because nothing outside reaches an instance.

locals {
  instances = var.shared ? { shared = keys(var.databases) } : { for service, _ in var.databases : service => [service] }
  of        = merge([for instance, services in local.instances : { for service in services : service => instance }]...)
  names     = { for instance, _ in local.instances : instance => "${var.name}-${instance}" }
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_db_parameter_group" "this" {
  name   = "${var.name}-postgres16"
  family = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "500"
  }
  parameter {
    name  = "log_lock_waits"
    value = "1"
  }
  parameter {
    name         = "shared_preload_libraries"
    value        = "pg_stat_statements"
    apply_method = "pending-reboot"
  }
}

resource "aws_db_instance" "this" {
  for_each                            = local.instances
  identifier                          = local.names[each.key]
  engine                              = "postgres"
  engine_version                      = "16"
  instance_class                      = var.instance_class
  allocated_storage                   = var.storage_gb
  max_allocated_storage               = var.storage_gb * 5
  storage_type                        = "gp3"
  storage_encrypted                   = true
  username                            = "realserv_admin"
  manage_master_user_password         = true
  port                                = 5432
  publicly_accessible                 = false
  multi_az                            = var.multi_az
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [var.security_group]
  parameter_group_name                = aws_db_parameter_group.this.name
  backup_retention_period             = var.backup_days
  backup_window                       = "20:30-21:00" # 02:00 in India
  maintenance_window                  = "sun:21:30-sun:22:30"
  copy_tags_to_snapshot               = true
  delete_automated_backups            = false
  deletion_protection                 = var.protected
  skip_final_snapshot                 = !var.protected
  final_snapshot_identifier           = var.protected ? "${local.names[each.key]}-final" : null
  auto_minor_version_upgrade          = true
  apply_immediately                   = !var.protected
  performance_insights_enabled        = true
  iam_database_authentication_enabled = false
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
}

# What `bootstrap` and the service read: {"password": …, "url": "postgres://…?sslmode=require"}. Values are put by hand or
# by a script; none is in a state file.
resource "aws_secretsmanager_secret" "this" {
  for_each                = var.databases
  name                    = "${var.name}/${each.key}/database"
  description             = "Password and URL of ${each.value.name}"
  recovery_window_in_days = 7
}

resource "aws_cloudwatch_log_group" "bootstrap" {
  name              = "/realserv/${var.name}/database-bootstrap"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "bootstrap" {
  name = "${var.name}-database-bootstrap"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "bootstrap" {
  name = "start"
  role = aws_iam_role.bootstrap.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [for service, _ in var.databases : "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:${var.name}/${service}/database-??????"]
      },
      {
        # RDS names these itself and tags them with their instance.
        Sid      = "MasterPassword"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:rds!db-*"
        Condition = {
          StringEquals = {
            "aws:ResourceTag/aws:rds:primaryDBInstanceArn" = [for name in values(local.names) : "arn:aws:rds:${var.region}:${var.account_id}:db:${name}"]
          }
        }
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:/realserv/${var.name}/database-bootstrap:*"
      },
    ]
  })
}

# One task a database, safe to run again: role, password, database, and nobody else in it.
resource "aws_ecs_task_definition" "bootstrap" {
  for_each                 = var.databases
  family                   = "${var.name}-database-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.bootstrap.arn
  container_definitions = jsonencode([{
    name      = "bootstrap"
    image     = "public.ecr.aws/docker/library/postgres:16-bookworm"
    essential = true
    command   = ["bash", "-ceu", file("${path.module}/bootstrap.sh")]
    environment = [
      { name = "PGHOST", value = aws_db_instance.this[local.of[each.key]].address },
      { name = "PGUSER", value = "realserv_admin" },
      { name = "PGDATABASE", value = "postgres" },
      { name = "PGSSLMODE", value = "require" },
      { name = "ROLE", value = each.value.role },
      { name = "DATABASE", value = each.value.name },
    ]
    secrets = [
      { name = "PGPASSWORD", valueFrom = "${aws_db_instance.this[local.of[each.key]].master_user_secret[0].secret_arn}:password::" },
      { name = "PASSWORD", valueFrom = "${aws_secretsmanager_secret.this[each.key].arn}:password::" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = "/realserv/${var.name}/database-bootstrap"
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }])
}

# Off by default: nothing needs it yet.
resource "aws_elasticache_subnet_group" "this" {
  count      = var.redis ? 1 : 0
  name       = var.name
  subnet_ids = var.subnets
}

resource "aws_elasticache_replication_group" "this" {
  count                      = var.redis ? 1 : 0
  replication_group_id       = var.name
  description                = "Cache"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = var.multi_az ? 2 : 1
  automatic_failover_enabled = var.multi_az
  subnet_group_name          = aws_elasticache_subnet_group.this[0].name
  security_group_ids         = [var.redis_security_group]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
}
