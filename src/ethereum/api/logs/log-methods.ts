import { method, param } from '../../../rpc/index.ts'
import { filterIdParam, logQueryParam } from '../params.ts'
import type { Filters } from './filters.ts'
import type { LogSearch } from './log-search.ts'

const QUERY = param('filter', logQueryParam)
const ID = param('filterId', filterIdParam)

/** Logs of stored blocks, and filters that remember what they have told. */
export function logMethods(search: LogSearch, filters: Filters) {
  return {
    getLogs: method({ summary: 'The logs that match.', params: [QUERY] }, (query, { signal }) =>
      search.find(query, signal),
    ),
    newFilter: method({ summary: 'A filter for new logs; its name.', params: [QUERY] }, (query) => filters.add(query)),
    newBlockFilter: method({ summary: 'A filter for new blocks; its name.', params: [] }, () => filters.add()),
    uninstallFilter: method({ summary: 'Forgets a filter; whether there was one.', params: [ID] }, (id) =>
      filters.remove(id),
    ),
    getFilterChanges: method({ summary: 'What is new since the last call.', params: [ID] }, (id, { signal }) =>
      filters.changes(id, signal),
    ),
    getFilterLogs: method({ summary: 'All logs of a filter.', params: [ID] }, (id, { signal }) =>
      filters.logs(id, signal),
    ),
  }
}
