// Motions of the two collectives, and the timelock.
import { USDC_ID, quote } from './market.mjs';

/** @typedef {import('./chain.mjs').Chain} Chain */
/** @typedef {import('./chain.mjs').Tx} Tx */
/** @typedef {import('./keys.mjs').Keys} Keys */
/** @typedef {import('./keys.mjs').Signer} Signer */

/** A collective: the technical committee or the council. */
export class Collective {
	/**
	 * @param {Chain} chain
	 * @param {'technicalCommittee' | 'council'} section
	 * @param {Signer[]} members
	 */
	constructor(chain, section, members) {
		this.chain = chain;
		this.section = section;
		this.members = members;
		this.tx = /** @type {any} */ (chain.api.tx)[section];
	}

	/**
	 * The collective with the keys of its members.
	 * @param {Chain} chain
	 * @param {'technicalCommittee' | 'council'} section
	 * @param {Keys} keys
	 */
	static async load(chain, section, keys) {
		const members = /** @type {any} */ (await chain.api.query[section].members());
		return new Collective(chain, section, members.map((/** @type {any} */ m) => keys.at(m)));
	}

	/**
	 * Put a motion to the vote.
	 * @param {Tx} call what is to be done
	 * @param {number} threshold ayes that it needs
	 * @param {Signer} [proposer]
	 * @returns {Promise<Motion>}
	 */
	async propose(call, threshold, proposer = this.members[0]) {
		const { events } = await this.chain.send(this.proposal(call, threshold), proposer);
		return this.motion(call, events);
	}

	/** The transaction that proposes. @param {Tx} call @param {number} threshold @returns {Tx} */
	proposal(call, threshold) {
		return this.tx.propose(threshold, call, call.method.encodedLength);
	}

	/**
	 * The motion that a proposal opened.
	 * @param {Tx} call
	 * @param {import('./chain.mjs').ChainEvent[]} events of the proposal
	 */
	motion(call, events) {
		const proposed = events.find((e) => e.section === this.section && e.method === 'Proposed');
		if (!proposed) throw new Error(`${this.section}: no motion was opened`);
		const { proposalIndex, proposalHash } = proposed.data;
		return new Motion(this, call, proposalHash.toHex(), proposalIndex.toNumber());
	}

	/**
	 * Propose, collect the ayes and close with the deciding one; resolves when the call was
	 * dispatched, with the events of that extrinsic.
	 * @param {Tx} call
	 * @param {number} ayes
	 */
	async carry(call, ayes) {
		const motion = await this.propose(call, ayes);
		const voters = this.members.slice(0, ayes);
		await this.chain.sendAll(voters.slice(0, -1).map((who) => [motion.aye(), who]));
		return this.chain.send(await motion.decide(), voters[ayes - 1]);
	}
}

/** A motion under vote. */
export class Motion {
	/**
	 * @param {Collective} collective
	 * @param {Tx} call
	 * @param {string} hash
	 * @param {number} index
	 */
	constructor(collective, call, hash, index) {
		this.collective = collective;
		this.call = call;
		this.hash = hash;
		this.index = index;
	}

	/** An aye. @returns {Tx} */
	aye() {
		return this.collective.tx.vote(this.hash, this.index, true);
	}

	/** Close: dispatch when it has its ayes. @returns {Promise<Tx>} */
	async close() {
		const { call, collective } = this;
		const weight = await callWeight(collective.chain, call);
		return collective.tx.close(this.hash, this.index, weight, call.method.encodedLength);
	}

	/** The deciding aye and the dispatch in one extrinsic. @returns {Promise<Tx>} */
	async decide() {
		return collectiveBatch(this.collective.chain, [this.aye(), await this.close()]);
	}
}

/** @param {Chain} chain @param {Tx[]} calls @returns {Tx} */
function collectiveBatch(chain, calls) {
	return /** @type {any} */ (chain.api.tx).utility.batch(calls);
}

/**
 * The weight that a call declares, with a little room.
 * @param {Chain} chain
 * @param {Tx} call
 */
export async function callWeight(chain, call) {
	const bytes = call.method.toU8a();
	const info = await chain.call('transactionPaymentCallApi', 'queryCallInfo', [call.method, bytes.length]);
	return {
		refTime: (info.weight.refTime.toBigInt() * 11n) / 10n + 1_000_000n,
		proofSize: (info.weight.proofSize.toBigInt() * 11n) / 10n + 10_000n,
	};
}

/**
 * `CircuitBreaker.restrict` for one market.
 * @param {Chain} chain
 * @param {number} market
 * @param {string} level
 * @param {number} duration in milliseconds of chain time
 * @returns {Tx}
 */
export function restrict(chain, market, level, duration) {
	return /** @type {any} */ (chain.api.tx).circuitBreaker.restrict({ Market: market }, level, duration);
}

/**
 * Give accounts something to trade with: native tokens for fees and USDC as collateral.
 * @param {Chain} chain
 * @param {Signer} from
 * @param {{ who: Signer, usdc: number }[]} grants
 * @param {number} [fees] native tokens for each, in whole tokens
 */
export async function fund(chain, from, grants, fees = 100) {
	const { api } = chain;
	const unit = 10n ** BigInt(api.registry.chainDecimals[0] ?? 12);
	const tx = /** @type {any} */ (api.tx);
	const calls = grants.flatMap(({ who, usdc }) => [
		tx.balances.transferKeepAlive(who.address, BigInt(fees) * unit),
		tx.assets.transfer(USDC_ID, who.address, quote(usdc)),
	]);
	/** @type {[Tx, Signer][]} */
	const batches = [];
	for (let i = 0; i < calls.length; i += 40) {
		batches.push([tx.utility.batchAll(calls.slice(i, i + 40)), from]);
	}
	return chain.sendAll(batches);
}

/**
 * The members of the pallet that says who may feed prices.
 * @param {Chain} chain
 * @param {Keys} keys
 * @returns {Promise<Signer[]>}
 */
export async function feeders(chain, keys) {
	const query = /** @type {any} */ (chain.api.query);
	const section = Object.keys(query).find((name) => /feeder/i.test(name) && query[name].members);
	if (!section) throw new Error('the runtime has no membership of feeders');
	const members = await query[section].members();
	return members.map((/** @type {any} */ member) => keys.at(member));
}
