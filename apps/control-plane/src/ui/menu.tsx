'use client'
import { Menu as Base } from '@base-ui/react/menu'
import { clsx } from 'clsx'
import Link from 'next/link'
import type { ReactElement, ReactNode } from 'react'

/** A button that opens a short list of actions. */
export function Menu({
  trigger,
  children,
  align = 'end',
}: {
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'end'
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} className="z-50 outline-none">
          <Base.Popup className="floats min-w-48 rounded-md border border-line bg-raised p-1 shadow-floating outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

const item = clsx(
  'flex h-8 w-full items-center gap-2 rounded-sm px-2 text-base outline-none select-none max-md:h-11',
  'data-[highlighted]:bg-sunken data-[disabled]:opacity-50 [&_svg]:size-4 [&_svg]:text-ink-3',
)

export function MenuItem({
  onClick,
  disabled,
  children,
}: {
  onClick: () => void
  disabled?: boolean
  children: ReactNode
}) {
  return (
    <Base.Item className={item} onClick={onClick} disabled={disabled ?? false}>
      {children}
    </Base.Item>
  )
}

export function MenuLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Base.LinkItem className={item} render={<Link href={href} />} closeOnClick>
      {children}
    </Base.LinkItem>
  )
}

/** One of several values, marked when it holds. */
export function MenuChoice<Value extends string>({
  label,
  value,
  onChange,
  choices,
}: {
  label: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly { value: Value; label: string; icon: ReactNode }[]
}) {
  return (
    <Base.RadioGroup value={value} onValueChange={onChange}>
      <Base.Group>
        <Base.GroupLabel className="px-2 py-1 text-sm text-ink-3">{label}</Base.GroupLabel>
        {choices.map((choice) => (
          <Base.RadioItem key={choice.value} value={choice.value} className={item} closeOnClick>
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <Base.RadioItemIndicator className="text-accent">✓</Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.Group>
    </Base.RadioGroup>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="my-1 h-px bg-line" />
}
