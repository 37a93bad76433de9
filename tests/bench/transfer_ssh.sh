#!/usr/bin/env bash
# usage: transfer_ssh.sh PACKAGES DIRECTORY
#
# PACKAGES is where Debian's openssh-server and libwrap0 are unpacked.
# Makes DIRECTORY/config, with which `ssh -F DIRECTORY/config bench COMMAND` runs a command behind a real sshd
# (aes128-gcm, keys, authentication) on a pipe: no port, no daemon, nothing outside of DIRECTORY. DIRECTORY/store
# names the Nix store of the other side.
set -euo pipefail
sshd=$1/usr/sbin/sshd
libraries=$(echo "$1"/usr/lib/*-linux-gnu)
directory=$2
mkdir -p "$directory"
cd "$directory"
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f user_key
printf 'command="%s/remote" %s\n' "$directory" "$(cat user_key.pub)" > authorized_keys
cat > remote <<END
#!/bin/sh
export NIX_REMOTE=\$(cat $directory/store)
exec sh -c "\$SSH_ORIGINAL_COMMAND"
END
cat > sshd_config <<END
HostKey $directory/host_key
AuthorizedKeysFile $directory/authorized_keys
StrictModes no
PermitRootLogin yes
END
# sshd wants a user and a folder of its own: they are there in its mount namespace alone.
cat > sshd <<END
#!/bin/sh
exec unshare -m sh -c '
  mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd
  { grep -v ^sshd: /etc/passwd; echo "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin"; } > /run/passwd
  mount --bind /run/passwd /etc/passwd
  LD_LIBRARY_PATH=$libraries exec $sshd -i -f $directory/sshd_config' 2> $directory/sshd.log
END
cat > config <<END
Host bench
  User $(id -un)
  IdentityFile $directory/user_key
  IdentitiesOnly yes
  ProxyCommand $directory/sshd
  Ciphers aes128-gcm@openssh.com
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  Compression no
END
chmod 755 remote sshd
chmod 600 user_key host_key
