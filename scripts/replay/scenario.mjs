// The story: positions are opened, the market falls, the breaker trips, liquidations run, the
// committee pauses, the pause expires, the market reopens.
import { Collective, feeders, restrict } from '../api/governance.mjs';
import { LEVELS, Market, btc } from '../api/market.mjs';
import { Feeders, Makers, endow, traders } from './actors.mjs';
import { priceAt } from './path.mjs';
import { money } from './timeline.mjs';

/** @typedef {import('../api/chain.mjs').Chain} Chain */
/** @typedef {import('../api/chain.mjs').Block} Block */
/** @typedef {import('../api/keys.mjs').Keys} Keys */
/** @typedef {import('./actors.mjs').Wish} Wish */
/** @typedef {import('./path.mjs').Point} Point */
/** @typedef {import('./recorder.mjs').Recorder} Recorder */
/** @typedef {import('./timeline.mjs').Timeline} Timeline */

const TRADERS = 30;
/** What each maker brings, in USDC. */
const MAKER_CAPITAL = 8_000_000;
/** What Alice adds to the market's insurance fund before the crash, in USDC. */
const CONTRIBUTION = 50_000;
/** What the careful trader adds in the crash, in USDC. */
const TOP_UP = 5_000;
/** The committee moves when the price has fallen by this fraction, for this long (chain time). */
const ALARM = 0.2;
const PAUSE = 20_000;
/** Ayes of the five that restrict as far as Freeze. */
const AYES = 3;
/** Blocks in which the positions are opened. */
const OPENING = 5;
/** Blocks until the detectors are content: a minute's window and a lease of two minutes. */
const CALMING = 185;
/** Blocks of the reopening at the most, and those after the market is open again. */
const REOPENING = 260;
const EPILOGUE = 6;

const level = (/** @type {string} */ name) => LEVELS.indexOf(name);

/** One run of the replay. */
export class Scenario {
	/** Blocks that the run makes, as far as it can be known. */
	static length(/** @type {Point[]} */ points) {
		return points.length + OPENING + CALMING + EPILOGUE;
	}

	done = 0;
	level = 'Normal';
	/** Blocks that were not recorded yet. @type {Block[]} */
	#unread = [];
	/** What became of what people wanted, not told yet. @type {string[]} */
	#news = [];

	/**
	 * @param {object} parts
	 * @param {Chain} parts.chain
	 * @param {Keys} parts.keys
	 * @param {Recorder} parts.recorder
	 * @param {Timeline} parts.timeline
	 * @param {{ points: Point[], after: Point[] }} parts.path
	 */
	constructor({ chain, keys, recorder, timeline, path }) {
		Object.assign(this, { chain, keys, recorder, timeline, path });
		/** @type {Chain} */ this.chain;
		/** @type {Keys} */ this.keys;
		/** @type {Recorder} */ this.recorder;
		/** @type {Timeline} */ this.timeline;
		/** @type {{ points: Point[], after: Point[] }} */ this.path;
		this.market = new Market(chain);
		this.traders = traders(keys, path.points[0].price, TRADERS);
		this.late = keys.of('latecomer');
		this.careful = keys.of('careful');
		const makers = ['maker//one', 'maker//two'].map((name) => keys.of(name));
		this.makers = new Makers(this.market, makers);
		/** Everyone with an account, for the checks. */
		this.everyone = [...this.traders.map((t) => t.who), ...makers, this.late, this.careful];
	}

	/** Fund everyone, contribute to insurance, learn who feeds and who votes. */
	async prepare() {
		const { chain, keys, market, makers, traders } = this;
		const alice = keys.of('Alice');
		await endow(market, alice, [
			...traders.map(({ who, margin }) => ({ who, usdc: margin })),
			...makers.members.map((who) => ({ who, usdc: MAKER_CAPITAL })),
			{ who: this.late, usdc: 50_000 },
			{ who: this.careful, usdc: 30_000, spare: TOP_UP },
		]);
		await chain.send(market.contribute(CONTRIBUTION), alice);
		this.feeders = new Feeders(market, await feeders(chain, keys));
		this.committee = await Collective.load(chain, 'technicalCommittee', keys);
		/** @type {Map<number, string>} */
		this.names = new Map();
		for (const who of this.everyone) {
			const account = await market.account(who.address);
			if (account) this.names.set(account.ref, keys.name(who.address));
		}
	}

