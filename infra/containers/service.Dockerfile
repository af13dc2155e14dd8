# One image for the three services and for the topics job: which of them runs is the command, for example services/order/src/main.ts.
# Node runs the TypeScript sources as they are, as in development; nothing is built. Context: the root of the repository.
FROM docker.io/library/node:24-bookworm-slim AS install
WORKDIR /app
# A layer of its own: what comes from the registry changes only with the lockfile.
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npx -y pnpm@12 fetch --prod
COPY . .
# Hoisted, because --prod leaves out what a workspace package names both as its peer
# and for its own tests (@opentelemetry/api): it is found in the folder above, where the packages that bring it have it too.
RUN npx -y pnpm@12 install --offline --frozen-lockfile --prod --shamefully-hoist \
  --filter "@tributary-services/*..." --filter "@tributary/cli..."

FROM docker.io/library/node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 METRICS_PORT=9464
WORKDIR /app
COPY --from=install /app /app
USER node
EXPOSE 8080 9464
# Exec form: node is process 1 and gets SIGTERM itself, which the services answer by draining.
ENTRYPOINT ["node", "--conditions=@tributary/source", "--disable-warning=TimeoutNegativeWarning"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=12 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
