// What the end-to-end tests share: a node with a chain and keys, and prices that stay fresh.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chain } from '../api/chain.mjs';
import { feeders, fund } from '../api/governance.mjs';
import { Keys } from '../api/keys.mjs';
import { Market } from '../api/market.mjs';
import { NodeProcess } from '../api/node.mjs';
import { Feeders } from '../replay/actors.mjs';

/** A development chain under test. */
export class World {
	/**
	 * Use `start`.
	 * @param {NodeProcess} node
	 * @param {Chain} chain
	 * @param {Keys} keys
	 * @param {Feeders} feeders
	 * @param {string} logs
	 */
	constructor(node, chain, keys, feeders, logs) {
		this.node = node;
		this.chain = chain;
		this.keys = keys;
		this.feeders = feeders;
		this.market = new Market(chain);
		this.logs = logs;
	}

	/**
	 * Start a development chain.
	 * @param {{ manual?: boolean }} [options] `manual`: a block is made only when the test wants one,
	 * and moves the chain's clock by one second
	 */
	static async start({ manual = true } = {}) {
		const logs = mkdtempSync(join(tmpdir(), 'breakwater-e2e-'));
		const args = ['--dev', ...(manual ? ['--seal', 'manual'] : [])];
		const node = await NodeProcess.start({ args, log: join(logs, 'node.log') });
		const chain = await Chain.connect(node.url, { manual });
		const keys = await Keys.ready();
		const reporters = new Feeders(new Market(chain), await feeders(chain, keys));
		return new World(node, chain, keys, reporters, logs);
	}

	/** Stop the node and remove what it wrote. */
	async stop() {
		await this.chain.disconnect();
		await this.node.stop();
		rmSync(this.logs, { recursive: true, force: true });
	}

	/** Let every feeder report `price`. @param {number} price in USDC */
	async feed(price) {
		const feeds = this.feeders.feed(price);
		return this.chain.sendAll(feeds.map(({ tx, who }) => [tx, who]));
	}

	/**
	 * Traders with an account of so much USDC.
	 * @param {...[string, number]} grants name and deposit
	 */
	async traders(...grants) {
		const all = grants.map(([name, usdc]) => ({ who: this.keys.of(name), usdc }));
		await fund(this.chain, this.keys.of('Alice'), all.map(({ who, usdc }) => ({ who, usdc: usdc * 2 })));
		await this.chain.sendAll(all.map(({ who, usdc }) => [this.market.deposit(usdc), who]));
		return all.map(({ who }) => who);
	}

	/** USDC that somebody holds outside the exchange. @param {string} address */
	async wallet(address) {
		const account = /** @type {any} */ (await this.chain.api.query.assets.account(1, address));
		return account.isSome ? Number(account.unwrap().balance.toBigInt()) / 1e6 : 0;
	}
}
