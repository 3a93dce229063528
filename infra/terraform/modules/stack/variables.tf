variable "settings" {
  description = "Everything in which environments differ."
  type = object({
    environment            = string
    region                 = string
    account_id             = string
    zones                  = list(string)
    cidr                   = string
    nat_gateways           = number
    domain                 = string
    mail_domain            = string
    zone_id                = string
    origins                = list(string)
    firebase_project       = string
    sms_provider           = string
    repository             = string
    image_tag              = string
    collector_image        = string
    log_level              = string
    log_days               = number
    archive_days           = number
    protected              = bool
    spot                   = bool
    arm64                  = bool
    cpu                    = number
    memory                 = number
    tasks                  = object({ min = number, max = number })
    requests_per_task      = number
    backlog_per_task       = number
    connections_per_task   = number
    redis                  = bool
    cloudfront             = bool
    cloudfront_certificate = optional(string, "")
    budget_usd             = number
    alarm_emails           = list(string)
    database = object({
      shared            = bool
      instance_class    = string
      storage_gb        = number
      multi_az          = bool
      backup_days       = number
      connections_alarm = number
    })
  })
  validation {
    condition     = contains(["dev", "staging", "production"], var.settings.environment)
    error_message = "dev, staging or production."
  }
  validation {
    condition     = contains(["msg91", "sns", "twilio"], var.settings.sms_provider)
    error_message = "msg91, sns or twilio."
  }
}
