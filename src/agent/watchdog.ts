import { spawn } from 'node:child_process'
import type { Env } from '../host.js'
import { iterationVariable, type Member } from './reap.js'

/**
 * What the watchdog runs: $1 is the iteration, $2 a file that it touches first of all when git-amp has died, empty for none. It waits at its stdin; the end of it without `done` means that git-amp
 * is dead. Then the agent's group is ended, and after it whatever carries the iteration in its environment, and what was seen below the agent.
 *
 * It has only what every POSIX system has. Neither it nor what it starts carries the variable, and it puts
 * the entry together itself: some systems list arguments and environment as one text.
 * It looks at least four times, one second apart: git-amp may have died while the agent was being started.
 */
const script = `
entry=${iterationVariable}=$1 group= linux= members=
while IFS= read -r line; do
  case $line in
    'pid '*) group=\${line#pid } ;;
    'member '*) members="$members \${line#member }" ;;
    done) exit 0 ;;
  esac
done
trap '' HUP INT TERM
[ -z "$2" ] || : >"$2"
[ -r /proc/self/environ ] && linux=1
carriers() {
  if [ -n "$linux" ]; then
    if printf 'a\\000b' | grep -qF b; then set -- $(grep -lsF -e "$entry" /proc/[0-9]*/environ); else set -- /proc/[0-9]*/environ; fi
    for file; do
      if tr '\\000' '\\n' <"$file" | grep -qxF -e "$entry"; then pid=\${file#/proc/}; echo "\${pid%/environ}"; fi
    done
  else
    ps -A -E -ww -o pid=,command= | while read -r pid rest; do
      case " $rest " in *" $entry "*) echo "$pid" ;; esac
    done
  fi
} 2>/dev/null
# Members are written pid:start, and a later process with the same pid has another start (proc(5), field 22 of stat).
living() {
  for member in $members; do
    pid=\${member%%:*}
    read -r stat <"/proc/$pid/stat" || continue
    set -- \${stat##*) }
    [ "$1" = Z ] || [ "\${20}" != "\${member#*:}" ] || echo "$pid"
  done
} 2>/dev/null
strike() {
  [ -z "$group" ] || kill -"$1" "-$group"
  for pid in $(carriers) $(living); do kill -"$1" "$pid"; done
} 2>/dev/null
strike TERM
sleep 1
round=0
while [ $round -lt 60 ]; do
  strike KILL
  round=$((round + 1))
  [ $round -lt 3 ] || [ -n "$(carriers)$(living)" ] || exit 0
  sleep 1
done
`

/** A small process that outlives git-amp, to end the agent if git-amp is killed. */
export interface Watchdog {
  /** The agent runs, and leads the process group of that number. */
  watch(pid: number): void
  /** Processes below the agent: they may leave its group and clear their environment. */
  knows(members: readonly Member[]): void
  /** Nothing is left of the agent: the watchdog goes. */
  done(): void
  /** git-amp gives up: the watchdog ends what is left. */
  release(): void
}

/** Starts the watchdog of an iteration, which must be done before its agent is started. Rejects when it cannot start. */
export function startWatchdog(iteration: string, env: Env, obituary = ''): Promise<Watchdog> {
  const child = spawn('sh', ['-c', script, 'git-amp-watchdog', iteration, obituary], {
    // Not the worktree: nothing of git-amp may keep it busy.
    cwd: '/',
    env: { PATH: env.PATH, LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  // A watchdog that somebody killed is no reason to fail: the next command looks for leftovers too.
  child.stdin.on('error', () => {})
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () =>
      resolve({
        watch: (pid) => void child.stdin.write(`pid ${pid}\n`),
        // Other systems than Linux tell starts in words, which the script cannot compare.
        knows: (members) => {
          const lines = members.filter(({ started }) => /^\d+$/.test(started))
          if (lines.length > 0)
            child.stdin.write(lines.map(({ pid, started }) => `member ${pid}:${started}\n`).join(''))
        },
        done: () => void child.stdin.end('done\n'),
        release: () => void child.stdin.end(),
      }),
    )
  })
}
