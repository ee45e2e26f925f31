#!/bin/bash
# tools-up.sh: clients that no one here wrote, to try the emulator with: aws and s3cmd of this Debian, and boto3 of
# Debian's unstable suite, which sends what current SDKs send (checksums in trailers).
#   P=folder ./tools-up.sh      Nothing runs and nothing is installed: remove the folder to be rid of them.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/tools}
if [ -r "$P/env" ]; then cat "$P/env"; exit 0; fi
need_debian_root
rm -rf "$P"
mkdir -p "$P"/{root,sid,bin}

private_apt "$P/apt" "$CODENAME" sid
export APT_CONFIG=$P/apt/apt.conf
apt-get update -qq >&2
# Those named are taken even where the machine has them; of what they need, only what it lacks.
apt-get install -y -qq --download-only --no-install-recommends --reinstall awscli s3cmd python3-{urllib3,dateutil,requests} >&2
(cd "$P/apt/debs" && apt-get download -qq python3-{boto3,botocore,s3transfer,jmespath}/sid >&2)
unset APT_CONFIG
for d in "$P"/apt/cache/archives/*.deb; do dpkg-deb -x "$d" "$P/root"; done
for d in "$P"/apt/debs/*.deb; do dpkg-deb -x "$d" "$P/sid"; done
rm -rf "$P/apt"

PYTHON=/usr/bin/python3
[ -x $PYTHON ] || PYTHON=$P/root/usr/bin/python3
LIBS=$(echo "$P"/root/usr/lib/*-linux-gnu "$P"/root/lib/*-linux-gnu | tr ' ' ':')
wrapper() { # NAME MODULES COMMAND
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%s PYTHONPATH=%s exec %s "$@"\n' "$LIBS" "$2" "$3" > "$P/bin/$1"
  chmod +x "$P/bin/$1"
}
MODULES=$P/root/usr/lib/python3/dist-packages
wrapper aws "$MODULES" "$PYTHON $P/root/usr/bin/aws"
wrapper s3cmd "$MODULES" "$PYTHON $P/root/usr/bin/s3cmd"
wrapper boto3-python "$P/sid/usr/lib/python3/dist-packages:$MODULES" "$PYTHON"
"$P/bin/aws" --version >&2
"$P/bin/s3cmd" --version >&2
"$P/bin/boto3-python" -c 'import boto3; print("boto3", boto3.__version__)' >&2
cat > "$P/env" <<X
export CLOUDLAB_TEST_AWSCLI=$P/bin/aws
export CLOUDLAB_TEST_S3CMD=$P/bin/s3cmd
export CLOUDLAB_TEST_BOTO3=$P/bin/boto3-python
X
say "aws, s3cmd and boto3 ready in $P"
cat "$P/env"
