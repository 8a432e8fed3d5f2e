import type { Clip, ClipVersion } from '@rushes/fleet'
import Link from 'next/link'
import { formatBytes, formatCount } from '@/format/bytes.ts'
import { Card, Fact, Facts, None, Unknown } from '@/ui/card.tsx'
import { Instant } from '@/ui/time.tsx'
import { MediaRows } from './media-rows.tsx'

/** What the clip is, where it came from and where it lies. */
export function ClipFacts({ clip }: { clip: Clip }) {
  const { source, device, project } = clip
  return (
    <Card title="About">
      <Facts>
        <Fact name="Device">
          <Link href={`/devices/${device.id}`} className="hover:underline">
            {device.name}
          </Link>
          {clip.channel !== 0 && <span className="text-ink-2">, channel {clip.channel}</span>}
        </Fact>
        <Fact name="Project">
          <Link href={`/projects/${project.id}`} className="hover:underline">
            {project.name}
          </Link>
        </Fact>
        <Fact name="Folder">
          <span className="[overflow-wrap:anywhere]">{clip.folder}</span>
        </Fact>
        <Fact name="Captured">
          <Instant iso={clip.capturedAt} />
        </Fact>
        <Fact name="Begun">
          <Instant iso={clip.createdAt} />
        </Fact>
        <Fact name="Arrived">
          {clip.availableAt === null ? <None>not yet</None> : <Instant iso={clip.availableAt} />}
        </Fact>
        {clip.versions.versionOf !== null && (
          <Fact name="Version of">
            <VersionLink version={clip.versions.versionOf} />
          </Fact>
        )}
        {clip.versions.newer.length > 0 && (
          <Fact name={clip.versions.newer.length === 1 ? 'Newer version' : 'Newer versions'}>
            <ul>
              {clip.versions.newer.map((version) => (
                <li key={version.assetId}>
                  <VersionLink version={version} />
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact name="Size">
          {clip.sizeBytes === null ? (
            <Unknown why="A real-time upload; its size is known when it ends" />
          ) : (
            <span title={`${formatCount(clip.sizeBytes)} bytes`}>{formatBytes(clip.sizeBytes)}</span>
          )}
        </Fact>
        <Fact name="Type">{clip.filetype}</Fact>
        <MediaRows media={clip.media} />
        <Fact name="Uploaded">{clip.uploadKind === 'realtime' ? 'while it was recorded' : 'when it was whole'}</Fact>
        <Fact name="On the card">
          {source.relativePath === null ? (
            <Unknown why="The device did not tell where it lay" />
          ) : (
            <span className="font-mono text-sm [overflow-wrap:anywhere]">{source.relativePath}</span>
          )}
        </Fact>
        <Fact name="Volume">
          {source.volumeId === null ? (
            <Unknown why="The device did not tell" />
          ) : (
            <span className="font-mono text-sm [overflow-wrap:anywhere]">{source.volumeId}</span>
          )}
        </Fact>
        <Fact name="Stored as">
          <span className="font-mono text-sm [overflow-wrap:anywhere]">{clip.storeKey}</span>
        </Fact>
      </Facts>
    </Card>
  )
}

/** Versions often have one name; when each was begun tells them apart. */
function VersionLink({ version }: { version: ClipVersion }) {
  return (
    <>
      <Link href={`/clips/${version.assetId}`} className="[overflow-wrap:anywhere] hover:underline">
        {version.name}
      </Link>{' '}
      <span className="text-ink-2">
        <Instant iso={version.createdAt} />
        {version.isInTrash && ', in the trash'}
      </span>
    </>
  )
}
