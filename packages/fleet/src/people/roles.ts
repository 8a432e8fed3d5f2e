/** What a person may do, in rising order: a viewer sees and plays, an operator steers devices, an admin manages people too. */
export const roles = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof roles)[number]

/** Whether somebody of role `held` may do what needs `needed`. */
export function roleSuffices(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed)
}

export function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value)
}
