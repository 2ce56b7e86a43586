/** The Temporal version that `make verify-production` builds. docker-compose.yml may name only this one. */
export const TEMPORAL_VERSION = "1.31.2";
/** The version of compose-go, which reads the file as `docker compose` does. Its schema lies in compose-spec/. */
export const COMPOSE_VERSION = "2.16.2";
