bucket       = "realserv-dev-terraform-111111111111"
key          = "realserv.tfstate"
region       = "ap-south-1"
encrypt      = true
use_lockfile = true
