import { Command, Option } from 'clipanion'
import { examine } from '../actions/doctor.js'
import { AmpCommand } from '../cli/command.js'
import { renderDoctor } from '../render/doctor.js'

/** `git amp doctor` */
export class DoctorCommand extends AmpCommand {
  static override paths = [['doctor']]
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'Look for what is wrong, and mend it',
    details: `
      Reads every history whole, and compares the rest of the repository with it:

      - histories that are broken; when the copy of a remote is whole, \`--fix\` takes that
      - worktrees that were moved, are gone, or were left half made by a git that was killed
      - leases of iterations that were killed; \`--fix\` records what they left
      - branches that were moved with plain git; \`--fix\` records where they stand
      - notes that are lost; \`--fix\` writes them again
      - locks that a killed git left; \`--fix\` moves them aside
      - the exclude line, \`core.hooksPath\`, your identity, the versions of git and agents, the clock

      On a terminal, and with \`--json\`, it also looks at what is around you: completions of your shells, manual pages, agents and their logins, and the
      terminal. What is found there is a note, with the next step.

      Without \`--fix\` nothing is changed. The exit code is 1 when something is wrong and was not mended.
    `,
    examples: [
      ['Look', 'git amp doctor'],
      ['Mend what can be mended', 'git amp doctor --fix'],
    ],
  })

  fix = Option.Boolean('--fix', false, { description: 'Mend what can be mended' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the findings as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host, stderr, signal, packageDir = null } = this.context
    const isPersonal = stderr.isTTY === true || this.json
    const terminal = stderr.isTTY === true ? { columns: stderr.columns ?? 0, isDumb: host.env.TERM === 'dumb' } : null
    const { findings, fine } = await examine(await this.open(), {
      fix: this.fix,
      dryRun: this.dryRun,
      person: isPersonal ? { packageDir, terminal, signal } : undefined,
    })
    const wrong = findings.filter((one) => !one.isNote && !one.isFixed)
    if (this.json) ui.json({ schema: 'git-amp/doctor@1', isSound: wrong.length === 0, findings, fine })
    else ui.answer(renderDoctor(findings))
    if (findings.length === 0) ui.tell('Everything is as it should be.')
    if (fine.length > 0 && !this.json) ui.tell(`As they should be: ${fine.join('; ')}.`)
    const mendable = wrong.filter((one) => one.repair !== null && one.failure === null).length
    if (mendable > 0)
      ui.hint(
        `"git amp doctor --fix" mends ${mendable === wrong.length ? 'that' : `${mendable} of these`}.`,
        'ampDoctor',
      )
    return wrong.length === 0 ? 0 : 1
  }
}
