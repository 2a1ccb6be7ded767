/** A path as people write it: below the home directory it begins with `~`. */
export const tilde = (path: string, home: string | undefined): string =>
  home !== undefined && home !== '/' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
