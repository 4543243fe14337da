# One image for every service and the `ice` command; what runs is the container's command (docker-compose.yml).
FROM python:3.11-slim-bookworm

# skia-python draws through these; without them the previz provider falls back to its other renderer.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libegl1 libfontconfig1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 ice

WORKDIR /app
COPY deploy/requirements/runtime.txt deploy/requirements/runtime.txt
RUN pip install --no-cache-dir --require-hashes --requirement deploy/requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY services services
COPY contracts contracts
RUN printf '#!/bin/sh\nexec python -m services.cli "$@"\n' > /usr/local/bin/ice \
    && chmod +x /usr/local/bin/ice \
    && python -m compileall -q schemas services

USER ice
ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app ICE_HTTP_HOST=0.0.0.0 ICE_HTTP_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
CMD ["ice", "--help"]
