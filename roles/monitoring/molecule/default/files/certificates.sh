# A CA, a certificate for whoever is asked at an address of this machine, and one for who asks: in the folder $1.
set -eu
mkdir -p "$1"
cd "$1"
addresses=IP:127.0.0.1
for last in $(seq 1 254); do addresses="$addresses,IP:127.80.0.$last,IP:127.84.0.$last"; done
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 "$@"; }
ca -keyout ca.key -out ca.crt -subj /CN=ca
ca -CA ca.crt -CAkey ca.key -keyout server.key -out server.crt -subj /CN=server -addext "subjectAltName=$addresses"
ca -CA ca.crt -CAkey ca.key -keyout client.key -out client.crt -subj /CN=client
# Keys of a test: the package's user reads them, and comes later.
chmod 0644 ./*.key
