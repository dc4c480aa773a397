# --- where archives come from: an object store by its S3 API, or a folder of a mounted repository ----------------------------------------------
# A version is PREFIX/VERSION/ with tree.tar.gz, tree.tar.zst or tree.tar, and SHA256SUMS, which is made last: without it a version is being uploaded, or was cut off. Its moment is
# that of SHA256SUMS by the store's own clock: when it was whole. What is in it is older than that, so that a version chosen by it holds nothing newer than was asked for.
LIST_PAGES_MAX=1000 FETCH_TRIES_MAX=5
NO_BODY=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 # SHA-256 of nothing
look_store() { # → store, the address that names of objects are put behind; bucket and prefix, or root
  case $tree_from in *[!A-Za-z0-9:/._-]*) usage "${letters}_FROM in restore.conf of $SITE has characters that no bucket or folder of a repository needs: $tree_from" ;; esac
  case $tree_from in
    file:///?*) root=${tree_from#file://} store=$tree_from && return ;;
    s3://?*) bucket=${tree_from#s3://} ;;
    *) usage "${letters}_FROM in restore.conf of $SITE is neither s3://BUCKET/PREFIX nor file:///FOLDER: $tree_from" ;;
  esac
  prefix= root=
  case $bucket in */*) prefix=${bucket#*/}/ bucket=${bucket%%/*} ;; esac
  case $S3_ENDPOINT in http://?* | https://?*) store=${S3_ENDPOINT%/}/$bucket/${prefix%/} store=${store%/} ;; *) usage "restore.conf of $SITE needs S3_ENDPOINT, the address of the object store, for ${letters}_FROM" ;; esac
  case $S3_ENDPOINT$S3_REGION in *[!A-Za-z0-9:/._-]*) usage "S3_ENDPOINT or S3_REGION in restore.conf of $SITE has characters that neither needs" ;; esac
  [ -n "$S3_REGION" ] || usage "restore.conf of $SITE needs S3_REGION, by which requests to the object store are signed"
  [ -r "$S3_CREDENTIALS" ] || refuse "S3_CREDENTIALS at $SITE cannot be read: ${S3_CREDENTIALS:-none}; nothing was changed: write a file with two lines there, the id of the key and its secret, for the account of site-restore"
  case $(stat -L -c %a "$S3_CREDENTIALS") in *00) ;; *) refuse "$S3_CREDENTIALS at $SITE can be read by others than its owner; nothing was changed: chmod 600 it" ;; esac
  s3_id= s3_secret=
  { read -r s3_id; read -r s3_secret; } <"$S3_CREDENTIALS"
  case $s3_id:$s3_secret in :* | *: | *[!A-Za-z0-9/+=_.~:-]*) refuse "$S3_CREDENTIALS at $SITE holds no key: its first line is the id, its second the secret; nothing was changed" ;; esac
}
# No credential stands on a command line. curl of Debian 12 signs the address as it is, so that a query is written in the order and the code that the store signs it in, and it leaves
# the checksum of the body, which S3 wants, to whoever calls it.
ask_store() { # ADDRESS FILE OPTION… → status, and FILE
  address=$1 target_file=$2
  shift 2
  asked_status=$({
    echo "url = \"$address\""
    [ -n "$root" ] || printf '%s\n' "aws-sigv4 = \"aws:amz:$S3_REGION:s3\"" "user = \"$s3_id:$s3_secret\"" "header = \"x-amz-content-sha256: $NO_BODY\""
  } | curl -q -sS --proto '=http,https,file' --connect-timeout 10 -w '%{http_code}' -o "$target_file" "$@" -K - 2>"$BESIDE" 8>&- 9>&-)
  asked_end=$?
  [ $asked_end -eq 0 ] && case $asked_status in 200 | 206 | 000) ;; *) return 1 ;; esac
}
store_words() { # FILE: what the store said of a request that failed
  code=$(head -c 4096 "$1" 2>/dev/null | sed -n 's/.*<Code>\([A-Za-z0-9]*\)<.*/\1/p' | head -n 1)
  case $asked_status in 000 | 200 | 206) why ;; *) printf '%s' "it answered $asked_status${code:+, $code}" ;; esac
}
fetch_small() { # VERSION NAME → folder/NAME, of at most 1 MB
  rm -f "$folder/$2"
  ask_store "$store/$1/$2" "$folder/$2" --fail-with-body --retry 3 --retry-connrefused --retry-max-time 20 --max-time 30 --max-filesize 1000000 || cannot "$tree_from/$1/$2 cannot be read at $SITE: $(store_words "$folder/$2")"
}
encoded() { printf '%s' "$1" | sed -e 's|/|%2F|g' -e 's/+/%2B/g' -e 's/=/%3D/g'; }
# An answer that is no listing is an error, and no empty list.
list_bucket() { # → a line for each object: BYTES MOMENT KEY, which the store writes in the code of addresses
  token= pages=0
  while :; do
    ask_store "${S3_ENDPOINT%/}/$bucket?${token:+continuation-token=$(encoded "$token")&}encoding-type=url&list-type=2&prefix=$(encoded "$prefix")" "$folder/page" --fail-with-body --retry 3 --retry-connrefused --retry-max-time 20 --max-time 60 --max-filesize 20000000 &&
      grep -q '<ListBucketResult' "$folder/page" || cannot "the versions in $tree_from cannot be listed at $SITE: $(store_words "$folder/page")" || return 1
    tr -d '\r\n' <"$folder/page" | sed 's/<Contents>/\
&/g' | awk -v prefix="$prefix" '
      function of(tag, i, text) { i = index($0, "<" tag ">"); text = substr($0, i + length(tag) + 2); return i ? substr(text, 1, index(text, "</") - 1) : "" }
      /^<Contents>/ { key = of("Key"); gsub(/%2F/, "/", key); if (substr(key, 1, length(prefix)) == prefix) print of("Size"), of("LastModified"), substr(key, length(prefix) + 1) }' >>"$folder/objects"
    grep -q '<IsTruncated>true<' "$folder/page" || return 0
    token=$(tr -d '\r\n' <"$folder/page" | sed -n 's/.*<NextContinuationToken>\([^<]*\)<.*/\1/p') pages=$((pages + 1))
    case $token in '' | *[!A-Za-z0-9/+=_.~-]*) cannot "the versions in $tree_from cannot be listed at $SITE: the store does not say in words how its list goes on"; return 1 ;; esac
    [ $pages -lt $LIST_PAGES_MAX ] || cannot "the versions in $tree_from cannot be listed at $SITE: there are more than $LIST_PAGES_MAX pages of objects" || return 1
  done
}
list_folder() { # as list_bucket
  [ -d "$root" ] && [ -r "$root" ] && [ -x "$root" ] || cannot "the versions in $tree_from cannot be listed at $SITE: $root is no folder that the account of site-restore can read" || return 1
  find "$root/" -mindepth 2 -maxdepth 2 -type f -printf '%s %TY-%Tm-%TdT%TH:%TM:%TSZ %P\0' 2>"$BESIDE" | tr '\n\0' '?\n' >"$folder/objects"
  [ ! -s "$BESIDE" ] || cannot "the versions in $tree_from cannot be listed at $SITE: $(why)"
}
read_versions() { # → versions in folder, the newest last, a line for each: MOMENT VERSION FILE BYTES SIGNED WHY; MOMENT - is of one that is not whole, WHY - of one that can be used
  new_folder
  true >"$folder/objects"
  if [ -n "$root" ]; then list_folder; else list_bucket; fi || fail "$why_not; nothing was changed: mend that, then ask again"
  awk -v key="$tree_key" -v setting="${letters}_KEY" '
    {
      path = $0; sub(/^[^ ]* [^ ]* /, "", path); slash = index(path, "/"); version = substr(path, 1, slash - 1); name = substr(path, slash + 1)
      if (!slash || index(name, "/")) next
      known[version]
      if (name == "tree.tar" || name == "tree.tar.gz" || name == "tree.tar.zst") { archives[version]++; file[version] = name; bytes[version] = $1 }
      if (name == "SHA256SUMS") { at = $2; sub(/Z$/, "", at); point = index(at, "."); at = point ? at "000000" : at ".000000"; whole[version] = substr(at, 1, index(at, ".") + 6) "Z" }
      if (name == "SHA256SUMS.sig") signed[version]
    }
    END {
      for (version in known) {
        why = "-"
        if (archives[version] > 1) why = "it has more than one archive"
        if (!archives[version]) { why = "it has no archive (tree.tar.gz, tree.tar.zst or tree.tar)"; file[version] = "-"; bytes[version] = 0 }
        if (key != "" && !(version in signed)) why = "it has no SHA256SUMS.sig, and " setting " wants one"
        if (!(version in whole)) { why = "it has no SHA256SUMS: it is being uploaded, or was cut off"; whole[version] = "-" }
        shown = version
        if (gsub(/[^A-Za-z0-9._-]/, "?", shown) || version !~ /^[A-Za-z0-9]/ || length(version) > 120 || version == "current" || version ~ /[.](restoring|discarded)-/) { why = "no folder of a version is named like that"; whole[version] = "-" }
        print whole[version], shown, file[version], bytes[version], (version in signed) ? "yes" : "no", why
      }
    }' "$folder/objects" | sort >"$folder/versions"
}
tree_points() { # NAME
  read_tree "$1"
  look_store
  read_versions
  say_clock
  say repository "$tree_from"
  say signatures "$(signature_rule)"
  while read -r at version file bytes signed why; do
    usable=yes
    if [ "$why" != - ]; then say unusable "$version $why" && usable=no; fi
    [ "$at" = - ] || say set "$version at=$at bytes=$bytes signed=$signed usable=$usable"
  done <"$folder/versions"
}
signature_rule() { if [ -n "$tree_key" ]; then echo "checked by $tree_key"; else echo "not checked, since restore.conf names no ${letters}_KEY"; fi; }
