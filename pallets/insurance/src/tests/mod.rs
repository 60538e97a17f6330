mod backing;
mod funds;
mod model;
mod upkeep;
mod vault;
