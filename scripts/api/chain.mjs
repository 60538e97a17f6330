// A connection to a node that follows its blocks: what was sent is looked up in the blocks that come,
// so nothing ever waits for a length of time.
import { ApiPromise, WsProvider } from '@polkadot/api';
import { hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { PoolError, refusal } from './errors.mjs';

/** @typedef {import('./keys.mjs').Signer} Signer */
/** @typedef {import('@polkadot/api/types').SubmittableExtrinsic<'promise'>} Tx */
/**
 * One event of a block.
 * @typedef {object} ChainEvent
 * @property {string} section the pallet
 * @property {string} method the event
 * @property {any} data its fields, by name and by place
 * @property {number | undefined} index of the extrinsic; undefined for a hook
 */
/**
 * One block.
 * @typedef {object} Block
 * @property {number} number
 * @property {string} hash
 * @property {number} time chain time in milliseconds
 * @property {ChainEvent[]} events
 * @property {string[]} hashes of its extrinsics
 */
/**
 * Where a transaction landed.
 * @typedef {object} Included
 * @property {Block} block
 * @property {number} index of the extrinsic in the block
 * @property {ChainEvent[]} events of this extrinsic
 */

/** Blocks for which a signed transaction stays valid. */
const MORTAL_BLOCKS = 64;

/** A node's chain. */
export class Chain {
	/** @type {Map<string, { resolve: (i: Included) => void, reject: (e: Error) => void }>} */
	#pending = new Map();
	/** @type {Map<string, Promise<number>>} */
	#nonces = new Map();
	/** @type {Set<(block: Block) => void>} */
	#listeners = new Set();
	/** @type {(() => void) | undefined} */
	#unsubscribe;
	#following = Promise.resolve();
	/** @type {Error | undefined} */
	#failed;

	/**
	 * Use `connect`.
	 * @param {ApiPromise} api
	 * @param {boolean} manual
	 */
	constructor(api, manual) {
		this.api = api;
		/** Whether blocks are made only when this connection asks for one. */
		this.manual = manual;
		/** The last block that was looked at. @type {Block} */
		this.last = /** @type {any} */ (undefined);
	}

	/**
	 * Connect and follow the chain from its present head.
	 * @param {string} url for instance `ws://127.0.0.1:9944`
	 * @param {{ manual?: boolean }} [options] `manual`: the node runs with `--seal manual`
	 * @returns {Promise<Chain>}
	 */
	static async connect(url, { manual = false } = {}) {
		const provider = new WsProvider(url, 1_000);
		const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: false });
		const chain = new Chain(api, manual);
		const head = (await chain.rpc('chain_getHeader', [])).number;
		const hash = await chain.rpc('chain_getBlockHash', [Number(head)]);
		chain.last = await chain.block(hash);
		if (!manual) {
			chain.#unsubscribe = await api.rpc.chain.subscribeNewHeads((header) =>
				chain.#follow(header.number.toNumber(), header.hash.toHex()),
			);
		}
		return chain;
	}

	/** Stop following and close the connection; what is still pending fails. */
	async disconnect() {
		this.#unsubscribe?.();
		this.#fail(new PoolError('disconnected'));
		await this.api.disconnect();
	}

	/**
	 * A plain JSON-RPC call.
	 * @param {string} method
	 * @param {unknown[]} params
	 * @returns {Promise<any>}
	 */
	rpc(method, params) {
		return /** @type {any} */ (this.api)._rpcCore.provider.send(method, params);
	}

	/**
	 * A block by its hash.
	 * @param {string} hash
	 * @returns {Promise<Block>}
	 */
	async block(hash) {
		const { api } = this;
		const [{ block }, events, time] = await Promise.all([
			this.rpc('chain_getBlock', [hash]),
			this.rpc('state_getStorage', [api.query.system.events.key(), hash]),
			this.rpc('state_getStorage', [api.query.timestamp.now.key(), hash]),
		]);
		return {
			number: Number(block.header.number),
			hash,
			time: time ? Number(Buffer.from(time.slice(2), 'hex').readBigUInt64LE()) : 0,
			events: events ? decodeEvents(api, events) : [],
			hashes: block.extrinsics.map((/** @type {string} */ bytes) => blake2AsHex(bytes)),
		};
	}

	/**
	 * The next block: made now when the node seals on demand, awaited otherwise.
	 * @returns {Promise<Block>}
	 */
	async next() {
		if (this.#failed) throw this.#failed;
		if (!this.manual) {
			return new Promise((resolve, reject) => {
				const listener = (/** @type {Block} */ block) => {
					this.#listeners.delete(listener);
					this.api.off('disconnected', gone);
					resolve(block);
				};
				const gone = () => reject(new Error('the node is gone'));
				this.#listeners.add(listener);
				this.api.once('disconnected', gone);
			});
		}
		const { hash } = await this.rpc('engine_createBlock', [true, true]);
		const block = await this.block(hash);
		this.#take(block);
		return block;
	}

	/**
	 * Blocks until `condition` holds for one; returns that block.
	 * @param {(block: Block) => boolean | Promise<boolean>} condition
	 * @param {number} [limit] blocks after which it is an error
	 * @returns {Promise<Block>}
	 */
	async until(condition, limit = 1_000) {
		for (let i = 0; i < limit; i++) {
			const block = await this.next();
			if (await condition(block)) return block;
		}
		throw new Error(`not within ${limit} blocks: ${condition}`);
	}

	/**
	 * Call `listener` with every block.
	 * @param {(block: Block) => void} listener
	 * @returns {() => void} stops it
	 */
	onBlock(listener) {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/**
	 * Sign a transaction and put it into the pool. Nonces are counted here, so many may be sent at
	 * once. Resolves when the pool has taken it; what is returned holds the promise of its inclusion,
	 * which fails with the pallet's own error when the chain refuses it.
	 * @param {Tx} tx
	 * @param {Signer} signer
	 * @returns {Promise<{ included: Promise<Included> }>}
	 */
	async submit(tx, signer) {
		const { api, last } = this;
		const nonce = await this.#nonce(signer.address);
		tx.sign(signer, {
			nonce,
			blockHash: last.hash,
			era: api.createType('ExtrinsicEra', { current: last.number, period: MORTAL_BLOCKS }),
			genesisHash: api.genesisHash,
			runtimeVersion: api.runtimeVersion,
		});
		const bytes = tx.toHex();
		const hash = blake2AsHex(bytes);
		/** @type {Promise<Included>} */
		const included = new Promise((resolve, reject) => this.#pending.set(hash, { resolve, reject }));
		// Whoever drops the result must not bring the process down with it.
		included.catch(() => {});
		try {
			await this.rpc('author_submitExtrinsic', [bytes]);
		} catch (error) {
			this.#pending.delete(hash);
			// The next one asks the pool which nonce it wants.
			this.#nonces.delete(signer.address);
			throw new PoolError(/** @type {Error} */ (error).message);
		}
		return { included };
	}

	/**
	 * Send a transaction and resolve when it is in a block; makes the block itself when the node
	 * seals on demand. Fails with the pallet's own error when the chain refuses it.
	 * @param {Tx} tx
	 * @param {Signer} signer
	 * @returns {Promise<Included>}
	 */
	async send(tx, signer) {
		const [included] = await this.sendAll([[tx, signer]]);
		return included;
	}

	/**
	 * Send many transactions, into as few blocks as take them; fails with the first refusal.
	 * @param {[Tx, Signer][]} all
	 * @returns {Promise<Included[]>}
	 */
	async sendAll(all) {
		const taken = await Promise.all(all.map(([tx, signer]) => this.submit(tx, signer)));
		let open = taken.length;
		const done = taken.map(({ included }) => included.finally(() => (open -= 1)));
		const every = Promise.all(done);
		every.catch(() => {});
		for (let i = 0; this.manual && open > 0; i++) {
			if (i > all.length + 10) throw new PoolError('blocks pass and do not take a transaction');
			await this.next();
			// Lets the promises that this block settled run.
			await new Promise(setImmediate);
		}
		return every;
	}

	/**
	 * A runtime API call at a block, decoded by the metadata.
	 * @param {string} section for instance `breakwaterApi`
	 * @param {string} method for instance `marketStatus`
	 * @param {unknown[]} args
	 * @param {string} [at] a block hash; the head when left out
	 * @returns {Promise<any>}
	 */
	async call(section, method, args, at = this.last.hash) {
		const definition = /** @type {any} */ (this.api.call)[section]?.[method];
		if (!definition) throw new Error(`the runtime has no ${section}.${method}`);
		const { meta } = definition;
		const bytes = args.map((arg, i) => this.api.createType(meta.params[i].type, arg).toU8a());
		const input = u8aToHex(u8aConcat(...bytes));
		const output = await this.rpc('state_call', [meta.name, input, at]);
		// As bytes: text would be taken for the value of an option, tag and all.
		return this.api.createType(meta.type, hexToU8a(output));
	}

	/** The hash of the last finalised block. @returns {Promise<string>} */
	finalizedHash() {
		return this.rpc('chain_getFinalizedHead', []);
	}

	/**
	 * Resolves with the first finalised header that satisfies `condition`.
	 * @param {(number: number, hash: string) => boolean} condition
	 * @returns {Promise<{ number: number, hash: string }>}
	 */
	finalized(condition) {
		return new Promise((resolve, reject) => {
			/** @type {(() => void) | undefined} */
			let stop;
			let found = false;
			this.api.rpc.chain
				.subscribeFinalizedHeads((header) => {
					const [number, hash] = [header.number.toNumber(), header.hash.toHex()];
					if (found || !condition(number, hash)) return;
					found = true;
					stop?.();
					resolve({ number, hash });
				})
				.then((unsubscribe) => (found ? unsubscribe() : (stop = unsubscribe)), reject);
		});
	}

	/** @param {string} address */
	async #nonce(address) {
		const before = this.#nonces.get(address) ?? this.rpc('system_accountNextIndex', [address]);
		const nonce = before.then(Number);
		this.#nonces.set(address, nonce.then((n) => n + 1));
		return nonce;
	}

	/** Take the head and whatever lies between it and the last block. */
	#follow(/** @type {number} */ number, /** @type {string} */ hash) {
		this.#following = this.#following
			.then(async () => {
				const blocks = [await this.block(hash)];
				for (let n = number - 1; n > this.last.number; n--) {
					blocks.unshift(await this.block(await this.rpc('chain_getBlockHash', [n])));
				}
				blocks.filter((block) => block.hash !== this.last.hash).forEach((b) => this.#take(b));
			})
			.catch((error) => this.#fail(error));
	}

	#take(/** @type {Block} */ block) {
		this.last = block;
		block.hashes.forEach((hash, index) => {
			const waiting = this.#pending.get(hash);
			if (!waiting) return;
			this.#pending.delete(hash);
			const events = block.events.filter((event) => event.index === index);
			const error = refusal(this.api, events);
			if (error) waiting.reject(Object.assign(error, { block }));
			else waiting.resolve({ block, index, events });
		});
		for (const listener of [...this.#listeners]) listener(block);
	}

	#fail(/** @type {Error} */ error) {
		this.#failed ??= error;
		for (const { reject } of this.#pending.values()) reject(error);
		this.#pending.clear();
	}
}

/**
 * @param {ApiPromise} api
 * @param {string} bytes
 * @returns {ChainEvent[]}
 */
function decodeEvents(api, bytes) {
	return [.../** @type {any} */ (api.createType('Vec<EventRecord>', hexToU8a(bytes)))].map(
		({ phase, event }) => ({
			section: event.section,
			method: event.method,
			data: named(event.data),
			index: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : undefined,
		}),
	);
}

/** Fields by place, and by name where the metadata has names. */
function named(/** @type {any} */ data) {
	const fields = [...data];
	data.names?.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
		/** @type {any} */ (fields)[name] = fields[i];
	});
	return fields;
}
