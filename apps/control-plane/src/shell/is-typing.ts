/** Whether a key press is meant for what has the focus, not for the page: a field, a menu, a dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return true
  const { target } = event
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) {
    return !(target instanceof HTMLInputElement && target.type === 'checkbox')
  }
  return target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null
}
