// Four validators on one machine: three go on finalising without the fourth, and the fourth loses
// nothing when it is killed and started again.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Chain } from '../api/chain.mjs';
import { Keys } from '../api/keys.mjs';
import { NodeProcess, freePort } from '../api/node.mjs';

const NAMES = ['alice', 'bob', 'charlie', 'dave'];

/** A validator that can be stopped and started again with the same identity and database. */
class Validator {
	/** @type {number | undefined} */
	p2p;
	/** Where others find it. */
	address = '';
	/** @type {NodeProcess | undefined} */
	node;
	/** @type {Chain | undefined} */
	chain;

	/** @param {string} name @param {number} index @param {string} directory */
	constructor(name, index, directory) {
		this.name = name;
		this.directory = directory;
		// Fixed network keys, so that a validator that comes back is the one that left.
		this.key = String(index + 1).padStart(64, '0');
		this.basePath = join(directory, name);
		mkdirSync(this.basePath, { recursive: true });
	}

	/** @param {string[]} bootnodes */
	async start(bootnodes) {
		this.p2p ??= await freePort();
		this.node = await NodeProcess.start({
			args: [
				'--chain', 'local', `--${this.name}`, '--node-key', this.key,
				'--listen-addr', `/ip4/127.0.0.1/tcp/${this.p2p}`,
				'--no-mdns', '--no-prometheus', '--no-telemetry',
				...bootnodes.flatMap((address) => ['--bootnodes', address]),
			],
			basePath: this.basePath,
			log: join(this.directory, `${this.name}.log`),
		});
		this.chain = await Chain.connect(this.node.url);
		this.address = `/ip4/127.0.0.1/tcp/${this.p2p}/p2p/${await this.chain.rpc('system_localPeerId', [])}`;
	}

	/** @param {number} number */
	hash(number) {
		return /** @type {Chain} */ (this.chain).rpc('chain_getBlockHash', [number]);
	}

	/** Resolves when block `number` is final here. @param {number} number */
	final(number) {
		return /** @type {Chain} */ (this.chain).finalized((n) => n >= number);
	}
}

describe('four validators', { timeout: 300_000 }, () => {
	const directory = mkdtempSync(join(tmpdir(), 'breakwater-validators-'));
	const validators = NAMES.map((name, i) => new Validator(name, i, directory));
	const [first, , victim] = validators;
	const others = validators.filter((v) => v !== victim);
	/** @type {Keys} */
	let keys;

	before(async () => {
		keys = await Keys.ready();
		await first.start([]);
		const bootnodes = [first.address];
		await Promise.all(validators.slice(1).map((v) => v.start(bootnodes)));
	});
	after(async () => {
		await Promise.all(validators.map((v) => v.chain?.disconnect()));
		await Promise.all(validators.map((v) => v.node?.stop()));
		rmSync(directory, { recursive: true, force: true });
	});

	it('finalise the same blocks', async () => {
		await Promise.all(validators.map((v) => v.final(5)));
		const hashes = await Promise.all(validators.map((v) => v.hash(5)));
		assert.equal(new Set(hashes).size, 1);
	});

	it('go on without one, which then loses nothing', async () => {
		const chain = /** @type {Chain} */ (first.chain);
		const receiver = keys.of('e2e//receiver').address;
		const pay = () =>
			chain.send(chain.api.tx.balances.transferKeepAlive(receiver, 10n ** 12n), keys.of('Alice'));
		const paid = await pay();
		await Promise.all(validators.map((v) => v.final(paid.block.number)));
		const last = await /** @type {Chain} */ (victim.chain).rpc('chain_getHeader', [
			await /** @type {Chain} */ (victim.chain).finalizedHash(),
		]);
		const seen = Number(last.number);
		const hashes = await Promise.all(Array.from({ length: seen }, (_, n) => victim.hash(n + 1)));

		await /** @type {Chain} */ (victim.chain).disconnect();
		await /** @type {NodeProcess} */ (victim.node).kill();

		const without = await pay();
		const target = without.block.number + 3;
		await Promise.all(others.map((v) => v.final(target)));

		await victim.start(others.map((v) => v.address));
		const kept = await Promise.all(Array.from({ length: seen }, (_, n) => victim.hash(n + 1)));
		assert.deepEqual(kept, hashes, 'every block that was final before is there');
		await victim.final(target);
		assert.equal(await victim.hash(target), await first.hash(target));
		const { data } = /** @type {any} */ (
			await /** @type {Chain} */ (victim.chain).api.query.system.account(receiver)
		);
		assert.equal(data.free.toBigInt(), 2n * 10n ** 12n);

		// And it takes part again: with another one gone, three of four include it.
		const [gone] = [validators[3]];
		await /** @type {Chain} */ (gone.chain).disconnect();
		gone.chain = undefined;
		await /** @type {NodeProcess} */ (gone.node).kill();
		const after = /** @type {Chain} */ (victim.chain).last.number + 5;
		await victim.final(after);
	});
});
