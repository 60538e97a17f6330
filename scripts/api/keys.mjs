// Well-known keys of the development and local chains, and accounts derived from names.
import { Keyring } from '@polkadot/keyring';
import { cryptoWaitReady } from '@polkadot/util-crypto';

/** @typedef {import('@polkadot/keyring/types').KeyringPair} Signer */

/** The names whose keys the presets know. */
export const WELL_KNOWN = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie', 'One', 'Two'];

/**
 * Keys by name. The same name always gives the same key, so a run can be repeated and looked up in
 * polkadot.js.
 */
export class Keys {
	/** @type {Map<string, Signer>} */
	#byName = new Map();
	/** @type {Map<string, string>} */
	#names = new Map();
	#keyring = new Keyring({ type: 'sr25519' });

	/** Wait for the signature library and return an empty set. */
	static async ready() {
		await cryptoWaitReady();
		const keys = new Keys();
		for (const name of WELL_KNOWN) {
			keys.of(name);
			keys.of(`${name}//stash`);
		}
		return keys;
	}

	/**
	 * The key of `name`, derived as `//name`.
	 * @param {string} name for instance `Alice` or `trader//3`
	 * @returns {Signer}
	 */
	of(name) {
		let pair = this.#byName.get(name);
		if (!pair) {
			pair = this.#keyring.addFromUri(`//${name}`, { name });
			this.#byName.set(name, pair);
			this.#names.set(pair.address, name);
		}
		return pair;
	}

	/**
	 * The key of an address, or an error that says which address nobody here can sign for.
	 * @param {{ toString(): string }} address
	 * @returns {Signer}
	 */
	at(address) {
		const name = this.#names.get(this.#keyring.encodeAddress(address.toString()));
		if (!name) throw new Error(`no well-known key signs for ${address}`);
		return this.of(name);
	}

	/**
	 * What to call an address in print: its name, or the address shortened.
	 * @param {{ toString(): string }} address
	 */
	name(address) {
		const text = address.toString();
		try {
			const known = this.#names.get(this.#keyring.encodeAddress(text));
			if (known) return known.replace('//', '/');
		} catch {
			// Not an address; shown as it is.
		}
		return text.length > 14 ? `${text.slice(0, 6)}..${text.slice(-4)}` : text;
	}
}
