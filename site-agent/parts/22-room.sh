# --- room for what is put on record ------------------------------------------------------------------------------------------------------------
free_kib() { # FOLDER
  df -Pk "$1" 2>/dev/null | { read -r _ && read -r _ _ _ kib _ && printf '%s' "$kib"; }
}
look_state() { # every change is put on record before it is made, and its undo needs room as well
  if echo try >"$STATE_DIR/try.$$" 2>/dev/null; then wrote=yes; else wrote=no; fi
  rm -f "$STATE_DIR/try.$$"
  [ $wrote = yes ] || refuse "$STATE_DIR at $SITE cannot be written ($(free_kib "$STATE_DIR") KiB free), and no change is made that cannot be put on record"
  [ "$(free_kib "$STATE_DIR")" -ge 1024 ] || refuse "$STATE_DIR at $SITE has no room for a change and its undo ($(free_kib "$STATE_DIR") KiB free, 1024 are needed): free its disk, or move STATE_DIR in agent.conf"
}

