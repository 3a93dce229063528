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

variable "databases" {
  description = "Database and role of each service."
  type        = map(object({ name = string, role = string }))
}

variable "shared" {
  description = "One instance for all databases instead of one each."
  type        = bool
}

variable "instance_class" {
  description = "Size of an instance."
  type        = string
}

variable "storage_gb" {
  description = "Storage to begin with; it grows to five times that by itself."
  type        = number
}

variable "multi_az" {
  description = "A standby in the other zone."
  type        = bool
}

variable "backup_days" {
  description = "How far back one can restore to any moment."
  type        = number
  validation {
    condition     = var.backup_days >= 7
    error_message = "The founding plan wants seven days at least."
  }
}

variable "protected" {
  description = "Refuse deletion, and keep a last snapshot."
  type        = bool
}

variable "redis" {
  description = "Whether there is a Redis."
  type        = bool
}

variable "subnets" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group" {
  description = "Security group of PostgreSQL."
  type        = string
}

variable "redis_security_group" {
  description = "Security group of Redis."
  type        = string
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
}
