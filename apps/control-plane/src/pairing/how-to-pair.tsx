'use client'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'

/** What to type on a capture device so that it shows a code. */
export function HowToPair({ publicUrl }: { publicUrl: string }) {
  return (
    <Card title="On the device">
      <ol className="flex list-decimal flex-col gap-3 py-4 pr-4 pl-9 text-ink-2">
        <li>
          With the Rushes agent, ask for a code:
          <CommandLine text={`rushes-agent pair --server ${publicUrl}`} />
        </li>
        <li>
          Once it is let in, name the folder that its clips appear in:
          <CommandLine text="rushes-agent run --watch /media/card" />
        </li>
        <li>Any other Camera-to-Cloud device: choose “connect” in its menu; it shows the code by itself.</li>
      </ol>
    </Card>
  )
}

function CommandLine({ text }: { text: string }) {
  const [isCopied, setIsCopied] = useState(false)
  return (
    <span className="mt-1 flex items-center gap-1 rounded-md bg-sunken py-1 pr-1 pl-2.5">
      <code className="min-w-0 flex-1 font-mono text-sm text-ink [overflow-wrap:anywhere]">{text}</code>
      <IconButton
        label={isCopied ? 'Copied' : 'Copy'}
        onClick={() => {
          void navigator.clipboard?.writeText(text).then(() => setIsCopied(true))
        }}
      >
        {isCopied ? <Check /> : <Copy />}
      </IconButton>
    </span>
  )
}
