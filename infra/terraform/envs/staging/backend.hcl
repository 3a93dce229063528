bucket       = "realserv-staging-terraform-222222222222"
key          = "realserv.tfstate"
region       = "ap-south-1"
encrypt      = true
use_lockfile = true
