#!/bin/sh
# usage: tests/sssom.sh SSSOM FOLDER: does sssom-py, called SSSOM, take every table of data/links/ for what
# it is, read as many judgements as there are rows, and see what is wrong with tables that are wrong?
# What it writes goes into FOLDER.
set -eu
sssom=$1 folder=$2

valid() { "$sssom" validate "$1" >"$folder/log" 2>&1 && ! grep -qiE 'error|missing prefix' "$folder/log"; }

for table in data/links/*.sssom.tsv; do
  valid "$table" || { cat "$folder/log"; echo "$table is no valid SSSOM" >&2; exit 1; }
  "$sssom" convert "$table" -O json -o "$folder/read.json" >/dev/null 2>&1
  read=$(grep -c '"mapping_justification": "semapv:' "$folder/read.json")
  written=$(($(grep -vc '^#' "$table") - 1))
  [ "$read" = "$written" ] || { echo "$table has $written rows, but sssom-py reads $read" >&2; exit 1; }
  echo "$table: $read judgements"
done

# the tool sees faults, so that its silence means something
sed 's/semapv:ManualMappingCuration/semapv:Guess/' data/links/hds.sssom.tsv >"$folder/guess.sssom.tsv"
sed '/^#  hds:/d' data/links/hds.sssom.tsv >"$folder/prefix.sssom.tsv"
sed 's/\t0.95\t/\t7\t/' data/links/hds.sssom.tsv >"$folder/confidence.sssom.tsv"
for fault in guess prefix confidence; do
  if valid "$folder/$fault.sssom.tsv"; then echo "sssom-py sees no fault in $fault" >&2; exit 1; fi
done
