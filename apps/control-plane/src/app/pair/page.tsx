import { redirect } from 'next/navigation'

/** The short address that a device shows beside its code. */
export default async function PairPage({
  searchParams,
}: {
  searchParams: Promise<{ code?: string | string[] }>
}): Promise<never> {
  const { code } = await searchParams
  redirect(typeof code === 'string' ? `/add-device?code=${encodeURIComponent(code)}` : '/add-device')
}
