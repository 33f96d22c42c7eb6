/**
 * The public networks: config and genesis header. Their accounts are not needed: the header has their state root.
 * @module
 */
import { EMPTY_BYTES, hexToBytes, utf8ToBytes } from '../../../base/bytes.ts'
import { EMPTY_OMMERS_HASH, EMPTY_ROOT, Header, type HeaderFields, ZERO_HASH } from '../../types/index.ts'
import { parseChainConfig } from './chain-config.ts'
import { type Genesis, genesisOf, INITIAL_BASE_FEE } from './genesis.ts'

export type NetworkName = 'mainnet' | 'sepolia' | 'hoodi'

export const NETWORK_NAMES: readonly NetworkName[] = ['mainnet', 'sepolia', 'hoodi']

/** @returns the genesis of a public network, whose network id is its chain id. */
export function networkGenesis(name: NetworkName): Genesis {
  const { config, header } = NETWORKS[name]
  return genesisOf(parseChainConfig(config), Header.from({ ...GENESIS_DEFAULTS, ...header }))
}

const GENESIS_DEFAULTS = {
  parentHash: ZERO_HASH,
  ommersHash: EMPTY_OMMERS_HASH,
  coinbase: new Uint8Array(20),
  transactionsRoot: EMPTY_ROOT,
  receiptsRoot: EMPTY_ROOT,
  logsBloom: new Uint8Array(256),
  number: 0,
  gasUsed: 0n,
  extraData: EMPTY_BYTES,
  mixHash: ZERO_HASH,
}

const BLOB_SCHEDULE = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
  bpo1: { target: 10, max: 15, baseFeeUpdateFraction: 8346193 },
  bpo2: { target: 14, max: 21, baseFeeUpdateFraction: 11684671 },
}

/** Forks up to London, all in the genesis block. */
const LONDON_AT_GENESIS = {
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  muirGlacierBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
}

const MAINNET_CONFIG = {
  chainId: 1,
  homesteadBlock: 1_150_000,
  daoForkBlock: 1_920_000,
  daoForkSupport: true,
  eip150Block: 2_463_000,
  eip155Block: 2_675_000,
  eip158Block: 2_675_000,
  byzantiumBlock: 4_370_000,
  constantinopleBlock: 7_280_000,
  petersburgBlock: 7_280_000,
  istanbulBlock: 9_069_000,
  muirGlacierBlock: 9_200_000,
  berlinBlock: 12_244_000,
  londonBlock: 12_965_000,
  arrowGlacierBlock: 13_773_000,
  grayGlacierBlock: 15_050_000,
  terminalTotalDifficulty: '58750000000000000000000',
  shanghaiTime: 1_681_338_455,
  cancunTime: 1_710_338_135,
  pragueTime: 1_746_612_311,
  osakaTime: 1_764_798_551,
  bpo1Time: 1_765_290_071,
  bpo2Time: 1_767_747_671,
  depositContractAddress: '0x00000000219ab540356cBB839Cbe05303d7705Fa',
  blobSchedule: BLOB_SCHEDULE,
  ethash: {},
}

const SEPOLIA_CONFIG = {
  ...LONDON_AT_GENESIS,
  chainId: 11_155_111,
  terminalTotalDifficulty: 17_000_000_000_000_000n.toString(),
  mergeNetsplitBlock: 1_735_371,
  shanghaiTime: 1_677_557_088,
  cancunTime: 1_706_655_072,
  pragueTime: 1_741_159_776,
  osakaTime: 1_760_427_360,
  bpo1Time: 1_761_017_184,
  bpo2Time: 1_761_607_008,
  amsterdamTime: 1_791_294_816,
  depositContractAddress: '0x7f02c3e3c98b133055b8b348b2ac625669ed295d',
  blobSchedule: BLOB_SCHEDULE,
  ethash: {},
}

const HOODI_CONFIG = {
  ...LONDON_AT_GENESIS,
  chainId: 560_048,
  terminalTotalDifficulty: 0,
  mergeNetsplitBlock: 0,
  shanghaiTime: 0,
  cancunTime: 0,
  pragueTime: 1_742_999_832,
  osakaTime: 1_761_677_592,
  bpo1Time: 1_762_365_720,
  bpo2Time: 1_762_955_544,
  depositContractAddress: '0x00000000219ab540356cBB839Cbe05303d7705Fa',
  blobSchedule: BLOB_SCHEDULE,
  ethash: {},
}

type GenesisFields = Pick<HeaderFields, 'stateRoot' | 'difficulty' | 'gasLimit' | 'timestamp' | 'nonce'> &
  Partial<HeaderFields>

const NETWORKS: Readonly<Record<NetworkName, { readonly config: object; readonly header: GenesisFields }>> = {
  mainnet: {
    config: MAINNET_CONFIG,
    header: {
      stateRoot: hexToBytes('d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544'),
      difficulty: 17_179_869_184n,
      gasLimit: 5_000n,
      timestamp: 0,
      nonce: hexToBytes('0000000000000042'),
      extraData: hexToBytes('11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa'),
    },
  },
  sepolia: {
    config: SEPOLIA_CONFIG,
    header: {
      stateRoot: hexToBytes('5eb6e371a698b8d68f665192350ffcecbbbf322916f4b51bd79bb6887da3f494'),
      difficulty: 131_072n,
      gasLimit: 30_000_000n,
      timestamp: 1_633_267_481,
      nonce: hexToBytes('0000000000000000'),
      extraData: utf8ToBytes('Sepolia, Athens, Attica, Greece!'),
      baseFeePerGas: INITIAL_BASE_FEE,
    },
  },
  hoodi: {
    config: HOODI_CONFIG,
    header: {
      stateRoot: hexToBytes('da87d7f5f91c51508791bbcbd4aa5baf04917830b86985eeb9ad3d5bfb657576'),
      difficulty: 1n,
      gasLimit: 36_000_000n,
      timestamp: 1_742_212_800,
      nonce: hexToBytes('0000000000001234'),
      baseFeePerGas: INITIAL_BASE_FEE,
      withdrawalsRoot: EMPTY_ROOT,
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ZERO_HASH,
    },
  },
}
