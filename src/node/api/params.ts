/**
 * The parameters that the node's own namespaces share.
 * @module
 */
import { z } from 'zod'

export const enodeParam = z.string({ error: 'want an enode URL' })
export const host = z.string().optional()
export const port = z.int().min(0).max(65_535).optional()

/** go-ethereum takes lists between commas here. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .optional()
