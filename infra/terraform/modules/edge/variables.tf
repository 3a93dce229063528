variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "routes" {
  description = "Path of the table of routes."
  type        = string
}

variable "domain" {
  description = "Where the API is."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of that domain."
  type        = string
}

variable "firebase_project" {
  description = "Project whose ID tokens are accepted."
  type        = string
}

variable "origins" {
  description = "Web pages that may call the API."
  type        = list(string)
}

variable "subnets" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_groups" {
  description = "link and alb."
  type        = map(string)
}

variable "protected" {
  description = "Refuse deletion of the load balancer."
  type        = bool
}

variable "log_days" {
  description = "Days that access logs are kept."
  type        = number
}

variable "cloudfront" {
  description = "A distribution before the API."
  type        = bool
}

variable "cloudfront_certificate" {
  description = "Certificate in us-east-1, where CloudFront wants it."
  type        = string
}
