import { ButtonLink } from '@/ui/button.tsx'

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-[60dvh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center">
      <h1 className="text-xl font-semibold">There is no such page</h1>
      <p className="text-ink-2">The address may be mistyped, or what it named is gone.</p>
      <ButtonLink href="/fleet">Go to the fleet</ButtonLink>
    </main>
  )
}
