#!/usr/bin/env bash
# Starts a real S3 server on loopback: Ceph's RADOS gateway with one monitor and one object store daemon, from Debian's packages
# radosgw, ceph-mon, ceph-osd and ceph-common. Needs root and about 1 GB of disk. Prints S3_ENDPOINT, S3_ACCESS_KEY_ID and
# S3_SECRET_ACCESS_KEY, and leaves the ids of its processes in DIR/run/pids; end them with kill -9.
# No authentication between its own daemons, one replica: for tests only.
# usage: ceph-s3-up.sh DIR GATEWAY_PORT MONITOR_PORT
set -euo pipefail
dir=$1 port=$2 mon_port=$3
mkdir -p "$dir"/{mon,osd,rgw,run,log}
cd "$dir"
fsid=$(cat /proc/sys/kernel/random/uuid) osd_uuid=$(cat /proc/sys/kernel/random/uuid)
cat > ceph.conf <<CONF
[global]
fsid = $fsid
mon host = [v1:127.0.0.1:$mon_port/0]
mon initial members = a
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/log/\$name.log
mon data = $dir/mon
osd data = $dir/osd
osd objectstore = bluestore
bluestore block size = 17179869184
osd memory target = 1073741824
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$port
rgw data = $dir/rgw
CONF
ceph() { timeout "$1" /usr/bin/env ceph -c ceph.conf "${@:2}"; }

monmaptool --create --addv a "[v1:127.0.0.1:$mon_port/0]" --fsid "$fsid" monmap >/dev/null
ceph-mon -c ceph.conf --mkfs -i a --monmap monmap
# In the foreground, detached: exactly these three processes, so that exactly these are ended later.
setsid ceph-mon -c ceph.conf -f -i a >log/mon.out 2>&1 & echo $! >> run/pids
for _ in $(seq 30); do ceph 5 -s >/dev/null 2>&1 && break; sleep 0.5; done
ceph-osd -c ceph.conf -i 0 --mkfs --osd-uuid "$osd_uuid" >log/mkfs.out 2>&1
ceph 60 osd new "$osd_uuid" >/dev/null
is_up() { ceph 5 osd stat 2>/dev/null | grep -q '1 up'; }
# It ends by itself with "wrong fsid" when it asks the monitor too early; the next one goes through.
for _ in $(seq 5); do
  setsid ceph-osd -c ceph.conf -f -i 0 >>log/osd.out 2>&1 & osd=$!; echo $osd >> run/pids
  for _ in $(seq 60); do is_up && break; kill -0 $osd 2>/dev/null || break; sleep 0.5; done
  is_up && break
done
setsid radosgw -c ceph.conf -f -n client.rgw --no-mon-config >log/rgw.out 2>&1 & echo $! >> run/pids
answers() { curl -fs -o /dev/null --noproxy '*' "http://127.0.0.1:$port/"; }
for _ in $(seq 120); do answers && break; sleep 0.5; done
answers || { echo "the gateway did not answer: see $dir/log" >&2; exit 1; }
timeout 90 radosgw-admin -c ceph.conf user create --uid=rushes --display-name=rushes --access-key=RUSHESTESTKEY \
  --secret-key=rushes-test-secret --no-mon-config >/dev/null 2>&1
echo "S3_ENDPOINT=http://127.0.0.1:$port"
echo "S3_ACCESS_KEY_ID=RUSHESTESTKEY"
echo "S3_SECRET_ACCESS_KEY=rushes-test-secret"
