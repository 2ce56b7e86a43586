/** What `make verify-production` builds, and what docker-compose.yml therefore may name. */
export const TEMPORAL_VERSION = "1.31.2";
/** Of compose-go, which reads the file as `docker compose` does; its schema lies in compose-spec/. */
export const COMPOSE_VERSION = "2.16.2";
