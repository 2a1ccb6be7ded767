/** What a queue needs to know of a job. */
export interface Job {
  /** Jobs of one repository are limited, and repositories take turns. */
  repo: string
  /** Jobs of one agent wait together when it is told to slow down. */
  agent: string
}

interface Entry<J> {
  job: J
  /** Not before this time, in milliseconds since 1970. */
  notBefore: number
}

/** The jobs that wait, in fair order: repositories take turns, and none has more than its share at work. Pure. */
export class Queue<J extends Job> {
  private readonly lanes = new Map<string, Entry<J>[]>()
  private readonly busy = new Map<string, number>()
  private readonly cooling = new Map<string, number>()
  /** Repositories in the order of their turns: the one that was served last is last. */
  private turns: string[] = []

  constructor(
    jobs: Iterable<J>,
    private readonly perRepository: number,
  ) {
    for (const job of jobs) this.add(job, 0)
  }

  get size(): number {
    let size = 0
    for (const lane of this.lanes.values()) size += lane.length
    return size
  }

  /** Puts a job at the end of its repository's lane. */
  add(job: J, notBefore: number): void {
    const lane = this.lanes.get(job.repo)
    if (lane !== undefined) lane.push({ job, notBefore })
    else {
      this.lanes.set(job.repo, [{ job, notBefore }])
      this.turns.push(job.repo)
    }
  }

  /** No job of this agent begins before then. */
  cool(agent: string, until: number): void {
    this.cooling.set(agent, Math.max(until, this.cooling.get(agent) ?? 0))
  }

  /** The next job that may begin; null when none may now. Give it back with `release`. */
  take(now: number): J | null {
    for (const repo of this.turns) {
      const lane = this.lanes.get(repo) ?? []
      if ((this.busy.get(repo) ?? 0) >= this.perRepository) continue
      const at = lane.findIndex((entry) => this.time(entry) <= now)
      const [entry] = at < 0 ? [] : lane.splice(at, 1)
      if (entry === undefined) continue
      this.busy.set(repo, (this.busy.get(repo) ?? 0) + 1)
      this.turns = [...this.turns.filter((one) => one !== repo), repo]
      return entry.job
    }
    return null
  }

  /** A job that was taken has ended. */
  release(job: J): void {
    this.busy.set(job.repo, Math.max(0, (this.busy.get(job.repo) ?? 0) - 1))
  }

  /** When the next job may begin for which only time is missing; null when there is none. */
  nextTime(): number | null {
    const times = [...this.lanes.values()].flatMap((lane) => lane.map((entry) => this.time(entry)))
    return times.length === 0 ? null : Math.min(...times)
  }

  private time({ job, notBefore }: Entry<J>): number {
    return Math.max(notBefore, this.cooling.get(job.agent) ?? 0)
  }
}
