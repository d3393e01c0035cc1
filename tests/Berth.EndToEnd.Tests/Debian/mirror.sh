# Makes a mirror of what inside.sh installs and unpacks: mirror.sh FOLDER DPKG-STATUS-OF-THE-IMAGE
set -eu
cd "$1"
apt-get update -qq
mkdir -p archives/partial
apt-get -y -qq --download-only --no-install-recommends -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::State::status="$2" \
    -o Dir::Cache::archives="$PWD/archives" install gcc libc6-dev perl python3 '^libpython3[.].*-testsuite$' >/dev/null
mv archives/*.deb .
rm -r archives
for file in *.deb; do
    dpkg-deb -f "$file"
    printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$file" "$(stat -c %s "$file")" "$(sha256sum "$file" | cut -d' ' -f1)"
done >Packages
# Perl's tests are in its source only. Another package names the archive: perl's own may come from the one of security updates, which lacks the source.
archive=$(cd / && apt-get download --print-uris base-files | sed "s|^'\(.*\)/pool/.*|\1|")
version=$(dpkg-deb -f perl_*.deb Version | sed 's/-.*//')
/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$archive/pool/main/p/perl/perl_$version.orig.tar.xz" source.tar.xz >/dev/null
tar xJf source.tar.xz "perl-$version/t"
tar czf perl-tests.tar.gz -C "perl-$version" t
rm -r source.tar.xz "perl-$version"
