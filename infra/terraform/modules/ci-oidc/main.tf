# Pipelines come with GitHub's token for the environment they deploy to; no key is kept anywhere.

locals {
  ecs   = "arn:aws:ecs:${var.region}:${var.account_id}"
  roles = flatten([for service in var.services : ["${var.name}-${service}-task", "${var.name}-${service}-execution"]])
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-deploy"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::${var.account_id}:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          # The environment carries the approval: a branch alone cannot deploy.
          "token.actions.githubusercontent.com:sub" = "repo:${var.repository}:environment:${var.environment}"
        }
      }
    }]
  })
  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "deploy" {
  name = "deploy"
  role = aws_iam_role.deploy.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Login", Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
      {
        Sid    = "Images"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = [for service in var.services : "arn:aws:ecr:${var.region}:${var.account_id}:repository/realserv/${service}"]
      },
      {
        Sid      = "Definitions"
        Effect   = "Allow"
        Action   = "ecs:RegisterTaskDefinition"
        Resource = flatten([for service in var.services : ["${local.ecs}:task-definition/${var.name}-${service}:*", "${local.ecs}:task-definition/${var.name}-${service}-migrate:*"]])
      },
      { Sid = "ReadDefinitions", Effect = "Allow", Action = "ecs:DescribeTaskDefinition", Resource = "*" },
      {
        Sid       = "Migrate"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = [for service in var.services : "${local.ecs}:task-definition/${var.name}-${service}-migrate:*"]
        Condition = { ArnEquals = { "ecs:cluster" = "${local.ecs}:cluster/${var.name}" } }
      },
      {
        Sid      = "Watch"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = "${local.ecs}:task/${var.name}/*"
      },
      {
        Sid      = "Services"
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
        Resource = [for service in var.services : "${local.ecs}:service/${var.name}/${service}"]
      },
      {
        Sid       = "HandOver"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = [for role in local.roles : "arn:aws:iam::${var.account_id}:role/${role}"]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}
