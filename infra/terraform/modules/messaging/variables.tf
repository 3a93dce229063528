variable "catalogue" {
  description = "Path of the messaging catalogue."
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

variable "archive_days" {
  description = "Days that the archive keeps events."
  type        = number
}
