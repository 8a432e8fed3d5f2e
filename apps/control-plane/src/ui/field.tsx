'use client'
import { clsx } from 'clsx'
import { type ComponentProps, type ReactNode, useId } from 'react'

export const inputClass = clsx(
  'w-full rounded-md border border-control-line bg-surface px-2.5 text-base text-ink',
  'h-8 max-md:h-11 max-md:text-[16px] aria-[invalid=true]:border-bad',
)

type FieldText = { label: string; hint?: ReactNode; error?: string | null; isLabelHidden?: boolean }

function Field({
  label,
  hint,
  error,
  isLabelHidden = false,
  id,
  children,
}: FieldText & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'text-sm font-medium text-ink'}>
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-note`} className="text-sm text-bad">
          {error}
        </p>
      ) : (
        hint !== undefined && (
          <p id={`${id}-note`} className="text-sm text-ink-2">
            {hint}
          </p>
        )
      )}
    </div>
  )
}

const described = (id: string, { hint, error }: Pick<FieldText, 'hint' | 'error'>) => ({
  'aria-invalid': Boolean(error),
  ...(error || hint !== undefined ? { 'aria-describedby': `${id}-note` } : {}),
})

export function TextField({
  label,
  hint,
  error,
  isLabelHidden,
  className,
  ...rest
}: ComponentProps<'input'> & FieldText) {
  const id = useId()
  return (
    <Field id={id} {...{ label, hint, isLabelHidden: isLabelHidden ?? false }} error={error ?? null}>
      <input
        id={id}
        className={clsx(inputClass, className)}
        {...described(id, { hint, error: error ?? null })}
        {...rest}
      />
    </Field>
  )
}

export function TextArea({ label, hint, error, className, ...rest }: ComponentProps<'textarea'> & FieldText) {
  const id = useId()
  return (
    <Field id={id} {...{ label, hint }} error={error ?? null}>
      <textarea
        id={id}
        rows={2}
        className={clsx(inputClass, 'h-auto min-h-16 py-1.5 max-md:h-auto', className)}
        {...described(id, { hint, error: error ?? null })}
        {...rest}
      />
    </Field>
  )
}

export type Choice = { value: string; label: string }

/** The system's own list: the quickest one on a phone, and every screen reader knows it. */
export function SelectField({
  label,
  hint,
  error,
  isLabelHidden,
  choices,
  className,
  ...rest
}: ComponentProps<'select'> & FieldText & { choices: readonly Choice[] }) {
  const id = useId()
  return (
    <Field id={id} {...{ label, hint, isLabelHidden: isLabelHidden ?? false }} error={error ?? null}>
      <select
        id={id}
        className={clsx(inputClass, 'pr-7', className)}
        {...described(id, { hint, error: error ?? null })}
        {...rest}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Field>
  )
}
