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

variable "cidr" {
  description = "Address range, a /16."
  type        = string
}

variable "zones" {
  description = "Availability zones, two of them."
  type        = list(string)
  validation {
    condition     = length(var.zones) == 2
    error_message = "Two zones."
  }
}

variable "nat_gateways" {
  description = "One for everything, or one a zone."
  type        = number
  validation {
    condition     = contains([1, 2], var.nat_gateways)
    error_message = "1 or 2."
  }
}

variable "ports" {
  description = "Ports of the services."
  type        = list(number)
}

variable "log_days" {
  description = "Days that flow logs are kept."
  type        = number
}
