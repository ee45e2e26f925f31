#!/bin/bash
# ceph-up.sh: S3, STS and IAM with real enforcement: Ceph radosgw over one monitor and one object store in memory, in a
# chroot. http on PORT, https on another (self-signed: CLOUDLAB_TEST_S3_CA). Two users: the account's root (the exported
# keys) and a plain one, PLAINKEY / plainsecret.
#   P=folder PORT=8020 SUITE=sid STORE=memstore|bluestore ./ceph-up.sh      stop: P=folder ./ceph-down.sh
# Needs release 20 or later (sid): 18 has no IAM users and policies.
. "$(dirname "$0")/lib.sh"
P=${P:-$CLOUDLAB_SERVICES/ceph} SUITE=${SUITE:-sid} STORE=${STORE:-memstore}
R=$P/root D=/srv/ceph
if running mon > /dev/null && running osd > /dev/null && running rgw > /dev/null && [ -r "$P/env" ]; then cat "$P/env"; exit 0; fi
need_debian_root
[ -d "$P" ] && P=$P "$(dirname "$0")/ceph-down.sh"
mkdir -p "$P"

if [ ! -e "$P/unpacked" ]; then
  MMDEBSTRAP=$(command -v mmdebstrap || true)
  if [ -z "$MMDEBSTRAP" ]; then
    private_apt "$P/apt" "$CODENAME"
    APT_CONFIG=$P/apt/apt.conf apt-get update -qq >&2
    (cd "$P/apt/debs" && APT_CONFIG=$P/apt/apt.conf apt-get download -qq mmdebstrap >&2)
    dpkg-deb -x "$P"/apt/debs/mmdebstrap_*.deb "$P/tools"
    MMDEBSTRAP=$P/tools/usr/bin/mmdebstrap
  fi
  rm -rf "$R"
  "$MMDEBSTRAP" --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$SUITE" "$R" "$MIRROR" >&2
  printf '#!/bin/sh\nexit 101\n' > "$R/usr/sbin/policy-rc.d"; chmod +x "$R/usr/sbin/policy-rc.d"
  mount --bind /dev "$R/dev"; mount -t proc proc "$R/proc"
  chroot "$R" sh -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get update -q && apt-get install -y -q --no-install-recommends radosgw ceph-mon ceph-osd ceph-common openssl && apt-get clean' \
    > "$P/install.log" 2>&1 || { tail -n 20 "$P/install.log" >&2; die "cannot install: $P/install.log"; }
  touch "$P/unpacked"
fi
mountpoint -q "$R/dev" || mount --bind /dev "$R/dev"
mountpoint -q "$R/proc" || mount -t proc proc "$R/proc"

PORT=$(free_port "${PORT:-8020}") TLSPORT=$(free_port $((${PORT:-8020} + 400))) MONPORT=$(free_port $((${PORT:-8020} + 1000)))
S=$R$D
rm -rf "$S"; mkdir -p "$S"/{mon,osd,run,log}
chroot "$R" openssl req -x509 -newkey rsa:2048 -nodes -keyout $D/k.pem -out $D/c.pem -days 3650 -subj /CN=localhost \
  -addext "subjectAltName=DNS:localhost,DNS:*.s3.localhost,IP:127.0.0.1" 2>/dev/null
cat "$S/k.pem" "$S/c.pem" > "$S/rgw.pem"; cp "$S/c.pem" "$P/c.pem"
FSID=$(cat /proc/sys/kernel/random/uuid)
cat > "$S/ceph.conf" <<C
[global]
fsid = $FSID
mon host = v2:127.0.0.1:$MONPORT
ms bind msgr1 = false
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = $D/run
admin socket = $D/run/\$name.asok
log file = $D/log/\$name.log
debug ms = 0/0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.05
mon data avail warn = 1
mon data avail crit = 0
[mon.a]
mon data = $D/mon
[osd.0]
osd data = $D/osd
osd objectstore = $STORE
memstore device bytes = 12884901888
bluestore block size = 21474836480
osd memory target = 1073741824
osd op num shards = 2
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$PORT ssl_endpoint=127.0.0.1:$TLSPORT ssl_certificate=$D/rgw.pem
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey-1=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
ms mon client mode = crc
rgw dns name = s3.localhost
rgw sts key = 0123456789abcdef
rgw s3 auth use sts = true
rgw s3 auth order = local, sts, external
rgw enable usage log = false
rgw rados pool pg num min = 8
rgw lc debug interval = 10
# What is deleted is gone from memory soon, not in two hours.
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
C
C=$D/ceph.conf
in_root() { chroot "$R" "$@"; }
start() { local name=$1; shift; setsid nohup chroot "$R" "$@" > "$S/log/$name.out" 2>&1 < /dev/null & remember "$name" $!; }
osd_up() { in_root ceph -c $C osd stat 2>/dev/null | grep -q ' 1 up'; }
in_root ceph-mon -c $C --mkfs -i a --mon-data $D/mon --public-addrv "v2:127.0.0.1:$MONPORT" --fsid "$FSID" --mon-host "v2:127.0.0.1:$MONPORT" >&2
start mon ceph-mon -c $C -f -i a --public-addrv "v2:127.0.0.1:$MONPORT"
in_root timeout 60 ceph -c $C osd new "$FSID" 0 > /dev/null 2>&1 || in_root timeout 60 ceph -c $C osd create > /dev/null
in_root ceph-osd -c $C --mkfs -i 0 --osd-uuid "$FSID" > "$S/log/osd-mkfs.out" 2>&1
start osd ceph-osd -c $C -f -i 0
until_ok 60 osd_up || die "the object store does not come up; its log: $S/log/osd.out"
admin() { in_root radosgw-admin -c $C "$@" > /dev/null; }
# A second storage class, in the zone that the first of these commands makes.
admin user list
admin zonegroup placement add --rgw-zonegroup default --placement-id default-placement --storage-class STANDARD_IA
admin zone placement add --rgw-zone default --placement-id default-placement --storage-class STANDARD_IA --data-pool default.rgw.ia.data
start rgw radosgw -c $C -f -n client.rgw
until_ok 60 http_ok "$PORT" / || die "radosgw does not answer; its log: $S/log/rgw.out"
admin account create --account-name=lab --account-id=RGW11111111111111111
admin user create --uid=root1 --display-name=root1 --account-id=RGW11111111111111111 --account-root --access-key=ROOTKEY1 --secret-key=rootsecret1
admin user create --uid=plain --display-name=plain --access-key=PLAINKEY --secret-key=plainsecret
cat > "$P/env" <<X
export CLOUDLAB_TEST_S3=http://127.0.0.1:$PORT CLOUDLAB_TEST_S3_TLS=https://localhost:$TLSPORT CLOUDLAB_TEST_S3_CA=$P/c.pem
export CLOUDLAB_TEST_S3_ACCESS_KEY=ROOTKEY1 CLOUDLAB_TEST_S3_SECRET_KEY=rootsecret1
X
say "radosgw ready in $P"
cat "$P/env"
