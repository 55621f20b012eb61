#!/bin/sh
# Try both images with an engine: compute the demo season, serve it, look at its health, stop it in good order.
# Where there is no engine: deploy/try_image.py.
set -eu

confined="--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges"
volume=$(docker volume create)
serve=
trap '[ -z "$serve" ] || docker rm --force "$serve" >/dev/null; docker volume rm "$volume" >/dev/null' EXIT

# shellcheck disable=SC2086 # several words
{
    docker run --rm $confined --volume "$volume:/data" f1-precompute:pipeline demo
    docker run --rm $confined --volume "$volume:/data" f1-precompute:pipeline verify
    serve=$(docker run --detach $confined --volume "$volume:/data:ro" --publish 127.0.0.1::8000 \
        --health-interval 1s f1-precompute:serve)
}

for _ in $(seq 30); do
    [ "$(docker inspect --format '{{.State.Health.Status}}' "$serve")" != healthy ] || break
    sleep 1
done
[ "$(docker inspect --format '{{.State.Health.Status}}' "$serve")" = healthy ]

address=$(docker port "$serve" 8000/tcp)
for path in /health/ready /f1/seasons /data/catalog.json /openapi.json; do
    curl --fail --silent --show-error --output /dev/null "http://$address$path"
done

docker stop "$serve" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$serve")
[ "$code" = 0 ] || [ "$code" = 143 ] || { docker logs "$serve"; exit 1; }
docker image ls --filter 'reference=f1-precompute'