	/** The whole story. */
	async run() {
		this.chain.onBlock((block) => this.#unread.push(block));
		await this.#open();
		await this.#fall();
		await this.#reopen();
	}

	/** One block: the feeders report, the makers follow, and whoever else wants something. */
	async #step(/** @type {Point} */ point, /** @type {Wish[]} */ wishes = []) {
		const { feeders, makers, market, recorder, timeline } = this;
		if (!feeders) throw new Error('prepare was not called');
		await this.#send([...feeders.feed(point.price), ...makers.quote(point.price, this.level)], false);
		await this.#send(wishes, true);
		await this.chain.next();
		// A node that keeps its own time may have made more than one block meanwhile.
		for (const block of this.#unread.splice(0)) {
			const status = await market.status(block.hash);
			this.level = status.level;
			const row = recorder.take(block, status, point);
			for (const text of this.#news.splice(0)) timeline.event(row, text);
			this.done += 1;
			timeline.progress(row, this.done);
		}
	}

	/**
	 * Put wishes into the pool, and tell their outcome when they are in a block.
	 * @param {Wish[]} wishes
	 * @param {boolean} aloud
	 */
	async #send(wishes, aloud) {
		for (const { who, tx, what } of wishes) {
			const name = this.keys.name(who.address);
			const tell = (/** @type {string} */ text) => aloud && this.#news.push(text);
			const refused = (/** @type {Error} */ error) =>
				tell(`${name} ${what || 'trades'}: refused, ${error.message}`);
			try {
				const { included } = await this.chain.submit(tx, who);
				included.then(() => what && tell(`${name} ${what}`), refused);
			} catch (error) {
				refused(/** @type {Error} */ (error));
			}
		}
	}

	/** Calm: quotes stand, and the traders take their positions against them. */
	async #open() {
		const { market, traders, timeline } = this;
		const start = this.path.points[0];
		await this.#step(start);
		await this.#step(start);
		const share = Math.ceil(traders.length / (OPENING - 2));
		for (let i = 0; i < traders.length; i += share) {
			const wishes = traders.slice(i, i + share).map(({ who, side, size }) => ({
				who,
				tx: market.place({
					side,
					size,
					price: start.price * (side === 'Bid' ? 1.01 : 0.99),
					timeInForce: /** @type {const} */ ('ImmediateOrCancel'),
				}),
				what: '',
			}));
			this.makers.refresh();
			await this.#step(start, wishes);
		}
		this.makers.refresh();
		await this.#step(start, [{
			who: this.careful,
			tx: market.place({ side: 'Bid', size: 6, price: start.price * 1.01, timeInForce: 'ImmediateOrCancel' }),
			what: 'buys 6 BTC',
		}]);
		const leverages = traders.map((t) => t.leverage);
		const longs = traders.filter((t) => t.side === 'Bid').length;
		timeline.say(
			`${traders.length} traders hold positions, ${longs} of them long, at ${Math.min(...leverages).toFixed(1)}x to ` +
				`${Math.max(...leverages).toFixed(1)}x: ${(await market.status()).openInterest} BTC on each side`,
		);
	}

	/** The crash, with what people do about it. */
	async #fall() {
		const { market, path, late, careful } = this;
		const start = path.points[0].price;
		/** @type {Generator<Wish[] | Promise<Wish[]>, void, void> | undefined} */
		let ballot;
		const told = new Set();
		const once = (/** @type {string} */ name) => !told.has(name) && told.add(name);
		for (const point of path.points.slice(1)) {
			/** @type {Wish[]} */
			const wishes = [];
			if (this.level === 'ReduceOnly' && once('reduce')) {
				wishes.push(
					this.#buy(late, point.price, 'wants to buy the dip'),
					{
						who: careful,
						tx: market.place({ side: 'Ask', size: 3, protection: point.price * 0.97, reduceOnly: true }),
						what: 'halves the position, reduce-only',
					},
				);
			}
			if (this.level === 'Freeze' && once('freeze')) {
				wishes.push(
					this.#buy(late, point.price, 'wants to buy the dip'),
					{ who: careful, tx: market.deposit(TOP_UP), what: `adds ${money(TOP_UP)} USDC of collateral` },
				);
			}
			if (point.price < start * (1 - ALARM) && once('alarm')) ballot = this.#ballot();
			if (ballot) {
				const turn = ballot.next();
				if (turn.done) ballot = undefined;
				else wishes.push(...(await turn.value));
			}
			await this.#step(point, wishes);
		}
	}

	/** A pause, voted over three blocks: motion, ayes, and the deciding aye that also dispatches. */
	*#ballot() {
		const { chain, committee, market } = this;
		if (!committee) throw new Error('prepare was not called');
		const call = restrict(chain, market.id, 'Freeze', PAUSE);
		const [first, second, third] = committee.members;
		/** @type {import('../api/governance.mjs').Motion | undefined} */
		let motion;
		const proposal = committee.proposal(call, AYES);
		const stop = chain.onBlock((block) => {
			const opened = block.events.filter((e) => e.section === committee.section);
			if (!opened.some((e) => e.method === 'Proposed')) return;
			motion ??= committee.motion(call, opened);
			stop();
		});
		yield [{ who: first, tx: proposal, what: `moves in committee to freeze the market for ${PAUSE / 1000} s` }];
		while (!motion) yield [];
		const open = motion;
		yield [first, second].map((who) => ({ who, tx: open.aye(), what: 'votes aye' }));
		yield open.decide().then((tx) => [{ who: third, tx, what: 'casts the deciding aye' }]);
	}

	/**
	 * The market at its own pace, a second a block, until its level lets limit orders open again; then
	 * it trades.
	 */
	async #reopen() {
		const { after } = this.path;
		const point = (/** @type {number} */ n) => {
			const at = after[0].at + n * 1_000;
			return { at, price: priceAt(after, at) };
		};
		let n = 0;
		const { market, late, careful, timeline } = this;
		do await this.#step(point(n++));
		while (level(this.level) > level('ReduceOnly') && n < REOPENING);
		timeline.say('the pause is over: what is collected trades in one auction; the detectors hold on until three minutes were calm');
		await this.#step(point(n++), [
			{
				who: careful,
				tx: market.place({ side: 'Ask', size: 1, price: after[0].price * 0.98, reduceOnly: true }),
				what: 'offers 1 BTC, reduce-only, into the auction',
			},
		]);
		while (!this.recorder.auctions && n < REOPENING) await this.#step(point(n++));
		while (level(this.level) > level('Guarded') && n < REOPENING) await this.#step(point(n++));
		// While open interest is frozen a buyer needs somebody who closes.
		const { price } = point(n);
		await this.#step(point(n++), [
			{
				who: careful,
				tx: market.place({ side: 'Ask', size: 2, price: price * 1.0001 }),
				what: 'offers 2 BTC of the position by limit order',
			},
		]);
		await this.#step(point(n++), [this.#buy(late, price, 'buys 1 BTC by limit order')]);
		for (let i = 0; i < EPILOGUE; i++) await this.#step(point(n++));
	}

	/** @returns {Wish} */
	#buy(
		/** @type {import('../api/keys.mjs').Signer} */ who,
		/** @type {number} */ price,
		/** @type {string} */ what,
	) {
		return { who, tx: this.market.place({ side: 'Bid', size: 1, price: price * 1.002 }), what };
	}
}

