# --- switched to, or discarded -------------------------------------------------------------------------------------------------------------------
look_tree_switch() { # → place, stage
  look_tree_host
  look_no_job
  [ "$(tree_noted run)" = "$RUN" ] || refuse "run $RUN has restored nothing of $tree at $SITE (there it is: $(tree_noted run)); nothing was changed: go on in the name of the run that restored"
  stage=$(tree_noted stage) place=$(tree_noted place)
  case $stage in proven | switched) ;; *) refuse "what run $RUN restored of $tree at $SITE is $stage and not proven; nothing was changed: restore again, or discard it (tree-discard $tree)" ;; esac
  is_tree_of_run "$tree_to/$place" || refuse "$tree_to/$place at $SITE is not what run $RUN restored; nothing was changed: look who put it there"
  [ "$stage" = proven ] || [ "$(tree_current)" = "$place" ] || refuse "$tree_to/current at $SITE was switched to $(tree_current || echo nothing) since run $RUN switched it; nothing was changed: ask who did it, and why"
}
point_at() { # NAME: whoever follows the link sees the old or the new, never none
  rm -f "$tree_to/current.new" && ln -s "$1" "$tree_to/current.new" && mv -T "$tree_to/current.new" "$tree_to/current" && sync "$tree_to"
}
point_back() { if [ "$(tree_noted was)" = nothing ]; then rm -f "$tree_to/current"; else point_at "$(tree_noted was)"; fi; }
# By the new folder before the link, and by the link before the reload: settings that name files by the link were those of before until then.
tree_switch() { # NAME
  read_tree "$1"
  look_tree_switch
  new_folder
  if [ "$stage" = proven ]; then
    [ -z "$tree_test" ] || command_of_tree "$tree_test" "$tree_to/$place" || refuse "the test of the version $(tree_noted set) of $tree fails at $SITE with exit $ended: $said; nothing was changed, and current is $(tree_current || echo nothing): mend what it names, then switch again, or discard (tree-discard $tree)"
    [ "$(tree_current)" = "$place" ] || tree_note was "$(tree_current || echo nothing)"
    [ -n "$(tree_noted was)" ] || tree_note was "$place"
    point_at "$place" || fail "$tree_to/current at $SITE cannot be replaced; it was left as it is: give the account of site-restore the right to write $tree_to"
    if [ -n "$tree_test" ]; then
      command_of_tree "$tree_test" "$tree_to/current" || switch_failed test
      command_of_tree "$tree_reload" || switch_failed reload
    fi
    tree_note stage switched
  fi
  changed "$stage" switched
  say current "$place"
  say was "$(tree_noted was)"
}
switch_failed() { # WHAT; what may have been half read is read again from where it was
  failed="the $1 with the version $(tree_noted set) of $tree fails at $SITE with exit $ended: $said"
  point_back || fail "$failed; and $tree_to/current could not be put back to $(tree_noted was): put it back by hand"
  [ "$1" = test ] || [ "$(tree_noted was)" = nothing ] || command_of_tree "$tree_reload" || failed="$failed; a reload of what was there before fails too: $said"
  fail "$failed; current is $(tree_noted was) again: mend that, then switch again, or discard (tree-discard $tree)"
}
look_tree_discard() {
  look_no_job
  stage=$(tree_noted stage) place=$(tree_noted place)
  [ -n "$stage" ] || refuse "nothing of $tree was restored at $SITE; nothing was changed"
  [ "$stage" != switched ] || [ "$(tree_current)" = "$place" ] || refuse "$tree_to/current at $SITE was switched to $(tree_current || echo nothing) since run $(tree_noted run) switched it; nothing was changed: ask who did it, and put the link back to $place first if that is to be discarded"
  tree_names_of "$(tree_noted run)" "$(tree_noted set)"
}
tree_discard() { # NAME: the link goes back to what it was; what was restored is told, and stays
  read_tree "$1"
  look_tree_discard
  new_folder
  if [ "$stage" != discarded ]; then
    # Also where it was killed before it could note that it had switched.
    if [ -n "$place" ] && [ -n "$(tree_noted was)" ] && [ "$(tree_current)" = "$place" ]; then
      point_back || fail "$tree_to/current at $SITE could not be put back to $(tree_noted was); it was left as it is: give the account of site-restore the right to write $tree_to"
      if [ -n "$tree_reload" ] && [ "$(tree_noted was)" != nothing ]; then
        command_of_tree "$tree_reload" || exception "$tree_to/current at $SITE is $(tree_noted was) again, and the reload of it fails with exit $ended: $said"
      fi
    fi
    if [ -n "$place" ] && [ "$(tree_noted reused)" = no ] && is_tree_of_run "$tree_to/$place"; then
      name=$tree_to/$place.discarded-$tag times=1
      while [ -e "$name" ]; do times=$((times + 1)) name=$tree_to/$place.discarded-$tag.$times; done
      mv -T "$tree_to/$place" "$name" || fail "$tree_to/$place at $SITE could not be renamed; it was left as it is: give the account of site-restore the right to write $tree_to"
    fi
    rm -rf "$half" "$half.archive" # what was half-way is in the store
    tree_note stage discarded
  fi
  changed "$stage" discarded
  say current "$(tree_current || echo nothing)"
  tree_kept
  [ -z "$(tree_kept)" ] || say remaining "What was restored of $tree at $SITE stays in $tree_to and takes room: remove it by hand when nobody needs it any more."
}
