/**
 * Parameters shared by the node's own namespaces.
 * @module
 */
import { z } from 'zod'

export const enodeParam = z.string({ error: 'want an enode URL' })
export const host = z.string().optional()
export const port = z.int().min(0).max(65_535).optional()

/** List of items between commas, as go-ethereum takes it here. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .optional()
