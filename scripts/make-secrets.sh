#!/bin/sh
# Makes what docker-compose.yml reads from secrets/, once: what is there is kept. The folder is for its owner only; the
# files in it are readable, because a container reads them as another user.
set -eu
cd "$(dirname "$0")/.."

mkdir -p secrets/tokens
chmod 700 secrets
if [ ! -s secrets/database_password ]; then
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >secrets/database_password
fi
password=$(cat secrets/database_password)
printf 'postgresql://ktrdr:%s@postgres:5432/ktrdr_mcp' "$password" >secrets/database_url
[ -e secrets/tokens/tokens.json ] || echo '[]' >secrets/tokens/tokens.json
chmod 644 secrets/database_password secrets/database_url
echo "secrets/ is complete"
