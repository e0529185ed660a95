# The emulator as a container: docker build -t voxsip-emulator . && docker run --rm -p 127.0.0.1:8080:8080 voxsip-emulator
FROM python:3.13-slim AS build
COPY pyproject.toml README.md LICENSE /src/
COPY voxsip /src/voxsip
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir /src

FROM python:3.13-slim
COPY --from=build /venv /venv
RUN useradd --system voxsip && install -d -o voxsip /emulator
USER voxsip
VOLUME /emulator
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/venv/bin/python", "-m", "voxsip.emulator", "--host", "0.0.0.0", "--port", "8080", "--dir", "/emulator"]
