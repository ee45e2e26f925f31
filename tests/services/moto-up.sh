#!/bin/bash
# moto-up.sh: moto's server (S3, STS, IAM with instance profiles and managed policies, EC2, instance metadata). It
# enforces nothing and knows AWS's own error codes.      P=folder PORT=8052 ./moto-up.sh      stop: P=folder ./moto-down.sh
# Version 5.1 and older store the chunk headers of current AWS SDKs inside the object: hence Debian's unstable suite.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/moto}
R=$P/root
if running moto > /dev/null && [ -r "$P/env" ]; then cat "$P/env"; exit 0; fi
need_debian_root
[ -d "$P" ] && P=$P "$(dirname "$0")/moto-down.sh"
mkdir -p "$R"

if [ ! -e "$P/unpacked" ]; then
  private_apt "$P/apt" "$CODENAME" sid
  export APT_CONFIG=$P/apt/apt.conf
  apt-get update -qq >&2
  mkdir -p "$P/apt/cache/archives/partial"
  # What this machine lacks of the libraries under it, from its own suite, but unpacked rather than installed.
  apt-get install -y -qq --download-only --no-install-recommends python3 \
    python3-{flask,requests,cryptography,yaml,dateutil,jinja2,urllib3,typing-extensions} >&2
  (cd "$P/apt/debs" && apt-get download -qq python3-{moto,boto3,botocore,s3transfer,responses,flask-cors,jmespath,xmltodict}/sid >&2)
  unset APT_CONFIG
  for d in "$P"/apt/cache/archives/*.deb "$P"/apt/debs/*.deb; do [ -e "$d" ] && dpkg-deb -x "$d" "$R"; done
  rm -rf "$P/apt/debs" "$P/apt/cache"
  touch "$P/unpacked"
fi
PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=$R/usr/bin/python3
LIBS=$(echo "$R"/usr/lib/*-linux-gnu "$R"/lib/*-linux-gnu | tr ' ' ':')

PORT=$(free_port "${PORT:-8052}")
PYTHONPATH=$R/usr/lib/python3/dist-packages LD_LIBRARY_PATH=$LIBS setsid nohup "$PYTHON" -m moto.server -H 127.0.0.1 -p "$PORT" \
  > "$P/moto.log" 2>&1 < /dev/null &
remember moto $!
until_ok 60 http_ok "$PORT" /moto-api/ || { tail -n 5 "$P/moto.log" >&2; die "moto does not answer; its log: $P/moto.log"; }
echo "export CLOUDLAB_TEST_MOTO=http://127.0.0.1:$PORT" > "$P/env"
say "moto ready in $P"
cat "$P/env"
