'use client'
import type { Clip } from '@rushes/fleet'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { TextField } from '@/ui/field.tsx'
import { useUndoable } from '@/ui/use-undoable.ts'

type Props = { clip: Clip; open: boolean; onOpenChange: (open: boolean) => void }

/** Gives a clip another name. */
export function RenameClipDialog(props: Props) {
  const description =
    props.clip.state === 'available'
      ? 'The name that people and downloads see. The stored file keeps its place, and the file on the device its name.'
      : 'The name that people and downloads see, and its file once it is whole. The file on the device keeps its own.'
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title="Rename the clip" description={description}>
      {/* Mounted anew each time, with the name by then. */}
      <Form {...props} />
    </Dialog>
  )
}

function Form({ clip: { assetId, name: formerName }, onOpenChange }: Props) {
  const api = useApi()
  const queries = useQueryClient()
  const [name, setName] = useState(formerName)
  const rename = useMutation(api.clips.rename.mutationOptions())
  const isLosingExtension = extensionOf(name.trim()) !== extensionOf(formerName)
  const tellUndoable = useUndoable()
  const restore = async () => {
    await rename.mutateAsync({ assetId, name: formerName })
    return 'Named as before'
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        rename.mutate(
          { assetId, name },
          {
            onSuccess: (renamed) => {
              tellUndoable('The clip is renamed', `It was ${formerName}, and is ${renamed.name}.`, restore)
              void queries.invalidateQueries()
              onOpenChange(false)
            },
          },
        )
      }}
    >
      <TextField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={255}
        autoComplete="off"
        spellCheck={false}
        {...(isLosingExtension ? { hint: 'Its extension is another one now: programs may not know what it is.' } : {})}
        required
      />
      {rename.isError && <FailureNotice error={rename.error} />}
      <div className="flex justify-end gap-2 max-md:flex-col-reverse">
        <Button onClick={() => onOpenChange(false)}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          disabled={name.trim() === '' || name.trim() === formerName || rename.isPending}
        >
          Rename
        </Button>
      </div>
    </form>
  )
}

const extensionOf = (name: string) => /[^.](\.[^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? null
