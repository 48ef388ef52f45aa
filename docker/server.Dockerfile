# The live agent. No torch in it.
#   docker build -f docker/server.Dockerfile -t talkover-server .
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 10001 talkover \
    && install --directory --owner=talkover /data
WORKDIR /app
COPY requirements/constraints.txt requirements/constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY protos protos
COPY core core
COPY server server
COPY client client
COPY trainer trainer
RUN pip install --no-cache-dir --constraint requirements/constraints.txt '.[server,client]'

USER talkover
ENV TALKOVER_DATA_DIR=/data
VOLUME /data
EXPOSE 8640
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s \
    CMD ["talkover", "health"]
# Weights are fetched into the volume the first time. Others can reach a container, so callers
# need a token: set TALKOVER_SERVER__TOKEN, or read the one that is printed.
CMD ["sh", "-c", "talkover models build --if-missing && exec talkover serve --host 0.0.0.0"]