/**
 * What must hold when the story is over; returns the sentences of what does not.
 * @param {Scenario} scenario
 * @param {Recorder} recorder
 */
export async function check({ market, everyone, keys }, recorder) {
	/** @type {string[]} */
	const wrong = [];
	const must = (/** @type {boolean} */ holds, /** @type {string} */ otherwise) => {
		if (!holds) wrong.push(otherwise);
	};
	const { held, claimed } = await market.custody();
	must(held === claimed, `custody holds ${held} and ${claimed} is claimed`);

	const status = await market.status();
	const accounts = await Promise.all(everyone.map((who) => market.account(who.address)));
	const positions = accounts.map((account) => account?.lots ?? 0);
	const sum = positions.reduce((a, b) => a + b, 0);
	must(sum === 0, `positions sum to ${sum} lots instead of none`);
	const longs = btc(positions.filter((p) => p > 0).reduce((a, b) => a + b, 0));
	must(longs === status.openInterest, `longs hold ${longs} BTC, open interest says ${status.openInterest}`);

	accounts.forEach((account, i) => {
		const left = account && account.lots !== 0 && account.equity < account.maintenance;
		must(!left, `${keys.name(everyone[i].address)} is below maintenance margin and was left`);
	});
	must(recorder.trips > 0, 'the breaker did not trip');
	must(recorder.answered, 'no price left the band of the plain rule, so nothing was answered');
	must(recorder.late <= 0, `the restriction came ${recorder.late} blocks after the price`);
	must(recorder.liquidations > 0, 'nobody was liquidated');
	must(recorder.covered > 0, 'insurance paid nothing');
	must(recorder.pauses > 0, 'the committee paused nothing');
	must(recorder.fills > 0, 'nothing was traded');
	must(recorder.auctions > 0, 'the market did not reopen with an auction');
	must(level(status.level) <= level('Guarded'), `the market is still at ${status.level}`);
	return wrong;
}

/** The rows of the summary. @param {Recorder} r @returns {[string, string][]} */
export function summary(r) {
	const prices = r.rows.map((row) => row.price).filter((p) => p > 0);
	const money2 = (/** @type {number} */ n) => `${money(n)} USDC`;
	return [
		['blocks', `${r.rows.length}`],
		['price, first / lowest / last', [prices[0], Math.min(...prices), prices[prices.length - 1]].map((p) => p.toFixed(1)).join(' / ')],
		['fills', `${r.fills}`],
		['times the breaker tightened', `${r.trips}`],
		['blocks from price to restriction', `${r.late}`],
		['liquidations', `${r.liquidations}`],
		['liquidated notional', money2(r.liquidated)],
		['penalties to insurance', money2(r.penalties)],
		['insurance paid', money2(r.covered)],
		['deleveraged notional', money2(r.deleveraged)],
		['paid by a side of the market', money2(r.socialised)],
		['bad debt that nobody paid', money2(r.badDebt)],
		['traded by the reopening auction', `${r.auctioned} BTC`],
		['committee pauses', `${r.pauses}`],
		['insurance funds at the end', money2(r.rows[r.rows.length - 1].fund)],
	];
}
