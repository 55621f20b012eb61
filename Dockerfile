# Two images from one file:
#   docker build --target pipeline -t f1-precompute:pipeline .   everything; runs f1-precompute
#   docker build --target serve    -t f1-precompute:serve .      what serving needs, and nothing else
#
# Both run as uid 10001 on a read-only root file system; they write to /data, /cache (pipeline) and /tmp alone.

# By digest, so that a tag which is pushed again changes nothing here. It is the multi-architecture index.
FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base


# The project as a wheel. The build backend is locked too, and nothing is fetched while building.
FROM base AS build
WORKDIR /src
COPY deploy/image/requirements.txt ./
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY pipeline pipeline
COPY serve serve
RUN /build/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /dist . \
    && mkdir -p /volumes/data /volumes/cache


# Dependencies first and the project last: a change of code leaves the large layer as it is. The base image's
# pip installs into an environment that has none of its own.
FROM base AS install-pipeline
WORKDIR /requirements
COPY deploy/requirements/pipeline.txt deploy/requirements/serve.txt ./
RUN python -m venv --without-pip /opt/f1 \
    && python -m pip --python /opt/f1/bin/python install --no-cache-dir --require-hashes --no-deps \
        --only-binary=:all: -r pipeline.txt -r serve.txt
COPY --from=build /dist /dist
RUN python -m pip --python /opt/f1/bin/python install --no-cache-dir --no-index --no-deps /dist/*.whl


FROM base AS install-serve
WORKDIR /requirements
COPY deploy/requirements/serve.txt ./
RUN python -m venv --without-pip /opt/f1 \
    && python -m pip --python /opt/f1/bin/python install --no-cache-dir --require-hashes --no-deps \
        --only-binary=:all: -r serve.txt
COPY --from=build /dist /dist
RUN python -m pip --python /opt/f1/bin/python install --no-cache-dir --no-index --no-deps /dist/*.whl


# There is no account for the user: HOME and USER stand in for what programs would look up there.
FROM base AS runtime
ENV PATH=/opt/f1/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    USER=f1 \
    F1_OUT=/data


FROM runtime AS pipeline
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="f1-precompute pipeline" \
      org.opencontainers.image.description="Computes Formula 1 race telemetry and publishes it to S3" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.15-slim-trixie" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=install-pipeline /opt/f1 /opt/f1
# A new named volume takes the owner of the folder that it covers.
COPY --from=build --chown=10001:10001 /volumes/data /data
COPY --from=build --chown=10001:10001 /volumes/cache /cache
ENV F1_FASTF1_CACHE=/cache \
    MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /data
USER 10001:10001
# /tmp too: an engine without tmpfs (Fargate) gives the volume the mode of the folder that it covers.
VOLUME ["/data", "/cache", "/tmp"]
# As process 1 Python would not notice SIGTERM; SIGINT it takes as Ctrl-C, and ends with what is published whole.
STOPSIGNAL SIGINT
# It runs once and exits, and its exit code is its health.
HEALTHCHECK NONE
ENTRYPOINT ["f1-precompute"]
CMD ["nightly"]


FROM runtime AS serve
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="f1-precompute serve" \
      org.opencontainers.image.description="Read-only API over precomputed Formula 1 race telemetry" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13.15-slim-trixie" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=install-serve /opt/f1 /opt/f1
COPY --from=build --chown=10001:10001 /volumes/data /data
ENV F1_HOST=0.0.0.0 \
    F1_PORT=8000
WORKDIR /data
USER 10001:10001
VOLUME ["/data", "/tmp"]
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether the process answers. /health/ready also wants data, whose lack a restart would not cure.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-I", "-S", "-c", "import os; from http.client import HTTPConnection; c = HTTPConnection('127.0.0.1', int(os.environ['F1_PORT']), timeout=4); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["f1-serve"]
