# --- switched to, or discarded -------------------------------------------------------------------------------------------------------------------
look_tree_switch() { # → place, stage
  look_tree_host
  look_no_job
  [ "$(noted run)" = "$RUN" ] || refuse "run $RUN has restored nothing of $tree at $SITE (there it is: $(noted run)); nothing was changed: go on in the name of the run that restored"
  stage=$(noted stage) place=$(noted place)
  case $stage in proven | switched | accepted) ;; *) refuse "what run $RUN restored of $tree at $SITE is $stage and not proven; nothing was changed: restore again, or discard it (tree-discard $tree)" ;; esac
  is_tree_of_run "$tree_to/$place" || refuse "$tree_to/$place at $SITE is not what run $RUN restored; nothing was changed: look who put it there"
  [ "$stage" = proven ] || [ "$(tree_current)" = "$place" ] || refuse "$tree_to/current at $SITE was switched to $(tree_current || echo nothing) since run $RUN switched it; nothing was changed: ask who did it, and why"
}
point_at() { # NAME: whoever follows the link sees the old or the new, never none
  rm -f "$tree_to/current.new" && ln -s "$1" "$tree_to/current.new" && mv -T "$tree_to/current.new" "$tree_to/current" && sync "$tree_to"
}
point_back() { if [ "$(noted was)" = nothing ]; then rm -f "$tree_to/current"; else point_at "$(noted was)"; fi; }
# By the new folder before the link, and by the link before the reload: settings that name files by the link were those of before until then.
tree_switch() { # NAME
  read_tree "$1"
  look_tree_switch
  new_folder
  if [ "$stage" = proven ]; then
    [ -z "$tree_test" ] || command_of_tree "$tree_test" "$tree_to/$place" || refuse "the test of the version $(noted set) of $tree fails at $SITE with exit $ended: $said; nothing was changed, and current is $(tree_current || echo nothing): mend what it names, then switch again, or discard (tree-discard $tree)"
    [ "$(tree_current)" = "$place" ] || note was "$(tree_current || echo nothing)"
    [ -n "$(noted was)" ] || note was "$place"
    point_at "$place" || fail "$tree_to/current at $SITE cannot be replaced; it was left as it is: give the account of site-restore the right to write $tree_to"
    if [ -n "$tree_test" ]; then
      command_of_tree "$tree_test" "$tree_to/current" || switch_failed test
      command_of_tree "$tree_reload" || switch_failed reload
    fi
    note stage switched
  fi
  changed "$stage" "$(noted stage)"
  say current "$place"
  say was "$(noted was)"
}
switch_failed() { # WHAT; what may have been half read is read again from where it was
  failed="the $1 with the version $(noted set) of $tree fails at $SITE with exit $ended: $said"
  point_back || fail "$failed; and $tree_to/current could not be put back to $(noted was): put it back by hand"
  [ "$1" = test ] || [ "$(noted was)" = nothing ] || command_of_tree "$tree_reload" || failed="$failed; a reload of what was there before fails too: $said"
  fail "$failed; current is $(noted was) again: mend that, then switch again, or discard (tree-discard $tree)"
}
# People accept all that their run restored at once (database_accept): from then on it is what the service of the site runs on.
accept_trees() { # RUN
  for each in $TREES; do
    (
      notes=$STATE_DIR/restore-tree-$each data=$each
      [ "$(noted stage) $(noted run)" != "switched $1" ] || note stage accepted
    ) || exit $?
  done
}
look_tree_discard() {
  look_no_job
  stage=$(noted stage) place=$(noted place)
  [ "$stage" != accepted ] || refuse "what run $(noted run) restored of $tree at $SITE was accepted, and its service runs on it; nothing was changed: restore another version in a new run, or put $tree_to/current back by hand"
  [ -n "$stage" ] || refuse "nothing of $tree was restored at $SITE; nothing was changed"
  [ "$stage" != switched ] || [ "$(tree_current)" = "$place" ] || refuse "$tree_to/current at $SITE was switched to $(tree_current || echo nothing) since run $(noted run) switched it; nothing was changed: ask who did it, and put the link back to $place first if that is to be discarded"
  tree_names_of "$(noted run)" "$(noted set)"
}
tree_discard() { # NAME: the link goes back to what it was; what was restored is told, and stays
  read_tree "$1"
  look_tree_discard
  new_folder
  if [ "$stage" != discarded ]; then
    # Also where it was killed before it could note that it had switched.
    if [ -n "$place" ] && [ -n "$(noted was)" ] && [ "$(tree_current)" = "$place" ]; then
      point_back || fail "$tree_to/current at $SITE could not be put back to $(noted was); it was left as it is: give the account of site-restore the right to write $tree_to"
      if [ -n "$tree_reload" ] && [ "$(noted was)" != nothing ]; then
        command_of_tree "$tree_reload" || exception "$tree_to/current at $SITE is $(noted was) again, and the reload of it fails with exit $ended: $said"
      fi
    fi
    if [ -n "$place" ] && [ "$(noted reused)" = no ] && is_tree_of_run "$tree_to/$place"; then
      name=$(discarded_name "$(noted run)" "$tree_to/$place")
      mv -T "$tree_to/$place" "$name" || fail "$tree_to/$place at $SITE could not be renamed; it was left as it is: give the account of site-restore the right to write $tree_to"
    fi
    rm -rf "$half" "$half.archive" # what was half-way is in the store
    note stage discarded
  fi
  changed "$stage" discarded
  say current "$(tree_current || echo nothing)"
  tree_kept
  [ -z "$(tree_kept)" ] || say remaining "What was restored of $tree at $SITE stays in $tree_to and takes room: remove it by hand when nobody needs it any more."
}
