#!/usr/bin/env bash
# A database and a role for each service, with the passwords that prepare.py made. No role may enter another's database.
set -euo pipefail
# shellcheck disable=SC1091
. /secrets/postgres.env
psql() { command psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres "$@"; }
psql -c 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC' -c 'REVOKE CONNECT ON DATABASE template1 FROM PUBLIC'
make() {
  local role=$1 database=$2 password=$3
  psql -v role="$role" -v database="$database" -v password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}
make realserv_user realserv_users_db "$PASSWORD_USER"
make realserv_order realserv_orders_db "$PASSWORD_ORDER"
make realserv_payment realserv_payments_db "$PASSWORD_PAYMENT"
make realserv_catalog realserv_catalog_db "$PASSWORD_CATALOG"
make realserv_vendor_management realserv_vendors_db "$PASSWORD_VENDOR_MANAGEMENT"
make realserv_notification realserv_notifications_db "$PASSWORD_NOTIFICATION"
make realserv_integration realserv_integrations_db "$PASSWORD_INTEGRATION"
