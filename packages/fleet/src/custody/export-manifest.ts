import { isManifestPath, type ManifestFile, manifestFileName, writeManifest } from '@rushes/asc-mhl'
import { devices, projects } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { projectFolder } from '../assets/project-folder.ts'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import {
  listManifestClips,
  type ManifestClip,
  type ManifestCounts,
  type ManifestScope,
  manifestStandings,
  noneCounted,
} from './manifest-clips.ts'
import { createTreePaths } from './tree-paths.ts'

export type ExportedManifest = {
  /** The folder that the paths are relative to: that of the project in the store. */
  folderName: string
  createdAt: Date
  fileName: string
  /** The XML, piece by piece, as fast as it is asked for; nothing holds more than a page of clips. */
  text: AsyncGenerator<string>
  /** What was listed and left out so far; of everything once the text has ended. */
  counts: Readonly<ManifestCounts>
}

export type ExportManifestOutcome =
  | { kind: 'exported'; manifest: ExportedManifest }
  | { kind: 'projectUnknown' }
  | { kind: 'deviceUnknown' }

/**
 * An ASC MHL manifest of the clips of a project, day or device. A clip is listed only with the xxh64 of its whole file that
 * was computed here from the stored bytes; the others are counted in the manifest's metadata, by why.
 */
export async function exportManifest(
  context: Acting,
  input: {
    scope: ManifestScope
    /** The machine that makes it. */
    hostname: string
    tool: { name: string; version: string }
    /** The history that it continues: how many generations there are, and the first digest of each path. */
    history?: { generationCount: number; xxh64ByPath: ReadonlyMap<string, string> }
  },
): Promise<ExportManifestOutcome> {
  const { db, now } = context
  const { scope, history } = input
  const [project] = await db.select().from(projects).where(eq(projects.id, scope.projectId))
  if (project === undefined) return { kind: 'projectUnknown' }
  const device = await findDevice(db, scope.deviceId)
  if (device === 'unknown') return { kind: 'deviceUnknown' }
  await recordAudit(context, {
    action: 'project.exportManifest',
    target: { kind: 'project', id: project.id, name: project.name },
    projectId: project.id,
    deviceId: scope.deviceId,
    ...(scope.day === null ? {} : { after: { day: scope.day } }),
  })

  const counts = noneCounted()
  const of = [`Project ${project.name}`]
  if (scope.day !== null) of.push(`clips of ${scope.day}`)
  if (device !== null) of.push(`device ${device}`)
  const head = {
    createdAt: now,
    hostname: input.hostname,
    tool: input.tool,
    comment: of.join(', '),
    process: 'in-place',
    ignored: [],
  } as const
  const files = listFiles(listManifestClips(db, scope), counts, history?.xxh64ByPath ?? new Map())
  const folderName = projectFolder(project)
  return {
    kind: 'exported',
    manifest: {
      folderName,
      createdAt: now,
      fileName: manifestFileName((history?.generationCount ?? 0) + 1, folderName, now),
      text: writeManifest(head, files, () => ({ namespace: 'urn:rushes:manifest:1', values: notesOf(counts) })),
      counts,
    },
  }
}

async function* listFiles(
  clips: AsyncIterable<ManifestClip>,
  counts: ManifestCounts,
  history: ReadonlyMap<string, string>,
): AsyncGenerator<ManifestFile> {
  const pathOf = createTreePaths()
  for await (const clip of clips) {
    const path = isListed(clip) ? pathOf(clip) : null
    const isWritable = path === null || isManifestPath(path)
    counts[isWritable ? clip.standing : 'unwritable'] += 1
    if (path === null || !isWritable || clip.storedXxh64 === null || clip.readAt === null) continue
    const before = history.get(path)
    yield {
      path,
      sizeBytes: clip.sizeBytes ?? 0,
      createdAt: clip.capturedAt,
      modifiedAt: null,
      xxh64: clip.storedXxh64,
      action: before === undefined ? 'original' : before === clip.storedXxh64 ? 'verified' : 'failed',
      digestedAt: clip.readAt,
    }
  }
}

const isListed = ({ standing }: ManifestClip) => standing === 'verified' || standing === 'sizeChecked'

const noteNames: Readonly<Record<keyof ManifestCounts, string>> = {
  verified: 'clips-verified',
  sizeChecked: 'clips-size-checked',
  differing: 'left-out-differing',
  beingChecked: 'left-out-being-checked',
  notReadYet: 'left-out-not-read-yet',
  unfinished: 'left-out-unfinished',
  failed: 'left-out-failed',
  unwritable: 'left-out-unwritable-name',
}

const notesOf = (counts: ManifestCounts) =>
  manifestStandings.map((standing) => [noteNames[standing], String(counts[standing])] as const)

async function findDevice(db: Acting['db'], deviceId: string | null): Promise<string | null | 'unknown'> {
  if (deviceId === null) return null
  const [device] = await db.select({ name: devices.name }).from(devices).where(eq(devices.id, deviceId))
  return device?.name ?? 'unknown'
}
