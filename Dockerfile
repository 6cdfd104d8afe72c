# The program with its playground, and nothing else in the image but certificates.
FROM rust:1.95-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /photograph
COPY . .
RUN cargo build --release --locked --bin photograph

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
  && install -d -o 10001 -g 10001 /var/lib/photograph
COPY --from=build /photograph/target/release/photograph /usr/local/bin/photograph
USER 10001:10001
WORKDIR /var/lib/photograph
EXPOSE 8080
ENTRYPOINT ["photograph"]
CMD ["serve"]
