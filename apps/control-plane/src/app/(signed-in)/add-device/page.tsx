import type { Metadata } from 'next'
import { AddDevice } from '@/pairing/add-device.tsx'
import { server } from '@/server/server.ts'

export const metadata: Metadata = { title: 'Add device' }

export default async function AddDevicePage({
  searchParams,
}: {
  searchParams: Promise<{ code?: string | string[]; project?: string | string[] }>
}) {
  const { code, project } = await searchParams
  const text = (value: string | string[] | undefined) => (typeof value === 'string' ? value : '')
  return <AddDevice publicUrl={server().config.publicUrl} initialCode={text(code)} initialProjectId={text(project)} />
}
