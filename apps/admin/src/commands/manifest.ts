import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { exportManifest, type ManifestCounts } from '@rushes/fleet'
import { appendGeneration, HistoryError, readHistory } from '@rushes/mhl-folder'
import type { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { AdminError } from '../admin-error.ts'
import { readConfig } from '../config.ts'
import { findDevice, findProject } from '../find-target.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

type Options = { project: string; day?: string; device?: string; out: string }

export function addManifestCommand(program: Command, globals: () => GlobalOptions): void {
  program
    .command('manifest')
    .description('Write an ASC MHL manifest of the stored clips of a project, of one day or of one device in it')
    .requiredOption('--project <project>', 'id or name')
    .option('--day <day>', 'the day that names the clips’ folder, such as 2026-11-22')
    .option('--device <device>', 'id or name')
    .option('--out <dir>', 'folder whose ascmhl history it begins or continues', '.')
    .action(async (options: Options) => {
      const { json, dataDir } = globals()
      const day = options.day ?? null
      if (day !== null && !/^\d{4}-\d{2}-\d{2}$/.test(day))
        throw new AdminError('misuse', `--day ${day} is no day`, 'Write it like 2026-11-22')
      await withSession(dataDir, async (session) => {
        const project = await findProject(session, options.project)
        const device = options.device === undefined ? null : await findDevice(session, options.device)
        const history = await readHistory(resolve(readConfig().workingDir, options.out)).catch(refuse)
        const outcome = await exportManifest(session, {
          scope: { projectId: project.id, day, deviceId: device?.deviceId ?? null },
          hostname: hostname(),
          tool: { name: 'rushes-admin', version: manifest.version },
          history: { generationCount: history.generations.length, xxh64ByPath: history.xxh64ByPath },
        })
        if (outcome.kind !== 'exported')
          throw new AdminError('notFound', 'it was removed meanwhile', 'See rushes-admin project list')
        const { counts } = outcome.manifest
        const { number, fileName, c4 } = await appendGeneration(history, outcome.manifest).catch(refuse)
        const path = join(history.dir, fileName)
        print(json, { path, generation: number, c4, projectFolder: outcome.manifest.folderName, counts }, [
          `wrote ${path} (generation ${number}, ${c4})`,
          ...linesOf(counts),
        ])
      })
    })
}

/** What was listed and what was not, in words. */
function linesOf(counts: ManifestCounts): string[] {
  const leftOut: [number, string][] = [
    [counts.differing, 'stored bytes are not what they were: see Needs attention'],
    [counts.beingChecked, 'being checked just now'],
    [counts.notReadYet, 'not read to the end yet: that comes by itself, or now with rushes-admin scrub'],
    [counts.unfinished, 'still arriving'],
    [counts.failed, 'failed to arrive'],
    [counts.unwritable, 'a name that XML cannot hold'],
  ]
  const left = leftOut.filter(([count]) => count > 0)
  return [
    `listed: ${counts.verified} verified (as their devices sent them), ${counts.sizeChecked} size checked (as they were stored)`,
    ...(left.length === 0 ? ['left out: none'] : left.map(([count, why]) => `left out: ${count}, ${why}`)),
  ]
}

function refuse(error: unknown): never {
  if (!(error instanceof HistoryError)) throw error
  const hint = 'Choose another folder with --out, or put that history right first'
  throw new AdminError('refused', error.message, hint, error)
}
