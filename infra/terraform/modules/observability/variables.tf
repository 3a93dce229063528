variable "name" {
  description = "Prefix of names."
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

variable "emails" {
  description = "Who is told."
  type        = list(string)
}

variable "budget_usd" {
  description = "What a month may cost."
  type        = number
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "services" {
  description = "Of each service: target group, log group, fewest tasks."
  type        = map(object({ target_group = string, log_group = string, tasks = number }))
}

variable "queues" {
  description = "Of each service: queue, dead-letter queue, rule."
  type        = map(object({ name = string, dead_name = string, rule = string }))
}

variable "bus" {
  description = "Event bus."
  type        = string
}

variable "databases" {
  description = "Identifier of each database instance."
  type        = map(string)
}

variable "connections" {
  description = "Connections of an instance above which there is an alarm."
  type        = number
}

variable "api_id" {
  description = "The API."
  type        = string
}

variable "alb_suffix" {
  description = "Load balancer, as metrics call it."
  type        = string
}
