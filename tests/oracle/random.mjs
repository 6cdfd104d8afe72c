// Chance that comes out the same for the same seed (mulberry32).

/** A source of choices. */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** A number from 0 to 1, without 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Whether something happens that does so this often. */
  happens(often) {
    return this.next() < often;
  }

  /** A whole number from `least` to `most`. */
  number(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of a list; `undefined` when it is empty. */
  one(list) {
    return list[Math.floor(this.next() * list.length)];
  }
}
