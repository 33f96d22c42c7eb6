/**
 * Descriptions of the offered methods: `rpc_modules` and `rpc.discover`.
 * Source: go-ethereum rpc/server.go (`RPCService`), OpenRPC 1.3.
 * @module
 */
import { z } from 'zod'
import { isSubscription } from '../session/api.ts'
import type { Callable, Methods } from '../session/registry.ts'

export interface OpenRpcInfo {
  readonly title: string
  readonly version: string
}

/** Result of `rpc_modules`: each namespace with the version 1.0, as go-ethereum reports it. */
export function modulesOf(methods: Methods): Readonly<Record<string, string>> {
  return Object.fromEntries(methods.namespaces.map((namespace) => [namespace, '1.0']))
}

/** Result of `rpc.discover`: an OpenRPC document. A subscription is described with its `<namespace>_subscribe`. */
export function describeMethods(methods: Methods, info: OpenRpcInfo): object {
  const { methods: all, subscriptions } = methods.all
  const names = ({ namespace, name }: Callable): string => (name === 'rpc.discover' ? name : `${namespace}_${name}`)
  return {
    openrpc: '1.3.2',
    info,
    methods: [
      ...all.map((callable) => describe(names(callable), callable)),
      ...subscriptions.map((callable) => ({
        ...describe(names(callable), callable),
        'x-subscription': { method: `${callable.namespace}_subscribe`, name: callable.name },
      })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function describe(name: string, { spec, optional, fn }: Callable) {
  const params = spec
    ? spec.params.map((each, index) => ({ name: each.name, required: !optional[index], schema: toSchema(each.schema) }))
    : Array.from({ length: isSubscription(fn) ? Math.max(0, fn.length - 1) : fn.length }, (_, index) => ({
        name: `argument${index}`,
        schema: {},
      }))
  return {
    name,
    ...(spec && { summary: spec.summary }),
    paramStructure: 'by-position',
    params,
    result: { name: 'result', schema: spec?.result ? toSchema(spec.result) : {} },
  }
}

function toSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' })
  return rest
}
