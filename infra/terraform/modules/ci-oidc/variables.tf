variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "environment" {
  description = "Environment, as GitHub calls it."
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

variable "repository" {
  description = "owner/name at GitHub."
  type        = string
}

variable "services" {
  description = "Names of the services."
  type        = list(string)
}
