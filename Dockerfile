# One image for every process of ktrdr-mcp: the command picks mcp, worker, migrate, token, doctor or health.
#   docker build -t ktrdr-mcp:0.1.0 .
#   docker build -t ktrdr-mcp-sandbox:0.1.0 --target sandbox .
# Debian, not Alpine: Temporal's native part is built against glibc.
ARG NODE_IMAGE=node:24.21.0-slim

FROM ${NODE_IMAGE} AS source
WORKDIR /source
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund || npm install --no-save --ignore-scripts --no-audit --no-fund
# Changes rarely: a change of the sources alone finds this layer built already.
COPY scripts/image-files.ts scripts/
COPY scripts/production/image.ts scripts/production/
RUN node scripts/image-files.ts modules /app
COPY . .

FROM source AS build
RUN node scripts/image-files.ts program /app

FROM source AS sandbox-build
RUN node scripts/image-files.ts sandbox /app-sandbox

FROM ${NODE_IMAGE} AS base
ENV NODE_ENV=production
# KTRDR's folders, for named volumes: a fresh volume takes the owner of the folder it covers.
RUN install -d -o 1000 -g 1000 /ktrdr /ktrdr/data /ktrdr/models /ktrdr/strategies
WORKDIR /app
# `node` of the base image, as a number: Kubernetes and others can only tell of a number that it is not root.
USER 1000:1000

# KTRDR in small, for trying out: the same API, real computing, the real one's faults.
FROM base AS sandbox
LABEL org.opencontainers.image.title="ktrdr-mcp-sandbox" \
      org.opencontainers.image.description="A small KTRDR for trying out ktrdr-mcp" \
      org.opencontainers.image.version="0.1.0"
COPY --from=sandbox-build /app-sandbox ./
EXPOSE 8000
ENTRYPOINT ["node"]
CMD ["sandbox/bin/api.ts", "--host", "0.0.0.0", "--port", "8000", "--state", "/ktrdr"]

# The last stage is what `docker build .` makes.
FROM base AS runtime
LABEL org.opencontainers.image.title="ktrdr-mcp" \
      org.opencontainers.image.description="Durable quant research over MCP: KTRDR jobs as Temporal workflows, results in PostgreSQL" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-slim"
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/migrations migrations
COPY --from=build /app/bin bin
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
EXPOSE 3100
# For the default command; docker-compose.yml says how each of the others is looked after. Run it with --init.
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=3 CMD ["/app/bin/ktrdr-mcp", "health", "mcp"]
ENTRYPOINT ["/app/bin/ktrdr-mcp"]
CMD ["mcp", "--http", "--host", "0.0.0.0", "--port", "3100"]
