# --- jobs: which program of the host one may be ----------------------------------------------------------------------------------------------
job_setting() { # NAME → program, as agent.conf has it, and the name of the setting
  program= setting=
  case $1 in '' | [!a-z]* | *[!a-z0-9-]* | ?????????????????????????????????????????*) return 1 ;; esac
  setting=JOB_$(printf '%s' "$1" | tr - _)
  eval "program=\${$setting:-}"
  [ -n "$program" ]
}
job_area() { # NAME → area: one thing at a time for each program that is listed
  area=job
  ! job_setting "$1" || area=job-$1
}
# Whoever can change the program, or a folder on the way to it, would do as the agent's account what he likes.
job_program() { # NAME → program
  job_setting "$1" || refuse "agent.conf of $SITE lists no job $1, so that nothing was started: whoever keeps that host adds the line ${setting:-JOB_name}=/path/of/its/program there"
  case $program in /*) ;; *) refuse "$setting in agent.conf of $SITE is $program, which is no whole path: whoever keeps that host writes it from / on; nothing was started" ;; esac
  own=$(readlink -f "$program")
  [ "$own" = "$program" ] || refuse "$setting in agent.conf of $SITE is $program, which is a link or not there${own:+ ($own)}: whoever keeps that host writes the program's own path; nothing was started"
  [ -f "$program" ] && [ -x "$program" ] || refuse "$program at $SITE ($setting) is no program that the agent's account may run: whoever keeps that host makes it one (chmod 755); nothing was started"
  at=$program
  while :; do
    # shellcheck disable=SC2046 # two words
    may_change $(stat -c '%u %a' "$at") "$at"
    [ "$at" != / ] || return 0
    at=$(dirname "$at")
  done
}
may_change() { # OWNER MODE PATH
  [ "$1" = 0 ] || [ "$1" = "$(id -u)" ] || refuse "$3 at $SITE ($setting) belongs to another account than root and the agent's: root gives it back (chown root $3); nothing was started"
  # In a folder like /tmp nobody replaces what is another's.
  case $2 in 1[0-7][0-7][0-7]) [ ! -d "$3" ] || return 0 ;; esac
  case $2 in *[2367] | *[2367]?) refuse "$3 at $SITE ($setting) may be written by others than its owner: root takes that away (chmod go-w $3); nothing was started" ;; esac
}

