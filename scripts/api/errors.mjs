// What the chain says when it refuses, in words.

/** A refusal by a pallet, with the name and the documentation that the metadata gives it. */
export class ModuleError extends Error {
	/**
	 * @param {string} section the pallet, for instance `perpetuals`
	 * @param {string} name the error, for instance `OffTick`
	 * @param {string} docs what the metadata says about it
	 */
	constructor(section, name, docs) {
		super(`${section}.${name}: ${docs}`);
		this.name = 'ModuleError';
		this.section = section;
		this.error = name;
		this.docs = docs;
	}
}

/** A transaction that the pool did not take, or that it dropped. */
export class PoolError extends Error {
	/** @param {string} message */
	constructor(message) {
		super(message);
		this.name = 'PoolError';
	}
}

/**
 * The error that a `DispatchError` stands for.
 * @param {import('@polkadot/api').ApiPromise} api
 * @param {any} error a decoded `DispatchError`
 * @returns {Error}
 */
export function decodeError(api, error) {
	if (error.isModule) {
		const { section, name, docs } = api.registry.findMetaError(error.asModule);
		return new ModuleError(section, name, docs.join(' ').trim());
	}
	const detail = error.inner?.type;
	return new Error(detail ? `${error.type}.${detail}` : error.type);
}

/**
 * The first refusal among the events of one extrinsic, or undefined. Wrappers that report a failure
 * of what they carried without failing themselves (batches, motions, proxies) count as refused.
 * @param {import('@polkadot/api').ApiPromise} api
 * @param {import('./chain.mjs').ChainEvent[]} events
 * @returns {Error | undefined}
 */
export function refusal(api, events) {
	for (const event of events) {
		const { section, method, data } = event;
		if (section === 'system' && method === 'ExtrinsicFailed') {
			return decodeError(api, data.dispatchError ?? data[0]);
		}
		if (section === 'utility' && method === 'BatchInterrupted') {
			return decodeError(api, data.error ?? data[1]);
		}
		const result = method === 'Executed' || method === 'ProxyExecuted' || method === 'MemberExecuted'
			? data.result
			: undefined;
		if (result?.isErr) return decodeError(api, result.asErr);
	}
	return undefined;
}
