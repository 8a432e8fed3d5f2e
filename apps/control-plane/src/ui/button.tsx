'use client'
import { clsx } from 'clsx'
import Link from 'next/link'
import type { ComponentProps, ReactNode } from 'react'

export type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger' | 'dangerQuiet' | 'share'

const looks: Record<ButtonLook, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  plain: 'bg-surface text-ink border-line-strong hover:bg-hover',
  quiet: 'bg-transparent text-ink-2 border-transparent hover:bg-sunken hover:text-ink',
  danger: 'bg-bad text-on-bad hover:bg-bad-strong border-transparent',
  // For sharing alone.
  share: 'bg-share text-on-share hover:opacity-90 border-transparent',
  dangerQuiet: 'bg-transparent text-bad border-transparent hover:bg-bad-soft',
}

const sizes = {
  sm: 'h-7 px-2 text-sm max-md:h-9 max-md:px-3',
  md: 'h-8 px-3 text-base max-md:h-11 max-md:px-4',
}

export function buttonClass(look: ButtonLook = 'plain', size: keyof typeof sizes = 'md'): string {
  return clsx(
    'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none',
    'transition-colors disabled:opacity-50 aria-disabled:opacity-50',
    '[&_svg]:size-4 [&_svg]:shrink-0',
    looks[look],
    sizes[size],
  )
}

type Shape = { look?: ButtonLook; size?: keyof typeof sizes }

export function Button({ look, size, className, type = 'button', ...rest }: ComponentProps<'button'> & Shape) {
  return <button type={type} className={clsx(buttonClass(look, size), className)} {...rest} />
}

export function ButtonLink({ look, size, className, ...rest }: ComponentProps<typeof Link> & Shape) {
  return <Link className={clsx(buttonClass(look, size), className)} {...rest} />
}

/** A square button whose label is read out and shown on hover, not drawn. */
export function IconButton({
  label,
  children,
  look = 'quiet',
  className,
  ...rest
}: Omit<ComponentProps<'button'>, 'children'> & { label: string; children: ReactNode; look?: ButtonLook }) {
  return (
    <Button
      look={look}
      size="sm"
      aria-label={label}
      title={label}
      className={clsx('w-7 px-0 max-md:w-9 max-md:px-0', className)}
      {...rest}
    >
      {children}
    </Button>
  )
}
