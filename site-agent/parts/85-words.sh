# --- the words of a call ---------------------------------------------------------------------------------------------------------------------
# Started before it is known what for: the words come when they are known, on a line of their own. Where none comes, nothing was wanted. Whoever has mended the settings, or
# a file that they name, means what is done from then on: nothing of them is read before the words, and nothing is left to clean up.
hear() { # → words: those of the client of a forced command
  words=${SSH_ORIGINAL_COMMAND:-}
  # shellcheck disable=SC2086 # split at blanks; nothing is expanded (set -f), nothing is evaluated
  set -- $words
  [ "${1:-}" = await ] && [ $# -eq 1 ] || return 0
  say waits yes
  read -r words || exit 0
  say heard yes # first: an answer that ends before it is of one that has done nothing
}
look_words() {
  for word in "$@"; do
    case $word in *[!A-Za-z0-9:._/%@=-]*) refuse 'an argument holds characters that no argument of this agent needs' ;; esac
  done
}
arguments() { [ "$1" -eq "$2" ] || usage "$verb takes $2 argument(s), not $1"; }
read_change() { # WORD… of a verb that changes something → EPOCH, RUN, TASK, and taken, how many words those were
  [ "${1:-}" = --epoch ] && [ "${3:-}" = --run ] && [ $# -ge 4 ] || usage "$verb is no verb of this agent, or lacks --epoch N --run ID"
  EPOCH=$(number "$2") || usage 'an epoch is a whole number of at most 15 digits'
  RUN=$4 TASK=$BY_HAND taken=4
  if [ "${5:-}" = --task ]; then
    TASK=${6:-} taken=6
    case ${TASK##*:} in '' | *[!0-9]* | ????????????????*) usage 'a task is WORKFLOW:NUMBER' ;; esac
  fi
}

