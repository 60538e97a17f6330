// Every pallet's own invariants, checked on the state that a node has now: the state is read through
// JSON-RPC, so that the node goes on, and the node's program checks it.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { nodeProgram } from './node.mjs';

/** @typedef {import('./chain.mjs').Chain} Chain */

/** Keys in one answer; the node gives no more. */
const PAGE = 1_000;

/**
 * The whole state of a block, by key.
 * @param {Chain} chain
 * @param {string} [at] a block hash; the head when left out
 * @returns {Promise<Record<string, string>>}
 */
export async function state(chain, at = chain.last.hash) {
	/** @type {Record<string, string>} */
	const top = {};
	for (let start = null; ; ) {
		/** @type {string[]} */
		const keys = await chain.rpc('state_getKeysPaged', ['0x', PAGE, start, at]);
		const values = await Promise.all(keys.map((key) => chain.rpc('state_getStorage', [key, at])));
		keys.forEach((key, i) => (top[key] = values[i]));
		if (keys.length < PAGE) return top;
		start = keys[keys.length - 1];
	}
}

/**
 * What the node's program says of a state, written to `file` in the shape of a raw chain spec: nothing
 * when every invariant holds, otherwise which one does not.
 * @param {Record<string, string>} top
 * @param {string} file
 * @returns {Promise<string | undefined>}
 */
export function broken(top, file) {
	writeFileSync(file, JSON.stringify({ genesis: { raw: { top, childrenDefault: {} } } }));
	return new Promise((resolve) =>
		execFile(nodeProgram(), ['check-state', file], (error, _stdout, stderr) =>
			resolve(error ? stderr.trim() || error.message : undefined),
		),
	);
}
