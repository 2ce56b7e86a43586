#!/bin/sh
# Makes what docker-compose.yml reads from secrets/, once: what is there is kept. The folder is for its owner only; the
# files in it are readable, because a container reads them as another user. The containers write tokens and backups as
# the user 1000, or the one of the env file: run this as that user, or as root.
set -eu
cd "$(dirname "$0")/.."

mkdir -p secrets/tokens backups
chmod 700 secrets backups
if [ ! -s secrets/database_password ]; then
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >secrets/database_password
fi
password=$(cat secrets/database_password)
printf 'postgresql://ktrdr:%s@postgres:5432/ktrdr_mcp' "$password" >secrets/database_url
[ -e secrets/tokens/tokens.json ] || echo '[]' >secrets/tokens/tokens.json
if [ "$(id -u)" = 0 ]; then chown -R "${RUN_AS_UID:-1000}:${RUN_AS_GID:-1000}" secrets/tokens backups; fi
chmod 644 secrets/database_password secrets/database_url
echo "secrets/ is complete"
