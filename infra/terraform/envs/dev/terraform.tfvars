# Account, zone and domain are placeholders until there is an account.
settings = {
  environment          = "dev"
  region               = "ap-south-1"
  account_id           = "111111111111"
  zones                = ["ap-south-1a", "ap-south-1b"]
  cidr                 = "10.0.0.0/16"
  nat_gateways         = 1
  domain               = "api.dev.realserv.example"
  mail_domain          = "dev.realserv.example"
  zone_id              = "Z0000000000DEV"
  origins              = ["http://localhost:3000", "http://localhost:5173"]
  firebase_project     = "realserv-dev"
  sms_provider         = "twilio"
  repository           = "realserv/realserv"
  image_tag            = "bootstrap"
  collector_image      = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"
  log_level            = "info"
  log_days             = 7
  archive_days         = 7
  protected            = false
  spot                 = true
  arm64                = true
  cpu                  = 256
  memory               = 512
  tasks                = { min = 1, max = 2 }
  requests_per_task    = 1500
  backlog_per_task     = 200
  connections_per_task = 4
  redis                = false
  cloudfront           = false
  budget_usd           = 250
  alarm_emails         = ["operations@dev.realserv.example"]
  database             = { shared = true, instance_class = "db.t4g.micro", storage_gb = 20, multi_az = false, backup_days = 7, connections_alarm = 60 }
}
