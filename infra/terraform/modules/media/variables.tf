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

variable "catalogue" {
  description = "Path of the messaging catalogue, which names the buckets."
  type        = string
}

variable "origins" {
  description = "Web pages that may put files."
  type        = list(string)
}

variable "mail_domain" {
  description = "What e-mail is sent as."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of that domain."
  type        = string
}

variable "public_api" {
  description = "Where the API is, for bounces."
  type        = string
}
