# Account, zone and domain are placeholders until there is an account.
settings = {
  environment          = "production"
  region               = "ap-south-1"
  account_id           = "333333333333"
  zones                = ["ap-south-1a", "ap-south-1b"]
  cidr                 = "10.2.0.0/16"
  nat_gateways         = 2
  domain               = "api.realserv.example"
  mail_domain          = "realserv.example"
  zone_id              = "Z0000000000PRD"
  origins              = ["https://realserv.example", "https://vendors.realserv.example", "https://admin.realserv.example"]
  firebase_project     = "realserv-production"
  sms_provider         = "msg91"
  repository           = "realserv/realserv"
  image_tag            = "bootstrap"
  collector_image      = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"
  log_level            = "info"
  log_days             = 90
  archive_days         = 90
  protected            = true
  spot                 = false
  arm64                = true
  cpu                  = 256
  memory               = 512
  tasks                = { min = 2, max = 8 }
  requests_per_task    = 1500
  backlog_per_task     = 200
  connections_per_task = 8
  redis                = false
  cloudfront           = false
  budget_usd           = 1200
  alarm_emails         = ["operations@realserv.example"]
  database             = { shared = false, instance_class = "db.t4g.small", storage_gb = 50, multi_az = true, backup_days = 30, connections_alarm = 130 }
}
