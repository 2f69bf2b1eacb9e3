# Two stages: the first builds the environment, the second holds only what runs. Not root.
# DATABASE_URL and REDIS_URL come from the environment: embedded engines are not for production.

FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /opt/tallystream
COPY requirements.lock ./
RUN /opt/tallystream/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.13-slim-bookworm
# Pictures of results are written in it.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin tallystream \
    && mkdir /data && chown tallystream /data
WORKDIR /app
COPY --from=build /opt/tallystream /opt/tallystream
COPY asgi.py config.toml ./
COPY models ./models
COPY repositories ./repositories
COPY services ./services
COPY quart_app ./quart_app
COPY templates ./templates
ENV PATH=/opt/tallystream/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TALLYSTREAM_DATA=/data \
    TALLYSTREAM_BIND=0.0.0.0:8443 TALLYSTREAM_INSECURE_BIND=0.0.0.0:8000
USER tallystream
VOLUME /data
EXPOSE 8000 8443
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "quart_app"]
CMD ["serve"]
