variable "name" {
  description = "Prefix of names, and the cluster's name."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "account_id" {
  description = "AWS account."
  type        = string
}

variable "service" {
  description = "Name of the service."
  type        = string
}

variable "port" {
  description = "Its port."
  type        = number
}

variable "repository" {
  description = "URL of its images."
  type        = string
}

variable "image_tag" {
  description = "Tag of the first image; deploys pin digests."
  type        = string
}

variable "collector_image" {
  description = "The collector beside it."
  type        = string
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
}

variable "arm64" {
  description = "Graviton instead of x86."
  type        = bool
}

variable "spot" {
  description = "Run on spare capacity."
  type        = bool
}

variable "tasks" {
  description = "Fewest and most tasks."
  type        = object({ min = number, max = number })
}

variable "requests_per_task" {
  description = "Requests a minute at which another task is started."
  type        = number
}

variable "backlog_per_task" {
  description = "Waiting events at which another task is started."
  type        = number
}

variable "environment" {
  description = "Variables that are no secrets."
  type        = map(string)
}

variable "secrets" {
  description = "What each secret variable is read from."
  type        = map(string)
}

variable "secret_names" {
  description = "Name of each secret read from, for the permission."
  type        = map(string)
}

variable "metric_names" {
  description = "What of /metrics goes to CloudWatch."
  type        = list(string)
}

variable "statements" {
  description = "Permissions of this service besides events."
  type        = any
}

variable "bus_arn" {
  description = "Event bus."
  type        = string
}

variable "queue" {
  description = "Its queue."
  type        = object({ name = string, arn = string, dead_arn = string })
}

variable "cluster_arn" {
  description = "ECS cluster."
  type        = string
}

variable "namespace" {
  description = "Where services find each other."
  type        = string
}

variable "vpc_id" {
  description = "VPC."
  type        = string
}

variable "subnets" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group" {
  description = "Security group of services."
  type        = string
}

variable "listener" {
  description = "Load balancer's listener."
  type        = string
}

variable "alb_suffix" {
  description = "Load balancer, as metrics call it."
  type        = string
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
}
