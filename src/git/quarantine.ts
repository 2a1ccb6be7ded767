import type { Env } from '../host.js'

/**
 * The environment in which git writes objects into a directory of their own and reads all others as ever: what is made to answer a question, and
 * thrown away then, leaves nothing in the repository.
 * @param dirs that directory, and the repository's own `objects`
 */
export const quarantine = ({ own, objects }: { own: string; objects: string }): Env => ({
  GIT_OBJECT_DIRECTORY: own,
  // A path with a colon in it is taken for two, unless it is quoted.
  GIT_ALTERNATE_OBJECT_DIRECTORIES: /[":]/.test(objects) ? JSON.stringify(objects) : objects,
})
