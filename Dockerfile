# The coach as an image: its data in /data, the local chat on port 8765.
#   docker build -t mlops-coach .
#   docker run --rm -e COACH_WEB_TOKEN=choose-one -p 127.0.0.1:8765:8765 -v mlops-coach:/data mlops-coach

FROM python:3.12-slim AS build
RUN python -m venv /opt/mlops-coach
WORKDIR /src
COPY requirements.lock ./
RUN /opt/mlops-coach/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY bot bot
COPY bank bank
COPY prompts prompts
RUN /opt/mlops-coach/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 coach && mkdir /data && chown coach:coach /data
COPY --from=build /opt/mlops-coach /opt/mlops-coach
ENV PATH=/opt/mlops-coach/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    COACH_DATABASE_URL=sqlite:////data/mlops-coach.sqlite3 \
    COACH_WEB_HOST=0.0.0.0 \
    COACH_WEB_PORT=8765 \
    COACH_OPS_PORT=9464
USER coach
WORKDIR /data
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"COACH_OPS_PORT\"]}/healthz', timeout=4)"]
CMD ["mlops-coach", "run"]
