'use client'
import { uploadStates } from '@rushes/protocol'
import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import type { CustodyState } from '@/words/custody-words.ts'

const custodyStates = [
  'no',
  'pending',
  'verified',
  'mismatch',
  'sizeChecked',
] as const satisfies readonly CustodyState[]

const parsers = {
  show: parseAsStringLiteral(['attention']),
  q: parseAsString.withDefault(''),
  state: parseAsArrayOf(parseAsStringLiteral(uploadStates)).withDefault([]),
  custody: parseAsStringLiteral(custodyStates),
  project: parseAsString.withDefault(''),
  device: parseAsString.withDefault(''),
}

/** What the list shows lives in the address, so that a link reproduces it. */
export function useUploadFilter() {
  const [address, setAddress] = useQueryStates(parsers)
  const isAttention = address.show === 'attention'
  const common = {
    ...(address.q === '' ? {} : { search: address.q }),
    ...(isUuid(address.project) ? { projectId: address.project } : {}),
    ...(isUuid(address.device) ? { deviceId: address.device } : {}),
    ...(isAttention ? ({ needsAttention: true } as const) : {}),
  }
  return {
    address,
    setAddress,
    isAttention,
    /** For the numbers on the chips, which show what each state would bring. */
    countFilter: common,
    filter: {
      ...common,
      ...(address.state.length === 0 ? {} : { states: address.state }),
      ...(address.custody === null ? {} : { custody: [address.custody] }),
    },
    isNarrowed:
      address.q !== '' ||
      address.state.length > 0 ||
      address.custody !== null ||
      address.project !== '' ||
      address.device !== '',
    clear: () => void setAddress({ q: null, state: null, custody: null, project: null, device: null }),
  }
}

export type UploadFilterState = ReturnType<typeof useUploadFilter>

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
